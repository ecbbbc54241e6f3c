import { timestampMicros } from '../decode.ts';
import { invalidQuery } from '../errors.ts';
import { duckType, quoted } from '../schema.ts';
import { call } from './calls.ts';
import { isReserved } from './cursor.ts';
import { expression, expressionList, startsQuery, unary } from './expressions.ts';
import { subquery } from './query.ts';
import { type Expression, type Scope, sqlString } from './scope.ts';
import { intervalOf, readPart } from './time.ts';
import { readType } from './types.ts';

/** A literal, a name, a call or something in parentheses. */
export function primary(scope: Scope): Expression {
  const { cursor } = scope;
  const token = cursor.peek();
  if (token.kind === 'integer') return integer(scope, '');
  if (token.kind === 'float')
    return { sql: `${cursor.next().text.replace(/[eE].*|$/, (tail) => tail || 'e0')}`, constant: true };
  if (token.kind === 'string') return text(cursor.next().text);
  if (token.kind === 'bytes') return { sql: bytesLiteral(cursor.next().text) };
  if (token.kind === 'parameter') return parameter(scope);
  if (token.kind === 'symbol') return symbol(scope);
  if (token.kind === 'end') throw cursor.unexpected();
  return keyword(scope) ?? typedLiteral(scope) ?? name(scope);
}

/** An INT64 literal with its sign, which is part of its range. */
export function integer(scope: Scope, sign: '' | '-'): Expression {
  const written = scope.cursor.next().text;
  const value = BigInt(written) * (sign === '-' ? -1n : 1n);
  if (BigInt.asIntN(64, value) !== value) throw invalidQuery(`Invalid integer literal: ${written}`);
  return { sql: `CAST('${value}' AS BIGINT)`, constant: true };
}

const text = (value: string): Expression => ({ sql: sqlString(value), text: value });
const bytesLiteral = (value: string) => `unhex('${Buffer.from(value, 'latin1').toString('hex')}')`;

function parameter(scope: Scope): Expression {
  const at = scope.cursor.at();
  return { sql: scope.names.parameter(scope.cursor.next().text, at) };
}

function symbol(scope: Scope): Expression {
  const { cursor } = scope;
  if (cursor.isSymbol('?')) {
    const at = cursor.at();
    const ordinal = cursor.ordinal();
    cursor.next();
    return { sql: scope.names.parameter(ordinal, at) };
  }
  if (cursor.isSymbol('(')) return startsQuery(scope) ? { sql: subquery(scope) } : parenthesis(scope);
  if (cursor.isSymbol('[')) return { sql: arrayLiteral(scope) };
  throw cursor.unexpected();
}

function parenthesis(scope: Scope): Expression {
  scope.cursor.expectSymbol('(');
  const items = expressionList(scope);
  scope.cursor.expectSymbol(')');
  const [only, ...others] = items;
  if (only && !others.length) {
    const { text, fails } = only;
    return { ...(text === undefined ? {} : { text }), ...(fails ? { fails } : {}), sql: `(${only.sql})` };
  }
  return { sql: `row(${items.map((item) => item.sql).join(', ')})` };
}

function arrayLiteral(scope: Scope): string {
  scope.cursor.expectSymbol('[');
  const items = scope.cursor.isSymbol(']') ? [] : expressionList(scope).map((item) => item.sql);
  scope.cursor.expectSymbol(']');
  return `[${items.join(', ')}]`;
}

const KEYWORDS: Record<string, (scope: Scope) => Expression> = {
  NULL: () => ({ sql: 'NULL' }),
  TRUE: () => ({ sql: 'TRUE' }),
  FALSE: () => ({ sql: 'FALSE' }),
  CASE: (scope) => ({ sql: caseOf(scope) }),
  EXISTS: (scope) => ({ sql: `EXISTS ${subquery(scope)}` }),
  ARRAY: (scope) => ({ sql: arrayOf(scope) }),
  STRUCT: structOf,
  INTERVAL: (scope) => {
    const amount = unary(scope).sql;
    return { sql: intervalOf(amount, readPart(scope.cursor)), constant: true };
  },
};

function keyword(scope: Scope): Expression | undefined {
  const known = Object.hasOwn(KEYWORDS, scope.cursor.peek().upper) ? KEYWORDS[scope.cursor.peek().upper] : undefined;
  if (!known) return undefined;
  scope.cursor.next();
  return known(scope);
}

function caseOf(scope: Scope): string {
  const { cursor } = scope;
  const parts = ['CASE'];
  if (!cursor.isWord('WHEN')) parts.push(expression(scope).sql);
  while (cursor.takeWords('WHEN')) {
    parts.push('WHEN', expression(scope).sql);
    cursor.expectWord('THEN');
    parts.push('THEN', expression(scope).sql);
  }
  if (parts.length < 4) throw cursor.unexpected('keyword WHEN');
  if (cursor.takeWords('ELSE')) parts.push('ELSE', expression(scope).sql);
  cursor.expectWord('END');
  return `(${parts.join(' ')} END)`;
}

/** `ARRAY(SELECT …)`, `ARRAY<T>[…]` or `ARRAY[…]`. */
function arrayOf(scope: Scope): string {
  const { cursor } = scope;
  if (cursor.isSymbol('(')) return `coalesce(ARRAY ${subquery(scope)}, [])`;
  if (!cursor.takeSymbol('<')) return arrayLiteral(scope);
  const type = duckType(readType(cursor));
  cursor.expectSymbol('>');
  return `CAST(${arrayLiteral(scope)} AS ${type}[])`;
}

/** `STRUCT(1 AS a, b)` or `STRUCT<a INT64>(1)`. */
function structOf(scope: Scope): Expression {
  const { cursor } = scope;
  const type = cursor.isSymbol('<') ? structType(scope) : undefined;
  cursor.expectSymbol('(');
  const fields: string[] = [];
  const values: string[] = [];
  do {
    const value = expression(scope);
    const given = cursor.takeWords('AS') ? cursor.identifier() : (value.name ?? `_field_${fields.length + 1}`);
    fields.push(`${quoted(given)} := ${value.sql}`);
    values.push(value.sql);
  } while (cursor.takeSymbol(','));
  cursor.expectSymbol(')');
  const unnamed = `row(${values.join(', ')})`;
  if (type) return { sql: `CAST(${unnamed} AS ${type})`, unnamed };
  return { sql: scope.stored ? unnamed : `struct_pack(${fields.join(', ')})`, unnamed };
}

function structType(scope: Scope): string {
  scope.cursor.expectSymbol('<');
  const fields: string[] = [];
  do {
    const named = scope.cursor.peek(1).kind === 'word' || scope.cursor.peek(1).kind === 'quoted';
    const given = named ? scope.cursor.identifier() : `_field_${fields.length + 1}`;
    fields.push(`${quoted(given)} ${duckType(readType(scope.cursor))}`);
  } while (scope.cursor.takeSymbol(','));
  scope.cursor.expectSymbol('>');
  return `STRUCT(${fields.join(', ')})`;
}

/** `TIMESTAMP '…'`, `DATE '…'`, `JSON '…'` and so on. */
function typedLiteral(scope: Scope): Expression | undefined {
  const { cursor } = scope;
  if (cursor.peek(1).kind !== 'string') return undefined;
  const types: Record<string, string> = {
    DATE: 'DATE',
    DATETIME: 'TIMESTAMP',
    TIME: 'TIME',
    JSON: 'JSON',
    NUMERIC: 'DECIMAL(38,9)',
    TIMESTAMP: 'TIMESTAMP WITH TIME ZONE',
  };
  const word = cursor.peek().upper;
  const type = types[word];
  if (!type) return undefined;
  const at = cursor.at();
  cursor.next();
  const value = cursor.next().text;
  if (word !== 'TIMESTAMP') return { sql: `CAST(${sqlString(value)} AS ${type})` };
  const micros = timestampMicros(value);
  if (micros === undefined || /^-?\d+$/.test(value)) throw invalidQuery(`Invalid TIMESTAMP literal at ${at}`);
  return { sql: `make_timestamptz(${micros})` };
}

/** A column, an alias, a table function's argument, or a call. */
function name(scope: Scope): Expression {
  const { cursor } = scope;
  const token = cursor.peek();
  const isCall = cursor.isSymbol('(', 1) || isQualifiedCall(scope);
  if (isCall) return call(scope);
  if (isBareCall(scope)) return call(scope);
  if (isReserved(token)) throw cursor.unexpected();
  cursor.next();
  const argument = cursor.isSymbol('.') ? undefined : scope.arguments.get(token.text.toLowerCase());
  if (argument !== undefined) return { sql: argument, name: token.text };
  if (scope.constant)
    throw invalidQuery('Arguments of a table function must be literals or parameters in this emulator');
  return { sql: quoted(token.text), name: token.text, path: [token.text] };
}

/** `SAFE.PARSE_JSON(`, `NET.HOST(`, `dataset.function(`. */
function isQualifiedCall(scope: Scope): boolean {
  let ahead = 1;
  while (scope.cursor.isSymbol('.', ahead)) ahead += 2;
  return ahead > 1 && scope.cursor.isSymbol('(', ahead);
}

/** `CURRENT_TIMESTAMP` needs no parentheses. */
function isBareCall(scope: Scope): boolean {
  return /^CURRENT_(DATE|TIME|DATETIME|TIMESTAMP)$/.test(scope.cursor.peek().upper);
}
