import { everyNode, type Fields, namesOf, nodesOf, ofType, sameTree, textOf, typeOf } from './syntax.ts';

const reflexive = new Set(['=', '<=', '>=']);
const negated: Readonly<Record<string, string>> = { '=': '<>', '<': '>=', '>': '<=', '<=': '>', '>=': '<' };

/**
 * Whether a WHERE is no restriction, as far as that can be told from its text: it is absent, names no column, or holds for
 * every row (`id = id`, `TRUE OR …`). A condition that happens to hold for all rows of the day is not found.
 */
export function restrictsNothing(where: unknown): boolean {
  return where === undefined || namesNoColumn(where) || alwaysTrue(where);
}

function namesNoColumn(node: unknown): boolean {
  for (const { type, fields } of everyNode(node)) {
    if (type === 'SubLink') continue;
    if (type === 'ColumnRef' && namesOf(fields['fields']).length > 0) return false;
  }
  return true;
}

function alwaysTrue(node: unknown): boolean {
  const bool = ofType(node, 'BoolExpr');
  if (bool !== undefined) return boolTrue(bool);
  if (namesNoColumn(node)) return true;

  const comparison = ofType(node, 'A_Expr');
  if (comparison !== undefined) return comparisonTrue(comparison);
  const link = ofType(node, 'SubLink');
  if (link !== undefined) return subqueryTakesAll(link);
  const cast = ofType(node, 'TypeCast');
  if (cast !== undefined) return alwaysTrue(cast['arg']);
  const test = ofType(node, 'BooleanTest');
  if (test !== undefined) return test['booltesttype'] === 'IS_NOT_FALSE' || alwaysTrue(test['arg']);
  const coalesce = ofType(node, 'CoalesceExpr');
  if (coalesce !== undefined) return nodesOf(coalesce['args']).some(alwaysTrue);
  return false;
}

function boolTrue(bool: Fields): boolean {
  const args = nodesOf(bool['args']);
  if (bool['boolop'] === 'AND_EXPR') return args.every(alwaysTrue);
  if (bool['boolop'] === 'NOT_EXPR') return neverTrue(args[0]);
  return (
    args.some(alwaysTrue) ||
    args.some((one, index) => args.slice(index + 1).some((other) => excludeEachOther(one, other)))
  );
}

function comparisonTrue({ kind, name, lexpr, rexpr }: Fields): boolean {
  const [operator = ''] = namesOf(name);
  if (sameTree(lexpr, rexpr)) return reflexive.has(operator) && kind !== 'AEXPR_DISTINCT';
  if (kind === 'AEXPR_LIKE' || kind === 'AEXPR_ILIKE') {
    return !operator.startsWith('!') && /^%+$/.test(textOf(stringOf(rexpr)) ?? '');
  }
  if (kind === 'AEXPR_IN' && operator === '=')
    return nodesOf(ofType(rexpr, 'List')?.['items']).some((item) => sameTree(item, lexpr));
  if (kind === 'AEXPR_BETWEEN') return nodesOf(ofType(rexpr, 'List')?.['items']).every((item) => sameTree(item, lexpr));
  return false;
}

function stringOf(node: unknown): unknown {
  const value = ofType(node, 'A_Const')?.['sval'];
  return typeof value === 'object' && value !== null && 'sval' in value ? value.sval : undefined;
}

/** `id IN (SELECT id FROM …)` without a WHERE of its own. */
function subqueryTakesAll(link: Fields): boolean {
  const select = ofType(link['subselect'], 'SelectStmt');
  if (select === undefined) return false;
  const free = select['whereClause'] === undefined || restrictsNothing(select['whereClause']);
  const counted = select['limitCount'] !== undefined || select['havingClause'] !== undefined;
  return free && !counted && select['valuesLists'] === undefined && select['op'] === 'SETOP_NONE';
}

function neverTrue(node: unknown): boolean {
  const comparison = ofType(node, 'A_Expr');
  if (comparison !== undefined && sameTree(comparison['lexpr'], comparison['rexpr'])) {
    return ['<>', '<', '>'].includes(namesOf(comparison['name'])[0] ?? '') || comparison['kind'] === 'AEXPR_DISTINCT';
  }
  const bool = ofType(node, 'BoolExpr');
  if (bool?.['boolop'] === 'AND_EXPR') return nodesOf(bool['args']).some(neverTrue);
  if (bool?.['boolop'] === 'OR_EXPR') return nodesOf(bool['args']).every(neverTrue);
  if (bool?.['boolop'] === 'NOT_EXPR') return alwaysTrue(nodesOf(bool['args'])[0]);
  // FALSE, 1 = 2: what names no column is the same for every row, and may be made to hold by the one who writes it.
  return namesNoColumn(node);
}

/** `x IS NULL OR x IS NOT NULL`, `x = 1 OR x <> 1`. */
function excludeEachOther(one: unknown, other: unknown): boolean {
  const [left, right] = [ofType(one, 'NullTest'), ofType(other, 'NullTest')];
  if (left !== undefined && right !== undefined) {
    return left['nulltesttype'] !== right['nulltesttype'] && sameTree(left['arg'], right['arg']);
  }
  const [a, b] = [ofType(one, 'A_Expr'), ofType(other, 'A_Expr')];
  if (a === undefined || b === undefined || typeOf(one) !== typeOf(other)) return false;
  const [operator = ''] = namesOf(a['name']);
  const [opposite = ''] = namesOf(b['name']);
  return (
    sameTree(a['lexpr'], b['lexpr']) &&
    sameTree(a['rexpr'], b['rexpr']) &&
    (negated[operator] === opposite || negated[opposite] === operator)
  );
}
