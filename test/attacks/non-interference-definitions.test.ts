import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Postgres } from '../../emulators/postgres/postgres.ts';
import { asProblem } from '../../src/model/problem.ts';
import { type Agent, agentAt } from '../targets/postgres/agent.ts';
import { startTwoDatabases } from './two-databases.ts';

/** Two databases that differ in classified values only, and in which humans approve whatever they are asked. */
const setUp = (seed: 'a' | 'b') => `
  CREATE TABLE users (id int PRIMARY KEY, name text, email text UNIQUE, income int, country varchar(20),
    CHECK (country <> 'XX' OR income > 500));
  INSERT INTO users SELECT i, 'n' || i, '${seed}' || repeat('${seed}', i) || '@x.test', ${seed === 'a' ? 'i' : 'CASE WHEN i % 3 = 0 THEN NULL ELSE 1000 - i END'}, 'DE'
    FROM generate_series(1, 60) i;
  CREATE TABLE mails (id int, email text REFERENCES users (email) ON DELETE CASCADE);
  INSERT INTO mails SELECT id, email FROM users WHERE id % ${seed === 'a' ? 2 : 5} = 0;
  CREATE TABLE orders (id int PRIMARY KEY, buyer int REFERENCES users ON DELETE CASCADE, note varchar(40));
  INSERT INTO orders SELECT i, i % 60 + 1, 'o' || i FROM generate_series(1, 200) i;
  CREATE TABLE lines (id int PRIMARY KEY, "order" int REFERENCES orders ON DELETE CASCADE);
  INSERT INTO lines SELECT i, i % 200 + 1 FROM generate_series(1, 400) i;
  CREATE VIEW addresses AS SELECT id, email AS address FROM users;
  CREATE MATERIALIZED VIEW rich AS SELECT id, 1 / nullif(income - 500, 0) AS r FROM users;
  CREATE TABLE unnamed (id int); INSERT INTO unnamed VALUES ${seed === 'a' ? '(1), (2)' : '(1), (1)'};
`;

const classification = {
  'public.users': { email: 'EMAIL_ADDRESS', income: 'INCOME' },
  'public.orders': {},
  'public.lines': {},
  'public.made*': {},
};

/** In this order, each after those before it. */
const statements = [
  'CREATE VIEW made_v AS SELECT id, email AS harmless, income + 1 AS more FROM users',
  'SELECT * FROM made_v ORDER BY 1 LIMIT 3',
  'SELECT count(*) FROM made_v WHERE harmless IS NULL',
  'CREATE VIEW made_w AS SELECT row_to_json(u) AS j, u FROM users u',
  'SELECT * FROM made_w LIMIT 2',
  'CREATE VIEW made_x AS SELECT (SELECT max(q.e) FROM (SELECT email AS e FROM users) q) AS top',
  'SELECT * FROM made_x',
  'CREATE VIEW made_y AS SELECT a.address AS id, a.id AS address FROM addresses a',
  'SELECT * FROM made_y ORDER BY address LIMIT 3',
  'CREATE VIEW made_z (id, note) AS SELECT email, name FROM users',
  'SELECT id, note FROM made_z ORDER BY note LIMIT 3',
  'CREATE OR REPLACE VIEW made_v AS SELECT id, name AS harmless, 1 AS more FROM users',
  'CREATE VIEW made_join AS SELECT o.id FROM orders o JOIN users u ON u.id = o.buyer AND u.income > 500',
  'CREATE VIEW made_order AS SELECT id FROM users ORDER BY income LIMIT 5',
  'CREATE VIEW made_group AS SELECT income, count(*) AS n FROM users GROUP BY income',
  'CREATE VIEW made_cte AS WITH w (z) AS (SELECT income FROM users) SELECT z FROM w',
  'CREATE VIEW made_star AS SELECT q.* FROM (SELECT * FROM users) q',
  'CREATE VIEW made_union AS SELECT email FROM users UNION SELECT name FROM users',
  'CREATE VIEW made_values AS SELECT v.x FROM users u, LATERAL (VALUES (u.email)) v (x)',
  'CREATE MATERIALIZED VIEW made_m AS SELECT id, email AS e FROM users',
  'SELECT * FROM made_m ORDER BY id LIMIT 3',
  'SELECT count(e) FROM made_m',
  'CREATE UNIQUE INDEX ON made_m (e)',
  'REFRESH MATERIALIZED VIEW made_m',
  'CREATE MATERIALIZED VIEW made_n AS SELECT id, email::int AS e FROM users',
  'CREATE MATERIALIZED VIEW made_o AS SELECT id, 1 / (income - 1) AS e FROM users',
  'REFRESH MATERIALIZED VIEW rich',
  'CREATE TABLE made_t AS SELECT id, email FROM users',
  'CREATE TABLE made_t AS SELECT count(*) FROM users WHERE income > 500',
  'CREATE TABLE made_t AS SELECT address FROM addresses',
  'CREATE TABLE made_t AS SELECT count(*) AS n FROM mails',
  'SELECT email INTO made_t FROM users',
  'CREATE TABLE made_keys (income int REFERENCES users (income))',
  'CREATE TABLE made_keys (email text REFERENCES users (email))',
  'CREATE TABLE made_keys (id int REFERENCES users (id), CHECK (id < 900))',
  'ALTER TABLE users ADD CHECK (income < 990)',
  'ALTER TABLE users ADD CHECK (income IS NOT NULL)',
  'ALTER TABLE users ADD UNIQUE (income)',
  'ALTER TABLE users ALTER income SET NOT NULL',
  'ALTER TABLE users ALTER email TYPE varchar(20)',
  'ALTER TABLE users ALTER country TYPE varchar(1)',
  'ALTER TABLE users RENAME email TO harmless',
  'ALTER TABLE users RENAME TO made_users',
  'ALTER TABLE mails DROP CONSTRAINT mails_email_fkey',
  'SELECT email FROM mails LIMIT 1',
  'ALTER TABLE unnamed RENAME TO made_unnamed',
  'SELECT * FROM made_unnamed',
  'CREATE UNIQUE INDEX ON unnamed (id)',
  'ALTER TABLE unnamed ADD PRIMARY KEY (id)',
  'CREATE INDEX ON users ((1 / (income - 1)))',
  'CREATE INDEX ON users (id) WHERE 1 / (income - 1) > 0',
  'CREATE UNIQUE INDEX ON users ((income IS NULL))',
  'ALTER TABLE users ADD COLUMN note text DEFAULT (SELECT email FROM users LIMIT 1)',
  'DROP VIEW addresses',
  'DROP TABLE users',
  // What a write would change is counted without a look at what is classified.
  'DELETE FROM orders WHERE id < 4',
  "UPDATE orders SET note = 'x' WHERE buyer IN (SELECT id FROM users WHERE id < 4)",
  'DELETE FROM orders WHERE buyer IN (SELECT id FROM users WHERE income > 500)',
  'DELETE FROM users WHERE id = 10',
  'DELETE FROM users WHERE income IS NULL',
  'UPDATE orders SET note = NULL WHERE id > 150',
  'DELETE FROM lines USING users u WHERE u.id = "order" AND u.income > 500',
  'INSERT INTO lines (id) SELECT id + 1000 FROM users WHERE income IS NULL',
];

describe('two databases that differ in classified values only', () => {
  let server: Postgres;
  const agents: Agent[] = [];

  beforeAll(async () => {
    server = await startTwoDatabases(setUp);
    for (const database of ['a', 'b']) {
      const { port, user, password } = server;
      agents.push(agentAt({ port, user, password, database }, { classification, unclassified: 'deny' }));
    }
  });

  afterAll(async () => {
    await Promise.all(agents.map(({ target }) => target.close()));
    await server?.stop();
  });

  test(`answer ${statements.length} definitions and counts alike, even where a human approves them`, async () => {
    const leaks: string[] = [];
    let ran = 0;
    for (const statement of statements) {
      const [a, b] = await Promise.all(agents.map((agent) => seenBy(agent, statement)));
      if (a !== b) leaks.push(`${statement}: ${a} ≠ ${b}`);
      if (a?.startsWith('{"ran"')) ran += 1;
    }

    expect(leaks).toEqual([]);
    // Refusing everything would pass the line above.
    expect(ran).toBeGreaterThan(15);
  }, 120_000);
});

/** All that an agent and an approver see. */
async function seenBy(agent: Agent, statement: string): Promise<string> {
  const operation = await agent.understand(statement);
  const { warnings, unprovable } = operation;
  if (unprovable !== undefined) return JSON.stringify({ unprovable, warnings });
  try {
    const { risks, atMost, estimates } = await agent.estimate(operation);
    const ran = await agent.run(statement);
    return JSON.stringify({ ran, warnings, risks, atMost, changes: estimates.changes });
  } catch (error) {
    const { code, detail } = asProblem(error);
    return JSON.stringify({ code, detail, warnings });
  }
}
