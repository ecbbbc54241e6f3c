import { describe, expect, test } from 'vitest';
import { agentAt } from '../targets/postgres/agent.ts';
import { compare, differs, observe, useTwoDatabases } from './two-databases.ts';

/**
 * Two databases that differ in classified values only: in content, in length, in what is NULL, in how many are the same. All rows
 * of one database are of about one length: in which order a table without ORDER BY comes is not promised, and depends on that.
 */
const setUp = (seed: 'a' | 'b') => `
  CREATE TYPE grade AS ENUM ('low', 'high');
  CREATE TABLE users (id int PRIMARY KEY, name text, email text UNIQUE, ssn varchar(11), income int, born date, doc jsonb, codes int[],
    country text, email_lower text GENERATED ALWAYS AS (lower(email)) STORED, CHECK (country <> 'XX' OR email LIKE 'a%'));
  INSERT INTO users SELECT i, 'n' || i, '${seed}' || repeat('${seed}', ${seed === 'a' ? 1 : 40}) || i || '@x.test',
    CASE WHEN i % ${seed === 'a' ? 2 : 3} = 0 THEN NULL ELSE '${seed}' || i % ${seed === 'a' ? 5 : 7} END, ${seed === 'a' ? 'i' : '1000 - i'},
    date '1980-01-01' + ${seed === 'a' ? 'i' : '-i'}, jsonb_build_object('${seed}', i), array[i, ${seed === 'a' ? 1 : 2}], 'DE'
    FROM generate_series(1, 300) i;
  CREATE TABLE orders (id int PRIMARY KEY, user_id int REFERENCES users, note text);
  INSERT INTO orders SELECT i, i % 300 + 1, 'o' || i FROM generate_series(1, 400) i;
  CREATE TABLE mails (email text REFERENCES users (email), at int);
  INSERT INTO mails SELECT email, id FROM users WHERE id % 3 = 0 ORDER BY id LIMIT 50;
  CREATE TABLE notes (id int, t text);
  CREATE TABLE parent (id int, secret text); CREATE TABLE child (extra int) INHERITS (parent);
  INSERT INTO child VALUES (1, '${seed}', 1);
  CREATE VIEW v_plain AS SELECT id, name, email AS contact, ssn || 'x' AS s FROM users;
  CREATE VIEW v_star AS SELECT * FROM users;
  CREATE VIEW v_row AS SELECT id, u AS whole FROM users u;
  CREATE VIEW v_where AS SELECT id FROM users WHERE ssn IS NULL;
  CREATE VIEW v_join AS SELECT o.id FROM orders o JOIN users u ON u.id = o.user_id AND u.income > 500;
  CREATE VIEW v_exists AS SELECT id FROM orders o WHERE EXISTS (SELECT FROM users u WHERE u.id = o.user_id AND u.ssn IS NULL);
  CREATE VIEW v_group AS SELECT ssn, count(*) AS n FROM users GROUP BY ssn;
  CREATE VIEW v_union AS SELECT ssn AS s FROM users UNION SELECT 'x';
  CREATE VIEW v_limit AS SELECT id FROM users ORDER BY income LIMIT 5;
  CREATE VIEW v_nested AS SELECT q.e FROM (SELECT email AS e FROM users) q;
  CREATE VIEW v_unnest AS SELECT id, unnest(codes) AS c FROM users;
  CREATE VIEW v_case AS SELECT id, CASE WHEN income > 500 THEN 'rich' ELSE 'poor' END AS kind FROM users;
  CREATE VIEW v_window AS SELECT id, rank() OVER (ORDER BY income) AS r FROM users;
  CREATE VIEW v_div AS SELECT id, 1 / (income - ${'500'}) AS d FROM users;
  CREATE VIEW v_safe AS SELECT id, country FROM users;
  CREATE MATERIALIZED VIEW m_lower AS SELECT id, lower(email) AS l FROM users;
  CREATE FUNCTION peek(int) RETURNS text LANGUAGE sql STABLE AS 'SELECT email FROM public.users WHERE id = $1';
  CREATE FUNCTION public.length(int) RETURNS text LANGUAGE sql STABLE AS 'SELECT email FROM public.users WHERE id = $1';
  CREATE FUNCTION chk(int) RETURNS bool LANGUAGE sql AS 'SELECT (SELECT ssn FROM public.users WHERE id = $1) IS NULL';
  CREATE DOMAIN probing AS int CHECK (chk(VALUE));
  CREATE TABLE probed (id probing);
  CREATE TABLE checked (id int CHECK (chk(id)));
  CREATE TABLE defaulted (id int, n int DEFAULT (1 / (chk(2)::int)));
  CREATE FUNCTION trg() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF public.chk(NEW.id) THEN RETURN NEW; END IF; RETURN NULL; END';
  CREATE TABLE triggered (id int); CREATE TRIGGER t BEFORE INSERT ON triggered FOR EACH ROW EXECUTE FUNCTION trg();
  CREATE TABLE secured (id int); INSERT INTO secured VALUES (2), (3), (4); ALTER TABLE secured ENABLE ROW LEVEL SECURITY;
  ALTER TABLE secured FORCE ROW LEVEL SECURITY; CREATE POLICY p ON secured USING (chk(id));
  ANALYZE;`;

const classification = {
  'public.users': {
    email: 'EMAIL_ADDRESS',
    ssn: 'US_SOCIAL_SECURITY_NUMBER',
    income: 'INCOME',
    born: 'DATE_OF_BIRTH',
    doc: 'DOCUMENT',
    codes: 'CODES',
  },
  'public.parent': { secret: 'SECRET' },
};

const masked = 'email ssn income born doc codes email_lower'.split(' ');

/** Ways to make something else of a value that may still tell of it. */
const expressions = [
  '%',
  '%::text',
  'md5(%::text)',
  'length(%::text)',
  '% IS NULL',
  'coalesce(%::text, $$none$$)',
  'row_to_json(users)',
  'to_jsonb(users)',
  'users',
  'users::text',
  'pg_column_size(%)',
  'pg_typeof(%)',
  'hashtext(%::text)',
  'row(%)',
  'array[%]',
  'format($$%s$$, %)',
  'concat(%)',
  'num_nulls(%)',
  'nullif(%::text, $$a$$)',
  'greatest(%::text, $$m$$)',
  'quote_nullable(%::text)',
  '1 / (length(%::text) - 3)',
  '(%::text)::int',
  'count(*) OVER (PARTITION BY %)',
  'rank() OVER (ORDER BY %)',
  'lag(%) OVER (ORDER BY id)',
  '(SELECT max(u.%::text) FROM users u)',
  'public.users.%',
  'json_build_object($$k$$, %)',
  'xmlforest(%)',
];

const statements = [
  ...masked.flatMap((column) => [
    `SELECT count(*) FROM users WHERE ${column} IS NULL`,
    `SELECT id FROM users ORDER BY ${column} LIMIT 5`,
    `SELECT count(DISTINCT ${column}) FROM users`,
    `SELECT ${column}, count(*) FROM users GROUP BY 1 ORDER BY 2, 1`,
    `SELECT id FROM users NATURAL JOIN (SELECT ${column} FROM users) q ORDER BY 1 LIMIT 3`,
    `SELECT count(*) FROM users a JOIN users b USING (${column})`,
    `SELECT DISTINCT ON (${column}) id FROM users ORDER BY ${column}, id LIMIT 5`,
    `SELECT min(id) FILTER (WHERE ${column} IS NULL) FROM users`,
    `WITH w (z) AS (SELECT ${column} FROM users) SELECT * FROM w ORDER BY 1 LIMIT 3`,
    `SELECT id FROM users u WHERE EXISTS (SELECT 1 FROM users w WHERE w.id = u.id AND w.${column} IS NULL) ORDER BY 1 LIMIT 5`,
    `SELECT (u).${column} FROM users u WHERE id = 1`,
    `SELECT r.${column} FROM users u, LATERAL (SELECT u.*) r WHERE r.id = 2`,
    `UPDATE notes SET t = (SELECT ${column}::text FROM users WHERE id = 1) WHERE id = 1`,
    `UPDATE users SET name = ${column}::text WHERE id = 1`,
    `UPDATE users SET name = 'x' WHERE ${column} IS NULL AND id < 3`,
    `DELETE FROM users WHERE ${column} IS NULL AND id = 300`,
    `DELETE FROM orders USING users u WHERE u.id = user_id AND u.${column} IS NULL AND orders.id = 1`,
    `INSERT INTO notes SELECT id, ${column}::text FROM users WHERE id = 1`,
    `UPDATE users SET name = name WHERE id = 1 RETURNING ${column}`,
    `CREATE INDEX ON users (${column})`,
    `ALTER TABLE users ALTER ${column} SET NOT NULL`,
  ]),
  ...expressions.flatMap((expression) =>
    ['email', 'income', 'doc'].map(
      (column) =>
        `SELECT ${expression.replaceAll('%s$$', '\0').replaceAll('%', column).replaceAll('\0', '%s$$')} FROM users WHERE id = 7`,
    ),
  ),
  ...'v_plain v_star v_row v_where v_join v_exists v_group v_union v_limit v_nested v_unnest v_case v_window v_div v_safe m_lower parent child mails probed'
    .split(' ')
    .flatMap((relation) => [
      `SELECT * FROM ${relation} LIMIT 3`,
      `SELECT count(*) FROM ${relation}`,
      `TABLE ${relation} LIMIT 2`,
      `EXPLAIN SELECT * FROM ${relation}`,
    ]),
  'SELECT * FROM ONLY (users) LIMIT 1',
  'SELECT * FROM ONLY parent',
  'SELECT ctid FROM users LIMIT 3',
  'SELECT xmin, ctid, id FROM users LIMIT 1',
  'SELECT tableoid FROM parent',
  'SELECT max(ctid::text) FROM v_safe',
  'SELECT relpages, reltuples FROM pg_class WHERE relname = $$users$$',
  "SELECT row_to_json(c) ->> 'relpages', (c).reltuples FROM pg_class c WHERE relname = 'users'",
  'SELECT pg_relation_size($$users$$)',
  'SELECT pg_total_relation_size($$public.users$$::regclass)',
  'SELECT * FROM pg_stats',
  'SELECT * FROM pg_stat_user_tables',
  'SELECT * FROM pg_statio_user_tables',
  'SELECT * FROM pg_statistic_ext_data',
  'SELECT n_distinct FROM pg_stats',
  'SELECT id FROM users TABLESAMPLE SYSTEM (50) REPEATABLE (1)',
  'SELECT id FROM users TABLESAMPLE BERNOULLI (50) REPEATABLE (1)',
  'EXPLAIN SELECT id FROM users',
  'EXPLAIN (COSTS OFF) SELECT id FROM users WHERE income = 5',
  'EXPLAIN ANALYZE SELECT 1 FROM users',
  'SELECT peek(1)',
  'SELECT length(1)',
  'SELECT public.length(1)',
  'SELECT (1).length',
  'SELECT 1::probing',
  'SELECT CAST(2 AS public.probing)',
  'INSERT INTO probed VALUES (2)',
  'INSERT INTO checked VALUES (2)',
  'INSERT INTO defaulted (id) VALUES (2)',
  'INSERT INTO triggered VALUES (2)',
  'SELECT * FROM secured',
  'SELECT pg_input_is_valid($$1$$, $$public.probing$$)',
  'SELECT jsonb_populate_record(p, $${"id":1}$$) FROM probed p',
  'SELECT * FROM json_to_recordset($$[{"a":1}]$$) AS t(a public.probing)',
  "SELECT query_to_xml('select * from users', true, true, '')",
  "SELECT table_to_xml('users', true, true, '')",
  "SELECT * FROM ts_stat('select to_tsvector(email) from public.users')",
  "SELECT ('1'::text).query_to_xml",
  "SELECT pg_get_viewdef('v_plain'::regclass)",
  "SELECT currval('x')",
  'SELECT * FROM users u(a, b, c, d) LIMIT 1',
  'SELECT c FROM users u(a, b, c) WHERE c LIKE $$a%$$',
  'SELECT u.* FROM (users u CROSS JOIN orders o) LIMIT 1',
  'SELECT j FROM (users CROSS JOIN orders) AS j LIMIT 1',
  'WITH users AS (SELECT 1) SELECT * FROM public.users LIMIT 1',
  'WITH a AS (WITH users AS (SELECT 2 AS id) SELECT * FROM users) SELECT * FROM a, users WHERE users.id = 1',
  'WITH x AS (SELECT * FROM users), users AS (SELECT 1 AS id) SELECT x.email FROM x LIMIT 1',
  'WITH RECURSIVE users AS (SELECT 1 AS id UNION SELECT id + 1 FROM users WHERE id < 3) SELECT * FROM users',
  'SELECT * FROM (VALUES (1)) users(id), LATERAL (SELECT email FROM public.users LIMIT 1) l',
  'SELECT "users"."email" FROM "public" . "users" WHERE id = 1',
  'SELECT U&"\\0065mail" FROM U&"\\0075sers" WHERE id = 1',
  'SELECT email FROM /* x */ users -- y\n WHERE id = 1',
  'SELECT users.email.x FROM users',
  'TABLE users',
  'SELECT FROM users',
  'SELECT 1 FROM users HAVING max(income) > 500',
  '(SELECT email FROM users LIMIT 1) UNION (SELECT name FROM users LIMIT 1)',
  "INSERT INTO users (id, email) VALUES (9000, 'a1@x.test')",
  "INSERT INTO users (id, email) VALUES (9001, 'a1@x.test') ON CONFLICT DO NOTHING",
  "INSERT INTO users (id, name) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET name = excluded.name RETURNING id",
  "INSERT INTO users (id, name) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET name = users.email",
  "INSERT INTO users (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET country = 'DE' WHERE users.ssn IS NULL",
  "INSERT INTO mails VALUES ('a1@x.test', 1)",
  "UPDATE users SET country = 'XX' WHERE id = 5",
  'DELETE FROM users WHERE id = 2',
  "UPDATE users SET email = 'a1@x.test' WHERE id = 3",
  'UPDATE users SET id = 1000 WHERE id = 4',
  "DELETE FROM users WHERE ctid = '(0,5)'",
  'UPDATE users SET name = old.email WHERE id = 1 RETURNING new.name',
  'MERGE INTO notes USING users ON true WHEN MATCHED THEN UPDATE SET t = users.email',
  'WITH d AS (DELETE FROM notes RETURNING id) SELECT email FROM users, d',
  'COPY users TO STDOUT',
  'LOCK TABLE users',
  'DECLARE c CURSOR FOR SELECT email FROM users',
  'SELECT * INTO z FROM users',
  'CREATE TABLE z AS SELECT * FROM users',
  'CREATE VIEW z AS SELECT * FROM users',
  'CREATE TABLE z (x int DEFAULT peek(1)::int)',
  'ALTER TABLE notes ADD COLUMN z text DEFAULT peek(1)',
  'ALTER TABLE users RENAME email TO plain',
  'REFRESH MATERIALIZED VIEW m_lower',
];

describe('two databases that differ in classified values only', () => {
  const { agents, server } = useTwoDatabases({ setUp, classification });

  test(`answer ${statements.length} statements of an attacker alike`, { timeout: 120_000 }, async () => {
    const leaks: string[] = [];
    let answered = 0;

    for (const statement of statements) {
      const { a, b, leak } = await compare(agents(), statement);
      if (leak) leaks.push(`${statement}: ${JSON.stringify(a.seen)} ≠ ${JSON.stringify(b.seen)}`);
      if (a.refused === undefined) answered += 1;
    }

    expect(leaks).toEqual([]);
    // Refusing everything would pass the line above.
    expect(answered).toBeGreaterThan(statements.length / 3);
  });

  test('are told apart by the same means when nothing is classified, so the means are sharp', async () => {
    const blind = agents().map(({ connection, access }) =>
      agentAt(
        {
          port: access().settings.port,
          database: access().settings.database,
          user: server().user,
          password: server().password,
        },
        { classification: connection.name === '' ? classification : {} },
      ),
    );
    const [a, b] = blind;

    const differences = await Promise.all(
      statements
        .slice(0, 60)
        .map(async (statement) => a && b && differs(await observe(a, statement), await observe(b, statement))),
    );

    expect(differences.filter(Boolean).length).toBeGreaterThan(20);
    for (const agent of blind) await agent.target.close();
  });
});
