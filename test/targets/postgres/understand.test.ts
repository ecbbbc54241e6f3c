import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Postgres as Server, startPostgres } from '../../../emulators/postgres/postgres.ts';
import type { Risk, Verb } from '../../../src/model/documents.ts';
import { type Agent, agentAt, type Database } from './agent.ts';
import { crmClassification, crmSql } from './crm.ts';

let server: Server;
let database: Database;
let agent: Agent;

beforeAll(async () => {
  server = await startPostgres({ database: 'crm', initSql: crmSql });
  database = { port: server.port, database: 'crm', user: server.user, password: server.password };
  agent = agentAt(database, { classification: crmClassification, unclassified: 'deny' });
});

afterAll(async () => {
  await agent?.target.close();
  await server?.stop();
});

describe('every statement tells policy what it does and to what', () => {
  const rows: [string, Verb, Risk[], string[]][] = [
    ['SELECT 1', 'read', [], []],
    ['SELECT * FROM users u, orders', 'read', [], ['public.orders', 'public.users']],
    ['WITH users AS (SELECT 1 AS id) SELECT * FROM users', 'read', [], []],
    ['WITH users AS (SELECT * FROM users) SELECT * FROM users', 'read', [], ['public.users']],
    ['SELECT (SELECT count(*) FROM orders)', 'read', [], ['public.orders']],
    ['EXPLAIN SELECT * FROM orders', 'read', [], ['public.orders']],
    ['SELECT relname FROM pg_class', 'read', [], ['pg_catalog.pg_class']],
    ["INSERT INTO notes VALUES (1, 'x')", 'write', [], ['public.notes']],
    ['INSERT INTO notes SELECT id, status FROM orders', 'write', [], ['public.notes', 'public.orders']],
    ["UPDATE orders SET status = 'x' WHERE id = 1", 'write', [], ['public.orders']],
    ["UPDATE orders SET status = 'x'", 'write', ['unbounded'], ['public.orders']],
    ['DELETE FROM orders WHERE id = $1', 'delete', [], ['public.orders']],
    ['DELETE FROM orders', 'delete', ['unbounded'], ['public.orders']],
    ['TRUNCATE orders', 'delete', ['unbounded', 'irreversible'], ['public.orders']],
    ['ALTER TABLE orders ADD COLUMN x int', 'define', ['schema'], ['public.orders']],
    ['ALTER TABLE orders DROP COLUMN total', 'define', ['schema', 'irreversible'], ['public.orders']],
    ['DROP TABLE orders', 'define', ['schema', 'irreversible'], ['public.orders']],
    ['CREATE TABLE other (id int)', 'define', ['schema'], ['public.other']],
    ['GRANT SELECT ON orders TO PUBLIC', 'grant', ['privilege'], ['public.orders']],
    ["CREATE ROLE r PASSWORD 'hunter2'", 'grant', ['privilege'], []],
    ['DO $$ BEGIN END $$', 'execute', ['opaque'], []],
    ['COPY orders TO STDOUT', 'execute', ['opaque'], ['public.orders']],
    ['VACUUM', 'administer', ['opaque'], []],
    ['SELECT * INTO copied FROM orders', 'define', ['schema', 'opaque'], ['public.copied', 'public.orders']],
    ['WITH d AS (DELETE FROM orders RETURNING 1) SELECT * FROM d', 'delete', ['unbounded'], ['public.orders']],
  ];

  for (const [statement, verb, risks, resources] of rows) {
    test(`${statement} → ${verb}`, async () => {
      const operation = await agent.understand(statement, statement.includes('$1') ? [1] : []);

      expect({ verb: operation.verb, risks: operation.risks, resources: operation.resources }).toEqual({
        verb,
        risks,
        resources,
      });
    });
  }
});

describe('a WHERE that restricts nothing is unbounded', () => {
  const tricks = [
    '1 = 1',
    'true',
    'id = id',
    'TRUE OR id = 7',
    'id = 7 OR true',
    'NOT false',
    "'a' = 'a'",
    'id IS NULL OR id IS NOT NULL',
    'id = 1 OR id <> 1',
    "status LIKE '%' ",
    "now() > date '2000-01-01'",
    'EXISTS (SELECT 1)',
    'id IN (SELECT id FROM orders)',
    '(id = 3) OR (1 = 1)',
    'NOT (id <> id)',
    'random() < 2',
    'coalesce(true, id = 1)',
    'id = id AND true',
    'id IN (1, id)',
    '(SELECT true)',
    'id BETWEEN id AND id',
  ];
  for (const where of tricks) {
    test(`DELETE … WHERE ${where}`, async () => {
      const { risks } = await agent.understand(`DELETE FROM orders WHERE ${where}`);

      expect(risks).toContain('unbounded');
    });
  }

  for (const where of [
    'id = 7',
    'id IN (1, 2)',
    "status = 'open' AND true",
    'id = 1 OR id = 2',
    'user_id IN (SELECT id FROM notes WHERE id = 3)',
  ]) {
    test(`and this is not: DELETE … WHERE ${where}`, async () => {
      const { risks } = await agent.understand(`DELETE FROM orders WHERE ${where}`);

      expect(risks).not.toContain('unbounded');
    });
  }
});

describe('what cannot be proven is refused by its rule, with what to do', () => {
  const rows: [string, string, RegExp][] = [
    ['SELECT email_of(1)', 'R6', /email_of .*line 1, column 8/],
    ["SELECT pg_read_file('x')", 'R6', /pg_read_file/],
    ["SELECT query_to_xml('select 1', true, true, '')", 'R6', /query_to_xml/],
    ["SELECT ('x'::text).pg_read_file", 'R7', /pg_read_file/],
    ['SELECT 1 OPERATOR(public.+) 2', 'R7', /operator/],
    ['SELECT * FROM pg_stats', 'R8', /pg_stats/],
    ['SELECT * FROM nosuch', 'R4', /public\.nosuch/],
    ['SELECT * FROM newsletter', 'R5', /"public\.newsletter: \{\}"/],
    ['SELECT * FROM picked', 'R5', /picked/],
    ['SELECT * FROM deduplicated', 'R5', /DISTINCT/],
    ['SELECT * FROM renamed', 'R5', /renamed/],
    ['SELECT * FROM by_function', 'R5', /by_function/],
    ['SELECT id FROM users FOR UPDATE', 'R2', /FOR UPDATE/],
    ['BEGIN', 'R2', /transaction of its own/],
    ['EXPLAIN ANALYZE SELECT * FROM orders', 'R2', /ANALYZE/],
    ['EXPLAIN SELECT * FROM users', 'R8', /plan/],
    ['EXPLAIN SELECT * FROM countries', 'R8', /plan/],
    ['SELECT id FROM users TABLESAMPLE SYSTEM (10)', 'R3', /sampled/],
    ['WITH pg_stats AS (SELECT 1) SELECT * FROM pg_stats', 'R4', /pg_/],
    ['ALTER TABLE users RENAME email TO harmless', 'R5', /change the classification/],
    ['CREATE TABLE copied AS SELECT * FROM users', 'R5', /make a view/],
    ['CREATE INDEX ON users (email)', 'R9', /index/],
    ['CREATE TABLE t (LIKE users)', 'R3', /plain columns/],
    ['DROP TABLE users CASCADE', 'R2', /CASCADE/],
    ['UPDATE users SET name = email WHERE id = 1', 'R9', /email/],
    ['UPDATE users u SET name = u::text WHERE id = 1', 'R9', / u;/],
    ["DELETE FROM users WHERE email = 'x'", 'R9', /email/],
    ['DELETE FROM users WHERE id = 1 RETURNING *', 'R9', /\*/],
    ["DELETE FROM users WHERE ctid = '(0,1)'", 'R9', /ctid/],
    ['DELETE FROM users WHERE id = 1', 'R9', /foreign key/],
    ["INSERT INTO users (id, name, email) VALUES (1, 'x', 'y')", 'R9', /unique/],
    ['INSERT INTO notes SELECT id, email FROM users', 'R9', /users/],
    ['UPDATE stamped SET id = 1 WHERE id = 1', 'R9', /trigger/],
    ["MERGE INTO orders o USING users u ON o.id = u.id AND u.email = 'x' WHEN MATCHED THEN DELETE", 'R9', /u\.email/],
  ];

  for (const [statement, rule, detail] of rows) {
    test(`${rule}: ${statement}`, async () => {
      const { unprovable, plan } = await agent.understand(statement);

      expect(unprovable).toMatchObject({ rule, detail: expect.stringMatching(detail) });
      expect(plan).toEqual({ access: 'none' });
    });
  }
});

describe('what is harmless is not refused', () => {
  const rows = [
    'SELECT country, count(*) FROM users GROUP BY country HAVING count(*) > 1 ORDER BY 2 DESC',
    'SELECT o.*, row_number() OVER (PARTITION BY user_id ORDER BY id) FROM orders o',
    'SELECT u.name, sum(o.total) FROM users u LEFT JOIN orders o ON o.user_id = u.id GROUP BY u.id, u.name',
    "SELECT jsonb_build_object('a', id) ->> 'a' FROM orders WHERE created_at > now() - interval '1 day'",
    'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT * FROM n',
    'SELECT * FROM countries',
    'SELECT contact FROM contacts',
    'SELECT loud FROM shouted',
    'SELECT card FROM events_2026',
    "SELECT 'good'::mood",
    'SELECT extract(year FROM created_at), status COLLATE "C" FROM orders',
    'SELECT table_name FROM information_schema.tables',
    'SELECT c.oid, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace',
    "UPDATE users SET country = 'FR' WHERE id = 1",
    "UPDATE users SET ssn = '000' WHERE id = 1",
    "INSERT INTO users (id, name) VALUES (500, 'x') ON CONFLICT (id) DO NOTHING",
    'INSERT INTO notes (id) VALUES (1) RETURNING id',
    "ALTER TABLE users ADD COLUMN nick text DEFAULT 'x' NOT NULL",
    'CREATE INDEX ON users (country)',
    'TRUNCATE notes',
    "COMMENT ON TABLE notes IS 'x'",
  ];

  for (const statement of rows) {
    test(statement, async () => {
      const { unprovable } = await agent.understand(statement);

      expect(unprovable).toBeUndefined();
    });
  }
});

describe('classified columns', () => {
  test('are masked wherever their values are: views, partitions, foreign keys, generated columns', async () => {
    const masks = async (statement: string) =>
      (await agent.understand(statement)).masks.map(
        ({ resource, class: name, transform }) => `${resource} ${name} ${transform}`,
      );

    expect(await masks('SELECT email_lower, born FROM users')).toEqual([
      'public.users.born DATE_OF_BIRTH null',
      'public.users.email_lower EMAIL_ADDRESS redact',
    ]);
    expect(await masks('SELECT contact FROM contacts')).toEqual(['public.contacts.contact EMAIL_ADDRESS redact']);
    expect(await masks('SELECT * FROM shouted')).toEqual(['public.shouted.loud EMAIL_ADDRESS redact']);
    expect(await masks('SELECT * FROM events_2026')).toEqual(['public.events_2026.card CREDIT_CARD_NUMBER redact']);
    expect(await masks('SELECT country FROM users')).toEqual([]);
  });

  test('stay in the clear for an identity whose policy says so, and are still named', async () => {
    const trusted = agentAt(database, {
      classification: crmClassification,
      unmask: ['EMAIL_ADDRESS'],
      target: agent.target,
    });

    const { classes, masks } = await trusted.understand('SELECT email, ssn FROM users');

    expect(classes).toEqual(['EMAIL_ADDRESS', 'US_SOCIAL_SECURITY_NUMBER']);
    expect(masks.map(({ resource }) => resource)).toEqual(['public.users.ssn']);
    expect((await trusted.run('SELECT email, ssn FROM users WHERE id = 1')).rows).toEqual([
      ['person1@example.com', '[US_SOCIAL_SECURITY_NUMBER]'],
    ]);
  });

  test('in a condition are warned of', async () => {
    const { warnings } = await agent.understand("SELECT id FROM users WHERE email = 'x' ORDER BY ssn");

    expect(warnings.map((warning) => warning.split(' ')[0])).toEqual(['email', 'ssn']);
  });

  test('that the classification misspells make their table refuse, instead of leaving it in the clear', async () => {
    const misspelt = agentAt(database, { classification: { 'public.users': { e_mail: 'EMAIL_ADDRESS' } } });

    const { unprovable } = await misspelt.understand('SELECT email FROM users');

    expect(unprovable?.detail).toContain('e_mail');
    await misspelt.target.close();
  });

  test('of a relation nobody classified are masked where the connection says so', async () => {
    const masking = agentAt(database, { unclassified: 'mask' });

    expect((await masking.run('SELECT id, status FROM orders LIMIT 1')).rows).toEqual([[null, '[UNCLASSIFIED]']]);
    await masking.target.close();
  });
});

describe('the trail', () => {
  const hex = (text: string) => Buffer.from(text).toString('hex');

  test('holds no literal that is compared with a classified column, and all that are not', async () => {
    const { recorded } = await agent.understand(
      "SELECT id FROM users WHERE email = 'bob@example.com' AND country = 'DE' AND id > 5 LIMIT 10",
    );

    expect(recorded.statement).toBe(
      `SELECT id FROM users WHERE email = «EMAIL_ADDRESS:${hex('bob@example.com')}» AND country = 'DE' AND id > 5 LIMIT 10`,
    );
  });

  test('holds no literal of which it is not sure', async () => {
    const { recorded } = await agent.understand(
      "SELECT id FROM users WHERE lower(email) || 'x' = 'bobx' OR position('b' in ssn) > 0 -- bob",
      [],
    );

    expect(recorded.statement).not.toContain('bob');
    expect(recorded.statement).not.toContain("'b'");
  });

  test('holds no parameter that belongs to a classified column', async () => {
    const { recorded, parameters } = await agent.understand(
      'SELECT id FROM users WHERE ssn = $1 AND country = $2 LIMIT $3',
      ['123', 'DE', 5],
    );

    expect(parameters).toEqual(['123', 'DE', 5]);
    expect(recorded.parameters).toEqual([`«US_SOCIAL_SECURITY_NUMBER:${hex('123')}»`, 'DE', 5]);
  });

  test('holds no parameter that also stands where nothing tells what it is', async () => {
    const { recorded } = await agent.understand('SELECT $1::text FROM users WHERE country = $1', ['bob']);

    expect(recorded.parameters).toEqual([`«LITERAL:${hex('bob')}»`]);
  });

  test('holds no number that is compared with a classified column', async () => {
    const { recorded } = await agent.understand(
      'SELECT CASE age WHEN 44 THEN 1 END FROM users WHERE (ssn, id) = (55, 66) AND age > 77',
    );

    expect(recorded.statement).not.toMatch(/55|66/);
    expect(recorded.statement).toContain('77');
  });

  test('does not take a name of the statement for a column', async () => {
    const { recorded } = await agent.understand(
      "WITH w AS (SELECT email AS country FROM users) SELECT * FROM w WHERE country = 'bob'",
    );

    expect(recorded.statement).not.toContain('bob');
  });

  test('says where the answer may hold what is sealed, and where it cannot', async () => {
    const returned = async (statement: string, parameters: string[] = []) =>
      (await agent.understand(statement, parameters)).recorded.returned ?? false;

    expect(await returned("SELECT upper('bob')")).toBe(true);
    expect(await returned('SELECT $1::text', ['bob'])).toBe(true);
    expect(await returned("SELECT id FROM users WHERE email = 'bob'")).toBe(false);
    expect(
      await returned("SELECT date_trunc('month', now()), to_char(now(), 'YYYY-MM') FROM users WHERE ssn = $1", ['1']),
    ).toBe(false);
    expect(await returned("INSERT INTO notes (id, body) VALUES (1, upper('bob'))")).toBe(false);
    expect(await returned("INSERT INTO notes (id, body) VALUES (1, upper('bob')) RETURNING body")).toBe(true);
  });

  test('holds no value where a name belongs, and the names that are there', async () => {
    const { recorded } = await agent.understand(
      'SELECT u.id AS "total", n.body FROM users u JOIN notes n ON n.id = u.id WHERE u.country = "Bob Smith" OR u.email = bob',
    );

    expect(recorded.statement).toMatch(
      /^SELECT u\.id AS "total", n\.body FROM users u JOIN notes n ON n\.id = u\.id WHERE u\.country = «NAME:\w+» OR u\.email = «NAME:\w+»$/,
    );
  });

  test('holds no password, whatever the statement', async () => {
    const password = await agent.understand("ALTER ROLE app PASSWORD 'hunter2'");
    const address = await agent.understand("INSERT INTO notes (id, body) VALUES (1, 'postgres://app:hunter2@db/x')");

    expect(`${password.recorded.statement} ${address.recorded.statement}`).not.toContain('hunter2');
  });

  test('holds nothing of a statement that was refused but its shape', async () => {
    const { recorded } = await agent.understand("SELECT email_of(1) || 'bob@example.com' || $1", ['4111111111111111']);

    expect(JSON.stringify(recorded)).not.toMatch(/bob|4111/);
  });
});
