import { invalidQuery } from '../errors.ts';
import { quoted } from '../schema.ts';
import { subquery } from './query.ts';
import { aliasKind, columnPath, type Expression, type Scope, sqlString } from './scope.ts';
import { integer, primary } from './values.ts';

/** Binding strength of GoogleSQL's operators, weakest first. Source: "Operators", precedence table. */
const STRENGTH: Record<string, number> = {
  OR: 1,
  AND: 2,
  '=': 4,
  '<': 4,
  '>': 4,
  '<=': 4,
  '>=': 4,
  '!=': 4,
  '<>': 4,
  LIKE: 4,
  BETWEEN: 4,
  IN: 4,
  IS: 4,
  '|': 5,
  '^': 6,
  '&': 7,
  '<<': 8,
  '>>': 8,
  '+': 9,
  '-': 9,
  '*': 10,
  '/': 10,
  '||': 10,
};
const NOT = 3;
const COMPARISON = 4;

/** Translates one expression. Whatever is not known here is refused, never passed on to DuckDB. */
export function expression(scope: Scope, weakest = 1): Expression {
  const { cursor } = scope;
  let left = cursor.isWord('NOT') && weakest <= NOT ? negation(scope) : unary(scope);
  for (;;) {
    const operator = operatorAhead(scope);
    const strength = operator === undefined ? 0 : (STRENGTH[operator] ?? 0);
    if (operator === undefined || strength < weakest) return left;
    refuseRow(scope, left, operator);
    left = strength === COMPARISON ? comparison(scope, left) : binary(scope, left, operator, strength);
  }
}

/** A comma-separated list of expressions. */
export function expressionList(scope: Scope): Expression[] {
  const items = [expression(scope)];
  while (scope.cursor.takeSymbol(',')) items.push(expression(scope));
  return items;
}

function operatorAhead(scope: Scope): string | undefined {
  const token = scope.cursor.peek();
  if (token.kind === 'symbol') return token.text in STRENGTH ? token.text : undefined;
  if (token.kind !== 'word') return undefined;
  if (token.upper === 'NOT') return ['LIKE', 'BETWEEN', 'IN'].find((word) => scope.cursor.isWord(word, 1));
  return token.upper in STRENGTH ? token.upper : undefined;
}

function negation(scope: Scope): Expression {
  scope.cursor.expectWord('NOT');
  return { sql: `(NOT ${expression(scope, NOT).sql})` };
}

function binary(scope: Scope, left: Expression, operator: string, strength: number): Expression {
  scope.cursor.next();
  const right = expression(scope, strength + 1);
  refuseRow(scope, right, operator);
  const failing = [left, right].find(({ fails }) => fails);
  if (failing) return failed(failing, left, right, operator);
  if (operator === '/') return { sql: `(${left.sql} / bq_divisor(${left.sql}, ${right.sql}))` };
  if (operator === '^') return { sql: `xor(${left.sql}, ${right.sql})` };
  if (operator === '-' && !right.constant) return { sql: `(${left.sql} - bq_subtrahend(${right.sql}))` };
  return { sql: `(${left.sql} ${operator} ${right.sql})` };
}

const LIKE_SEVERAL = ['ANY', 'SOME', 'ALL'];

/** `LIKE ANY (a, b)` and `LIKE ALL (a, b)`. */
function likeSeveral(scope: Scope, subject: string, not: string, word: string): Expression {
  if (not) throw invalidQuery(`NOT LIKE ${word} is not supported by this emulator`);
  scope.cursor.expectSymbol('(');
  const patterns = expressionList(scope).map(({ sql }) => `${subject} LIKE ${sql} ESCAPE '\\'`);
  scope.cursor.expectSymbol(')');
  return { sql: `(${patterns.join(word === 'ALL' ? ' AND ' : ' OR ')})` };
}

/** AND and OR keep their other side, which may decide; every other operator fails with its operand. */
function failed(failing: Expression, left: Expression, right: Expression, operator: string): Expression {
  if (operator !== 'AND' && operator !== 'OR') return failing;
  const [first, second] = [left, right].map(({ sql, fails }) => (fails ? `CAST(${sql} AS BOOLEAN)` : sql));
  return { sql: `(${first} ${operator} ${second})` };
}

function comparison(scope: Scope, left: Expression): Expression {
  const { cursor } = scope;
  const subject = left.unnamed ?? left.sql;
  const not = cursor.takeWords('NOT') ? 'NOT ' : '';
  if (cursor.takeWords('IS')) return { sql: `(${subject} IS ${isWhat(scope)})` };
  if (cursor.takeWords('IN')) return { sql: `(${subject} ${not}IN ${inList(scope)})` };
  if (cursor.takeWords('LIKE')) {
    const several = LIKE_SEVERAL.find((word) => cursor.takeWords(word));
    if (several) return likeSeveral(scope, subject, not, several);
    const pattern = expression(scope, COMPARISON + 1);
    if (pattern.fails) return { sql: `CAST(${pattern.sql} AS BOOLEAN)` };
    return { sql: `(${subject} ${not}LIKE ${pattern.sql} ESCAPE '\\')` };
  }
  if (cursor.takeWords('BETWEEN')) {
    const low = expression(scope, COMPARISON + 1).sql;
    cursor.expectWord('AND');
    return { sql: `(${subject} ${not}BETWEEN ${low} AND ${expression(scope, COMPARISON + 1).sql})` };
  }
  const operator = cursor.next().text;
  const right = expression(scope, COMPARISON + 1);
  refuseRow(scope, right, operator);
  const failing = [left, right].find(({ fails }) => fails);
  if (failing) return { sql: `CAST(${failing.sql} AS BOOLEAN)` };
  return { sql: `(${subject} ${operator} ${right.unnamed ?? right.sql})` };
}

/** A FROM alias by itself is its whole row, also where it has a column of that name; DuckDB would take the column. */
function refuseRow(scope: Scope, { path }: Expression, operator: string): void {
  const [only, ...others] = path ?? [];
  if (only === undefined || others.length > 0 || operator === 'IS' || aliasKind(scope, only) !== 'table') return;
  throw invalidQuery(
    `No matching signature for operator ${operator} for argument type STRUCT: ${only} is a table here`,
  );
}

function isWhat(scope: Scope): string {
  const { cursor } = scope;
  const not = cursor.takeWords('NOT') ? 'NOT ' : '';
  for (const word of ['NULL', 'TRUE', 'FALSE']) if (cursor.takeWords(word)) return `${not}${word}`;
  if (cursor.takeWords('DISTINCT', 'FROM')) return `${not}DISTINCT FROM ${expression(scope, COMPARISON + 1).sql}`;
  throw cursor.unexpected('keyword NULL');
}

function inList(scope: Scope): string {
  const { cursor } = scope;
  if (cursor.takeWords('UNNEST')) {
    cursor.expectSymbol('(');
    const array = expression(scope).sql;
    cursor.expectSymbol(')');
    return `(SELECT UNNEST(${array}))`;
  }
  if (startsQuery(scope, 1)) return subquery(scope);
  cursor.expectSymbol('(');
  const items = expressionList(scope).map((item) => item.unnamed ?? item.sql);
  cursor.expectSymbol(')');
  return `(${items.join(', ')})`;
}

/** Whether a parenthesis ahead holds a query. */
export function startsQuery(scope: Scope, ahead = 0): boolean {
  const { cursor } = scope;
  let at = ahead;
  while (cursor.isSymbol('(', at)) at += 1;
  return at >= ahead && ['SELECT', 'WITH', 'FROM'].some((word) => cursor.isWord(word, at));
}

/** An operand with its sign and what follows it. */
export function unary(scope: Scope): Expression {
  const { cursor } = scope;
  if (cursor.takeSymbol('-')) {
    if (cursor.peek().kind === 'integer') return postfix(scope, integer(scope, '-'));
    const operand = unary(scope);
    if (operand.fails) return operand;
    return { ...(operand.constant ? { constant: true } : {}), sql: `(- ${operand.sql})` };
  }
  if (cursor.takeSymbol('+')) return unary(scope);
  if (cursor.takeSymbol('~')) return { sql: `(~ ${unary(scope).sql})` };
  return postfix(scope, primary(scope));
}

/** `.field`, `[OFFSET(n)]` and the like after an expression. */
function postfix(scope: Scope, start: Expression): Expression {
  const { cursor } = scope;
  let value = start;
  for (;;) {
    if (cursor.isSymbol('.') && !cursor.isSymbol('*', 1)) {
      cursor.next();
      const name = fieldName(scope);
      const path = value.path ? [...value.path, name] : undefined;
      value = path ? { sql: columnPath(path), name, path } : { sql: `(${value.sql}).${quoted(name)}`, name };
    } else if (cursor.takeSymbol('[')) {
      value = { sql: element(scope, value.sql) };
      cursor.expectSymbol(']');
    } else return value;
  }
}

/** After a dot any word is a name, reserved or not. */
function fieldName(scope: Scope): string {
  const token = scope.cursor.peek();
  if (token.kind !== 'word' && token.kind !== 'quoted') throw scope.cursor.unexpected('identifier');
  return scope.cursor.next().text;
}

const SUBSCRIPTS: Record<string, (array: string, index: string) => string> = {
  OFFSET: (array, index) => `bq_at(${array}, ${index})`,
  SAFE_OFFSET: (array, index) => `bq_safe_at(${array}, ${index})`,
  ORDINAL: (array, index) => `bq_at(${array}, ${index} - 1)`,
  SAFE_ORDINAL: (array, index) => `bq_safe_at(${array}, ${index} - 1)`,
};

function element(scope: Scope, array: string): string {
  const { cursor } = scope;
  const subscript = SUBSCRIPTS[cursor.peek().upper];
  if (!subscript || !cursor.isSymbol('(', 1)) {
    const index = expression(scope);
    if (index.text === undefined) return `bq_at(${array}, ${index.sql})`;
    return `bq_json_member(${array}, ${sqlString(`$."${index.text.replaceAll('"', '\\"')}"`)})`;
  }
  cursor.next();
  cursor.next();
  const index = expression(scope).sql;
  cursor.expectSymbol(')');
  return subscript(array, index);
}
