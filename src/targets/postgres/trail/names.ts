import type { Catalog } from '../catalog/catalog.ts';
import {
  everyNode,
  type Fields,
  fieldsOf,
  isFields,
  locationOf,
  namesOf,
  nodesOf,
  ofType,
  textOf,
  typeOf,
} from '../language/syntax.ts';

/** Names a statement gives to its own columns: they may stand for anything. */
export function introducedNames(statement: Fields): Set<string> {
  const names = new Set<string>();
  const walk = (value: unknown) => {
    if (Array.isArray(value)) return value.forEach(walk);
    if (!isFields(value)) return;
    for (const list of ['colnames', 'aliascolnames']) for (const name of namesOf(value[list])) names.add(name);
    for (const target of [...nodesOf(value['targetList']), ...nodesOf(value['exprs'])]) {
      const { name, val } = ofType(target, 'ResTarget') ?? {};
      const own = namesOf(ofType(val, 'ColumnRef')?.['fields']).at(-1);
      for (const implied of impliedNames(val)) names.add(implied);
      // The left side of an assignment is no new name.
      if (typeof name === 'string' && name !== own && !assigns(value)) names.add(name);
    }
    for (const child of Object.values(value)) walk(child);
  };
  walk(statement);
  return names;
}

/** Whether the targets of a node are columns that are given values, and not names for what is selected. */
const assigns = (value: Fields) => ['relation', 'action', 'matchKind'].some((field) => field in value);

/** What the server calls a column that is given no name: the function or type at its root. */
function impliedNames(node: unknown): string[] {
  const call = namesOf(ofType(node, 'FuncCall')?.['funcname']).slice(-1);
  const type = namesOf(fieldsOf(ofType(node, 'TypeCast')?.['typeName'])['names']).slice(-1);
  const keyword = ['CaseExpr', 'CoalesceExpr', 'MinMaxExpr'].includes(typeOf(node) ?? '')
    ? ['case', 'coalesce', 'greatest', 'least']
    : [];
  return [...call, ...type, ...keyword];
}

/** Names a statement gives to anything: relations, CTEs, windows, columns, parameters of calls. */
export function givenNames(statement: Fields): Set<string> {
  const names = introducedNames(statement);
  for (const { fields } of everyNode(statement)) {
    for (const field of ['aliasname', 'ctename', 'relname', 'conname', 'name', 'newname']) {
      const name = textOf(fields[field]);
      if (name !== undefined) names.add(name);
    }
    const alias = textOf(fieldsOf(fields['alias'])['aliasname']);
    if (alias !== undefined) names.add(alias);
  }
  return names;
}

/** Names that stand where a column is meant. */
export function columnNames(statement: Fields): Set<string> {
  const names = new Set<string>();
  for (const { type, fields } of everyNode(statement))
    if (type === 'ColumnRef') for (const name of namesOf(fields['fields'])) names.add(name);
  return names;
}

/** Where a constant text stands, in quotes or not. */
export function wordsIn(statement: Fields): Set<number> {
  const places = new Set<number>();
  for (const { type, fields } of everyNode(statement))
    if (type === 'A_Const' && fields['sval'] !== undefined) places.add(locationOf(fields));
  return places;
}

const everywhere = [
  'excluded',
  'old',
  'new',
  'pg_catalog',
  'information_schema',
  'ctid',
  'xmin',
  'xmax',
  'cmin',
  'cmax',
  'tableoid',
];
const known = new WeakMap<Catalog, ReadonlySet<string>>();

/** Every name that the catalog knows: of schemas, relations, columns, types and functions. */
export function namesIn(catalog: Catalog): ReadonlySet<string> {
  const before = known.get(catalog);
  if (before !== undefined) return before;
  const names = new Set([...everywhere, catalog.database]);
  for (const { schema, name, columns } of catalog.byOid.values()) {
    names.add(schema).add(name);
    for (const column of columns) names.add(column.name);
  }
  for (const { schema, name } of catalog.types.values()) names.add(schema).add(name);
  for (const name of catalog.functions.keys()) for (const part of name.split('.')) names.add(part);
  for (const [schema, functions] of catalog.elsewhere) {
    names.add(schema);
    for (const name of functions.keys()) names.add(name);
  }
  known.set(catalog, names);
  return names;
}
