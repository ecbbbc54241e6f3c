import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Postgres, startPostgres } from '../../../emulators/postgres/postgres.ts';
import { createPostgres } from '../../../src/targets/postgres/postgres.ts';
import { type Agent, agentAt } from './agent.ts';

const sql = `CREATE SCHEMA shop; CREATE SCHEMA other;
  CREATE TABLE customers (id serial PRIMARY KEY, email text, "Mixed" int); CREATE TYPE mood AS ENUM ('good');
  CREATE TABLE shop.carts (id int PRIMARY KEY, customer int REFERENCES customers); CREATE TABLE other.apart (id int);
  CREATE TABLE "Odd Name" (id int); CREATE FUNCTION twice(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2';
  INSERT INTO customers (email) VALUES ('a@x.test');
  CREATE TABLE parts (id int) PARTITION BY LIST (id); CREATE TABLE part1 PARTITION OF parts FOR VALUES IN (1);
  CREATE FUNCTION shop.stamp() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER stamped BEFORE UPDATE ON shop.carts FOR EACH ROW EXECUTE FUNCTION shop.stamp();`;

/** What clients ask about names: the answer is to be the one of a session that looks in the schemas of the connection. */
const asked = [
  'SELECT current_schema',
  'SELECT current_schema(), pg_catalog.current_schema() AS again',
  'SELECT current_schemas(false), current_schemas(true)',
  'SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema() ORDER BY 1',
  "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ANY (current_schemas(false)) AND c.relkind = 'r' ORDER BY 1",
  "SELECT relname, pg_table_is_visible(oid) FROM pg_class WHERE relname IN ('customers', 'carts', 'apart', 'pg_class') ORDER BY 1",
  "SELECT c.relname FROM pg_catalog.pg_class c WHERE c.relkind = 'r' AND pg_catalog.pg_table_is_visible((c.oid)) AND c.relname !~ '^pg_' ORDER BY 1",
  "SELECT pg_table_is_visible(oid), count(*) FROM pg_class WHERE relname IN ('customers', 'apart') GROUP BY pg_table_is_visible(oid) ORDER BY 1",
  "SELECT NOT pg_table_is_visible(oid) AS hidden FROM pg_class WHERE relname = 'customers'",
  "SELECT bool_and(pg_table_is_visible(c.oid)) FROM pg_class c WHERE relname IN ('customers', 'carts')",
  "SELECT typname FROM pg_type WHERE pg_type_is_visible(oid) AND typname IN ('mood', 'int4', '_mood') ORDER BY 1",
  "SELECT proname, pg_function_is_visible(p.oid) FROM pg_proc p WHERE proname IN ('twice', 'abs') GROUP BY 1, 2",
  "SELECT attname FROM pg_attribute WHERE attrelid = 'customers'::regclass AND attnum > 0 ORDER BY attnum",
  "SELECT attname FROM pg_attribute WHERE attrelid = CAST('Customers' AS regclass) AND attnum = 1",
  `SELECT count(*) FROM pg_attribute WHERE attrelid = '"Odd Name"'::regclass AND attnum > 0`,
  "SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey) WHERE i.indrelid = 'carts'::pg_catalog.regclass AND i.indisprimary",
  "SELECT relkind FROM pg_class WHERE oid = 'customers_pkey'::regclass",
  "SELECT 'pg_class'::regclass::oid, 'pg_class_oid_index'::regclass::oid, 'shop.carts'::regclass = 'carts'::regclass",
  "SELECT to_regclass('customers') IS NOT NULL, to_regclass('carts') IS NULL, to_regclass('nowhere') IS NULL",
  "SELECT pg_get_serial_sequence('customers', 'id')",
  "SELECT 'customers' AS name, id FROM customers WHERE 'customers'::text <> 'x'",
  'SELECT relid::oid IS NOT NULL FROM pg_partition_ancestors((SELECT oid FROM pg_class WHERE relname = $$part1$$)) AS relid',
  "SELECT current_setting('server_version_num'), current_setting('TimeZone', true) IS NOT NULL",
];

/** Nothing is gained by them: they are refused, or fail, as they did. */
const refused: [string, RegExp][] = [
  ["SELECT 'apart'::regclass", /42P01/],
  ["SELECT current_setting('data_directory')", /R6: .*server_version/],
  ["SELECT current_setting('search_path')", /R6/],
  ['SELECT current_setting(email) FROM customers', /R6/],
  ["SELECT current_setting('server_' || 'version')", /R6/],
  ["SELECT ('server_version'::text).current_setting", /R7/],
  ['SELECT pg_get_functiondef(oid) FROM pg_proc', /R6: .*write out what.*\(line 1, column 8\)/],
];

let server: Postgres;
let agent: Agent;
let straight: pg.Client;
const target = createPostgres({ allowPlaintext: false });

beforeAll(async () => {
  server = await startPostgres({ database: 'shop', initSql: sql });
  agent = agentAt(
    { port: server.port, database: 'shop', user: server.user, password: server.password },
    { classification: { 'public.customers': { email: 'EMAIL_ADDRESS' } }, searchPath: ['public', 'shop'], target },
  );
  straight = new pg.Client({ connectionString: server.url, types: { getTypeParser: () => String } });
  await straight.connect();
  await straight.query("SET search_path = public, shop; SET TimeZone = 'UTC'");
}, 60_000);

afterAll(async () => {
  await straight?.end();
  await target.close();
  await server?.stop();
});

/** A row as text, without the signs that only one of the two ways to write it has. */
const plain = (rows: readonly unknown[]) =>
  rows.map((row) =>
    JSON.stringify(row)
      .replace(/[\\"{}[\]]/g, '')
      .replace(/\btrue\b/g, 't')
      .replace(/\bfalse\b/g, 'f'),
  );

describe('what asks for names is answered by the search path of the connection', () => {
  test.each(asked)('%s', async (statement) => {
    const expected = await straight.query<unknown[]>({ text: statement, rowMode: 'array' });

    const answer = await agent.run(statement);

    expect(answer.columns.map(({ name }) => name)).toEqual(expected.fields.map(({ name }) => name));
    expect(plain(answer.rows)).toEqual(plain(expected.rows));
    expect(answer.rows).not.toEqual([]);
  });

  test.each(refused)('and %s is not', async (statement, words) => {
    await expect(agent.run(statement)).rejects.toMatchObject({ detail: expect.stringMatching(words) });
  });

  test('psql describes the triggers of a table with foreign keys', async () => {
    const statement = `SELECT t.tgname, pg_catalog.pg_get_triggerdef(t.oid, true), t.tgenabled, t.tgisinternal,
      CASE WHEN t.tgparentid != 0 THEN (SELECT u.tgrelid::pg_catalog.regclass FROM pg_catalog.pg_trigger AS u,
        pg_catalog.pg_partition_ancestors(t.tgparentid) WITH ORDINALITY AS a(relid, depth)
        WHERE u.tgname = t.tgname AND u.tgrelid = a.relid AND u.tgparentid = 0 ORDER BY a.depth LIMIT 1) END AS parent
      FROM pg_catalog.pg_trigger t WHERE t.tgrelid = 'shop.carts'::regclass AND (NOT t.tgisinternal OR (t.tgisinternal AND t.tgenabled = 'D')
        OR EXISTS (SELECT 1 FROM pg_catalog.pg_depend WHERE objid = t.oid AND refclassid = 'pg_catalog.pg_trigger'::pg_catalog.regclass)) ORDER BY 1`;

    const { rows } = await agent.run(statement);

    expect(rows).toEqual([
      [
        'stamped',
        'CREATE TRIGGER stamped BEFORE UPDATE ON shop.carts FOR EACH ROW EXECUTE FUNCTION shop.stamp()',
        'O',
        false,
        null,
      ],
    ]);
  });

  test('the statement that the trail keeps is the one that was sent', async () => {
    const statement = "SELECT count(*) FROM pg_class WHERE oid = 'customers'::regclass AND pg_table_is_visible(oid)";

    const operation = await agent.understand(statement);

    expect(operation.statement).toBe(statement);
    expect(operation.verb).toBe('read');
  });
});
