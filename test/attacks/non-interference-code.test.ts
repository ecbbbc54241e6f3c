import { describe, expect, test } from 'vitest';
import { compare, observe, useTwoDatabases } from './two-databases.ts';

/**
 * Two databases that differ in classified values only, full of what runs unseen: operators and domains with code in views,
 * defaults, checks and policies, cascades into triggers, and constraints of parts of a table.
 */
const setUp = (seed: 'a' | 'b') => `
  CREATE TABLE users (id int PRIMARY KEY, email text); INSERT INTO users SELECT i, '${seed}' || i FROM generate_series(1, 20) i;
  CREATE FUNCTION peek(int, int) RETURNS text LANGUAGE sql STABLE AS 'SELECT email FROM public.users WHERE id = $1';
  CREATE FUNCTION tell(int) RETURNS bool LANGUAGE sql STABLE AS 'SELECT (SELECT email FROM public.users WHERE id = 1) LIKE ''a%'' OR $1 <> 2';
  CREATE FUNCTION part(int) RETURNS bool LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN public.tell($1); END';
  CREATE OPERATOR @?# (LEFTARG = int, RIGHTARG = int, FUNCTION = peek);
  CREATE DOMAIN telling AS int CHECK (tell(VALUE)); CREATE TYPE pair AS (d telling, x int);
  CREATE TABLE domains (id telling, list telling[], pair pair, pairs pair[]); INSERT INTO domains VALUES (1, '{1}', ROW(1, 1), ARRAY[ROW(1, 1)::pair]);
  CREATE TABLE op_default (id int, n text DEFAULT (1 @?# 1)); INSERT INTO op_default VALUES (1, 'x');
  CREATE TABLE op_check (id int, n text CHECK ((1 @?# 1) LIKE 'a%' OR n <> 'q'));
  CREATE TABLE domain_check (id int CHECK (id::telling > 0)); CREATE TABLE domain_default (id int, n int DEFAULT 2::telling);
  CREATE TABLE orders (id int PRIMARY KEY, note text); INSERT INTO orders SELECT i, 'o' || i FROM generate_series(1, 20) i;
  CREATE VIEW v_domain AS SELECT id, id::telling AS t FROM orders; CREATE VIEW v_domain_where AS SELECT id FROM orders WHERE id::telling > 0;
  ${[
    ['rls_other', "EXISTS (SELECT 1 FROM users u WHERE u.id = rls_other.id AND u.email LIKE 'a%')"],
    ['rls_row', "rls_row::text LIKE '%a%'"],
    ['rls_op', "(1 @?# 1) LIKE 'a%'"],
    ['rls_domain', 'id::telling > 0'],
  ]
    .map(
      ([
        table,
        condition,
      ]) => `CREATE TABLE ${table} (id int, secret text); INSERT INTO ${table} SELECT i, '${seed}' FROM generate_series(1, 3) i;
  ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON ${table} USING (${condition});`,
    )
    .join('\n')}
  CREATE TABLE unproven (id int PRIMARY KEY, name text, secret text);
  INSERT INTO unproven SELECT i, 'n', ${seed === 'a' ? 'NULL' : "'s'"} FROM generate_series(1, 10) i;
  ALTER TABLE unproven ADD CONSTRAINT n NOT NULL secret NOT VALID;
  CREATE TABLE keyed (id int PRIMARY KEY, country text, secret text, CHECK (country <> 'XX' OR secret = 'a'), UNIQUE (country, secret));
  INSERT INTO keyed SELECT i, 'C' || i, '${seed}' FROM generate_series(1, 10) i; UPDATE keyed SET secret = 'z' WHERE id = 8 AND secret = 'a';
  CREATE TABLE whole (id int PRIMARY KEY, country text, secret text, CHECK (country <> 'XX' OR hash_record_extended(whole.*, 0) % 2 = 0));
  CREATE UNIQUE INDEX ON whole (hash_record_extended(whole.*, 0)); INSERT INTO whole SELECT i, 'DE', '${seed}' FROM generate_series(1, 10) i;
  CREATE TABLE customers (id int PRIMARY KEY); INSERT INTO customers SELECT generate_series(1, 20);
  CREATE TABLE accounts (id int REFERENCES customers ON DELETE CASCADE); INSERT INTO accounts SELECT generate_series(1, 20);
  CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF (SELECT email FROM public.users WHERE id = 1) LIKE ''a%'' THEN RAISE EXCEPTION ''no''; END IF; RETURN OLD; END';
  CREATE TRIGGER t BEFORE DELETE ON accounts FOR EACH ROW EXECUTE FUNCTION refuse();
  CREATE TABLE bosses (id int PRIMARY KEY, name text); INSERT INTO bosses SELECT generate_series(1, 20);
  CREATE TABLE staff (id int, boss int REFERENCES bosses ON DELETE SET NULL ON UPDATE SET NULL, secret text, CHECK (boss IS NOT NULL OR secret = 'a'));
  INSERT INTO staff SELECT i, i, '${seed}' FROM generate_series(1, 20) i;
  CREATE TABLE parent (id int, name text, plain int); CREATE TABLE child (secret text, CHECK (name <> 'XX' OR secret = 'a')) INHERITS (parent);
  INSERT INTO child SELECT i, 'n', i, '${seed}' FROM generate_series(1, 10) i;
  CREATE TABLE tiers (id int, tier int, secret text) PARTITION BY LIST (tier); CREATE TABLE tier1 PARTITION OF tiers FOR VALUES IN (1);
  CREATE UNIQUE INDEX ON tier1 (secret); INSERT INTO tiers VALUES (1, 1, '${seed}');
  CREATE TABLE split (id int, n text) PARTITION BY LIST (part(id)); CREATE TABLE split1 PARTITION OF split FOR VALUES IN (true);
  CREATE TABLE codes (code text PRIMARY KEY, label text); INSERT INTO codes VALUES ('a', 'x'), ('b', 'y'), ('c', 'z');
  CREATE TABLE uses (id int, code text REFERENCES codes); INSERT INTO uses VALUES (1, '${seed}');
  CREATE ROLE agent_${seed} LOGIN PASSWORD 'agent'; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO agent_${seed};`;

const secret = { secret: 'SECRET' };
const classification = {
  'public.users': { email: 'EMAIL_ADDRESS' },
  'public.rls_row': secret,
  'public.unproven': secret,
  'public.keyed': secret,
  'public.whole': secret,
  'public.staff': secret,
  'public.child': secret,
  'public.tiers': secret,
  'public.uses': { code: 'CODE' },
};

const attacks = [
  "SELECT lag(id, 1, '2') OVER () FROM domains",
  "SELECT array_append(list, '2') FROM domains",
  "SELECT array_position(list, '2') FROM domains",
  "SELECT array_cat(list, '{2}') FROM domains",
  "SELECT width_bucket('2', list) FROM domains",
  "SELECT lag((pair).d, 1, '2') OVER () FROM domains",
  "SELECT lag((pairs[1]).d, 1, '2') OVER () FROM domains",
  'INSERT INTO domains (pair) VALUES (ROW(2, 2))',
  "SELECT JSON_VALUE('2', '$' RETURNING telling)",
  "SELECT JSON_VALUE('{}', '$.x' RETURNING int DEFAULT 2::telling ON EMPTY)",
  `SELECT a FROM JSON_TABLE('{"a": 2}', '$' COLUMNS (a telling PATH '$.a'))`,
  `SELECT j.a FROM users, JSON_TABLE(to_jsonb(users), '$' COLUMNS (a text PATH '$.email')) j ORDER BY 1`,
  'SELECT t FROM v_domain WHERE id = 2',
  'SELECT id FROM v_domain_where WHERE id = 2',
  'INSERT INTO op_default (id) VALUES (2)',
  'SELECT * FROM op_default',
  "INSERT INTO op_check VALUES (1, 'q')",
  'INSERT INTO domain_check VALUES (2)',
  'INSERT INTO domain_default (id) VALUES (2)',
  'SELECT count(*) FROM rls_other',
  'SELECT count(*) FROM rls_row',
  'SELECT count(*) FROM rls_op',
  'SELECT id FROM rls_domain',
  "UPDATE unproven SET name = 'q' WHERE id = 2",
  "INSERT INTO unproven (id, secret) VALUES (3, 's') ON CONFLICT (id) DO UPDATE SET name = 'q'",
  "INSERT INTO keyed (id) VALUES (5) ON CONFLICT (id) DO UPDATE SET country = 'XX'",
  "INSERT INTO keyed (id) VALUES (8) ON CONFLICT (id) DO UPDATE SET country = 'C7'",
  "UPDATE whole SET country = 'XX' WHERE id = 3",
  "INSERT INTO whole VALUES (3, 'DE', 'a')",
  'DELETE FROM customers WHERE id = 3',
  'DELETE FROM bosses WHERE id = 3',
  'UPDATE bosses SET id = 103 WHERE id = 4',
  "UPDATE parent SET name = 'XX' WHERE id = 3",
  "INSERT INTO tiers VALUES (9, 1, 'a')",
  "INSERT INTO split VALUES (2, 'x')",
  "INSERT INTO split1 VALUES (2, 'x')",
  "DELETE FROM codes WHERE code = 'a'",
  "UPDATE codes SET code = 'zz' WHERE code = 'b'",
];

const harmless = [
  'SELECT * FROM orders ORDER BY id',
  "INSERT INTO keyed (id, country) VALUES (70, 'DE')",
  'UPDATE parent SET plain = 5 WHERE id = 3',
  "UPDATE bosses SET name = 'x' WHERE id = 5",
  "UPDATE codes SET label = 'w' WHERE code = 'a'",
  'INSERT INTO tiers (id, tier) VALUES (5, 1)',
  `SELECT JSON_VALUE('{"a": 1}', '$.a' RETURNING int), JSON_QUERY('{"a": [1]}', '$.a'), JSON_EXISTS('{"a": 1}', '$.a')`,
  `SELECT j.a FROM JSON_TABLE('[{"a": 1}]', '$[*]' COLUMNS (a int PATH '$.a', NESTED PATH '$.b' AS p COLUMNS (c text))) j`,
  'WITH RECURSIVE t (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM t WHERE id < 3) SEARCH DEPTH FIRST BY id SET o SELECT id FROM t ORDER BY o',
  'SELECT JSON_ARRAYAGG(id ORDER BY id), JSON_OBJECTAGG(id: note) FROM orders WHERE id < 3',
];

describe('databases full of code, that differ in classified values only', () => {
  const { agents } = useTwoDatabases({
    setUp,
    classification,
    login: (database) => ({ user: `agent_${database}`, password: 'agent' }),
  });

  test(`answer ${attacks.length} statements that would run the code, or ask a constraint, alike`, async () => {
    const leaks: string[] = [];

    for (const statement of attacks) {
      const { a, b, leak } = await compare(agents(), statement);
      if (leak) leaks.push(`${statement}: ${JSON.stringify(a.seen)} ≠ ${JSON.stringify(b.seen)}`);
    }

    expect(leaks).toEqual([]);
  });

  test('answer what runs none of it', async () => {
    const refused: string[] = [];

    for (const statement of harmless) {
      const answer = await observe(agents()[0], statement);
      if (answer.refused !== undefined) refused.push(`${statement}: ${answer.refused}`);
    }

    expect(refused).toEqual([]);
  });
});
