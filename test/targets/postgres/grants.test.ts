import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Postgres, startPostgres } from '../../../emulators/postgres/postgres.ts';
import type { Limits } from '../../../src/model/connection.ts';
import { createPostgres } from '../../../src/targets/postgres/postgres.ts';
import { agentAt } from './agent.ts';
import { crmClassification, crmSql } from './crm.ts';

const more = `
  CREATE SCHEMA "odd ""schema";
  CREATE TABLE "odd ""schema"."a; DROP TABLE users; --" (id int, "e""mail" text);
  CREATE TABLE serials (id serial PRIMARY KEY, secret text, body text);
  CREATE TABLE only_secret (email text);
  CREATE TABLE unnamed (id int);
  CREATE TABLE wide_open (id int, phone text); GRANT SELECT ON wide_open TO PUBLIC;
  CREATE TABLE guarded (id int); ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
  CREATE FUNCTION definer() RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT email FROM public.users LIMIT 1';
  CREATE ROLE readers; CREATE ROLE careless LOGIN CREATEROLE PASSWORD 'p'; GRANT readers TO careless;
  ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO PUBLIC;
`;
const classification = {
  ...crmClassification,
  'odd "schema.a; DROP TABLE users; --': { 'e"mail': 'EMAIL_ADDRESS' },
  'public.serials': { secret: 'CREDENTIAL' },
  'public.only_secret': { email: 'EMAIL_ADDRESS' },
  'public.wide_open': { phone: 'PHONE_NUMBER' },
  'public.guarded': {},
};

let server: Postgres;
let admin: pg.Client;
const target = createPostgres({ allowPlaintext: false, catalogAge: 0 });

beforeAll(async () => {
  server = await startPostgres({ database: 'crm', initSql: crmSql + more });
  admin = new pg.Client(server.url);
  await admin.connect();
});
afterAll(async () => {
  await target.close();
  await admin?.end();
  await server?.stop();
});

const agentOf = (user: string, password: string) =>
  agentAt({ port: server.port, database: 'crm', user, password }, { classification, unclassified: 'deny', target });

async function grants(task: object, limits: Limits = {}) {
  const { operation, rows, truncated } = await agentOf(server.user, server.password).ask(
    { task: 'grants', ...task },
    limits,
  );
  const lines = rows.map(([line]) => String(line));
  return {
    operation,
    lines,
    truncated,
    sql: lines.join('\n'),
    notes: lines.filter((line) => line.startsWith('-- - ')),
  };
}

/** Applies what was printed as an administrator would, and answers as the new login. */
async function applied(role: string, task: object = {}) {
  const { sql } = await grants({ role, ...task });
  await admin.query(sql);
  await admin.query(`ALTER ROLE ${role} PASSWORD 'p'`);
  return agentOf(role, 'p');
}

const code = (statement: string, user: string) => {
  const client = new pg.Client({ host: '127.0.0.1', port: server.port, database: 'crm', user, password: 'p' });
  return client
    .connect()
    .then(() => client.query(statement))
    .then(
      () => 'answered',
      (error: { code: string }) => error.code,
    )
    .finally(() => client.end());
};

describe('the printed role', () => {
  beforeAll(async () => {
    await applied('gateway');
  });

  test('makes every protection proven, and the server refuses what is hidden', async () => {
    const schema = (await agentOf('gateway', 'p').schema()) as { tables: { name: string; protection?: string }[] };
    const protection = Object.fromEntries(schema.tables.map((table) => [table.name, table.protection]));
    expect(protection).toMatchObject({
      'public.users': 'proven',
      'public.contacts': 'proven',
      'public.shouted': 'proven',
      'public.events': 'proven',
      'public.events_2026': 'proven',
      'odd "schema.a; DROP TABLE users; --': 'proven',
      'public.wide_open': 'rewritten',
    });
    for (const hidden of [
      'email FROM users',
      'ssn FROM users',
      'email_lower FROM users',
      'card FROM events_2026',
      'contact FROM contacts',
      'loud FROM shouted',
      '"e""mail" FROM "odd ""schema"."a; DROP TABLE users; --"',
    ])
      expect(await code(`SELECT ${hidden}`, 'gateway'), hidden).toBe('42501');
  });

  test.each([
    'SELECT * FROM users ORDER BY id LIMIT 2',
    'SELECT u.name, u.email, o.total FROM users u JOIN orders o ON o.user_id = u.id LIMIT 2',
    'SELECT country, count(*), avg(age) FROM users GROUP BY country',
    'SELECT u FROM users u LIMIT 1',
    'SELECT * FROM contacts LIMIT 1',
    'SELECT * FROM shouted LIMIT 1',
    'SELECT count(*) FROM events',
    'SELECT table_name FROM information_schema.tables LIMIT 1',
    'SELECT * FROM countries',
  ])('answers an agent’s day: %s', async (statement) => {
    const { rows } = await agentOf('gateway', 'p').run(statement);

    expect(rows.length).toBeGreaterThan(0);
    expect(JSON.stringify(rows)).not.toMatch(/person\d+@|123-45-/);
  });

  test('writes where that was asked for, and only then', async () => {
    const writer = await applied('writer', { write: true });
    await applied('onlooker');

    await writer.run("INSERT INTO serials (secret, body) VALUES ('s', 'b')");
    await writer.run("UPDATE users SET name = 'changed' WHERE id = 1");
    await writer.run('DELETE FROM orders WHERE id = 1');

    expect((await admin.query('SELECT name FROM users WHERE id = 1')).rows).toEqual([{ name: 'changed' }]);
    expect(await code('SELECT secret FROM serials', 'writer')).toBe('42501');
    expect(await code('DELETE FROM orders WHERE id = 2', 'onlooker')).toBe('42501');
  });

  test('loses what it had before', async () => {
    await admin.query(
      "CREATE ROLE had LOGIN PASSWORD 'p'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO had; GRANT UPDATE (email) ON users TO had",
    );

    const agent = await applied('had', { create: false });

    expect((await agent.understand('SELECT * FROM users')).protection).toBe('proven');
    expect(await code("UPDATE users SET email = 'x' WHERE id = 1", 'had')).toBe('42501');
  });
});

describe('the notes', () => {
  test('name what grants do not reach', async () => {
    const { notes } = await grants({ role: 'careless', create: false });

    const said = notes.join('\n');
    for (const words of [
      'public.unnamed is left out',
      'public.only_secret is left out: nothing of it is unclassified',
      'public.contacts gives contact by the rights of postgres',
      'PUBLIC may read phone of public.wide_open',
      'careless is CREATEROLE',
      'careless is a member of readers',
      'may be read by PUBLIC (default privileges)',
      'public.definer',
      'Row-level security of public.guarded',
    ])
      expect(said).toContain(words);
  });

  test('cannot be ended by a name, so that nothing but the grants is run', async () => {
    await admin.query('CREATE TABLE "evil\nDROP TABLE orders; --" (id int)');

    const { lines } = await grants({ role: 'someone' });

    expect(lines.filter((line) => !/^(--|BEGIN;|CREATE ROLE|REVOKE|GRANT|COMMIT;)/.test(line))).toEqual([]);
    expect(lines.find((line) => line.includes('evil'))).toMatch(
      /^-- - public\.evil\?DROP TABLE orders; -- is left out/,
    );
    await admin.query('DROP TABLE "evil\nDROP TABLE orders; --"');
  });
});

test('grants are an operation of their own, on every table there is', async () => {
  const { operation } = await grants({ role: 'a "role"', write: true, create: false });

  expect(operation).toMatchObject({
    verb: 'administer',
    statement: 'GRANTS FOR "a ""role""" WITH WRITE WITHOUT CREATE',
    masks: [],
  });
  expect(operation.resources).toContain('public.unnamed');
});

test('grants that limits cut say so', async () => {
  expect((await grants({ role: 'r' }, { rows: 5 })).truncated).toBe(true);
});
