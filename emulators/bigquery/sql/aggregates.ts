import { invalidQuery } from '../errors.ts';
import { quoted } from '../schema.ts';
import { expression, expressionList } from './expressions.ts';
import type { Expression, Scope } from './scope.ts';

/** Aggregates by DuckDB name; those with rules of their own are in `RULES`. */
const AGGREGATES: Record<string, string> = {
  COUNT: 'count',
  COUNTIF: 'count',
  SUM: 'sum',
  AVG: 'avg',
  MIN: 'min',
  MAX: 'max',
  ANY_VALUE: 'any_value',
  ARRAY_AGG: 'array_agg',
  ARRAY_CONCAT_AGG: 'array_agg',
  STRING_AGG: 'string_agg',
  LOGICAL_AND: 'bool_and',
  LOGICAL_OR: 'bool_or',
  BIT_AND: 'bit_and',
  BIT_OR: 'bit_or',
  BIT_XOR: 'bit_xor',
  MAX_BY: 'arg_max_null',
  MIN_BY: 'arg_min_null',
  STDDEV: 'stddev_samp',
  STDDEV_SAMP: 'stddev_samp',
  STDDEV_POP: 'stddev_pop',
  VARIANCE: 'var_samp',
  VAR_SAMP: 'var_samp',
  VAR_POP: 'var_pop',
  APPROX_COUNT_DISTINCT: 'count',
  CORR: 'corr',
  COVAR_POP: 'covar_pop',
  COVAR_SAMP: 'covar_samp',
};

const WINDOW_ONLY: Record<string, string> = {
  ROW_NUMBER: 'row_number',
  RANK: 'rank',
  DENSE_RANK: 'dense_rank',
  PERCENT_RANK: 'percent_rank',
  CUME_DIST: 'cume_dist',
  NTILE: 'ntile',
  LAG: 'lag',
  LEAD: 'lead',
  FIRST_VALUE: 'first_value',
  LAST_VALUE: 'last_value',
  NTH_VALUE: 'nth_value',
  PERCENTILE_CONT: 'quantile_cont',
};

export const isAggregate = (name: string) => Object.hasOwn(AGGREGATES, name);
export const isWindowOnly = (name: string) => Object.hasOwn(WINDOW_ONLY, name);

/** A call before its OVER: `wrap` finishes it where there is none, `windowed` says whether OVER may follow. */
export interface Aggregate {
  sql: string;
  windowed: boolean;
  wrap(sql: string): string;
}

interface Arguments {
  distinct: string;
  values: Expression[];
  ignoresNulls: boolean;
  having?: { most: boolean; by: string };
  order: string;
  limit?: string;
}

const plain = (sql: string): Aggregate => ({ sql, windowed: true, wrap: (made) => made });
const grouped = (sql: string, wrap: Aggregate['wrap']): Aggregate => ({ sql, windowed: false, wrap });

/** Reads an aggregate's or window function's arguments with their modifiers, up to the closing parenthesis. */
export function aggregate(scope: Scope, name: string): Aggregate {
  if (name === 'COUNT' && scope.cursor.takeSymbol('*')) return plain('count(*)');
  const args = readArguments(scope, name);
  const rule = RULES[name];
  if (rule) return rule(args);
  if (isWindowOnly(name)) return windowFunction(name, args);
  if (args.having || args.limit || args.ignoresNulls || args.order) {
    throw invalidQuery(`${name} with HAVING, ORDER BY, LIMIT or IGNORE NULLS is not supported by this emulator`);
  }
  return plain(`${AGGREGATES[name]}(${args.distinct}${joined(args.values)})`);
}

const joined = (values: readonly Expression[]) => values.map((value) => value.sql).join(', ');

function readArguments(scope: Scope, name: string): Arguments {
  const { cursor } = scope;
  const distinct = cursor.takeWords('DISTINCT') ? 'DISTINCT ' : '';
  const values = cursor.isSymbol(')') ? [] : expressionList(scope);
  const args: Arguments = { distinct, values, ignoresNulls: false, order: '' };
  if (cursor.takeWords('IGNORE', 'NULLS')) args.ignoresNulls = true;
  else cursor.takeWords('RESPECT', 'NULLS');
  if (cursor.takeWords('HAVING')) {
    const most = cursor.takeWords('MAX');
    if (!most) cursor.expectWord('MIN');
    args.having = { most, by: expression(scope).sql };
  }
  if (cursor.takeWords('ORDER', 'BY')) args.order = ` ORDER BY ${orderItems(scope, false).join(', ')}`;
  if (cursor.takeWords('LIMIT')) args.limit = expression(scope).sql;
  if (!values.length && !isWindowOnly(name))
    throw invalidQuery(`No matching signature for aggregate function ${name} with no arguments`);
  return args;
}

const RULES: Record<string, (args: Arguments) => Aggregate> = {
  COUNTIF: ({ values }) => plain(`count(*) FILTER (WHERE ${joined(values)})`),
  APPROX_COUNT_DISTINCT: ({ values }) => plain(`count(DISTINCT ${joined(values)})`),
  ANY_VALUE: anyValue,
  ARRAY_AGG: arrayAgg,
  ARRAY_CONCAT_AGG: (args) => grouped(arrayAgg({ ...args, ignoresNulls: true }).sql, (sql) => `flatten(${sql})`),
  STRING_AGG: stringAgg,
};

function anyValue({ values, having }: Arguments): Aggregate {
  if (!having) return plain(`any_value(${joined(values)})`);
  return plain(`${having.most ? 'arg_max_null' : 'arg_min_null'}(${joined(values)}, ${having.by})`);
}

function arrayAgg({ distinct, values, ignoresNulls, order, limit }: Arguments): Aggregate {
  const kept = ignoresNulls ? ` FILTER (WHERE ${joined(values)} IS NOT NULL)` : '';
  const sql = `array_agg(${distinct}${joined(values)}${order})${kept}`;
  return limit ? grouped(sql, (made) => `(${made})[1:${limit}]`) : { ...plain(sql), windowed: true };
}

function stringAgg({ distinct, values, order, limit }: Arguments): Aggregate {
  const [value, separator] = values;
  if (!value || values.length > 2) throw invalidQuery('No matching signature for aggregate function STRING_AGG');
  const by = separator?.sql ?? "','";
  if (!limit) return plain(`string_agg(${distinct}${value.sql}, ${by}${order})`);
  const sql = `array_agg(${distinct}${value.sql}${order}) FILTER (WHERE ${value.sql} IS NOT NULL)`;
  return grouped(sql, (made) => `array_to_string((${made})[1:${limit}], ${by})`);
}

function windowFunction(name: string, args: Arguments): Aggregate {
  if (args.distinct || args.having || args.limit || args.order) throw invalidQuery(`Unsupported modifier in ${name}`);
  const [first, ...others] = args.values;
  // Offsets and counts are INT64 in GoogleSQL and narrower in DuckDB.
  const values = first ? [first, ...others].map((value) => value.sql) : [];
  return plain(`${WINDOW_ONLY[name]}(${values.join(', ')}${args.ignoresNulls ? ' IGNORE NULLS' : ''})`);
}

/** `ORDER BY` items; a bare number stays an ordinal where one may stand. */
export function orderItems(scope: Scope, ordinals: boolean): string[] {
  const { cursor } = scope;
  const items: string[] = [];
  do {
    const isOrdinal = ordinals && cursor.peek().kind === 'integer';
    const value = isOrdinal ? cursor.next().text : expression(scope).sql;
    const direction = cursor.takeWords('DESC') ? ' DESC' : cursor.takeWords('ASC') ? ' ASC' : '';
    const nulls = cursor.takeWords('NULLS', 'FIRST')
      ? ' NULLS FIRST'
      : cursor.takeWords('NULLS', 'LAST')
        ? ' NULLS LAST'
        : '';
    items.push(`${value}${direction}${nulls}`);
  } while (cursor.takeSymbol(','));
  return items;
}

/** What follows OVER, or a name's definition in WINDOW. */
export function window(scope: Scope): string {
  const { cursor } = scope;
  if (!cursor.takeSymbol('(')) return quoted(cursor.identifier());
  const parts: string[] = [];
  if (!cursor.isSymbol(')') && cursor.peek().kind !== 'end' && isBaseWindow(scope))
    parts.push(quoted(cursor.identifier()));
  if (cursor.takeWords('PARTITION', 'BY')) parts.push(`PARTITION BY ${joined(expressionList(scope))}`);
  if (cursor.takeWords('ORDER', 'BY')) parts.push(`ORDER BY ${orderItems(scope, false).join(', ')}`);
  for (const unit of ['ROWS', 'RANGE']) if (cursor.takeWords(unit)) parts.push(`${unit} ${frame(scope)}`);
  cursor.expectSymbol(')');
  return `(${parts.join(' ')})`;
}

function isBaseWindow(scope: Scope): boolean {
  return !['PARTITION', 'ORDER', 'ROWS', 'RANGE'].some((word) => scope.cursor.isWord(word));
}

function frame(scope: Scope): string {
  if (!scope.cursor.takeWords('BETWEEN')) return bound(scope);
  const start = bound(scope);
  scope.cursor.expectWord('AND');
  return `BETWEEN ${start} AND ${bound(scope)}`;
}

function bound(scope: Scope): string {
  const { cursor } = scope;
  if (cursor.takeWords('CURRENT', 'ROW')) return 'CURRENT ROW';
  const amount = cursor.takeWords('UNBOUNDED') ? 'UNBOUNDED' : expression(scope, 5).sql;
  for (const side of ['PRECEDING', 'FOLLOWING']) if (cursor.takeWords(side)) return `${amount} ${side}`;
  throw cursor.unexpected('keyword PRECEDING');
}
