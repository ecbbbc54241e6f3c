import { type Fields, fieldsOf, isFields, locationOf, namesOf, nodesOf, ofType, textOf, typeOf } from './syntax.ts';

const comparing = new Set(['=', '<>', '<', '<=', '>', '>=']);
const kinds = new Set(['AEXPR_LIKE', 'AEXPR_ILIKE', 'AEXPR_IN', 'AEXPR_BETWEEN', 'AEXPR_NOT_BETWEEN']);
const conditions = ['whereClause', 'havingClause', 'quals'];
const counts = ['limitCount', 'limitOffset'];

/**
 * Where the constants of a query stand whose values no rule looks at, as byte offsets: what a column is compared with in WHERE, HAVING
 * or ON, through AND, OR and NOT alone, and numbers of rows. Says nothing of any other, whether a rule looks at it or not:
 * positions in ORDER BY and GROUP BY, arguments of calls, what is cast, what is selected.
 */
export function freeConstants(statement: Fields): ReadonlySet<number> {
  const places = new Set<number>();

  const free = (node: unknown) => {
    const constant = ofType(node, 'A_Const');
    const hasValue = ['ival', 'fval', 'sval'].some((field) => constant?.[field] !== undefined);
    if (constant !== undefined && hasValue) places.add(locationOf(constant));
  };

  const look = (condition: unknown) => {
    const bool = ofType(condition, 'BoolExpr');
    if (bool !== undefined) return nodesOf(bool['args']).forEach(look);
    const { kind, name, lexpr, rexpr } = ofType(condition, 'A_Expr') ?? {};
    const operator = namesOf(name);
    if (kind === 'AEXPR_OP' && operator.length === 1 && comparing.has(operator[0] ?? '')) {
      if (isColumn(lexpr)) free(rexpr);
      else if (isColumn(rexpr)) free(lexpr);
    } else if (kinds.has(textOf(kind) ?? '') && isColumn(lexpr)) {
      const items = ofType(rexpr, 'List')?.['items'];
      for (const item of items === undefined ? [rexpr] : nodesOf(items)) free(item);
    }
  };

  const walk = (value: unknown) => {
    if (Array.isArray(value)) return value.forEach(walk);
    if (!isFields(value)) return;
    const type = typeOf(value);
    const fields = type === undefined ? value : fieldsOf(value[type]);
    for (const condition of conditions) look(fields[condition]);
    for (const count of counts) free(fields[count]);
    for (const child of Object.values(fields)) walk(child);
  };

  walk(statement);
  return places;
}

const isColumn = (node: unknown) => ofType(node, 'ColumnRef') !== undefined;
