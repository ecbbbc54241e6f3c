import { type Catalog, isSystem } from '../catalog/catalog.ts';
import type { Reference } from '../language/references.ts';
import type { Edit, TokenLine } from '../language/splice.ts';
import {
  everyNode,
  type Fields,
  fieldsOf,
  isFields,
  locationOf,
  namesOf,
  nodesOf,
  ofType,
  quoted,
  textOf,
} from '../language/syntax.ts';
import { selectsIn } from '../rules/left-alone.ts';
import type { Cover } from './masks.ts';

/** Columns that one GROUP BY means by the primary key of a table that is covered with masks, and so has none any more. */
export type Grouping = {
  select: Fields;
  /** The item of the GROUP BY before which they are to stand. */
  index: number;
  columns: readonly { table: string; column: string }[];
};

/** Types without equality, which cannot be grouped by. */
const ungroupable = /^_?(json|xml|point|box|path|polygon|line|circle|jsonpath)$/;

/**
 * What `GROUP BY u.id` means where `u` is covered: every column of `u` that the query speaks of, as `id` decides them all. To
 * group by them too changes no group. Says nothing where it is not sure which table a name is of; the server then refuses.
 */
export function impliedGroupings(
  query: Fields,
  references: readonly Reference[],
  coverOf: (reference: Reference) => Cover | undefined,
  catalog: Catalog,
): Grouping[] {
  return selectsIn(query).flatMap((select) => {
    const scope = scopeOf(select, references);
    const items = nodesOf(select['groupClause']);
    if (scope === undefined || items.length === 0) return [];
    const grouped = items.map((item) => pathOf(item) ?? pathOf(targetAt(select, item)));
    const found = scope.tables.flatMap((table) => {
      const key = coverOf(table) === undefined ? undefined : keyOf(table, catalog);
      const places = key?.map((column) => grouped.findIndex((path) => isColumn(path, table, column, scope)));
      const place = places === undefined || places.includes(-1) ? -1 : Math.min(...places);
      return place < 0 ? [] : [{ place, columns: spokenOf(select, table, grouped, scope, catalog) }];
    });
    const columns = found.flatMap((each) => each.columns);
    return columns.length === 0 ? [] : [{ select, index: Math.min(...found.map(({ place }) => place)), columns }];
  });
}

type Scope = { tables: readonly Reference[]; using: ReadonlySet<string> };

/** The tables right under a FROM, where there is nothing else that could give columns. */
function scopeOf(select: Fields, references: readonly Reference[]): Scope | undefined {
  const tables: Reference[] = [];
  const using = new Set<string>();
  const look = (item: Fields): boolean => {
    const join = ofType(item, 'JoinExpr');
    if (join !== undefined) {
      for (const name of namesOf(join['usingClause'])) using.add(name);
      const plain = join['isNatural'] !== true && join['alias'] === undefined && join['join_using_alias'] === undefined;
      return plain && [join['larg'], join['rarg']].every((side) => isFields(side) && look(side));
    }
    const table = references.find(({ fields }) => fields === ofType(item, 'RangeVar'));
    if (table?.relation === undefined || fieldsOf(table.fields['alias'])['colnames'] !== undefined) return false;
    tables.push(table);
    return true;
  };
  return nodesOf(select['fromClause']).every(look) ? { tables, using } : undefined;
}

const nameOf = ({ fields }: Reference) =>
  textOf(fieldsOf(fields['alias'])['aliasname']) ?? textOf(fields['relname']) ?? '';

const pathOf = (node: unknown) => {
  const column = ofType(node, 'ColumnRef');
  return column && namesOf(column['fields']);
};

/** `GROUP BY 2`. */
function targetAt(select: Fields, item: Fields): unknown {
  const place = fieldsOf(ofType(item, 'A_Const')?.['ival'])['ival'];
  return typeof place === 'number' ? ofType(nodesOf(select['targetList'])[place - 1], 'ResTarget')?.['val'] : undefined;
}

/** The columns of the primary key; undefined where it does not hold for all rows, as in tables that others inherit from. */
function keyOf({ relation }: Reference, catalog: Catalog): string[] | undefined {
  if (relation === undefined || isSystem(relation)) return undefined;
  if (relation.kind !== 'p' && catalog.inheritance.some(({ parent }) => parent === relation.oid)) return undefined;
  const key = catalog.uniques.find((unique) => unique.primary && unique.relation === relation.oid);
  return key?.columns.map((number) => relation.columns.find((column) => column.number === number)?.name ?? '');
}

const has = ({ relation }: Reference, column: string) => relation?.columns.some(({ name }) => name === column) === true;

/** Whether a path is that column; one that USING made one of two is as good, as it is equal. */
function isColumn(path: readonly string[] | undefined, table: Reference, column: string, scope: Scope): boolean {
  if (path?.length === 2) return path[0] === nameOf(table) && path[1] === column;
  if (path?.length !== 1 || path[0] !== column) return false;
  return scope.using.has(column) || scope.tables.filter((other) => has(other, column)).length === 1;
}

function spokenOf(
  select: Fields,
  table: Reference,
  grouped: readonly (readonly string[] | undefined)[],
  scope: Scope,
  catalog: Catalog,
): Grouping['columns'] {
  const name = nameOf(table);
  const paths = [...everyNode([select['targetList'], select['havingClause'], select['sortClause']])]
    .filter(({ type }) => type === 'ColumnRef')
    .map(({ fields }) => namesOf(fields['fields']));
  const whole = paths.some((path) => path.at(-1) === '*' && (path.length === 1 || path.at(-2) === name));
  const wanted = (table.relation?.columns ?? []).filter(
    (column) =>
      (whole || paths.some((path) => isColumn(path, table, column.name, scope))) &&
      !grouped.some((path) => path?.length === 2 && path[0] === name && path[1] === column.name) &&
      !ungroupable.test(catalog.types.get(column.type)?.name ?? ''),
  );
  return wanted.map((column) => ({ table: name, column: column.name }));
}

/** Writes them before the key, in the text and in the tree. */
export function addGroupings(groupings: readonly Grouping[], tokens: TokenLine): Edit[] {
  return groupings.flatMap(({ select, index, columns }) => {
    const items = nodesOf(select['groupClause']);
    const [item] = Object.values(items[index] ?? {});
    const start = locationOf(fieldsOf(item));
    if (tokens.at(start) === undefined) return [];
    const word = (sval: string) => ({ String: { sval } });
    const added = columns.map(({ table, column }) => ({ ColumnRef: { fields: [word(table), word(column)] } }));
    select['groupClause'] = [...items.slice(0, index), ...added, ...items.slice(index)];
    const text = columns.map(({ table, column }) => `${quoted(table)}.${quoted(column)}, `).join('');
    return [{ start, end: start, text }];
  });
}
