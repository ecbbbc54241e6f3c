import type { Choices } from './choices.ts';

/** What an expression may be used for. */
export type Family = 'int' | 'number' | 'text' | 'bool' | 'date' | 'time' | 'json' | 'list' | 'other';

/** A column's type as SQL, and values of it: plain ones, equal ones, extreme ones. */
export type Type = { sql: string; family: Family; values: readonly [string, ...string[]]; unordered?: true };

const texts = ["'alpha'", "'beta'", "'Alpha'", "''", "' x '", "'ß%_'", "'zzzz'", "repeat('long', 70)"] as const;

export const types: readonly [Type, ...Type[]] = [
  { sql: 'text', family: 'text', values: texts },
  { sql: 'int', family: 'int', values: ['1', '0', '-7', '42', '42', '1000', '30000'] },
  { sql: 'varchar(300)', family: 'text', values: texts },
  { sql: 'bigint', family: 'number', values: ['5', '-9000000000', '9000000000', '0'] },
  { sql: 'numeric', family: 'number', values: ['1.5', '-0.001', '1e30', "'NaN'", "'Infinity'", '2.50'] },
  { sql: 'numeric(12,3)', family: 'number', values: ['1.125', '-12345.678', '0'] },
  { sql: 'float8', family: 'number', values: ['0.5', "'NaN'", "'-Infinity'", '1e300', '-0.0'] },
  { sql: 'bool', family: 'bool', values: ['true', 'false'] },
  { sql: 'date', family: 'date', values: ["'2020-02-29'", "'1999-12-31'", "'infinity'", "'0001-01-01'"] },
  { sql: 'timestamptz', family: 'time', values: ["'2024-05-05 10:00+00'", "'1970-01-01 00:00+00'", "'-infinity'"] },
  { sql: 'timestamp', family: 'time', values: ["'2024-05-05 10:00'", "'2038-01-19 03:14:07'"] },
  {
    sql: 'jsonb',
    family: 'json',
    values: [`'{"k": 1}'`, `'[1, {"k": "v"}]'`, `'"s"'`, `'null'`, `'{"k": {"z": []}}'`],
  },
  { sql: 'json', family: 'json', values: [`'{"k": 1, "k": 2}'`, `'[]'`, `'7'`], unordered: true },
  { sql: 'int[]', family: 'list', values: ["'{1,2,3}'", "'{}'", "'{NULL,5}'", "'{{1,2},{3,4}}'", "'[4:5]={7,8}'"] },
  {
    sql: 'uuid',
    family: 'other',
    values: ["'00000000-0000-0000-0000-000000000001'", "'ffffffff-ffff-ffff-ffff-ffffffffffff'"],
  },
  { sql: 'mood', family: 'other', values: ["'calm'", "'busy'", "'angry'"] },
  { sql: 'short_text', family: 'text', values: ["'s1'", "'s2'", "'longer'"] },
  { sql: 'small_int', family: 'int', values: ['3', '4', '-4'] },
  { sql: 'char(6)', family: 'text', values: ["'abc'", "'abcdef'", "''"] },
  { sql: 'inet', family: 'other', values: ["'10.0.0.1'", "'10.0.0.0/8'", "'::1'"] },
  { sql: 'bytea', family: 'other', values: ["'\\x00'", "'\\xdeadbeef'", "'\\x'"] },
  { sql: 'int4range', family: 'other', values: ["'[1,5)'", "'empty'", "'(,3]'"] },
  { sql: 'interval', family: 'other', values: ["'1 day'", "'1 mon -3 hours'"] },
  { sql: 'text[]', family: 'other', values: ["'{a,b}'", "'{}'", "'{NULL}'"] },
  { sql: 'smallint', family: 'int', values: ['2', '-2', '300'] },
  { sql: 'pair', family: 'other', values: ["ROW('x', 1)", 'ROW(NULL, 2)'], unordered: true },
];

export const typesSql = `
  CREATE TYPE mood AS ENUM ('calm', 'busy', 'angry');
  CREATE DOMAIN short_text AS varchar(80) CHECK (length(VALUE) < 80); CREATE DOMAIN small_int AS int CHECK (VALUE > -1000);
  CREATE TYPE pair AS (word text, num int);`;

export const typeOf = (sql: string): Type => types.find((type) => type.sql === sql) ?? types[0];

/** Types made in the database itself, to which the gateway lets nobody cast. */
const own = new Set(['short_text', 'small_int', 'pair']);

/** A value of a type, or NULL, as SQL. */
export const sampleOf = (choices: Choices, type: Type, bare = false): string =>
  choices.chance(15) ? 'NULL' : `${choices.of(type.values)}${bare && own.has(type.sql) ? '' : `::${type.sql}`}`;
