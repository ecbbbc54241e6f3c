import { invalidQuery } from '../errors.ts';
import { duckType, type Field } from '../schema.ts';
import { aggregate, isAggregate, isWindowOnly, window } from './aggregates.ts';
import { isReserved } from './cursor.ts';
import { expression, expressionList } from './expressions.ts';
import { printed } from './format.ts';
import { FUNCTIONS } from './functions.ts';
import { jsonPath } from './json-path.ts';
import { safely } from './macros.ts';
import { captureGroups } from './regexp.ts';
import { type Expression, type Scope, sqlString } from './scope.ts';
import {
  boundaries,
  elapsed,
  extracted,
  formatted,
  intervalOf,
  type Part,
  parsingFormat,
  readPart,
  truncated,
} from './time.ts';
import { readType } from './types.ts';

type Special = (scope: Scope, name: string) => string;

const CALLABLE_KEYWORDS = new Set(['IF', 'LEFT', 'RIGHT', 'CAST', 'EXTRACT']);

/** Functions that need not look at every argument. */
const LAZY = new Set(['IF', 'IFNULL', 'COALESCE', 'ERROR']);

/** Translates a call. Unknown functions are refused: `Function not found: x`. */
export function call(scope: Scope): Expression {
  const { cursor } = scope;
  const token = cursor.peek();
  const at = cursor.at();
  if (isReserved(token) && !CALLABLE_KEYWORDS.has(token.upper)) throw cursor.unexpected();
  if (cursor.isWord('SAFE') && cursor.isSymbol('.', 1)) {
    cursor.next();
    cursor.next();
    return { sql: `TRY(${safely(call(scope).sql)})` };
  }
  const written = [cursor.next().text];
  while (cursor.takeSymbol('.')) written.push(cursor.next().text);
  const name = written.join('.').toUpperCase();
  const found = known(scope, name);
  if (found === undefined) throw invalidQuery(`Function not found: ${written.join('.')} at ${at}`);
  return found;
}

function known(scope: Scope, name: string): Expression | undefined {
  if (isAggregate(name) || isWindowOnly(name)) return { sql: aggregateCall(scope, name) };
  const special = Object.hasOwn(SPECIAL, name) ? SPECIAL[name] : undefined;
  if (special) {
    scope.cursor.expectSymbol('(');
    const sql = special(scope, name);
    scope.cursor.expectSymbol(')');
    return { sql };
  }
  return Object.hasOwn(FUNCTIONS, name) ? plainCall(scope, name) : undefined;
}

function aggregateCall(scope: Scope, name: string): string {
  scope.cursor.expectSymbol('(');
  const made = aggregate(scope, name);
  scope.cursor.expectSymbol(')');
  if (scope.cursor.takeWords('OVER')) {
    if (!made.windowed)
      throw invalidQuery(`${name} with these modifiers is not supported as a window function by this emulator`);
    return `${made.sql} OVER ${window(scope)}`;
  }
  if (isWindowOnly(name)) throw invalidQuery(`Analytic function ${name} cannot be called without an OVER clause`);
  return made.wrap(made.sql);
}

function plainCall(scope: Scope, name: string): Expression | undefined {
  const [fewest, most, template] = FUNCTIONS[name] ?? [];
  if (fewest === undefined || most === undefined || !template) return undefined;
  const given = argumentsOf(scope);
  const failing = LAZY.has(name) ? undefined : given.find(({ fails }) => fails);
  if (failing) return failing;
  const args = given.map((arg) => arg.sql);
  if (args.length < fewest || args.length > most) {
    throw invalidQuery(`Number of arguments does not match for function ${name}: ${args.length} given`);
  }
  return { sql: template(args), ...(name === 'ERROR' ? { fails: true } : {}) };
}

/** The parenthesised arguments; none at all for `CURRENT_TIMESTAMP` without parentheses. */
function argumentsOf(scope: Scope): Expression[] {
  if (!scope.cursor.takeSymbol('(')) return [];
  const args = scope.cursor.isSymbol(')') ? [] : expressionList(scope);
  scope.cursor.expectSymbol(')');
  return args;
}

function rest(scope: Scope): Expression[] {
  return scope.cursor.takeSymbol(',') ? expressionList(scope) : [];
}

function comma(scope: Scope): void {
  scope.cursor.expectSymbol(',');
}

/** A literal string argument: what depends on its text cannot be translated without it. */
function literal(name: string, value: Expression | undefined): string {
  if (value?.text === undefined) throw invalidQuery(`${name} needs a string literal here in this emulator`);
  return value.text;
}

const CASTS: Record<string, string> = { STRING: 'bq_to_string', BYTES: 'bq_to_bytes', INTEGER: 'bq_to_int64' };

const cast: Special = (scope, name) => {
  const value = expression(scope).sql;
  scope.cursor.expectWord('AS');
  const type = readType(scope.cursor);
  const sql = value === 'NULL' ? `CAST(NULL AS ${duckType(type)})` : converted(value, type);
  return name === 'SAFE_CAST' ? `TRY(${safely(sql)})` : sql;
};

function converted(value: string, type: Field): string {
  const special = type.mode === 'REPEATED' ? undefined : CASTS[type.type];
  if (special) return `${special}(${value})`;
  if (type.type === 'JSON') throw invalidQuery('Casting to JSON is not supported; use PARSE_JSON or TO_JSON');
  return `CAST(${value} AS ${duckType(type)})`;
}

const extract: Special = (scope) => {
  const part = readPart(scope.cursor);
  scope.cursor.expectWord('FROM');
  const value = expression(scope).sql;
  if (!scope.cursor.takeWords('AT', 'TIME', 'ZONE')) return extracted(value, part);
  return extracted(`timezone(${expression(scope).sql}, ${value})`, part);
};

const timestampTrunc: Special = (scope) => {
  const value = expression(scope).sql;
  comma(scope);
  const part = readPart(scope.cursor);
  const [zone] = rest(scope);
  if (!zone) return truncated(value, part);
  return `timezone(${zone.sql}, ${truncated(`timezone(${zone.sql}, ${value})`, part)})`;
};

const dateTrunc: Special = (scope) => {
  const value = expression(scope).sql;
  comma(scope);
  return `CAST(${truncated(`bq_date_only(${value})`, readPart(scope.cursor))} AS DATE)`;
};

const difference =
  (form: (end: string, start: string, part: Part) => string): Special =>
  (scope) => {
    const end = expression(scope).sql;
    comma(scope);
    const start = expression(scope).sql;
    comma(scope);
    return form(end, start, readPart(scope.cursor));
  };

/** `X_ADD(value, INTERVAL n PART)` and `X_SUB`. */
const shifted =
  (sign: '+' | '-', wrap: (sum: string) => string, value: (sql: string) => string): Special =>
  (scope) => {
    const start = expression(scope).sql;
    comma(scope);
    return wrap(`(${value(start)} ${sign} ${interval(scope)})`);
  };

function interval(scope: Scope): string {
  scope.cursor.expectWord('INTERVAL');
  const amount = expression(scope).sql;
  return intervalOf(amount, readPart(scope.cursor));
}

const same = (sql: string) => sql;
const asDate = (sql: string) => `CAST(${sql} AS DATE)`;
const dateOnly = (sql: string) => `bq_date_only(${sql})`;

const formatTimestamp: Special = (scope, name) => {
  const format = literal(name, expression(scope));
  comma(scope);
  const value = expression(scope).sql;
  const [zone] = rest(scope);
  const local = zone ? `timezone(${zone.sql}, ${value})` : value;
  return formatted(format, local, zone?.sql ?? "'UTC'");
};

const formatCivil: Special = (scope, name) => {
  const format = literal(name, expression(scope));
  comma(scope);
  return formatted(format, expression(scope).sql, undefined);
};

const parseTimestamp: Special = (scope, name) => {
  const { pattern, zoned } = parsingFormat(literal(name, expression(scope)));
  comma(scope);
  const parsed = `strptime(${expression(scope).sql}, ${sqlString(pattern)})`;
  const [zone] = rest(scope);
  return zoned ? parsed : `timezone(${zone?.sql ?? "'UTC'"}, ${parsed})`;
};

const parseCivil =
  (type: string): Special =>
  (scope, name) => {
    const { pattern, zoned } = parsingFormat(literal(name, expression(scope)));
    if (zoned) throw invalidQuery(`${name} does not take a time zone`);
    comma(scope);
    return `CAST(strptime(${expression(scope).sql}, ${sqlString(pattern)}) AS ${type})`;
  };

const jsonAt =
  (macro: string, wrap: (sql: string) => string = same): Special =>
  (scope, name) => {
    const value = expression(scope).sql;
    const [path] = rest(scope);
    return wrap(`${macro}(${value}, ${sqlString(jsonPath(path ? literal(name, path) : '$'))})`);
  };

const scalars = (array: string) => `list_transform(${array}, lambda x: bq_json_value(x, '$'))`;

const regexpExtract: Special = (scope, name) => {
  const value = expression(scope).sql;
  comma(scope);
  const pattern = expression(scope);
  const groups = captureGroups(literal(name, pattern));
  if (groups > 1)
    throw invalidQuery(
      `Regular expressions passed into extraction functions must not have more than 1 capturing group`,
    );
  if (name === 'REGEXP_EXTRACT_ALL') return `regexp_extract_all(${value}, ${pattern.sql}, ${groups})`;
  return `CASE WHEN regexp_matches(${value}, ${pattern.sql}) THEN regexp_extract(${value}, ${pattern.sql}, ${groups}) END`;
};

const generateTimes =
  (wrap: (sql: string) => string, value: (sql: string) => string): Special =>
  (scope) => {
    const first = value(expression(scope).sql);
    comma(scope);
    const last = value(expression(scope).sql);
    const step = scope.cursor.takeSymbol(',') ? interval(scope) : 'to_days(1)';
    return wrap(`bq_generate_times(${first}, ${last}, ${step})`);
  };

const dates = (array: string) => `list_transform(${array}, lambda x: CAST(x AS DATE))`;
const moment = (sql: string) => `CAST(${sql} AS TIMESTAMP)`;

/** Functions whose arguments are not plain expressions: parts, intervals, types, literal formats. */
const SPECIAL: Record<string, Special> = {
  CAST: cast,
  SAFE_CAST: cast,
  EXTRACT: extract,
  TIMESTAMP_TRUNC: timestampTrunc,
  DATETIME_TRUNC: timestampTrunc,
  DATE_TRUNC: dateTrunc,
  TIMESTAMP_DIFF: difference(elapsed),
  DATE_DIFF: difference(boundaries),
  TIMESTAMP_ADD: shifted('+', same, same),
  TIMESTAMP_SUB: shifted('-', same, same),
  DATETIME_ADD: shifted('+', same, same),
  DATETIME_SUB: shifted('-', same, same),
  DATE_ADD: shifted('+', asDate, dateOnly),
  DATE_SUB: shifted('-', asDate, dateOnly),
  FORMAT_TIMESTAMP: formatTimestamp,
  FORMAT_DATE: formatCivil,
  FORMAT_DATETIME: formatCivil,
  PARSE_TIMESTAMP: parseTimestamp,
  PARSE_DATE: parseCivil('DATE'),
  PARSE_DATETIME: parseCivil('TIMESTAMP'),
  JSON_VALUE: jsonAt('bq_json_value'),
  JSON_EXTRACT_SCALAR: jsonAt('bq_json_value'),
  JSON_QUERY: jsonAt('bq_json_query'),
  JSON_EXTRACT: jsonAt('bq_json_query'),
  JSON_QUERY_ARRAY: jsonAt('bq_json_array'),
  JSON_EXTRACT_ARRAY: jsonAt('bq_json_array'),
  JSON_VALUE_ARRAY: jsonAt('bq_json_array', scalars),
  JSON_EXTRACT_STRING_ARRAY: jsonAt('bq_json_array', scalars),
  REGEXP_EXTRACT: regexpExtract,
  REGEXP_EXTRACT_ALL: regexpExtract,
  GENERATE_TIMESTAMP_ARRAY: generateTimes(same, same),
  GENERATE_DATE_ARRAY: generateTimes(dates, moment),
  FORMAT: (scope, name) =>
    printed(
      literal(name, expression(scope)),
      rest(scope).map((arg) => arg.sql),
    ),
};
