import { type Catalog, isSystem, type Relation } from './catalog.ts';
import { linksOf, relatives } from './links.ts';

/**
 * What a statement rests on, as the catalog had it: `oids` are relations, and 0 for what is of the whole database;
 * `fingerprint` is of all of them together, as `driftSql` answers it.
 */
export type Watch = { oids: readonly number[]; fingerprint: string };

/** What is to be as it was when the statement was understood, for an answer or a change to be as harmless as was proven. */
export function watch(relations: readonly Relation[], access: 'read' | 'write' | 'define', catalog: Catalog): Watch {
  const watched = access === 'read' ? restOfRead(relations, catalog) : restOfWrite(relations, catalog);
  const prints = [catalog.whole, ...watched].map((print) =>
    access === 'read' ? print.fingerprint : print.writeFingerprint,
  );
  return { oids: [0, ...watched.map(({ oid }) => oid)], fingerprint: sumOf(prints) };
}

/** Fingerprints are counts and sums, so those of several relations are that of all. */
function sumOf(fingerprints: readonly string[]): string {
  let [rows, versions] = [0n, 0n];
  for (const fingerprint of fingerprints) {
    const [count = '0', sum = '0'] = fingerprint.split(':');
    rows += BigInt(count);
    versions += BigInt(sum);
  }
  return `${rows}:${versions}`;
}

/** The relations themselves, what the views among them read, and the parts of all those that may get new parts. */
export function restOfRead(relations: readonly Relation[], catalog: Catalog): Relation[] {
  const watched = new Set<Relation>();
  const add = (relation: Relation | undefined) => {
    if (relation !== undefined && !isSystem(relation)) watched.add(relation);
  };
  for (const relation of relations) add(relation);
  // A set that grows while it is walked is walked to its end.
  for (const relation of watched) {
    for (const oid of catalog.views.get(relation.oid)?.reads ?? []) add(catalog.byOid.get(oid));
    for (const oid of linksOf(catalog).children(relation.oid)) {
      const part = catalog.byOid.get(oid);
      // A partition that is no partitioned table itself has no parts, ever.
      if (part !== undefined && (part.kind === 'p' || relation.kind !== 'p')) add(part);
    }
  }
  return [...watched];
}

/** Besides that, all parts, what they are parts of, and whatever refers to one of them, as far as cascades go. */
function restOfWrite(relations: readonly Relation[], catalog: Catalog): Relation[] {
  const { keysTo } = linksOf(catalog);
  const watched = new Set(restOfRead(relations, catalog));
  const changed = new Set(relations.filter((relation) => !isSystem(relation)));
  for (const relation of changed) {
    for (const side of ['child', 'parent'] as const)
      for (const relative of relatives(relation, catalog, side)) {
        watched.add(relative);
        if (side === 'child') changed.add(relative);
      }
    for (const key of keysTo(relation.oid)) {
      const child = catalog.byOid.get(key.child);
      if (child === undefined) continue;
      watched.add(child);
      if ([key.onDelete, key.onUpdate].some((action) => 'cnd'.includes(action))) changed.add(child);
    }
  }
  return [...watched];
}
