import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Postgres, startPostgres } from '../../../emulators/postgres/postgres.ts';
import { type Agent, agentAt } from './agent.ts';

let server: Postgres;
let agent: Agent;
let direct: pg.Client;

beforeAll(async () => {
  server = await startPostgres({
    database: 'types',
    initSql: `CREATE TYPE mood AS ENUM ('sad', 'so, "so"', 'happy');
      CREATE DOMAIN short_text AS text CHECK (length(value) < 20);
      CREATE DOMAIN few AS int[];
      CREATE TYPE pair AS (a int, b text);
      CREATE TABLE kept (m mood, ms mood[], d short_text, ds short_text[], f few, p pair, ps pair[]);
      INSERT INTO kept VALUES ('so, "so"', '{sad,"so, \\"so\\""}', 'x', '{"a b",NULL}', '{1,2}',
        (1, 'a "b", c'), ARRAY[(1, 'x')::pair, NULL, (2, NULL)::pair]);`,
  });
  agent = agentAt({ port: server.port, database: 'types', user: server.user, password: server.password });
  direct = new pg.Client({
    connectionString: server.url,
    options: '-c TimeZone=UTC -c IntervalStyle=iso_8601 -c DateStyle=ISO,YMD',
    types: { getTypeParser: () => (text: string) => text },
  });
  await direct.connect();
});

afterAll(async () => {
  await direct?.end();
  await agent?.target.close();
  await server?.stop();
});

/** Expressions whose JSON is a string of exactly the server's text. */
const verbatim = [
  `'it''s "quoted" \\ and é 🎉'::text`,
  `E'line\\nbreak\\ttab\\r\\b\\f\\x01\\x1f\\x7f'::text`,
  `''::text`,
  `'abc  '::char(5)`,
  `'x'::"char"`,
  `'{a}'::name`,
  `'v'::varchar(3)`,
  `0.10::numeric`,
  `123456789012345678901234567890.123456789012345678901234567890::numeric`,
  `'NaN'::numeric`,
  `'Infinity'::numeric`,
  `'-Infinity'::numeric`,
  `'NaN'::float8`,
  `'Infinity'::float8`,
  `'-Infinity'::float4`,
  `9007199254740993::int8`,
  `(-9223372036854775808)::int8`,
  `'infinity'::date`,
  `'-infinity'::timestamptz`,
  `'infinity'::timestamp`,
  `date '2026-01-31'`,
  `time '12:00:00.5'`,
  `time '24:00:00'`,
  `interval '1 year 2 months 3 days 4 hours 5 minutes 6.789 seconds'`,
  `interval '-1 days +02:03'`,
  `interval '0'`,
  `int4range(1, 5)`,
  `numrange(NULL, 1.5, '[]')`,
  `'empty'::int8range`,
  `tstzrange('2026-01-01Z', NULL)`,
  `int4multirange(int4range(1, 3), int4range(7, 9))`,
  `'12.34'::money`,
  `B'0101'`,
  `'101'::varbit`,
  `inet '10.1.2.3/24'`,
  `cidr '2001:db8::/32'`,
  `macaddr '08:00:2b:01:02:03'`,
  `to_tsvector('simple', 'a fat "cat"')`,
  `'a & !b'::tsquery`,
  `'<a>"x" &amp; é</a>'::xml`,
  `point '(1.5,-2)'`,
  `line '{1,2,3}'`,
  `lseg '[(0,0),(1,1)]'`,
  `box '(2,2),(0,0)'`,
  `path '((0,0),(1,1))'`,
  `polygon '((0,0),(1,1),(1,0))'`,
  `circle '<(0,0),2>'`,
  `'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid`,
  `'16/B374D848'::pg_lsn`,
  `'[0:1]={5,6}'::int[]`,
  `ROW(1, 'a "b"', NULL)`,
  `'1 2 3'::int2vector`,
  `'$.a[*]'::jsonpath`,
] as const;

test.each(verbatim)('%s is a string of what the server says', async (expression) => {
  const { rows } = await direct.query<{ value: string }>(`SELECT ${expression} AS value`);

  const { lines } = await agent.run(`SELECT ${expression} AS value`);

  expect(lines).toBe(`[${JSON.stringify(rows[0]?.value)}]\n`);
});

/** Expressions with the JSON they become. */
const converted = [
  ['NULL', 'null'],
  ['NULL::int', 'null'],
  ['true', 'true'],
  ['false', 'false'],
  ['(-32768)::int2', '-32768'],
  ['2147483647', '2147483647'],
  ['4294967295::oid', '4294967295'],
  ['9007199254740991::int8', '9007199254740991'],
  ['9007199254740992::int8', '"9007199254740992"'],
  ['(-9007199254740991)::int8', '-9007199254740991'],
  ['0.1::float4', '0.1'],
  ['0.1::float8 + 0.2::float8', '0.30000000000000004'],
  ['1e300::float8', '1e+300'],
  ["'-0'::float8", '-0'],
  ['5e-324::float8', '5e-324'],
  [`'\\xdeadbeef'::bytea`, '"3q2+7w=="'],
  [`''::bytea`, '""'],
  [`timestamptz '2026-01-31 12:00:00.123456+02'`, '"2026-01-31T10:00:00.123456Z"'],
  [`timestamp '2026-01-31 12:00:00'`, '"2026-01-31T12:00:00"'],
  [`timestamptz '0044-03-15 12:00:00+00 BC'`, '"-000043-03-15T12:00:00Z"'],
  [`timestamp '0001-01-01 00:00:00 BC'`, '"0000-01-01T00:00:00"'],
  [`date '0044-03-15 BC'`, '"-000043-03-15"'],
  [`date '12345-06-07'`, '"+012345-06-07"'],
  [`timestamptz '12345-06-07 01:02:03Z'`, '"+012345-06-07T01:02:03Z"'],
  [`timetz '12:00:00+00'`, '"12:00:00Z"'],
  [`timetz '12:00:00.5+02'`, '"12:00:00.5+02:00"'],
  [`timetz '12:00:00-05:30'`, '"12:00:00-05:30"'],
  [`'{"n": 12345678901234567890.10, "a":1, "a":2}'::json`, '{"n": 12345678901234567890.10, "a":1, "a":2}'],
  [`E'{\\n"x":\\r\\n[1]}'::json`, '{ "x":  [1]}'],
  [`'{"n": 1e400, "s": "\\u00e9\\n"}'::json`, '{"n": 1e400, "s": "\\u00e9\\n"}'],
  [
    `'{"b": 123456789012345678901234567890, "a": [null, "x"]}'::jsonb`,
    '{"a": [null, "x"], "b": 123456789012345678901234567890}',
  ],
  [`'"text"'::jsonb`, '"text"'],
  [`'null'::jsonb`, 'null'],
  [`'{}'::int[]`, '[]'],
  ['array[1,NULL,3]', '[1,null,3]'],
  ['array[[1,2],[3,4]]', '[[1,2],[3,4]]'],
  [`array['NULL', NULL, '', 'a "b"', 'c,d', '{e}', 'f\\g']`, '["NULL",null,"","a \\"b\\"","c,d","{e}","f\\\\g"]'],
  [`array[9007199254740993, 1]::int8[]`, '["9007199254740993",1]'],
  [`array[1.50, 'NaN']::numeric[]`, '["1.50","NaN"]'],
  [`array['NaN', 1.5]::float8[]`, '["NaN",1.5]'],
  ['array[true, false]', '[true,false]'],
  [`array['\\xff']::bytea[]`, '["/w=="]'],
  [`array['2026-01-31 12:00Z', 'infinity']::timestamptz[]`, '["2026-01-31T12:00:00Z","infinity"]'],
  [`array['0044-03-15 BC']::date[]`, '["-000043-03-15"]'],
  [`array['{"a": "b"}']::jsonb[]`, '[{"a": "b"}]'],
  [`array[box '(1,1),(0,0)', box '(3,3),(2,2)']`, '["(1,1),(0,0)","(3,3),(2,2)"]'],
  ['array[int4range(1,3), NULL]', '["[1,3)",null]'],
  [`array['10.1.2.3'::inet]`, '["10.1.2.3"]'],
  [`array['P1D'::interval]`, '["P1D"]'],
] as const;

test.each(converted)('%s is %s', async (expression, json) => {
  const { lines } = await agent.run(`SELECT ${expression} AS value`);

  expect(lines).toBe(`[${json}]\n`);
  expect(() => JSON.parse(lines)).not.toThrow();
});

test('enums, domains and arrays of them are what they are made of; composites are as the server says', async () => {
  const { lines } = await agent.run('SELECT m, ms, d, ds, f, p, ps FROM kept');

  expect(JSON.parse(lines)).toEqual([
    'so, "so"',
    ['sad', 'so, "so"'],
    'x',
    ['a b', null],
    [1, 2],
    '(1,"a ""b"", c")',
    '{"(1,x)",NULL,"(2,)"}',
  ]);
});

test('rows without columns, and columns without rows, are told apart', async () => {
  const none = await agent.run('SELECT FROM kept');
  const empty = await agent.run('SELECT m FROM kept WHERE false');

  expect(none).toMatchObject({ columns: [], lines: '[]\n' });
  expect(empty).toMatchObject({ columns: [{ name: 'm', type: 'mood' }], lines: '' });
});
