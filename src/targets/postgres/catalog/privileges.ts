import type { Protection } from '../../../model/operation.ts';
import { type Catalog, isSystem, type Relation } from './catalog.ts';
import { linksOf } from './links.ts';

/** The columns of a relation that hide something from an identity. */
export type HiddenIn = (relation: Relation) => Iterable<string>;

/**
 * R12: `proven` where the server itself would refuse every hidden column to the gateway's own login, in whatever SQL;
 * `rewritten` where only the rewriting keeps one of them hidden; undefined where nothing is hidden. A relation is judged together
 * with all that serves its values: what views read (with their owner's rights, so that a column of a view counts as one
 * of its own), partitions and heirs.
 */
export function protectionOf(
  relations: Iterable<Relation>,
  hiddenIn: HiddenIn,
  catalog: Catalog,
): Protection | undefined {
  let hides = false;
  for (const relation of servedBy(relations, catalog)) {
    const readable = catalog.readable.get(relation.oid);
    for (const name of hiddenIn(relation)) {
      const number = relation.columns.find((column) => column.name === name)?.number;
      if (number === undefined || readable?.has(number)) return 'rewritten';
      hides = true;
    }
  }
  return hides ? 'proven' : undefined;
}

/** The relations, what views among them read, and what inherits from any of them; the server's own left out. */
function servedBy(relations: Iterable<Relation>, catalog: Catalog): Set<Relation> {
  const served = new Set<Relation>();
  const add = (relation: Relation | undefined) => {
    if (relation !== undefined && !isSystem(relation)) served.add(relation);
  };
  for (const relation of relations) add(relation);
  // A set that grows while it is walked is walked to its end.
  for (const { oid } of served) {
    for (const read of catalog.views.get(oid)?.reads ?? []) add(catalog.byOid.get(read));
    for (const child of linksOf(catalog).children(oid)) add(catalog.byOid.get(child));
  }
  return served;
}
