import { type Ground, isSpokenOf, isView, protectionOf } from './classification.ts';
import { type Subject, tablesByName } from './language/subject.ts';
import type { Cover } from './masks/masks.ts';
import { sameSchema } from './masks/types.ts';
import { resourceOf } from './names.ts';
import type { DryRun, Facts } from './plan.ts';
import { Refusal } from './refusal.ts';
import { checkDefinition } from './rules/definitions.ts';
import { checkTokens } from './rules/gate.ts';
import { isChange, isQuery, isUnderstood } from './rules/kinds.ts';
import { checkWrite, type Guarded } from './rules/writes.ts';
import { masked } from './texts.ts';

/** From here on BigQuery may not tell of all tables of a statement (`JobStatistics2.referencedTables`: more than 50). */
const tooManyTables = 50;

export type Proving = { subject: Subject; facts: Facts; covers: ReadonlyMap<string, Cover>; ground: Ground };

/**
 * The text that is run, once it is proven that all that it reads passes through places where masks are: or throws the `Refusal` that says why it
 * cannot be proven. The proof is BigQuery's own: with every table replaced by an empty relation in the very same places it sees none any more.
 */
export function prove({ subject, facts, covers, ground }: Proving): string {
  const { reading, lexed, statement } = subject;
  const { dryRun } = facts;
  if (!isUnderstood(dryRun.statementType, reading))
    throw new Refusal(
      'R2',
      `Statements of the type ${dryRun.statementType} are not run; send one SELECT, INSERT, UPDATE, DELETE or MERGE`,
    );
  checkTokens(lexed, reading);
  const [routine] = dryRun.referencedRoutines;
  if (routine !== undefined)
    throw new Refusal(
      'R6',
      `${resourceOf(routine, ground.settings)} is a function of the warehouse, which may do anything; write out what it computes`,
    );
  if (dryRun.referencedTables.length >= tooManyTables)
    throw new Refusal(
      'R1',
      `The statement reads ${tooManyTables} tables or more, behind views too, of which BigQuery may not tell all; send it in parts`,
    );
  checkNames(subject, facts, ground);
  checkProtections(subject, facts, ground);
  if (!isQuery(reading) && !isChange(reading)) {
    checkDefinition(subject, facts, ground);
    return statement.text;
  }
  checkQualifiers(subject, covers);
  if (isChange(reading)) checkWrite(lexed, reading, guardedIn(subject, covers));
  const text = masked(subject, covers);
  if (text !== statement.text) checkEmptied(subject, facts);
  checkHidden(subject, facts, ground);
  return text;
}

/** R4: what BigQuery reads is what the text was read to name: each table by its name, and nothing else but what is behind views. */
function checkNames({ places, target, reading }: Subject, { dryRun, tables }: Facts, ground: Ground) {
  const known = tablesByName(tables);
  const named = places.filter(({ name }) => known.has(name ?? ''));
  const columns = new Set(tables.flatMap(({ fields }) => fields.map(({ name }) => name.toLowerCase())));
  const nameless = places.find(
    ({ name, path }) => name === undefined && !columns.has((path.parts[0] ?? '').toLowerCase()),
  );
  if (nameless !== undefined)
    throw new Refusal('R4', 'This names no table that can be read; write it as dataset.table', nameless.path.start);
  for (const { name = '', path } of named) {
    const table = known.get(name);
    if (path.parts.length > 1 && columns.has((path.parts[0] ?? '').toLowerCase()))
      throw new Refusal(
        'R4',
        `${path.parts.join('.')} may be a table or a column; write the table with its project before it`,
        path.start,
      );
    const stored = table !== undefined && !isView(table);
    if (stored && !dryRun.referencedTables.includes(name))
      throw new Refusal(
        'R4',
        `It is not sure that ${path.parts.join('.')} means a table here; write it with its project before it`,
        path.start,
      );
  }
  const names = new Set(named.map(({ name }) => name));
  const views = [...names].map((name) => known.get(name ?? '')).filter((table) => table !== undefined && isView(table));
  const unnamed = dryRun.referencedTables.find((name) => !names.has(name) && name !== target);
  if (unnamed !== undefined && views.length === 0)
    throw new Refusal(
      'R4',
      'The statement reads a table that is not found in a FROM of it; name each in FROM, as dataset.table',
    );
  // A table that is named besides may be all that is told: then nothing is known of what is behind the view.
  const obscure = views.find((view) => view !== undefined && !isSpokenOf(view, ground));
  if (unnamed === undefined && obscure !== undefined)
    throw new Refusal(
      'R5',
      `BigQuery does not tell what is behind the view ${resourceOf(obscure.name, ground.settings)}; add it to the classification of this connection with what its columns hold`,
    );
  if (
    reading.target !== undefined &&
    dryRun.target !== undefined &&
    reading.target.what !== 'SCHEMA' &&
    dryRun.target !== target
  )
    throw new Refusal(
      'R4',
      'It is not sure what this changes; write its name as dataset.table',
      reading.target.path.start,
    );
}

/** R5: of every table that is named or changed; and all that is behind a view that no document speaks of must be known. */
function checkProtections({ places, target, reading }: Subject, { dryRun, tables }: Facts, ground: Ground) {
  const named = new Map(places.map(({ name, path }) => [name, path.start]));
  const changed = isChange(reading) ? tables.find(({ name }) => name === target) : undefined;
  if (isChange(reading) && changed === undefined)
    throw new Refusal(
      'R4',
      'What this changes is not found; write its name as dataset.table',
      reading.target?.path.start,
    );
  if (changed !== undefined && changed.type !== 'TABLE')
    throw new Refusal('R9', 'Only tables can be changed; name the table that it shows', reading.target?.path.start);
  const missing = dryRun.referencedTables.some((name) => !tables.some((table) => table.name === name));
  for (const table of tables) {
    if (!named.has(table.name) && table !== changed) continue;
    const { refusal } = protectionOf(table, tables, ground);
    if (refusal !== undefined) throw new Refusal(refusal.rule, refusal.message, named.get(table.name));
    if (missing && isView(table) && !isSpokenOf(table, ground))
      throw new Refusal(
        'R5',
        `${resourceOf(table.name, ground.settings)} is a view of a table that is not known; name its columns in the classification`,
      );
  }
}

/** Time travel may bring columns back that are gone, and a sample depends on how large values are. */
function checkQualifiers({ places }: Subject, covers: ReadonlyMap<string, Cover>) {
  for (const { name, time, sample } of places) {
    const span = time ?? sample;
    if (span === undefined || (covers.get(name ?? '')?.hidden.size ?? 0) === 0) continue;
    const detail =
      time === undefined ? 'Samples depend on how large the rows are' : 'The table’s columns may have been others then';
    throw new Refusal('R3', `${detail}, and some of them are hidden; read the table as it is`, span.start);
  }
}

/** An INSERT does not read what it writes to. */
function guardedIn({ places, reading, target }: Subject, covers: ReadonlyMap<string, Cover>): Guarded[] {
  const columnsOf = (name: string | undefined) =>
    new Set([...(covers.get(name ?? '')?.hidden.keys() ?? [])].map((path) => path.split('.')[0] ?? ''));
  const read = places.map((place) => ({ at: place, columns: columnsOf(place.name) }));
  if (reading.target === undefined || reading.verb === 'INSERT' || reading.verb === 'TRUNCATE') return read;
  return [...read, { at: reading.target, columns: columnsOf(target) }];
}

function checkEmptied({ target }: Subject, { dryRun, emptied }: Facts) {
  if (emptied === undefined)
    throw new Refusal(
      'R4',
      'BigQuery does not take the statement once its tables are replaced; write it in a plainer way, each table with an alias',
    );
  const left = emptied.referencedTables.filter((name) => name !== target);
  if (left.length > 0 || emptied.referencedRoutines.length > 0)
    throw new Refusal(
      'R4',
      'BigQuery still sees a table or function where none was found; name each table in FROM, as dataset.table',
    );
  checkSame(emptied, dryRun);
}

/** With all that is classified masked, the statement reads the same tables and answers with the same columns. */
function checkHidden({ places }: Subject, facts: Facts, ground: Ground) {
  const { dryRun, hidden, tables } = facts;
  const classified = tables.some(
    (table) => places.some(({ name }) => name === table.name) && protectionOf(table, tables, ground).classes.size > 0,
  );
  if (!classified) return;
  if (hidden === undefined)
    throw new Refusal(
      'R4',
      'BigQuery does not take the statement with its columns masked; write it in a plainer way, each table with an alias',
    );
  checkSame(hidden, dryRun);
  if (hidden.referencedTables.join(' ') !== dryRun.referencedTables.join(' ') || hidden.referencedRoutines.length > 0)
    throw new Refusal('R4', 'With its columns masked the statement reads other tables; write it in a plainer way');
}

function checkSame(one: DryRun, other: DryRun) {
  if (one.statementType !== other.statementType || !sameSchema(one.schema, other.schema))
    throw new Refusal(
      'R4',
      'The statement means something else once its tables are replaced; write it in a plainer way, each table with an alias',
    );
}
