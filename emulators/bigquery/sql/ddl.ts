import { invalidQuery } from '../errors.ts';
import type { Field } from '../schema.ts';
import { expression } from './expressions.ts';
import { tablePath } from './from.ts';
import { query } from './query.ts';
import type { Scope } from './scope.ts';
import type { Creation, Partitioning, Removal, TableOptions } from './statements.ts';
import { readType } from './types.ts';

/** `CREATE [OR REPLACE] SCHEMA | TABLE | VIEW | TABLE FUNCTION`. Refuses other kinds. */
export function createStatement(scope: Scope): Creation {
  const { cursor } = scope;
  cursor.expectWord('CREATE');
  const replace = cursor.takeWords('OR', 'REPLACE');
  const make = Object.entries(CREATIONS).find(([words]) => cursor.takeWords(...words.split(' ')))?.[1];
  if (!make) throw invalidQuery(`CREATE ${cursor.peek().text} is not supported by this emulator at ${cursor.at()}`);
  const ifNotExists = cursor.takeWords('IF', 'NOT', 'EXISTS');
  const parts = tablePath(scope);
  return make(scope, { parts, replace, ifNotExists, options: {} });
}

type Head = Pick<Creation, 'parts' | 'replace' | 'ifNotExists' | 'options'>;

const CREATIONS: Record<string, (scope: Scope, head: Head) => Creation> = {
  SCHEMA: (scope, head) => ({ ...head, what: 'SCHEMA', options: readOptions(scope) }),
  'TABLE FUNCTION': createTableFunction,
  TABLE: createTable,
  VIEW: createView,
};

function createView(scope: Scope, head: Head): Creation {
  const { cursor } = scope;
  if (cursor.isSymbol('(')) throw invalidQuery('A column list of a view is not supported by this emulator');
  const options = readOptions(scope);
  cursor.expectWord('AS');
  return { ...head, what: 'VIEW', options, query: bodyText(scope) };
}

/** The query's text as written; translating it here proves that it is one, and gathers what it refers to. */
function bodyText(scope: Scope): string {
  const start = scope.cursor.peek().offset;
  query(scope);
  return scope.cursor.source.slice(start, scope.cursor.peek().offset).trim();
}

function createTableFunction(scope: Scope, head: Head): Creation {
  const { cursor } = scope;
  cursor.expectSymbol('(');
  const parameters: Field[] = [];
  if (!cursor.isSymbol(')')) {
    do parameters.push(readType(cursor, cursor.identifier()));
    while (cursor.takeSymbol(','));
  }
  cursor.expectSymbol(')');
  if (cursor.takeWords('RETURNS')) throw invalidQuery('RETURNS of a table function is not supported by this emulator');
  const options = readOptions(scope);
  cursor.expectWord('AS');
  const inside = new Map(parameters.map((parameter): [string, string] => [parameter.name.toLowerCase(), 'NULL']));
  return { ...head, what: 'TABLE_FUNCTION', options, parameters, query: bodyText({ ...scope, arguments: inside }) };
}

function createTable(scope: Scope, head: Head): Creation {
  const { cursor } = scope;
  const fields = cursor.takeSymbol('(') ? columns(scope) : undefined;
  const partitioning = cursor.takeWords('PARTITION', 'BY') ? readPartitioning(scope) : undefined;
  const clustering = cursor.takeWords('CLUSTER', 'BY') ? names(scope) : undefined;
  const options = readOptions(scope);
  const asSql = cursor.takeWords('AS') ? query(scope) : undefined;
  if (!fields && !asSql) throw cursor.unexpected('"("');
  return {
    ...head,
    what: 'TABLE',
    options,
    ...(fields ? { fields } : {}),
    ...(partitioning ? { partitioning } : {}),
    ...(clustering ? { clustering } : {}),
    ...(asSql ? { asSql } : {}),
  };
}

function columns(scope: Scope): Field[] {
  const { cursor } = scope;
  const fields: Field[] = [];
  do {
    if (cursor.isSymbol(')')) break;
    fields.push(column(scope));
  } while (cursor.takeSymbol(','));
  cursor.expectSymbol(')');
  return fields;
}

function column(scope: Scope): Field {
  const { cursor } = scope;
  let field = readType(cursor, cursor.identifier());
  if (cursor.takeWords('NOT', 'NULL')) field = { ...field, mode: field.mode === 'REPEATED' ? 'REPEATED' : 'REQUIRED' };
  if (cursor.isWord('DEFAULT')) throw invalidQuery('DEFAULT of a column is not supported by this emulator');
  const { description } = readOptions(scope);
  return description === undefined ? field : { ...field, description };
}

function names(scope: Scope): string[] {
  const found = [scope.cursor.identifier()];
  while (scope.cursor.takeSymbol(',')) found.push(scope.cursor.identifier());
  return found;
}

/** `DATE(ts)`, `TIMESTAMP_TRUNC(ts, HOUR)`, `DATE_TRUNC(d, MONTH)` or a DATE column. */
function readPartitioning(scope: Scope): Partitioning {
  const { cursor } = scope;
  if (!cursor.isSymbol('(', 1)) return { field: cursor.identifier(), type: 'DAY' };
  const form = cursor.next().upper;
  cursor.expectSymbol('(');
  const field = cursor.identifier();
  const type = cursor.takeSymbol(',') ? cursor.next().upper : 'DAY';
  cursor.expectSymbol(')');
  const isKnown =
    ['DATE', 'TIMESTAMP_TRUNC', 'DATETIME_TRUNC', 'DATE_TRUNC'].includes(form) &&
    ['HOUR', 'DAY', 'MONTH', 'YEAR'].includes(type);
  if (!isKnown) throw invalidQuery(`PARTITION BY ${form} is not supported by this emulator`);
  return { field, type };
}

const RECORDED = ['description', 'friendly_name', 'require_partition_filter'];
const IGNORED = [
  'labels',
  'location',
  'expiration_timestamp',
  'partition_expiration_days',
  'default_table_expiration_days',
];

/** `OPTIONS(…)`: what the emulator records or knowingly does without. Refuses unknown options. */
function readOptions(scope: Scope): TableOptions {
  const { cursor } = scope;
  const found: Record<string, unknown> = {};
  if (!cursor.takeWords('OPTIONS')) return {};
  cursor.expectSymbol('(');
  while (!cursor.takeSymbol(')')) {
    const name = cursor.identifier().toLowerCase();
    if (![...RECORDED, ...IGNORED].includes(name)) throw invalidQuery(`Unknown option: ${name}`);
    cursor.expectSymbol('=');
    const value = expression(scope);
    found[name] = value.text ?? value.sql === 'TRUE';
    if (!cursor.isSymbol(')')) cursor.expectSymbol(',');
  }
  return {
    ...(typeof found['description'] === 'string' ? { description: found['description'] } : {}),
    ...(typeof found['friendly_name'] === 'string' ? { friendlyName: found['friendly_name'] } : {}),
    ...('require_partition_filter' in found
      ? { requirePartitionFilter: found['require_partition_filter'] === true }
      : {}),
  };
}

/** `DROP SCHEMA | TABLE | VIEW | TABLE FUNCTION [IF EXISTS] name [CASCADE]`. */
export function dropStatement(scope: Scope): Removal {
  const { cursor } = scope;
  cursor.expectWord('DROP');
  const what = (['TABLE FUNCTION', 'SCHEMA', 'TABLE', 'VIEW'] as const).find((words) =>
    cursor.takeWords(...words.split(' ')),
  );
  if (!what) throw invalidQuery(`DROP ${cursor.peek().text} is not supported by this emulator at ${cursor.at()}`);
  const ifExists = cursor.takeWords('IF', 'EXISTS');
  const parts = tablePath(scope);
  const cascade = cursor.takeWords('CASCADE');
  if (!cascade) cursor.takeWords('RESTRICT');
  return { what: what === 'TABLE FUNCTION' ? 'TABLE_FUNCTION' : what, parts, ifExists, cascade };
}
