import type { Catalog, Relation } from '../catalog/catalog.ts';
import { linksOf, relatives } from '../catalog/links.ts';
import type { Reference } from '../language/references.ts';
import { everyNode, type Fields, namesOf } from '../language/syntax.ts';
import { Refusal } from '../refusal.ts';

const places = new Set(['ctid', 'xmin', 'xmax', 'cmin', 'cmax']);

/**
 * R4: where a row lies depends on how long the values around it are, those of its table's parts included. Refuses samples, and the
 * system columns that tell of places, of relations with something hidden in them or in a part of them.
 */
export function checkPlaces(
  query: Fields,
  references: readonly Reference[],
  hides: (relation: Relation) => boolean,
): void {
  const holding = references.filter(({ relation }) => relation !== undefined && hides(relation));
  if (holding[0] === undefined) return;
  for (const { type, fields } of everyNode(query)) {
    const sampled =
      type === 'RangeTableSample' ? holding.find(({ wrapper }) => wrapper === fields['relation']) : undefined;
    if (sampled !== undefined)
      throw new Refusal(
        'R3',
        `${sampled.name} cannot be sampled, as it holds classified columns; take rows by a condition on a key, as in WHERE id % 100 = 0`,
        sampled.fields,
      );
    const words = type === 'ColumnRef' ? fields['fields'] : type === 'A_Indirection' ? fields['indirection'] : [];
    const place = namesOf(words).find((name) => places.has(name));
    if (place !== undefined)
      throw new Refusal(
        'R4',
        `${place} tells where rows lie, which depends on classified values of ${holding[0].name}; name columns instead`,
        fields,
      );
  }
}

const programs = new Set(['prosrc', 'probin', 'prosqlbody', 'routine_definition']);

/** R8: what a function does is not shown, and who asks for it is told so; where all columns are asked for, it is NULL. */
export function checkPrograms(query: Fields, references: readonly Reference[]): void {
  if (!references.some(({ relation }) => relation?.name === 'pg_proc' || relation?.name === 'routines')) return;
  for (const { type, fields } of everyNode(query)) {
    const words = type === 'ColumnRef' ? fields['fields'] : type === 'A_Indirection' ? fields['indirection'] : [];
    const program = namesOf(words).find((name) => programs.has(name));
    if (program !== undefined)
      throw new Refusal('R8', `${program} is code of the database, which is not shown; leave it out`, fields);
  }
}

/** Whether some index could give rows in the order of what is hidden: it has hidden columns and others. */
export function ordersByHidden(
  relations: readonly Relation[],
  catalog: Catalog,
  hiddenIn: (relation: Relation) => ReadonlySet<string>,
): boolean {
  const { indexes, uniques } = linksOf(catalog);
  return relations
    .flatMap((relation) => relatives(relation, catalog, 'child'))
    .some((relation) => {
      const own = [...indexes(relation.oid), ...uniques(relation.oid)].filter(
        ({ columns }) => columns.length > 1 || columns.includes(0),
      );
      if (own.length === 0) return false;
      const names = hiddenIn(relation);
      const hidden = new Set(relation.columns.filter(({ name }) => names.has(name)).map(({ number }) => number));
      return own.some(
        ({ columns }) =>
          columns.some((number) => hidden.has(number) || (number === 0 && hidden.size > 0)) &&
          columns.some((number) => !hidden.has(number)),
      );
    });
}
