import { type Catalog, nameOf, type Relation, systemColumns, type View } from '../catalog/catalog.ts';
import { everyNode, type Fields, fieldsOf, isFields, namesOf, nodesOf, ofType, textOf } from '../language/syntax.ts';
import { Refusal } from '../refusal.ts';
import { checkFunction, isAlwaysRun } from './allowed-functions.ts';

/** Column name → the classes of what stands in it. */
export type Classes = ReadonlyMap<string, readonly string[]>;

/**
 * R5 for views: the classes of each output column by its position, given the classes of what the view reads. Throws a
 * `Refusal` where a classified value decides which rows there are, or where that cannot be told.
 */
export function viewColumns(view: View, relation: Relation, reads: Classes, catalog: Catalog): (readonly string[])[] {
  const name = nameOf(relation);
  const select = ofType(view.query, 'SelectStmt');
  if (select === undefined)
    throw new Refusal('R5', `The definition of the view ${name} cannot be read; name the base tables instead`);
  if (view.userCode)
    throw new Refusal(
      'R5',
      `The view ${name} calls functions that did not come with the server; name the base tables instead`,
    );
  for (const { type, fields } of everyNode(select)) {
    if (type === 'FuncCall') checkFunction(namesOf(fields['funcname']), catalog);
  }
  if (reads.size === 0) return [];

  const { targetList, ...rest } = select;
  const find = finder(select, reads);
  if (renames(select) || find(rest).length > 0) {
    throw new Refusal(
      'R5',
      `The view ${name} chooses or joins its rows by a classified column; name the base tables instead, where such conditions see masks`,
    );
  }
  const found = nodesOf(targetList).map((target) => find(target));
  const classified = nodesOf(targetList).filter((_, index) => (found[index] ?? []).length > 0);
  if (classified.length > 0 && select['distinctClause'] !== undefined) {
    throw new Refusal(
      'R5',
      `The view ${name} chooses its rows by a classified column (DISTINCT); name the base tables instead`,
    );
  }
  if (classified.some((target) => alwaysRuns(target, catalog))) {
    throw new Refusal(
      'R5',
      `The view ${name} computes from a classified column what is run even if nobody reads it; name the base tables instead`,
    );
  }
  if (classified.some((target) => ordersWindow(target, find, relation.kind === 'm'))) {
    throw new Refusal('R5', `The view ${name} orders rows in a window by what it computes from a classified column`);
  }
  return found;
}

/**
 * Whether a window goes by a classified value in a way that shows elsewhere: what a window is partitioned or ordered by is
 * computed even if nobody reads the window, and may fail then; and a materialised view keeps its rows in that order.
 */
function ordersWindow(target: Fields, find: (below: unknown) => string[], stored: boolean): boolean {
  for (const window of windowsIn(target)) {
    const keys = [...nodesOf(window['partitionClause']), ...nodesOf(window['orderClause'])].filter(
      (key) => find(key).length > 0,
    );
    const plain = keys.every((key) => ofType(ofType(key, 'SortBy')?.['node'] ?? key, 'ColumnRef') !== undefined);
    if (keys.length > 0 && (stored || !plain)) return true;
  }
  return false;
}

/** Windows are written bare, within the calls they belong to. */
function* windowsIn(value: unknown): Generator<Fields> {
  if (Array.isArray(value)) for (const item of value) yield* windowsIn(item);
  if (!isFields(value)) return;
  if ('frameOptions' in value) yield value;
  for (const child of Object.values(value)) yield* windowsIn(child);
}

/** Answers the classes of every classified name below a node. A whole row holds all of them. */
function finder(select: Fields, reads: Classes): (below: unknown) => string[] {
  const everything = [...reads.values()].flat();
  const relations = new Set<string>();
  for (const { type, fields } of everyNode(select)) {
    const name = type === 'RangeVar' || type === 'RangeSubselect' || type === 'JoinExpr' ? aliasOf(fields) : undefined;
    if (name !== undefined) relations.add(name);
  }
  const ofName = (name: string) =>
    name === '*' || relations.has(name) || systemColumns.has(name) ? everything : (reads.get(name) ?? []);

  return (below) => {
    const classes = new Set<string>();
    for (const { type, fields } of everyNode(below)) {
      if (type === 'ColumnRef') for (const found of ofName(namesOf(fields['fields']).at(-1) ?? '*')) classes.add(found);
      if (type === 'A_Indirection')
        for (const name of namesOf(fields['indirection'])) for (const found of ofName(name)) classes.add(found);
      if (type === 'JoinExpr') {
        if (fields['isNatural'] === true) for (const found of everything) classes.add(found);
        for (const name of namesOf(fields['usingClause'])) for (const found of ofName(name)) classes.add(found);
      }
    }
    return [...classes];
  };
}

const aliasOf = (fields: Fields) => textOf(fieldsOf(fields['alias'])['aliasname']) ?? textOf(fields['relname']);

/** Whether a relation's columns go by other names inside the view, so that names tell nothing. */
function renames(select: Fields): boolean {
  for (const { type, fields } of everyNode(select)) {
    if ((type === 'RangeVar' || type === 'JoinExpr') && fieldsOf(fields['alias'])['colnames'] !== undefined)
      return true;
  }
  return false;
}

function alwaysRuns(target: unknown, catalog: Catalog): boolean {
  for (const { type, fields } of everyNode(target)) {
    if (type === 'FuncCall' && isAlwaysRun(namesOf(fields['funcname']).at(-1) ?? '', catalog)) return true;
  }
  return false;
}
