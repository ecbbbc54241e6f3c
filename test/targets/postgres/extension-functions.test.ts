import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Postgres as Server, startPostgres } from '../../../emulators/postgres/postgres.ts';
import { type Agent, agentAt } from './agent.ts';

const extensions =
  'pg_trgm fuzzystrmatch unaccent pgcrypto uuid-ossp hstore intarray ltree cube earthdistance tablefunc'.split(' ');

const schema = `
  CREATE SCHEMA tools;
  CREATE TABLE people (id int PRIMARY KEY, name text, email text);
  INSERT INTO people VALUES (1, 'Zoë', 'zoe@example.com'), (2, 'Zoe', 'z@example.com');
  CREATE FUNCTION own(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';`;

const answered: [string, unknown][] = [
  ["SELECT similarity('word', 'words') > 0.5, word_similarity('a', 'a b')", [true, 1]],
  ["SELECT public.similarity(name, 'Zoe') = 1 FROM people WHERE id = 2", [true]],
  [
    "SELECT levenshtein('kitten', 'sitting'), soundex('Robert'), metaphone('Thompson', 4), difference('a', 'b')",
    [3, 'R163', '0MPS', 3],
  ],
  ['SELECT unaccent(name) FROM people WHERE id = 1', ['Zoe']],
  ["SELECT encode(digest('abc', 'sha256'), 'hex') LIKE 'ba7816bf%', length(hmac('a', 'k', 'md5'))", [true, 16]],
  [
    "SELECT uuid_generate_v5(uuid_ns_url(), 'x') IS NOT NULL, uuid_nil()",
    [true, '00000000-0000-0000-0000-000000000000'],
  ],
  ["SELECT fetchval('a=>1'::hstore, 'a'), akeys('a=>1, b=>2'::hstore)::text", ['1', '{a,b}']],
  ['SELECT icount(array[1, 2]), uniq(sort(array[2, 1, 1]))::text', [2, '{1,2}']],
  ["SELECT nlevel('a.b.c'::ltree), subpath('a.b.c'::ltree, 1)::text", [3, 'b.c']],
  ['SELECT tools.cube_dim(tools.cube(1, 2)), round(gc_to_sec(1000)::numeric) > 0', [1, true]],
  ["SELECT p.id, k FROM people p, skeys('x=>1'::hstore) AS k WHERE p.id = 1", [1, 'x']],
  ["SELECT id FROM people ORDER BY similarity(name, 'Zoe') DESC, id LIMIT 1", [2]],
];

const refused = [
  "SELECT similarity(email, 'zoe') FROM people",
  "SELECT similarity(p::text, 'zoe') FROM people p",
  "SELECT similarity('a', 'b'), email FROM people",
  "SELECT own('x')",
  "SELECT public.own('x')",
  'SELECT set_limit(0.5)',
  "SELECT crypt('x', 'y')",
  'SELECT uuid_generate_v1()',
  "SELECT * FROM crosstab('SELECT 1, 2, 3') AS t(a int, b int)",
  "SELECT * FROM connectby('people', 'id', 'id', '1', 0) AS t(a int, b int, c int)",
  "SELECT pgp_sym_decrypt('x', 'y')",
  'SELECT hstore(p) FROM people p',
  "SELECT populate_record(p, 'id=>1'::hstore) FROM people p",
  "SELECT tools.similarity('a', 'b')",
  "SELECT company.public.similarity('a', 'b')",
];

const server: { running?: Server; agent?: Agent } = {};
const available = new Set<string>();
const missing = () => extensions.filter((name) => !available.has(name));

async function admin(sql: string) {
  const client = new pg.Client(server.running?.url);
  await client.connect();
  const { rows } = await client.query<{ name: string }>(sql);
  await client.end();
  return rows;
}

const agentNow = (running: Server) =>
  agentAt(
    { port: running.port, database: 'company', user: running.user, password: running.password },
    { classification: { 'public.people': { email: 'EMAIL_ADDRESS' } } },
  );

beforeAll(async () => {
  const running = await startPostgres({ database: 'company', initSql: schema });
  server.running = running;
  for (const { name } of await admin('SELECT name FROM pg_available_extensions')) available.add(name);
  for (const name of extensions.filter((each) => available.has(each))) {
    await admin(`CREATE EXTENSION "${name}" SCHEMA ${name === 'cube' ? 'tools' : 'public'} CASCADE`);
  }
  server.agent = agentNow(running);
}, 60_000);

afterAll(async () => {
  await server.agent?.target.close();
  await server.running?.stop();
});

describe('functions of extensions that were audited', () => {
  for (const [statement, row] of answered) {
    test(`are called: ${statement}`, async (context) => {
      if (missing().length > 0) context.skip(`!!! SKIPPED: this server has no ${missing().join(', ')} !!!`);

      const reply = await server.agent?.run(statement);

      expect(reply?.rows[0]).toEqual(row);
    });
  }

  for (const statement of refused) {
    test(`and no others: ${statement}`, async (context) => {
      if (missing().length > 0) context.skip(`!!! SKIPPED: this server has no ${missing().join(', ')} !!!`);

      const operation = await server.agent?.understand(statement);

      expect(operation?.unprovable).toMatchObject({ rule: 'R6' });
    });
  }

  test('are not called once somebody else made one of that name', async (context) => {
    if (missing().length > 0 || server.running === undefined)
      context.skip(`!!! SKIPPED: this server has no ${missing().join(', ')} !!!`);
    await admin(
      `CREATE FUNCTION public.soundex(int) RETURNS text LANGUAGE sql AS 'SELECT email FROM public.people LIMIT 1'`,
    );
    await admin(
      `CREATE FUNCTION tools.difference(int, int) RETURNS text LANGUAGE sql AS 'SELECT email FROM public.people LIMIT 1'`,
    );
    const later = server.running && agentNow(server.running);

    const overloaded = await later?.understand('SELECT soundex(1)');
    const elsewhere = await later?.understand('SELECT tools.difference(1, 2)');

    expect(overloaded?.unprovable).toMatchObject({ rule: 'R6' });
    expect(elsewhere?.unprovable).toMatchObject({ rule: 'R6' });
    await later?.target.close();
  });
});
