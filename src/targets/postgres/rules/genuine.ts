import type { Catalog, View } from '../catalog/catalog.ts';
import { type Fields, fieldsOf, namesOf, nodesOf, ofType } from '../language/syntax.ts';

/** Of relations, by oid: names of columns. */
export type Columns = ReadonlyMap<number, ReadonlySet<string>>;

/**
 * The columns whose values are those that the classification speaks of, as they stand: those it names, and copies of them by
 * inheritance, partitions, foreign keys and views, where only letters' case and white space at the ends may differ. What is
 * computed in any other way is not among them: an equal result need not come of an equal value.
 */
export function genuineColumns(catalog: Catalog, named: Columns, isClassified: IsClassified): Columns {
  const genuine = new Map([...named].map(([oid, columns]) => [oid, new Set(columns)]));
  const has = (oid: number, column: string | undefined) =>
    column !== undefined && genuine.get(oid)?.has(column) === true;
  const add = (oid: number, column: string | undefined): boolean => {
    if (column === undefined || has(oid, column)) return false;
    genuine.set(oid, (genuine.get(oid) ?? new Set()).add(column));
    return true;
  };
  const copies = (from: number, column: string | undefined, to: number, as: string | undefined) =>
    has(from, column) && add(to, as);

  const nameIn = (oid: number, wanted: number | undefined) =>
    catalog.byOid.get(oid)?.columns.find(({ number }) => number === wanted)?.name;
  const categoryOf = (oid: number, column: string | undefined) =>
    catalog.types.get(catalog.byOid.get(oid)?.columns.find(({ name }) => name === column)?.type ?? 0)?.category;
  const spread = () => {
    let changed = false;
    for (const { child, parent } of catalog.inheritance) {
      for (const { name } of catalog.byOid.get(child)?.columns ?? [])
        changed = copies(parent, name, child, name) || copies(child, name, parent, name) || changed;
    }
    for (const { child, parent, childColumns, parentColumns } of catalog.foreignKeys) {
      for (const [index, number] of parentColumns.entries())
        changed = copies(parent, nameIn(parent, number), child, nameIn(child, childColumns[index])) || changed;
    }
    for (const view of catalog.views.values()) {
      const columns = catalog.byOid.get(view.oid)?.columns ?? [];
      for (const [index, source] of sourcesOf(view).entries()) {
        const read = view.reads.filter((oid) => source !== undefined && isClassified(oid, source));
        // A number as text, say, tells more than the number.
        const alike = (oid: number) => categoryOf(oid, source) === categoryOf(view.oid, columns[index]?.name);
        if (read.length > 0 && read.every((oid) => has(oid, source) && alike(oid)))
          changed = add(view.oid, columns[index]?.name) || changed;
      }
    }
    return changed;
  };
  while (spread());
  return genuine;
}

type IsClassified = (relation: number, column: string) => boolean;

/** By position: the column that a view shows there, by its name in what the view reads; undefined for what it computes. */
function sourcesOf({ query }: View): (string | undefined)[] {
  const select = ofType(query, 'SelectStmt');
  return nodesOf(select?.['targetList']).map((target) => sourceOf(ofType(target, 'ResTarget')?.['val']));
}

const normalisations = new Set(['lower', 'upper', 'btrim', 'ltrim', 'rtrim']);
const texts = new Set(['text', 'varchar', 'citext']);

function sourceOf(value: unknown): string | undefined {
  const reference = ofType(value, 'ColumnRef');
  if (reference !== undefined) return namesOf(reference['fields']).at(-1);
  const cast = ofType(value, 'TypeCast');
  if (cast !== undefined) return isPlainText(fieldsOf(cast['typeName'])) ? sourceOf(cast['arg']) : undefined;
  const call = ofType(value, 'FuncCall');
  const [argument, ...more] = nodesOf(call?.['args']);
  const normalises = more.length === 0 && normalisations.has(namesOf(call?.['funcname']).at(-1) ?? '');
  return normalises ? sourceOf(argument) : undefined;
}

/** A length would cut the value. */
function isPlainText({ names, typmods, arrayBounds }: Fields): boolean {
  return texts.has(namesOf(names).at(-1) ?? '') && typmods === undefined && arrayBounds === undefined;
}
