import type { Connection } from '../../model/connection.ts';
import { resourceOf } from './names.ts';
import type { Field, Table } from './plan.ts';
import { Refusal } from './refusal.ts';
import type { Settings } from './settings.ts';

/** What stands in a table whose columns nobody classified, where the connection says to mask it. */
const unclassifiedClass = 'UNCLASSIFIED';
/** Of a policy tag that the connection gives no class. */
const unmappedTag = 'CONFIDENTIAL';

/** Of one table: the classes of its fields by path (`record.field`, in lower case), or why it may not be read or written at all. */
export type Protection = { classes: ReadonlyMap<string, readonly string[]>; refusal?: Refusal };

export type Ground = { connection: Connection; settings: Pick<Settings, 'project' | 'policy_tags'> };

/** Kinds of tables whose rows are what another statement gives. */
const views = new Set(['VIEW', 'MATERIALIZED_VIEW']);
export const isView = ({ type }: Pick<Table, 'type'>) => views.has(type);
/** Kinds that hold rows of their own. */
const stored = new Set(['TABLE', 'SNAPSHOT', 'EXTERNAL', 'CLONE']);

/**
 * R5: what documents and policy tags together mean for a table. `behind`: all tables that the statement reads besides. A view that no document
 * names shows what its tables hold, so it may be read only where these hold nothing classified; and a table is refused where a classified column
 * decides in which order its rows come.
 */
export function protectionOf(table: Table, behind: readonly Table[], ground: Ground): Protection {
  const name = resourceOf(table.name, ground.settings);
  const entries = entriesFor(table.name, ground);
  const classes = classesOf(table, entries, ground);
  const refuse = (detail: string): Protection => ({ classes, refusal: new Refusal('R5', detail) });
  if (!isView(table) && !stored.has(table.type))
    return refuse(`${name} is a ${table.type}, which is not read; copy what is needed into a table`);
  const strange = entries.exact
    .flatMap((entry) => [...entry.keys()])
    .find((path) => !leadsSomewhere(path, table.fields));
  if (strange !== undefined)
    return refuse(
      `The classification of this connection names a column ${strange} that ${name} does not have; mend it there`,
    );
  const known = entries.all.length > 0;
  if (isView(table) && !known) {
    const bases = behind.filter((base) => !isView(base));
    const classified = bases.find((base) => classesOf(base, entriesFor(base.name, ground), ground).size > 0);
    const refused = bases
      .map((base) => protectionOf(base, [], ground).refusal)
      .find((refusal) => refusal !== undefined);
    if (classified === undefined && refused !== undefined) return { classes, refusal: refused };
    if (bases.length === 0 || classified !== undefined)
      return refuse(
        `${name} is a view that may show classified columns${classified === undefined ? '' : ` of ${resourceOf(classified.name, ground.settings)}`}; add "${name}" to the classification of this connection with what its columns hold, or name its tables`,
      );
  }
  if (!known && table.type === 'EXTERNAL')
    return refuse(
      `${name} is an external table; name its columns in the classification of this connection to allow it`,
    );
  if (table.type === 'EXTERNAL' && classes.size > 0)
    return refuse(
      `${name} is an external table with classified columns, and errors in its files show what they hold; load it into a table`,
    );
  if (!known && !isView(table) && ground.connection.document.unclassified === 'deny')
    return refuse(
      `The classification of this connection says nothing of ${name}; add "${name}: {}" there if it holds nothing classified, or name its columns`,
    );
  const order = table.orderedBy.find((column) => classes.has(column.toLowerCase()));
  if (order !== undefined)
    return refuse(
      `${name} is partitioned or clustered by ${order}, which is classified, so that the order of rows tells of it; use another table`,
    );
  return { classes };
}

/** Whether a document speaks of it, by its name or by a glob. */
export const isSpokenOf = ({ name }: Pick<Table, 'name'>, ground: Ground) => entriesFor(name, ground).all.length > 0;

type Entries = { exact: ReadonlyMap<string, string>[]; all: ReadonlyMap<string, string>[] };

/** The entries that speak of a table: those by its name, else every glob that matches. Capitals do not count: datasets may be without them. */
function entriesFor(name: string, { connection, settings }: Ground): Entries {
  const names = [name, resourceOf(name, settings)].map((each) => each.toLowerCase());
  const keys = [...connection.classification];
  const exact = keys.filter(([key]) => names.includes(key.toLowerCase())).map(([, entry]) => entry);
  if (exact.length > 0) return { exact, all: exact };
  const globs = keys
    .filter(([key]) => key.includes('*') && names.some(globOf(key.toLowerCase())))
    .map(([, entry]) => entry);
  return { exact, all: globs };
}

function globOf(glob: string): (name: string) => boolean {
  const parts = glob.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  const pattern = new RegExp(`^${parts.join('.*')}$`);
  return (name) => pattern.test(name);
}

function classesOf(table: Table, { all }: Entries, { connection, settings }: Ground): Protection['classes'] {
  const classes = new Map<string, string[]>();
  const add = (path: string, className: string) => {
    const known = classes.get(path) ?? [];
    if (!known.includes(className)) classes.set(path, [...known, className]);
  };
  for (const [path, className] of all.flatMap((entry) => [...entry])) {
    const place = placeOf(path, table.fields);
    if (place !== undefined) add(place, className);
  }
  for (const { path, field } of everyField(table.fields))
    for (const tag of field.policyTags ?? []) add(path, settings.policy_tags[tag] ?? unmappedTag);
  if (all.length === 0 && connection.document.unclassified === 'mask')
    for (const { name } of table.fields) add(name.toLowerCase(), unclassifiedClass);
  return classes;
}

/** Every field at every depth, by its path in lower case. */
export function everyField(fields: readonly Field[], above = ''): { path: string; field: Field }[] {
  return fields.flatMap((field) => {
    const path = `${above}${field.name.toLowerCase()}`;
    return [{ path, field }, ...everyField(field.fields ?? [], `${path}.`)];
  });
}

/** The path of the field that is to be masked: itself, or the JSON that holds it, which is masked as a whole. */
function placeOf(path: string, fields: readonly Field[]): string | undefined {
  const wanted = path.toLowerCase();
  const all = everyField(fields);
  if (all.some((each) => each.path === wanted)) return wanted;
  return all.find((each) => each.field.type === 'JSON' && wanted.startsWith(`${each.path}.`))?.path;
}

const leadsSomewhere = (path: string, fields: readonly Field[]) => placeOf(path, fields) !== undefined;

/** The classes that hide something of the table from an identity, by path. */
export function hiddenFrom(
  classes: Protection['classes'],
  unmask: readonly string[],
): ReadonlyMap<string, readonly string[]> {
  const hiding = [...classes].map(([path, found]) => [path, found.filter((one) => !unmask.includes(one))] as const);
  return new Map(hiding.filter(([, found]) => found.length > 0));
}
