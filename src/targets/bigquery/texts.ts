import { type Ground, hiddenFrom, protectionOf } from './classification.ts';
import { replaced } from './language/splice.ts';
import { type NamedPlace, type Subject, subjectOf, tablesByName } from './language/subject.ts';
import { type Cover, emptyRelation, maskedRelation } from './masks/masks.ts';
import type { Statement, Table } from './plan.ts';
import { Refusal } from './refusal.ts';
import type { Settings } from './settings.ts';

/** What is made of a statement before anything is decided, to be shown to BigQuery's dry run. Undefined where it cannot be read. */
type Made = string | undefined;

/** The tables that a statement names, in FROM and as what it changes: `project.dataset.table`, some of which may not be there. */
export function namedTables(statement: Statement, settings: Pick<Settings, 'project'>): readonly string[] {
  const subject = readable(() => subjectOf(statement, settings));
  if (subject === undefined) return [];
  const target = subject.reading.target?.what === 'SCHEMA' ? undefined : subject.target;
  const names = [...subject.places.map(({ name }) => name), target];
  return [...new Set(names.filter((name) => name !== undefined))].sort();
}

/**
 * The statement with an empty relation of literals in the place of each table: its dry run must see no table (but the one that a change changes).
 * Undefined too where it names none.
 */
export function emptiedOf(statement: Statement, tables: readonly Table[], settings: Pick<Settings, 'project'>): Made {
  return readable(() => {
    const subject = subjectOf(statement, settings);
    const made = emptied(subject, tables);
    return made === statement.text ? undefined : made;
  });
}

/** The statement with every classified column masked, whoever may see it. Undefined too where nothing that it reads is classified. */
export function hiddenOf(statement: Statement, tables: readonly Table[], ground: Ground): Made {
  return readable(() => {
    const subject = subjectOf(statement, ground.settings);
    const covers = coversOf(tables, ground, []);
    const classified = subject.places.some(({ name }) => (covers.get(name ?? '')?.hidden.size ?? 0) > 0);
    return classified ? masked(subject, covers) : undefined;
  });
}

/** What is hidden of each table from who may see `unmask`. */
export function coversOf(
  tables: readonly Table[],
  ground: Ground,
  unmask: readonly string[],
): ReadonlyMap<string, Cover> {
  const covers = tables.map((table): [string, Cover] => {
    const { classes } = protectionOf(table, tables, ground);
    return [table.name, { table, hidden: hiddenFrom(classes, unmask), transforms: ground.connection.transforms }];
  });
  return new Map(covers);
}

/** With the same places as `masked`. */
function emptied(subject: Subject, tables: readonly Table[]): string {
  const known = tablesByName(tables);
  return replaced(subject, ({ name }) => {
    const table = known.get(name ?? '');
    return table && emptyRelation(table);
  });
}

/** With the same places as `emptied`. */
export function masked(subject: Subject, covers: ReadonlyMap<string, Cover>): string {
  return replaced(subject, (place) => {
    const cover = covers.get(place.name ?? '');
    return cover && maskedRelation(cover, optionsOf(place, subject));
  });
}

/** Time travel and samples, which go where the table goes. */
function optionsOf({ time, sample }: NamedPlace, { lexed }: Subject): string {
  const written = [time, sample].filter((span) => span !== undefined);
  return written.map(({ start, end }) => lexed.text.slice(start, end)).join(' ');
}

function readable<T>(make: () => T | undefined): T | undefined {
  try {
    return make();
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}
