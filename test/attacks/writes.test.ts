import { describe, expect, test } from 'vitest';
import { type Observation, observe, useTwoDatabases } from './two-databases.ts';

/**
 * Two databases that differ in classified values only, with everything that a write asks of the values that are there already:
 * indexes, generated columns, keys of two columns, partition keys, subscripts.
 */
const setUp = (seed: 'a' | 'b') => `
  CREATE TABLE users (id int PRIMARY KEY, name text, email text UNIQUE, ssn varchar(11), income int, doc jsonb, codes int[], country text,
    age int, stamp text DEFAULT 'x');
  INSERT INTO users SELECT i, 'n' || i, '${seed}' || i || '@x.test', '${seed}' || i, ${seed === 'a' ? 'i' : '1000 - i'},
    ${seed === 'a' ? "'[1]'" : "'{}'"}, ${seed === 'a' ? "'{1}'" : "'{{1,2},{3,4}}'"}, 'DE', i FROM generate_series(1, 60) i;
  CREATE TABLE orders (id int PRIMARY KEY, user_id int, note text, email text, tags int[]);
  INSERT INTO orders SELECT i, i % 60 + 1, 'o' || i, 'shop@x.test', '{1,2}' FROM generate_series(1, 60) i;
  CREATE TABLE notes (id int, t text); INSERT INTO notes SELECT i, 't' FROM generate_series(1, 9) i;
  CREATE TABLE computed (id int PRIMARY KEY, age int, income int, ratio int GENERATED ALWAYS AS (100 / (income - age)) STORED);
  INSERT INTO computed SELECT i, 0, ${seed === 'a' ? '7' : '8'} FROM generate_series(1, 9) i;
  CREATE TABLE pairs (tenant text, code int, PRIMARY KEY (tenant, code)); INSERT INTO pairs VALUES ('a', 1), ('a', 2), ('b', 1), ('b', 3);
  CREATE TABLE uses (id int PRIMARY KEY, tenant text, code int, FOREIGN KEY (tenant, code) REFERENCES pairs);
  INSERT INTO uses SELECT i, '${seed}', 1 FROM generate_series(1, 9) i;
  CREATE TABLE indexed (id int PRIMARY KEY, note text, secret text, n int, income int);
  INSERT INTO indexed SELECT i, 'x', ${seed === 'a' ? "'s'" : "(SELECT string_agg(sha256(j::text::bytea)::text, '') FROM generate_series(1, 30) j)"}, 0, ${seed === 'a' ? '7' : '8'} FROM generate_series(1, 9) i;
  CREATE INDEX ON indexed (note, secret); CREATE INDEX ON indexed ((1 / (income - n)));
  CREATE TABLE tiers (id int, tier int, secret text) PARTITION BY RANGE (secret, tier);
  CREATE TABLE tiers_a PARTITION OF tiers FOR VALUES FROM ('a', 0) TO ('a', 10);
  CREATE TABLE tiers_b PARTITION OF tiers FOR VALUES FROM ('b', 0) TO ('b', 20);
  INSERT INTO tiers SELECT i, 1, '${seed}' FROM generate_series(1, 9) i;
  CREATE TABLE required (id int PRIMARY KEY, name text, ssn text NOT NULL CHECK (length(ssn) > 3)); INSERT INTO required VALUES (1, 'n', '${seed}1234');
  CREATE TABLE parent (id int, name text); CREATE TABLE child (secret text) INHERITS (parent);
  INSERT INTO child SELECT i, 'c', ${seed === 'a' ? "'s'" : "(SELECT string_agg(md5(j::text), '') FROM generate_series(1, 40) j)"} FROM generate_series(1, 9) i;
  CREATE VIEW v_places AS SELECT id, ctid AS place FROM indexed; CREATE VIEW v_placed AS SELECT id FROM indexed WHERE ctid < '(1,0)';
  CREATE TABLE plain (id int PRIMARY KEY, note text, secret text);
  ALTER TABLE plain ALTER note SET STORAGE PLAIN, ALTER secret SET STORAGE PLAIN; INSERT INTO plain VALUES (1, 'x', repeat('s', ${seed === 'a' ? 1 : 4000}));
  CREATE VIEW v_users AS SELECT id, name FROM users;
  ANALYZE;`;

const classification = {
  'public.users': {
    email: 'EMAIL_ADDRESS',
    ssn: 'US_SOCIAL_SECURITY_NUMBER',
    income: 'INCOME',
    doc: 'DOCUMENT',
    codes: 'CODES',
  },
  'public.computed': { income: 'INCOME' },
  'public.uses': { tenant: 'TENANT' },
  'public.indexed': { secret: 'SECRET', income: 'INCOME' },
  'public.tiers': { secret: 'SECRET' },
  'public.required': { ssn: 'US_SOCIAL_SECURITY_NUMBER' },
  'public.child': { secret: 'SECRET' },
  'public.plain': { secret: 'SECRET' },
};

const long = `(SELECT string_agg(sha256((j + 7)::text::bytea)::text, '') FROM generate_series(1, 20) j)`;

/** What may never tell the two apart, by the statement's answer or by what is then in the tables. */
const attacks = [
  'UPDATE users SET name = users.to_jsonb::text WHERE id = 1 RETURNING name',
  'UPDATE users SET name = users.row_to_json::text WHERE id = 1 RETURNING name',
  'DELETE FROM users WHERE id = 59 RETURNING users.to_json',
  'UPDATE computed SET age = 7 WHERE id = 1',
  'INSERT INTO computed (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET age = 8',
  'MERGE INTO computed c USING notes n ON c.id = n.id AND n.id = 2 WHEN MATCHED THEN UPDATE SET age = 7',
  'UPDATE uses SET code = 3 WHERE id = 1',
  'UPDATE uses SET (code, id) = (2, id) WHERE id = 2',
  `UPDATE indexed SET note = ${long} WHERE id = 1`,
  'UPDATE indexed SET n = 7 WHERE id = 2',
  'UPDATE users SET codes[3] = 1 WHERE id = 3',
  'UPDATE users SET codes[1:2] = ARRAY[1,2] WHERE id = 3',
  "UPDATE users SET doc['a'] = '1' WHERE id = 3",
  "INSERT INTO users (id) VALUES (3) ON CONFLICT (id) DO UPDATE SET doc['a'] = '1'",
  'UPDATE tiers SET tier = 15 WHERE id = 1',
  'UPDATE tiers SET id = 100 WHERE id IN (5, 6) RETURNING id',
  'SELECT id FROM tiers',
  'SELECT count(*) FROM tiers_a',
  'DELETE FROM tiers_a WHERE id = 3 RETURNING id',
  'UPDATE tiers SET id = id WHERE id = 4 RETURNING tableoid::regclass',
  'UPDATE tiers SET id = id WHERE id = 4 RETURNING ctid',
  "UPDATE parent SET name = 'x' WHERE parent.ctid = '(0,1)'",
  'UPDATE parent SET name = ctid::text WHERE id = 1 RETURNING name',

  'SELECT ctid FROM parent ORDER BY id',
  'SELECT (p).ctid FROM parent p ORDER BY id',
  "SELECT count(*) FROM parent WHERE ctid < '(1,0)'",
  'SELECT * FROM v_places ORDER BY id',
  'SELECT count(*) FROM v_placed',
  "UPDATE plain SET note = repeat('x', 5000) WHERE id = 1",

  // MERGE
  "MERGE INTO notes USING users u ON notes.id = u.id AND u.id < 4 WHEN MATCHED AND u.income > 500 THEN UPDATE SET t = 'rich'",
  'MERGE INTO notes USING users u ON notes.id = u.id AND u.id < 4 WHEN MATCHED THEN UPDATE SET t = u.email RETURNING t',
  'MERGE INTO notes USING users u ON notes.id = u.id AND u.id < 4 WHEN MATCHED THEN UPDATE SET t = u::text RETURNING notes.t',
  'MERGE INTO notes USING users ON notes.id = users.id AND users.id < 4 WHEN MATCHED THEN UPDATE SET t = users.to_json::text RETURNING t',
  "MERGE INTO users USING notes n ON users.id = n.id AND users.ssn LIKE 'a%' WHEN MATCHED THEN UPDATE SET name = 'x'",
  "MERGE INTO users USING notes n ON users.id = n.id WHEN MATCHED AND income > 500 THEN UPDATE SET name = 'x'",
  'MERGE INTO users u USING notes n ON u.id = n.id AND n.id = 1 WHEN MATCHED THEN UPDATE SET name = u.email RETURNING name',
  'MERGE INTO users u USING notes n ON u.id = n.id AND n.id = 1 WHEN MATCHED THEN UPDATE SET name = $$x$$ RETURNING u.*',
  'MERGE INTO users u USING notes n ON u.id = n.id AND n.id = 1 WHEN MATCHED THEN UPDATE SET name = $$x$$ RETURNING *',
  'MERGE INTO users u USING notes n ON u.id = n.id AND n.id = 1 WHEN MATCHED THEN UPDATE SET name = $$x$$ RETURNING old',
  'MERGE INTO users u USING notes n ON u.id = n.id AND n.id = 1 WHEN MATCHED THEN UPDATE SET name = $$x$$ RETURNING WITH (OLD AS o) o.email, merge_action()',
  'MERGE INTO users u USING notes n ON u.id = n.id AND n.id = 1 WHEN MATCHED THEN UPDATE SET name = $$x$$ RETURNING WITH (OLD AS o) o.to_json',
  "MERGE INTO users u USING (SELECT 'a1@x.test' AS mail) m ON u.id = 500 WHEN NOT MATCHED THEN INSERT (id, email) VALUES (500, m.mail)",
  "MERGE INTO users u USING (SELECT 1) m ON u.id = 501 WHEN NOT MATCHED BY SOURCE AND u.id = 1 AND u.email LIKE 'a%' THEN DELETE",
  "MERGE INTO users u USING (SELECT email AS e FROM users) s ON u.id = 3 AND s.e = 'a3@x.test' WHEN MATCHED THEN UPDATE SET name = 'hit'",
  'MERGE INTO users u USING notes n ON u.id = n.id AND n.id = 5 WHEN MATCHED THEN UPDATE SET codes[3] = 1',
  'MERGE INTO users USING users s ON users.id = s.id AND s.id = 2 WHEN MATCHED THEN UPDATE SET name = (SELECT x.email FROM users x WHERE x.id = 2)',

  // Writes in CTEs
  'WITH d AS (DELETE FROM users WHERE id = 58 RETURNING *) SELECT count(*), max(email) FROM d',
  'WITH d AS (DELETE FROM users WHERE id = 57 RETURNING id, email AS e) SELECT * FROM d',
  'WITH d AS (DELETE FROM users WHERE id = 56 RETURNING users) SELECT d.users FROM d',
  'WITH d AS (DELETE FROM users u WHERE id = 55 RETURNING u::text AS t) INSERT INTO notes SELECT 1, t FROM d RETURNING t',
  'WITH d (a, b) AS (UPDATE users SET name = name WHERE id = 1 RETURNING id, ssn) SELECT b FROM d',
  'WITH e AS (SELECT email AS m FROM users WHERE id = 1), w AS (INSERT INTO notes SELECT 1, m FROM e RETURNING t) SELECT t FROM w',
  "WITH e AS (SELECT id FROM users WHERE email LIKE 'a%'), w AS (DELETE FROM notes USING e WHERE notes.id = e.id AND e.id = 9 RETURNING 1) SELECT * FROM w",
  "WITH w AS (UPDATE users SET name = 'x' WHERE ssn IS NULL AND id = 1 RETURNING id) SELECT * FROM w",
  'WITH users AS (SELECT 1 AS id), w AS (UPDATE users SET name = email WHERE id = 1 RETURNING name) SELECT * FROM w',
  'WITH w AS (UPDATE users SET name = $$q$$ WHERE id = 1 RETURNING old.email) TABLE w',
  'WITH w AS (INSERT INTO users (id, email) VALUES (601, $$a1@x.test$$) ON CONFLICT DO NOTHING RETURNING id) SELECT count(*) FROM w',
  "WITH w AS (UPDATE orders SET note = 'x' WHERE id = 1 RETURNING user_id) SELECT u.email FROM users u, w WHERE u.id = w.user_id",
  'WITH w AS (UPDATE computed SET age = 8 WHERE id = 3 RETURNING id) SELECT * FROM w',
  'EXPLAIN WITH w AS (DELETE FROM users WHERE id = 1 RETURNING id) SELECT * FROM w',

  // RETURNING
  'UPDATE users SET name = name WHERE id = 1 RETURNING *',
  'UPDATE users SET name = name WHERE id = 1 RETURNING users',
  'UPDATE users SET name = name WHERE id = 1 RETURNING public.users.email',
  'UPDATE users SET name = name WHERE id = 1 RETURNING public.users.*',
  'UPDATE users SET name = name WHERE id = 1 RETURNING (users).email',
  'UPDATE users SET name = name WHERE id = 1 RETURNING (new).email',
  'UPDATE users SET name = name WHERE id = 1 RETURNING new, old.*',
  'UPDATE users SET name = name WHERE id = 1 RETURNING WITH (OLD AS o, NEW AS n) o.ssn, n.*',
  'UPDATE users SET name = name WHERE id = 1 RETURNING WITH (OLD AS o, NEW AS n) to_json(o)',
  'UPDATE users SET name = name WHERE id = 1 RETURNING WITH (OLD AS o) o.to_jsonb',
  'UPDATE users SET name = name WHERE id = 1 RETURNING (SELECT email)',
  'UPDATE users SET name = name WHERE id = 1 RETURNING (SELECT string_agg(q.e, $$,$$) FROM (SELECT old.email AS e) q)',
  'UPDATE users SET name = name WHERE id = 1 RETURNING (SELECT max(t.j) FROM (VALUES (to_json(new)::text)) t(j))',
  'UPDATE users o SET name = name FROM orders WHERE o.id = 1 AND orders.id = 1 RETURNING o',
  'INSERT INTO users (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET name = excluded.name RETURNING email',
  'DELETE FROM users WHERE id = 54 RETURNING ssn IS NULL',
  'DELETE FROM users WHERE id = 54 RETURNING ctid',
  'DELETE FROM users WHERE id = 54 RETURNING xmin, tableoid',

  // FROM, USING, subqueries
  "UPDATE orders o SET note = 'x' FROM users u WHERE u.id = o.user_id AND u.email LIKE 'a%' AND o.id = 1",
  "UPDATE orders o SET note = 'x' FROM users u(a, b, c) WHERE u.a = o.user_id AND u.c LIKE 'a%' AND o.id = 1",
  "UPDATE orders o SET note = 'x' FROM (users u JOIN notes n USING (id)) AS j WHERE j.email LIKE 'a%' AND o.id = 1",
  "UPDATE orders o SET note = 'x' FROM (users u JOIN notes n USING (id)) AS j(a, b, c) WHERE j.c LIKE 'a%' AND o.id = 1",
  "UPDATE orders SET note = 'x' FROM notes NATURAL JOIN users WHERE orders.id = 1",
  "UPDATE orders SET note = 'x' FROM orders o2 JOIN users USING (email) WHERE orders.id = 1",
  'UPDATE orders o SET note = j::text FROM (users u JOIN notes n USING (id)) AS j WHERE j.id = 1 AND o.id = 1 RETURNING o.note',
  'UPDATE users SET name = (SELECT u.email FROM users u WHERE u.id = users.id) WHERE id = 1 RETURNING name',
  'UPDATE users SET name = (SELECT users.email FROM notes WHERE notes.id = 1) WHERE id = 1 RETURNING name',
  'UPDATE users SET name = q.e FROM LATERAL (SELECT email AS e FROM users x WHERE x.id = 1) q WHERE users.id = 1 RETURNING name',
  "UPDATE users SET name = (SELECT string_agg(x, '') FROM unnest(ARRAY[email, ssn]) x) WHERE id = 1 RETURNING name",
  'UPDATE users SET (name, country) = (SELECT email, ssn) WHERE id = 1 RETURNING name',
  'UPDATE users SET (name, country) = (email, ssn) WHERE id = 1 RETURNING name',
  'UPDATE users SET (name, country) = ROW (users.*) WHERE id = 1 RETURNING name',
  'UPDATE notes SET (id, t) = (SELECT id, email FROM users WHERE id = 1) WHERE id = 1 RETURNING t',
  'UPDATE notes SET t = (SELECT json_agg(u) FROM users u WHERE id = 1)::text WHERE id = 1 RETURNING t',
  'UPDATE notes SET t = (SELECT json_agg(q.*) FROM (SELECT * FROM users WHERE id = 1) q)::text WHERE id = 1 RETURNING t',
  "DELETE FROM notes USING users u WHERE u.id = notes.id AND u.codes = '{1}' AND notes.id = 1",
  'DELETE FROM users USING users u WHERE u.email = users.email AND users.id = 1',
  "DELETE FROM notes WHERE id = 1 AND EXISTS (SELECT * FROM users WHERE email LIKE 'a%')",
  'DELETE FROM notes WHERE id = (SELECT id FROM users ORDER BY income DESC LIMIT 1)',
  'INSERT INTO notes SELECT * FROM (SELECT id, email FROM users WHERE id = 1) q RETURNING t',
  'INSERT INTO notes SELECT id, to_json(users)::text FROM users WHERE id = 1 RETURNING t',
  "INSERT INTO notes VALUES ((SELECT count(*) FROM users WHERE income > 500), 'x') RETURNING id",
  'INSERT INTO notes TABLE users',

  // ON CONFLICT
  "INSERT INTO users (id, email) VALUES (700, 'a1@x.test') ON CONFLICT (email) DO NOTHING RETURNING id",
  "INSERT INTO users (id, email) VALUES (700, 'a1@x.test') ON CONFLICT ON CONSTRAINT users_email_key DO NOTHING",
  "INSERT INTO users (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET country = 'XX' WHERE users.email LIKE 'a%' RETURNING country",
  'INSERT INTO users AS u (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET country = u.ssn RETURNING country',
  'INSERT INTO users AS u (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET country = (SELECT u.ssn) RETURNING country',
  'INSERT INTO users AS u (id) VALUES (1) ON CONFLICT (id) WHERE u.ssn IS NULL DO NOTHING',
  'INSERT INTO users (id) VALUES (1) ON CONFLICT ((lower(ssn))) DO NOTHING',
  'INSERT INTO users AS excluded (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET country = excluded.ssn RETURNING country',

  // Locks, and functions that write
  'SELECT id FROM users WHERE id = 1 FOR UPDATE',
  'SELECT id FROM orders FOR SHARE SKIP LOCKED',
  "INSERT INTO v_users VALUES (900, 'x')",
  "UPDATE pg_class SET relname = 'x' WHERE relname = 'users'",
];

/** A day's work. */
const work = [
  "UPDATE orders o SET note = 'x' FROM users u WHERE u.id = o.user_id AND u.country = 'DE' AND o.id = 1 RETURNING o.id, u.name",
  "UPDATE orders SET email = 'new@x.test' WHERE orders.email = 'shop@x.test' AND user_id IN (SELECT id FROM users WHERE country = 'DE' AND age = 3)",
  'DELETE FROM orders USING users AS u WHERE u.id = user_id AND u.age = 7',
  'DELETE FROM orders WHERE id = 40 AND EXISTS (SELECT * FROM users WHERE users.id = orders.user_id)',
  'INSERT INTO notes SELECT id, name FROM users WHERE id < 4 RETURNING id, t',
  "INSERT INTO notes VALUES ((SELECT max(id) FROM users), (SELECT name FROM users WHERE id = 2)), (DEFAULT, 'y')",
  'INSERT INTO notes (id, t) SELECT u.id, u.name FROM (SELECT id, name FROM users) u WHERE u.id = 5',
  'UPDATE users SET name = u2.name FROM users u2 WHERE u2.id = users.id + 1 AND users.id = 10 RETURNING users.id, users.name, old.name, new.country',
  "UPDATE users SET name = upper(name), ssn = '123' WHERE id = 11 RETURNING id, name || '!' AS loud, length(name)",
  "UPDATE users SET name = 'z' WHERE id = 12 RETURNING WITH (OLD AS o, NEW AS n) o.name, n.name, n.id",
  "UPDATE users SET (name, country) = ('q', 'FR') WHERE id = 13",
  'UPDATE users SET (name, country) = (SELECT u.name, u.country FROM users u WHERE u.id = 14) WHERE users.id = 13 RETURNING name',
  'UPDATE users SET country = DEFAULT, age = age + 1 WHERE id = 14',
  "UPDATE users SET codes = '{4}', doc = '{}' WHERE id = 15",
  'UPDATE orders SET tags[1] = 5, tags[2:3] = ARRAY[6, 7] WHERE id = 5 RETURNING tags',
  "INSERT INTO users (id, name, ssn) VALUES (800, 'x', '1') ON CONFLICT (id) DO UPDATE SET name = excluded.name, ssn = excluded.ssn WHERE users.country = 'DE' RETURNING id, name",
  "INSERT INTO users (id, name, ssn) VALUES (800, 'y', '2') ON CONFLICT (id) DO UPDATE SET name = excluded.name, ssn = excluded.ssn RETURNING id, name",
  "INSERT INTO users (id, name) VALUES (800, 'x') ON CONFLICT ON CONSTRAINT users_pkey DO NOTHING",
  "INSERT INTO orders (id, note) VALUES (1, 'n') ON CONFLICT DO NOTHING RETURNING *",
  "INSERT INTO orders (id, note) VALUES (1, 'n') ON CONFLICT (id) DO UPDATE SET note = excluded.note RETURNING orders.*, old.note",
  "UPDATE required SET ssn = '55555' WHERE id = 1",
  "UPDATE required SET name = 'x' WHERE id = 1",
  "MERGE INTO orders o USING users u ON o.user_id = u.id AND u.id = 8 WHEN MATCHED AND u.country = 'DE' THEN UPDATE SET note = u.name WHEN NOT MATCHED AND u.id < 0 THEN INSERT (id, note) VALUES (u.id, 'new') RETURNING merge_action(), o.id, o.note",
  "MERGE INTO users u USING (VALUES (801, 'v', '3'), (16, 'w', '4')) v(id, name, ssn) ON u.id = v.id WHEN MATCHED THEN UPDATE SET name = v.name, ssn = v.ssn WHEN NOT MATCHED THEN INSERT (id, name, ssn) VALUES (v.id, v.name, v.ssn) RETURNING merge_action(), u.id, old.name, new.name",
  "MERGE INTO notes n USING orders o ON n.id = o.id WHEN MATCHED AND n.id = 6 THEN DELETE WHEN NOT MATCHED BY SOURCE AND n.id = 7 THEN UPDATE SET t = 'gone' WHEN NOT MATCHED BY TARGET AND o.id = 50 THEN INSERT VALUES (o.id, o.note) WHEN MATCHED THEN DO NOTHING RETURNING merge_action(), n.*",
  'WITH moved AS (DELETE FROM orders WHERE id IN (20, 21) RETURNING id, note) INSERT INTO notes SELECT id, note FROM moved RETURNING id, t',
  "WITH w AS (UPDATE users SET name = 'cte' WHERE id = 17 RETURNING id, name) SELECT w.id, w.name, o.note FROM w JOIN orders o ON o.user_id = w.id ORDER BY 1, 3",
  'WITH adults AS (SELECT id FROM users WHERE age = 18), gone AS (DELETE FROM orders USING adults WHERE orders.user_id = adults.id RETURNING orders.*) SELECT count(*) FROM gone',
  "WITH a AS (INSERT INTO notes VALUES (60, 'a') RETURNING id), b AS (UPDATE notes SET t = 'b' WHERE id = 1 RETURNING id) SELECT * FROM a UNION ALL SELECT * FROM b ORDER BY 1",
  "WITH a AS (INSERT INTO users (id, name) VALUES (802, 'n') RETURNING id) MERGE INTO notes n USING a ON n.id = a.id WHEN NOT MATCHED THEN INSERT VALUES (a.id, 'm')",
  "UPDATE parent SET name = 'y' WHERE id = 1 RETURNING *",
  "INSERT INTO plain (id, note, secret) VALUES (2, 'n', 's') RETURNING note",
  'SELECT * FROM parent ORDER BY id',
];

/** Everything of the tables that is not classified. */
const afterwards = [
  'SELECT id, name, country, age, stamp FROM users ORDER BY 1',
  'SELECT * FROM orders ORDER BY 1',
  'SELECT * FROM notes ORDER BY 1, 2',
  'SELECT id, age FROM computed ORDER BY 1',
  'SELECT id, code FROM uses ORDER BY 1',
  'SELECT id, note, n FROM indexed ORDER BY 1',
  'SELECT * FROM parent ORDER BY 1',
];

describe('two databases that differ in classified values only', () => {
  const { agents } = useTwoDatabases({ setUp, classification });
  const send = (index: 0 | 1, statement: string) => observe(agents()[index], statement, ['bulk']);
  const tells = (a: Observation, b: Observation) => JSON.stringify(a.seen) !== JSON.stringify(b.seen);

  test(`answer ${attacks.length} writes of an attacker alike`, { timeout: 120_000 }, async () => {
    const leaks: string[] = [];

    for (const statement of attacks) {
      const [a, b] = await Promise.all([send(0, statement), send(1, statement)]);
      if (tells(a, b)) leaks.push(`${statement}: ${JSON.stringify(a.seen)} ≠ ${JSON.stringify(b.seen)}`);
    }

    expect(leaks).toEqual([]);
  });

  test(`answer a day's work of ${work.length} writes, and alike`, { timeout: 120_000 }, async () => {
    const faults: string[] = [];

    for (const statement of work) {
      const [a, b] = await Promise.all([send(0, statement), send(1, statement)]);
      if (a.refused !== undefined) faults.push(`${statement}: ${a.refused}`);
      if (tells(a, b)) faults.push(`${statement}: ${JSON.stringify(a.seen)} ≠ ${JSON.stringify(b.seen)}`);
    }

    expect(faults).toEqual([]);
  });

  test('hold the same in all that is not classified after these writes, and no masks', async () => {
    const held = await Promise.all(
      agents().map((agent) => Promise.all(afterwards.map(async (statement) => (await agent.run(statement)).rows))),
    );

    expect(held[0]).toEqual(held[1]);
    expect(JSON.stringify(held)).not.toMatch(/\[[A-Z_]+\]/);
  });
});
