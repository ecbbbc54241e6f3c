import type { Catalog, Relation } from './catalog.ts';

type ForeignKey = Catalog['foreignKeys'][number];

/** What ties relations to one another, to be looked up by either end without going through a whole catalog. */
export type Links = {
  children(oid: number): readonly number[];
  parents(oid: number): readonly number[];
  /** Foreign keys of the relation. */
  keysFrom(oid: number): readonly ForeignKey[];
  /** Foreign keys that refer to it. */
  keysTo(oid: number): readonly ForeignKey[];
  uniques(oid: number): Catalog['uniques'];
  indexes(oid: number): Catalog['indexes'];
  partitionKeys(oid: number): Catalog['partitionKeys'];
  checks(oid: number): Catalog['checks'];
  generated(oid: number): Catalog['generated'];
  rowSecurity(oid: number): Catalog['rowSecurity'];
  /** Views that read it directly. */
  readers(oid: number): readonly number[];
};

const known = new WeakMap<Catalog, Links>();

/** Worked out once for each snapshot. */
export function linksOf(catalog: Catalog): Links {
  const links = known.get(catalog) ?? toLinks(catalog);
  known.set(catalog, links);
  return links;
}

function toLinks(catalog: Catalog): Links {
  const { inheritance, foreignKeys, uniques, indexes, partitionKeys, checks, generated, rowSecurity, views } = catalog;
  const below = by(inheritance, ({ parent }) => parent);
  const read = by(
    [...views.values()].flatMap(({ oid, reads }) => reads.map((of) => ({ of, oid }))),
    ({ of }) => of,
  );
  const above = by(inheritance, ({ child }) => child);
  return {
    children: (oid) => below(oid).map(({ child }) => child),
    parents: (oid) => above(oid).map(({ parent }) => parent),
    keysFrom: by(foreignKeys, ({ child }) => child),
    keysTo: by(foreignKeys, ({ parent }) => parent),
    uniques: by(uniques, ({ relation }) => relation),
    indexes: by(indexes, ({ relation }) => relation),
    partitionKeys: by(partitionKeys, ({ relation }) => relation),
    checks: by(checks, ({ relation }) => relation),
    generated: by(generated, ({ relation }) => relation),
    rowSecurity: by(rowSecurity, ({ relation }) => relation),
    readers: (oid) => read(oid).map((reader) => reader.oid),
  };
}

const nothing: readonly never[] = [];

function by<Item>(items: readonly Item[], keyOf: (item: Item) => number): (oid: number) => readonly Item[] {
  const groups = Map.groupBy(items, keyOf);
  return (oid) => groups.get(oid) ?? nothing;
}

/** A relation and all below it, or above it, in its inheritance or partitions. */
export function relatives(relation: Relation, catalog: Catalog, side: 'child' | 'parent'): Relation[] {
  const links = linksOf(catalog);
  const found = new Set([relation]);
  // A set that grows while it is walked is walked to its end.
  for (const { oid } of found) {
    for (const next of side === 'child' ? links.children(oid) : links.parents(oid)) {
      const relative = catalog.byOid.get(next);
      if (relative !== undefined) found.add(relative);
    }
  }
  return [...found];
}
