import type { Connection } from '../../model/connection.ts';
import { type Catalog, isSystem, nameOf, type Relation } from './catalog.ts';
import { coverOf, maskOf } from './masks.ts';
import { protectionOf } from './privileges.ts';
import type { Protections } from './protections.ts';

const kinds: Readonly<Partial<Record<Relation['kind'], string>>> = {
  r: 'table',
  p: 'table',
  v: 'view',
  m: 'materialized view',
  f: 'foreign table',
};

/** What agents may know of the structure: each relation that can be read, with the class and mask of its columns. */
export function schemaOf(
  catalog: Catalog,
  connection: Connection,
  protections: Protections,
  mayTouch: (resource: string) => boolean,
) {
  const hiddenIn = (relation: Relation) => coverOf(relation, protections, [], catalog).masked.keys();
  const tables = [...catalog.relations.values()]
    .filter((relation) => !isSystem(relation) && kinds[relation.kind] !== undefined)
    .filter((relation) => protections(relation).refusal === undefined && mayTouch(nameOf(relation)))
    .sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))
    .map((relation) => {
      const cover = coverOf(relation, protections, [], catalog);
      return {
        name: nameOf(relation),
        kind: kinds[relation.kind],
        protection: protectionOf([relation], hiddenIn, catalog),
        columns: relation.columns.map((column) => {
          const className = cover.masked.get(column.name);
          return {
            name: column.name,
            type: catalog.types.get(column.type)?.name ?? 'unknown',
            ...(className !== undefined && { class: className, mask: maskOf(cover, column.name, className).transform }),
          };
        }),
      };
    });
  const overall = (['rewritten', 'proven'] as const).find((kind) =>
    tables.some(({ protection }) => protection === kind),
  );
  return { connection: connection.name, protection: overall, tables };
}
