import { type Ground, isView, protectionOf } from '../classification.ts';
import { numberAt } from '../language/path.ts';
import type { Subject } from '../language/subject.ts';
import { type Line, lineOf } from '../language/words.ts';
import { resourceOf } from '../names.ts';
import type { Facts, Table } from '../plan.ts';
import { Refusal } from '../refusal.ts';

/**
 * R9: a definition runs as it was written, so nothing that it reads may be classified, whatever the identity may see: what is made is there for all.
 * What it makes anew takes the place of what was; what it changes may hold nothing classified, but that columns are added.
 */
export function checkDefinition(subject: Subject, { tables, dryRun }: Facts, ground: Ground): void {
  const { reading, target } = subject;
  if (reading.target === undefined || target === undefined)
    throw new Refusal('R4', 'It is not sure what this makes or changes; write its name as dataset.table');
  const line = lineOf(subject.lexed.tokens);
  const after = numberAt(line, 0, reading.target.path.end);
  checkForm(line, after, reading.target.what);
  const named = new Set(subject.places.map(({ name }) => name));
  const read = tables.filter(
    ({ name }) => named.has(name) || (dryRun.referencedTables.includes(name) && name !== target),
  );
  for (const table of read) checkOpen(table, tables, ground);
  const unknown = dryRun.referencedTables.find(
    (name) => name !== target && !tables.some((table) => table.name === name),
  );
  if (unknown !== undefined)
    throw new Refusal('R5', 'A table that this reads is not known; name tables that may be read');
  if (reading.verb !== 'ALTER') return;
  const changed = tables.find(({ name }) => name === target);
  if (changed === undefined) throw new Refusal('R4', 'What this changes is not found; write its name as dataset.table');
  if (!onlyAdds(line, after)) checkOpen(changed, tables, ground);
}

function checkForm(line: Line, after: number, what: string) {
  const word = line.at(after)?.key ?? '';
  if (['LIKE', 'CLONE', 'COPY'].includes(word))
    throw new Refusal(
      'R2',
      `${word} takes over a table with all that it holds; write CREATE TABLE … AS SELECT`,
      line.at(after)?.start,
    );
  if (what === 'SCHEMA' && word === 'CASCADE')
    throw new Refusal('R2', 'CASCADE drops what is not named; drop each table first', line.at(after)?.start);
}

function checkOpen(table: Table, tables: readonly Table[], ground: Ground) {
  const { classes, refusal } = protectionOf(table, tables, ground);
  if (refusal !== undefined) throw refusal;
  if (classes.size === 0) return;
  const name = resourceOf(table.name, ground.settings);
  throw new Refusal(
    'R9',
    isView(table)
      ? `${name} shows classified columns, which a definition would hand on; name tables without them`
      : `${name} has classified columns, which a definition would hand on or change; name tables without them`,
  );
}

/** `ADD COLUMN …, ADD COLUMN …`. */
function onlyAdds(line: Line, from: number): boolean {
  let depth = 0;
  for (let index = from; line.at(index) !== undefined; index += 1) {
    const key = line.key(index);
    if (key === '(' || key === '<') depth += 1;
    if (key === ')' || key === '>') depth -= 1;
    const begins = index === from || (key === ',' && depth === 0);
    const first = index === from ? index : index + 1;
    if (begins && (line.at(first)?.key !== 'ADD' || line.at(first + 1)?.key !== 'COLUMN')) return false;
  }
  return true;
}
