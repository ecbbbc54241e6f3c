import type { Catalog, Relation } from '../catalog/catalog.ts';
import { linksOf, relatives } from '../catalog/links.ts';
import { constant, quoted } from '../language/syntax.ts';
import { mostChanged } from '../settings.ts';

/** What happens to rows: they go, or these columns of them change. */
export type Effect = 'delete' | ReadonlySet<string>;

/** How the rows of a write, and those that foreign keys change with them, are counted. */
export type Reached = {
  /** What the rows of the table itself must be given with, besides `tableoid` and `ctid`. */
  columns: readonly string[];
  /** The whole counting statement, around the query that gives those rows. */
  around(rows: string): string;
};

const mostTables = 64;
const acting = new Set(['c', 'n', 'd']);

/** A foreign key that carries an effect on, by the names of its columns. */
type Link = { child: Relation; parentColumns: readonly string[]; childColumns: readonly string[]; effect: Effect };

/** Rows of one table that meet one effect. */
type Place = {
  relation: Relation;
  effect: Effect;
  links: readonly Link[];
  /** From where it is reached; of the table written to, by the write itself. */
  from: { place: Place; link: Link }[];
};

/**
 * Follows foreign keys down from a write: CASCADE, SET NULL and SET DEFAULT. A table that refers to itself is followed to the
 * end. Undefined where several tables refer to each other in a circle, or there are more than can be followed.
 */
export function reachedSql(target: Relation, effect: Effect, catalog: Catalog): Reached | undefined {
  const places = placesFrom(target, effect, catalog);
  if (places === undefined) return undefined;
  const name = (place: Place) => `n${places.indexOf(place)}`;
  const [root] = places;
  if (root === undefined) return undefined;
  return {
    columns: neededIn(root),
    around(rows) {
      const steps = places.map((place) => `${name(place)} AS (\n${rowsOf(place, name)}\n)`);
      const counts = places.map(
        (place) =>
          `(SELECT pg_catalog.count(*) FROM (SELECT FROM ${name(place)} LIMIT ${mostChanged + 1}) q)${timesMoved(place, catalog)}`,
      );
      return `WITH written AS (\n${rows}\n),\n${steps.join(',\n')}\nSELECT ${counts.join('\n + ')} AS changes`;
    },
  };
}

/** Every place reached, each after those it is reached from. */
function placesFrom(target: Relation, effect: Effect, catalog: Catalog): Place[] | undefined {
  const known = new Map<string, Place>();
  const done: Place[] = [];
  const open = new Set<Place>();

  const visit = (relation: Relation, happens: Effect): Place | undefined => {
    const key = keyOf(relation, happens);
    const place = known.get(key) ?? {
      relation,
      effect: happens,
      links: linksFrom(relation, happens, catalog),
      from: [],
    };
    if (open.has(place) || known.size > mostTables) return undefined;
    if (known.has(key)) return place;
    known.set(key, place);
    open.add(place);
    for (const link of place.links) {
      if (isOwn(place, link)) continue;
      const next = visit(link.child, link.effect);
      if (next === undefined) return undefined;
      next.from.push({ place, link });
    }
    open.delete(place);
    done.unshift(place);
    return place;
  };

  const complete = visit(target, effect) !== undefined;
  const sound = done.every((place) =>
    neededIn(place).every((column) => place.relation.columns.some(({ name }) => name === column)),
  );
  return complete && sound ? done : undefined;
}

const keyOf = ({ oid }: Relation, effect: Effect) =>
  `${oid} ${effect === 'delete' ? effect : JSON.stringify([...effect].sort())}`;

const isOwn = ({ relation, effect }: Place, link: Link) => keyOf(relation, effect) === keyOf(link.child, link.effect);

const neededIn = ({ links }: Place) => [...new Set(links.flatMap(({ parentColumns }) => parentColumns))];

/** The foreign keys that carry an effect on a table, or on a part of it, further. */
function linksFrom(relation: Relation, effect: Effect, catalog: Catalog): Link[] {
  const links = relatives(relation, catalog, 'child')
    .flatMap(({ oid }) => linksOf(catalog).keysTo(oid))
    .flatMap((key): Link[] => {
      const child = catalog.byOid.get(key.child);
      if (child === undefined) return [];
      const parentColumns = namesOf(catalog.byOid.get(key.parent), key.parentColumns);
      const childColumns = namesOf(child, key.childColumns);
      const changes = effect !== 'delete' && parentColumns.some((column) => effect.has(column));
      const action = effect === 'delete' ? key.onDelete : changes ? key.onUpdate : '';
      if (!acting.has(action)) return [];
      const next = effect === 'delete' && action === 'c' ? effect : withGenerated(child, childColumns, catalog);
      return [{ child, parentColumns, childColumns, effect: next }];
    });
  return links.filter((link, index) => !links.some((other, at) => saysTheSame(other, link, at < index, catalog)));
}

/** The key of a partitioned table stands in the catalog for each of its partitions again. */
function saysTheSame(other: Link, link: Link, earlier: boolean, catalog: Catalog): boolean {
  if (other === link || JSON.stringify(columnsOf(other)) !== JSON.stringify(columnsOf(link))) return false;
  if (other.child === link.child) return earlier;
  return other.child.kind === 'p' && relatives(other.child, catalog, 'child').includes(link.child);
}

const columnsOf = ({ parentColumns, childColumns }: Link) => [parentColumns, childColumns];

const namesOf = (relation: Relation | undefined, numbers: readonly number[]) =>
  numbers.map((number) => relation?.columns.find((column) => column.number === number)?.name ?? '');

/** Columns that change, and those computed from them. */
export function withGenerated(relation: Relation, names: Iterable<string>, catalog: Catalog): Set<string> {
  const all = new Set(names);
  for (const { column, source } of linksOf(catalog).generated(relation.oid)) {
    const [name = '', from = ''] = namesOf(relation, [column, source]);
    if (all.has(from)) all.add(name);
  }
  return all;
}

function rowsOf(place: Place, name: (place: Place) => string): string {
  const columns = ['tableoid', 'ctid', ...neededIn(place)].map(quoted);
  const select = `SELECT ${columns.map((column) => `x.${column}`).join(', ')} FROM`;
  const { schema, name: table, kind } = place.relation;
  // What a foreign key does to a table it does not do to what inherits from it; a partitioned table has no rows but those.
  const relation = `${kind === 'p' ? '' : 'ONLY '}${quoted(schema)}.${quoted(table)} x`;
  const branches = place.from.map(({ place: parent, link }) => {
    const keys = link.childColumns.map((column) => `x.${quoted(column)}`).join(', ');
    const values = link.parentColumns.map((column) => `p.${quoted(column)}`).join(', ');
    return `${select} ${relation} WHERE (${keys}) IN (SELECT ${values} FROM ${name(parent)} p)`;
  });
  const base = branches.length > 0 ? branches.join('\nUNION ') : 'SELECT * FROM written';
  const own = place.links.filter((link) => isOwn(place, link));
  if (own.length === 0) return base;
  const meets = own.map(({ childColumns, parentColumns }) =>
    childColumns.map((column, index) => `x.${quoted(column)} = p.${quoted(parentColumns[index] ?? '')}`).join(' AND '),
  );
  return `WITH RECURSIVE r AS (${base} UNION ${select} ${relation} JOIN r p ON ${meets.join(' OR ')}) SELECT * FROM r`;
}

/** A row whose partition key changes may move, which the server counts as a row that goes and one that comes. */
function timesMoved({ relation, effect }: Place, catalog: Catalog): string {
  if (effect === 'delete' || effect.size === 0) return '';
  const parts = relatives(relation, catalog, 'child').filter(({ kind }) => kind === 'p');
  if (parts.length === 0) return '';
  return ` * CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_partitioned_table t
    LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = t.partrelid AND a.attnum = ANY (t.partattrs::int2[])
    WHERE t.partrelid IN (${parts.map(({ oid }) => oid).join(', ')})
      AND (0 = ANY (t.partattrs::int2[]) OR a.attname IN (${[...effect].map(constant).join(', ')}))) THEN 2 ELSE 1 END`;
}
