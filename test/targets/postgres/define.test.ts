import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Postgres as Server, startPostgres } from '../../../emulators/postgres/postgres.ts';
import { type Agent, agentAt, type Database } from './agent.ts';

let server: Server;
let database: Database;
let admin: pg.Client;
let agent: Agent;
/** The same database, where the classification says of everything it does not name that it may be read. */
let open: Agent;

const setUp = `
  CREATE TYPE mood AS ENUM ('good', 'bad');
  CREATE TABLE users (id int PRIMARY KEY, name text, email text UNIQUE, ssn text, country varchar(20) CHECK (country <> 'XX' OR ssn <> 'a'), mood mood);
  INSERT INTO users SELECT i, 'n' || i, 'p' || i || '@example.com', 's' || i, 'DE', 'good' FROM generate_series(1, 20) i;
  CREATE TABLE mails (id int, email text CONSTRAINT known REFERENCES users (email));
  CREATE TABLE orders (id int PRIMARY KEY, buyer int, note varchar(40), total int);
  INSERT INTO orders SELECT i, i % 20 + 1, 'note ' || i, i FROM generate_series(1, 40) i;
  CREATE TABLE hidden (id int, t text); INSERT INTO hidden VALUES (1, 'x'), (1, 'x');
  CREATE TABLE spare (id int); CREATE TABLE log (id int);
  CREATE TABLE stamped (id int, t text);
  CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
  CREATE TRIGGER t BEFORE INSERT ON stamped FOR EACH ROW EXECUTE FUNCTION stamp();
  CREATE FUNCTION public.lower(varchar) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT email FROM public.users LIMIT 1';
  CREATE VIEW plain AS SELECT id, name FROM users;
  CREATE VIEW addresses AS SELECT id, email AS address FROM users;
  CREATE MATERIALIZED VIEW kept AS SELECT id, address AS kept FROM addresses;
  CREATE MATERIALIZED VIEW risky AS SELECT id, ssn::text || 'x' AS r FROM users;
  CREATE MATERIALIZED VIEW totals AS SELECT buyer, sum(total) AS total FROM orders GROUP BY buyer;
  CREATE SCHEMA empty; CREATE SEQUENCE unused; CREATE TYPE unused_mood AS ENUM ('x'); CREATE INDEX unused_index ON orders (total);
`;

const classification = {
  'public.users': { email: 'EMAIL_ADDRESS', ssn: 'US_SOCIAL_SECURITY_NUMBER' },
  'public.orders': {},
  'public.stamped': {},
  'public.spare': {},
  'public.archive': {},
  'public.l*': {},
};

beforeAll(async () => {
  server = await startPostgres({ database: 'shop', initSql: setUp });
  database = { port: server.port, user: server.user, password: server.password, database: 'shop' };
  admin = new pg.Client(server.url);
  await admin.connect();
  agent = agentAt(database, { classification, unclassified: 'deny' });
  open = agentAt(database, { classification });
});

afterAll(async () => {
  await admin?.end();
  await agent?.target.close();
  await open?.target.close();
  await server?.stop();
});

describe('DDL that can be proven runs', () => {
  const statements = [
    'CREATE SCHEMA IF NOT EXISTS reports',
    'CREATE SEQUENCE numbers AS bigint INCREMENT BY 5 START 10',
    "CREATE TYPE size AS ENUM ('small')",
    "ALTER TYPE size ADD VALUE IF NOT EXISTS 'large' AFTER 'small'",
    "CREATE TABLE items (id serial PRIMARY KEY, size size DEFAULT 'small', price int CHECK (price >= 0), owner int REFERENCES users (id), UNIQUE (price, owner))",
    'CREATE INDEX IF NOT EXISTS by_note ON orders (lower(note), total DESC) INCLUDE (buyer) WHERE total > 3',
    'CREATE INDEX ON users (country)',
    'ALTER TABLE orders ADD CONSTRAINT positive CHECK (total > 0 AND length(note) < 100), ADD UNIQUE (id, total)',
    'ALTER TABLE orders ADD FOREIGN KEY (buyer) REFERENCES users (id) ON DELETE CASCADE',
    'ALTER TABLE orders DROP CONSTRAINT positive',
    'ALTER TABLE orders ADD COLUMN channel text DEFAULT NULL',
    "ALTER TABLE orders ALTER channel SET DEFAULT 'shop', ALTER total SET NOT NULL, ALTER total DROP NOT NULL",
    'ALTER TABLE orders ALTER COLUMN channel TYPE varchar(30)',
    'ALTER TABLE orders RENAME COLUMN channel TO way',
    'CREATE VIEW named (number, mail) AS WITH few AS (SELECT id, total FROM orders WHERE total > 5) SELECT u.id, u.email FROM users u JOIN few ON few.id = u.id',
    'CREATE OR REPLACE VIEW plain AS SELECT id, name, country FROM users',
    'CREATE MATERIALIZED VIEW mats AS SELECT id, email AS mail, upper(name) AS loud FROM users',
    'REFRESH MATERIALIZED VIEW totals',
    'REFRESH MATERIALIZED VIEW kept',
    'CREATE TABLE archive AS SELECT id, total FROM orders WHERE total < 5',
    'DROP INDEX unused_index',
    'DROP SEQUENCE unused',
    'DROP TYPE unused_mood',
    'DROP SCHEMA empty',
    "COMMENT ON TABLE orders IS 'sold'",
  ];
  for (const statement of statements) {
    test(statement, async () => {
      const { risks, verb } = await agent.understand(statement);

      await agent.run(statement);

      expect(verb).toBe('define');
      expect(risks).toContain('schema');
    });
  }

  test('and what it made hides what it is made of, under whatever name', async () => {
    expect((await agent.run('SELECT * FROM named ORDER BY 1 LIMIT 1')).rows).toEqual([[6, '[EMAIL_ADDRESS]']]);
    expect((await agent.run('SELECT * FROM mats ORDER BY 1 LIMIT 1')).rows).toEqual([[1, '[EMAIL_ADDRESS]', 'N1']]);
    expect((await agent.run('SELECT * FROM archive ORDER BY 1 LIMIT 1')).rows).toEqual([[1, 1]]);
  });

  test('an expression finds the functions of the server only, whatever the database has by that name', async () => {
    const { rows } = await admin.query(`SELECT pg_get_indexdef('by_note'::regclass) AS definition`);

    expect(rows[0].definition).toContain('lower((note)::text)');
    expect(
      (await admin.query(`SELECT FROM pg_depend WHERE refobjid = 'public.lower(varchar)'::regprocedure`)).rows,
    ).toEqual([]);
  });
});

describe('DDL that could tell of classified values, run code, or leave the classification behind is refused', () => {
  const rows: [string, string, RegExp][] = [
    ['CREATE VIEW v AS SELECT id FROM users WHERE ssn IS NULL', 'R5', /chooses or joins/],
    ['CREATE VIEW v AS SELECT DISTINCT ssn FROM users', 'R5', /DISTINCT/],
    ['CREATE VIEW v AS SELECT u.c FROM users u(a, b, c)', 'R5', /chooses or joins/],
    ['CREATE VIEW v AS SELECT lo_get(1)', 'R6', /lo_get/],
    ['CREATE VIEW v AS SELECT public.lower(note) FROM orders', 'R6', /lower/],
    ['CREATE VIEW v AS SELECT id FROM users TABLESAMPLE SYSTEM (5)', 'R3', /sample/],
    ['CREATE VIEW v AS SELECT relname FROM pg_class', 'R8', /pg_class/],
    ['CREATE VIEW v AS SELECT * FROM hidden', 'R5', /says nothing of public.hidden/],
    ['CREATE VIEW v WITH (security_barrier = false) AS SELECT 1 AS a', 'R3', /options/],
    ['CREATE VIEW v AS SELECT id FROM orders WITH CHECK OPTION', 'R3', /CHECK OPTION/],
    ['CREATE TEMP VIEW v AS SELECT 1 AS a', 'R2', /Temporary/],
    ['CREATE OR REPLACE VIEW orders AS SELECT 1 AS a', 'R2', /not a view/],
    ['CREATE MATERIALIZED VIEW v AS SELECT id, ssn::int AS n FROM users', 'R9', /Column 2/],
    ['REFRESH MATERIALIZED VIEW risky', 'R9', /Column 2/],
    ['REFRESH MATERIALIZED VIEW totals WITH NO DATA', 'R3', /skipData/],
    ['CREATE TABLE t AS SELECT id FROM users', 'R5', /make a view/],
    ['CREATE TABLE t AS SELECT id FROM addresses', 'R5', /make a view/],
    ['CREATE TABLE t AS TABLE pg_class', 'R8', /pg_class/],
    ['CREATE TABLE t AS EXECUTE prepared', 'R2', /SELECT/],
    ['SELECT id INTO t FROM orders', 'R2', /INTO/],
    ['CREATE INDEX ON users (lower(email))', 'R9', /email/],
    ['CREATE INDEX ON users (name) WHERE ssn IS NULL', 'R9', /ssn/],
    ['CREATE INDEX ON users (name) INCLUDE (ssn)', 'R9', /ssn/],
    ['CREATE INDEX ON users ((users::text))', 'R4', /users/],
    ['CREATE INDEX ON orders (public.lower(note))', 'R6', /lower/],
    ['CREATE INDEX ON orders (note varchar_pattern_ops)', 'R3', /opclass/],
    ['CREATE INDEX CONCURRENTLY ON orders (note)', 'R2', /CONCURRENTLY/],
    ['CREATE UNIQUE INDEX ON hidden (id)', 'R5', /says nothing of public.hidden/],
    ['ALTER TABLE users ADD CHECK (length(email) > 3)', 'R9', /email/],
    ['ALTER TABLE users ADD CHECK (users IS NOT NULL)', 'R4', /users/],
    ['ALTER TABLE users ADD CHECK ((SELECT true))', 'R3', /queries/],
    ['ALTER TABLE orders ADD CHECK (public.lower(note) IS NULL)', 'R6', /lower/],
    ['ALTER TABLE users ADD UNIQUE (ssn)', 'R9', /ssn/],
    ['ALTER TABLE hidden ADD PRIMARY KEY (id)', 'R5', /says nothing of public.hidden/],
    ['ALTER TABLE orders ADD FOREIGN KEY (note) REFERENCES users (email)', 'R9', /email/],
    ['ALTER TABLE orders ADD FOREIGN KEY (buyer) REFERENCES users', 'R4', /Name the columns/],
    ['ALTER TABLE orders ADD FOREIGN KEY (buyer) REFERENCES hidden (id)', 'R5', /says nothing/],
    ['ALTER TABLE orders ADD CHECK (total > 0) NOT VALID', 'R3', /skip_validation/],
    ['ALTER TABLE orders ADD EXCLUDE (id WITH =)', 'R3', /constraints/],
    ['ALTER TABLE orders ADD COLUMN x text DEFAULT public.lower(note)', 'R6', /lower/],
    ['ALTER TABLE users ADD COLUMN x text GENERATED ALWAYS AS (lower(email)) STORED', 'R3', /constraints/],
    ['ALTER TABLE users ALTER COLUMN ssn TYPE int USING ssn::int', 'R3', /raw_default/],
    ['ALTER TABLE users ALTER COLUMN ssn TYPE varchar(3)', 'R9', /ssn/],
    ['ALTER TABLE users ALTER COLUMN country TYPE varchar(1)', 'R9', /key or check/],
    ['ALTER TABLE orders ALTER COLUMN note TYPE mood', 'R7', /built-in/],
    ['ALTER TABLE orders DROP COLUMN note CASCADE', 'R2', /CASCADE/],
    ['ALTER TABLE orders INHERIT users', 'R2', /ALTER TABLE/],
    ['ALTER TABLE orders OWNER TO postgres', 'R2', /ALTER TABLE/],
    ['ALTER TABLE users DISABLE ROW LEVEL SECURITY', 'R2', /ALTER TABLE/],
    ['ALTER TABLE users RENAME TO people', 'R5', /leave behind/],
    ['ALTER TABLE users RENAME ssn TO number', 'R5', /classified/],
    ['ALTER TABLE orders RENAME TO bought', 'R5', /speaks of public.orders/],
    ['ALTER TABLE hidden RENAME TO archive', 'R5', /says nothing/],
    ['ALTER TABLE log RENAME TO archive', 'R5', /speaks of public.archive/],
    ['ALTER VIEW addresses RENAME TO plain2', 'R2', /Only tables/],
    ['ALTER VIEW addresses RENAME COLUMN address TO a', 'R2', /Only tables/],
    ['ALTER TABLE orders RENAME CONSTRAINT a TO b', 'R2', /Only tables/],
    ['ALTER SCHEMA public RENAME TO other', 'R2', /Only tables|not known/],
    ['ALTER TABLE orders SET SCHEMA reports', 'R2', /./],
    ['CREATE SCHEMA pg_new', 'R8', /pg_new/],
    ['CREATE SCHEMA AUTHORIZATION postgres', 'R3', /authrole/],
    ['CREATE SCHEMA s CREATE TABLE t (id int)', 'R3', /schemaElts/],
    ['CREATE SEQUENCE s OWNED BY users.id', 'R3', /owned_by/],
    ["CREATE TYPE public.text AS ENUM ('x')", 'R7', /built-in/],
    ["ALTER TYPE mood RENAME VALUE 'good' TO 'fine'", 'R3', /oldVal/],
    ['DROP TYPE pg_catalog.int4', 'R8', /system/],
    ['DROP SCHEMA public CASCADE', 'R2', /CASCADE/],
    ['DROP FUNCTION stamp()', 'R2', /dropped/],
    ['DROP TRIGGER t ON stamped', 'R2', /dropped/],
    ['DROP INDEX CONCURRENTLY unused_index', 'R2', /CONCURRENTLY/],
    ['CREATE TABLE t (LIKE users INCLUDING ALL)', 'R3', /./],
    ['CREATE TABLE t () INHERITS (users)', 'R3', /inhRelations/],
    ['CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$SELECT 1$$', 'R2', /CREATE FUNCTION/],
    ['CREATE RULE r AS ON INSERT TO orders DO NOTHING', 'R2', /RULE/],
    ['CREATE POLICY p ON users USING (true)', 'R2', /POLICY/],
  ];
  for (const [statement, rule, detail] of rows) {
    test(`${rule}: ${statement}`, async () => {
      const { unprovable } = await agent.understand(statement);

      expect(unprovable).toMatchObject({ rule, detail: expect.stringMatching(detail) });
    });
  }

  test('an identity that may see a class may still not copy it to where others see it', async () => {
    const unmask = ['EMAIL_ADDRESS', 'US_SOCIAL_SECURITY_NUMBER'];
    const trusted = agentAt(database, { classification, unclassified: 'deny', unmask, target: agent.target });

    await expect(trusted.run('CREATE TABLE t AS SELECT email FROM users')).rejects.toThrow();
    await trusted.run('CREATE VIEW theirs AS SELECT email AS harmless FROM users');

    expect((await agent.run('SELECT * FROM theirs LIMIT 1')).rows).toEqual([['[EMAIL_ADDRESS]']]);
  });

  test('policy hears of every name that is made or dropped', async () => {
    const resources = async (statement: string) => (await agent.understand(statement)).resources;

    expect(await resources('CREATE SCHEMA secret')).toEqual(['secret.*']);
    expect(await resources('DROP SCHEMA secret')).toEqual(['secret.*']);
    expect(await resources("CREATE TYPE a.b AS ENUM ('x')")).toEqual(['a.b']);
    expect(await resources('DROP TYPE mood')).toEqual(['public.mood']);
    expect(await resources('ALTER TABLE spare RENAME TO kept_spare')).toEqual(['public.kept_spare', 'public.spare']);
    expect(await resources('CREATE VIEW b.v AS SELECT id FROM orders')).toEqual(['b.v', 'public.orders']);
  });
});

describe('what is protected is compared before and after', () => {
  const rows: [string, string, RegExp][] = [
    [
      'a foreign key that carries a class cannot be dropped',
      'ALTER TABLE mails DROP CONSTRAINT known',
      /public\.mails\.email/,
    ],
    [
      'a view that others keep the rows of cannot become harmless',
      "CREATE OR REPLACE VIEW addresses AS SELECT id, 'x'::text AS address FROM orders",
      /public\.kept\.kept/,
    ],
  ];
  for (const [promise, statement, detail] of rows) {
    test(promise, async () => {
      const structure = async () =>
        (await admin.query(`SELECT oid, relname, relnatts FROM pg_class WHERE oid >= 16384 ORDER BY 1`)).rows;
      const before = await structure();

      await expect(open.run(statement)).rejects.toMatchObject({
        code: 'masking-unprovable',
        detail: expect.stringMatching(detail),
      });

      expect(await structure()).toEqual(before);
    });
  }

  test('what others opened meanwhile is not laid to it', async () => {
    const operation = await open.understand("COMMENT ON TABLE hidden IS 'x'");
    await admin.query('ALTER TABLE mails DROP CONSTRAINT known');

    const { summary } = await open.execute(operation);

    expect(summary().truncated).toBe(false);
    await admin.query('ALTER TABLE mails ADD CONSTRAINT known FOREIGN KEY (email) REFERENCES users (email)');
  });

  test('a table that became another since it was understood is not altered', async () => {
    const operation = await agent.understand('CREATE UNIQUE INDEX ON spare (id)');
    await admin.query('ALTER TABLE spare RENAME TO other; ALTER TABLE hidden RENAME TO spare');

    await expect(agent.execute(operation)).rejects.toMatchObject({
      detail: 'The catalog changed; send the same request again.',
    });

    await admin.query('ALTER TABLE spare RENAME TO hidden; ALTER TABLE other RENAME TO spare');
  });

  test('what the classification should now say is told with the answer', async () => {
    const warnings = async (statement: string) => {
      const result = await agent.execute(await agent.understand(statement));
      return result.summary().warnings;
    };

    expect(await warnings('ALTER TABLE users ADD COLUMN nickname text')).toEqual([
      'public.users.nickname is new and holds nothing classified as far as the classification says; name it there if it does.',
    ]);
    expect(await warnings('CREATE TABLE fresh (id int)')).toEqual([
      'public.fresh is new. The classification of this connection says nothing of public.fresh; add "public.fresh: {}" there if it holds nothing classified, or name its columns.',
    ]);
    expect(await warnings('DROP TABLE spare')).toEqual([
      'The classification names public.spare, which is gone; take it out there.',
    ]);
    expect(await warnings('CREATE VIEW fine AS SELECT id FROM orders')).toEqual([]);
  });
});
