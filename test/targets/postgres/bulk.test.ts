import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Postgres as Server, startPostgres } from '../../../emulators/postgres/postgres.ts';
import { ceilingFor } from '../../../src/targets/postgres/changes/estimate.ts';
import { createPostgres } from '../../../src/targets/postgres/postgres.ts';
import { type Agent, agentAt } from './agent.ts';

let server: Server;
let admin: pg.Client;
let agent: Agent;

const setUp = `
  CREATE TABLE authors (id int PRIMARY KEY, name text, email text);
  CREATE TABLE books (id int PRIMARY KEY, author int REFERENCES authors ON DELETE CASCADE ON UPDATE CASCADE, title text);
  CREATE TABLE copies (id int PRIMARY KEY, book int REFERENCES books ON DELETE CASCADE);
  CREATE TABLE loans (id int PRIMARY KEY, copy int REFERENCES copies ON DELETE SET NULL);
  CREATE TABLE folders (id int PRIMARY KEY, parent int REFERENCES folders ON DELETE CASCADE);
  CREATE TABLE hens (id int PRIMARY KEY, egg int);
  CREATE TABLE eggs (id int PRIMARY KEY, hen int REFERENCES hens ON DELETE CASCADE);
  ALTER TABLE hens ADD FOREIGN KEY (egg) REFERENCES eggs ON DELETE CASCADE;
  CREATE TABLE readings (at int NOT NULL, value int) PARTITION BY RANGE (at);
  CREATE TABLE readings_low PARTITION OF readings FOR VALUES FROM (0) TO (1000);
  CREATE TABLE readings_high PARTITION OF readings FOR VALUES FROM (1000) TO (2000);
  CREATE INDEX ON books (author); CREATE INDEX ON copies (book); CREATE INDEX ON loans (copy); CREATE INDEX ON folders (parent);
  CREATE TABLE plain (id int, t text);
  CREATE TABLE logged (id int);
  CREATE TABLE log (id int);
  CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN INSERT INTO public.log SELECT g FROM generate_series(1, 50) g; RETURN NULL; END';
  CREATE CONSTRAINT TRIGGER t AFTER INSERT ON logged DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION note();
`;

const fill = `
  DELETE FROM authors; DELETE FROM loans; DELETE FROM folders; DELETE FROM readings; DELETE FROM plain; DELETE FROM log;
  INSERT INTO authors SELECT i, 'author ' || i, 'a' || i || '@example.com' FROM generate_series(1, 20) i;
  INSERT INTO books SELECT i, (i - 1) / 50 + 1, 'book ' || i FROM generate_series(1, 500) i;
  INSERT INTO copies SELECT i, (i - 1) / 2 + 1 FROM generate_series(1, 1000) i;
  INSERT INTO loans SELECT i, i FROM generate_series(1, 1000) i;
  INSERT INTO folders SELECT i, nullif(i / 2, 0) FROM generate_series(1, 127) i;
  INSERT INTO readings SELECT i, i FROM generate_series(0, 199) i;
  INSERT INTO plain SELECT i, 'x' FROM generate_series(1, 1000) i;
`;

beforeAll(async () => {
  server = await startPostgres({ database: 'library', initSql: setUp });
  admin = new pg.Client(server.url);
  await admin.connect();
  await admin.query(fill);
  const { port, user, password } = server;
  agent = agentAt({ port, user, password, database: 'library' });
});

afterAll(async () => {
  await admin?.end();
  await agent?.target.close();
  await server?.stop();
});

type Parameters = (string | number | boolean | null)[];

const understood = async (statement: string, parameters: Parameters = []) => {
  const operation = await agent.understand(statement, parameters);
  expect(operation.unprovable).toBeUndefined();
  return operation;
};

const estimateOf = async (statement: string, parameters: Parameters = []) => {
  const operation = await understood(statement, parameters);
  return agent.estimate(operation);
};

/** As the gateway runs it, with the ceiling that was allowed. */
const runWithin = async (atMost: number, statement: string, parameters: Parameters = []) => {
  const result = await agent.execute({ ...(await understood(statement, parameters)), atMost });
  for await (const batch of result.batches) void batch;
  return result.summary();
};

const rowsIn = async (table: string) => Number((await admin.query(`SELECT count(*) FROM ${table}`)).rows[0].count);

const endless = 'DELETE FROM plain WHERE id < (SELECT sum(g) FROM generate_series(1, 100000000000) g)';

describe('the rows a write would change are counted', () => {
  const rows: [string, number, Parameters?][] = [
    ["INSERT INTO plain VALUES (1, 'a'), (2, 'b')", 2],
    ['INSERT INTO plain DEFAULT VALUES', 1],
    ["INSERT INTO plain VALUES (1, 'a'), (2, 'b') ON CONFLICT DO NOTHING RETURNING id", 2],
    ['INSERT INTO plain SELECT id, title FROM books WHERE id <= $1', 7, [7]],
    ['INSERT INTO plain (id) SELECT $2::int FROM books WHERE id <= $1 RETURNING id', 7, [7, 1]],
    ['INSERT INTO plain (id) (SELECT id FROM books LIMIT 5)', 5],
    ['WITH few AS (SELECT id FROM books WHERE id < 4) INSERT INTO plain (id) SELECT id FROM few', 3],
    ['INSERT INTO plain (id) WITH few AS (SELECT id FROM books WHERE id < 4) TABLE few', 3],
    ['INSERT INTO plain (id) SELECT 1 UNION SELECT 2 UNION SELECT 2', 2],
    ['INSERT INTO plain (id) VALUES (1), (2), (3) LIMIT 2', 2],
    ['UPDATE plain SET t = $1 WHERE id BETWEEN $2 AND $3 -- all of them\n', 10, ['x; --', 1, 10]],
    ["UPDATE ONLY plain AS p SET t = CASE WHEN p.t IS DISTINCT FROM 'x' THEN 'a' ELSE 'b' END WHERE p.id < 3", 2],
    ["UPDATE plain SET (id, t) = (SELECT 1, 'WHERE') WHERE id = 5", 1],
    [
      'UPDATE plain SET t = b.title FROM books b JOIN authors a ON a.id = b.author WHERE b.id = plain.id AND a.id = 1',
      50,
    ],
    ['UPDATE plain SET t = a.name FROM authors a WHERE plain.id < 4', 3],
    ["WITH old AS (SELECT id FROM books WHERE id < 6) UPDATE plain SET t = 'old' WHERE id IN (SELECT id FROM old)", 5],
    ['DELETE FROM plain p USING books b, authors a WHERE b.id = p.id AND a.id = b.author AND a.id = 2 RETURNING *', 50],
    ['DELETE FROM plain USING books JOIN copies USING (id) WHERE books.id = plain.id AND plain.id < 11', 10],
    ['DELETE FROM plain', 1000],
    ['DELETE FROM readings WHERE at < 20', 20],
    ['UPDATE readings SET value = 0 WHERE at < 20', 20],
    ['UPDATE readings SET at = at + 1000 WHERE at < 20', 40],
  ];
  for (const [statement, changes, parameters = []] of rows) {
    test(`${changes} by ${statement}`, async () => {
      const estimate = await estimateOf(statement, parameters);

      expect(estimate.estimates.changes).toBe(changes);
    });
  }

  const cascades: [string, string, number][] = [
    ['down several tables, to those set to null', 'DELETE FROM authors WHERE id = 1', 1 + 50 + 100 + 100],
    ['by a join', 'DELETE FROM books USING authors a WHERE a.id = author AND a.id < 3', 100 + 200 + 200],
    ['through a table that refers to itself', 'DELETE FROM folders WHERE id = 2', 63],
    ['when a key changes', 'UPDATE authors SET id = id + 100 WHERE id < 3', 2 + 100],
    ['and not when another column does', "UPDATE authors SET name = 'x' WHERE id < 3", 2],
  ];
  for (const [how, statement, changes] of cascades) {
    test(`foreign keys are followed ${how}`, async () => {
      const estimate = await estimateOf(statement);
      const before = await estimateOf('DELETE FROM plain WHERE false AND id = 1');

      expect(before?.estimates.changes).toBe(0);
      expect(estimate.estimates.changes).toBe(changes);
      await expect(runWithin(changes - 1, statement)).rejects.toMatchObject({
        detail: expect.stringContaining(
          `It would change ${changes} rows, and at most ${changes - 1} row${changes === 2 ? '' : 's'} may change; nothing was changed.`,
        ),
      });
      await runWithin(changes, statement);
      await admin.query(fill);
    });
  }

  test('and an approver sees how the server would go about it', async () => {
    const estimate = await estimateOf('DELETE FROM plain WHERE id = $1', [1]);

    expect(estimate.estimates.plan).toMatch(/^Delete on plain .*\n.*Seq Scan on plain/);
  });

  test('a circle of tables cannot be counted, so little may change', async () => {
    const estimate = await estimateOf('DELETE FROM hens WHERE id = 1');

    expect(estimate).toMatchObject({ risks: [], atMost: 100 });
    expect(estimate.estimates.changes).toBeUndefined();
  });

  test('more rows than anybody could judge are refused, without counting them all', async () => {
    const counted = estimateOf('INSERT INTO plain (id) SELECT a.id FROM plain a, plain b, authors');

    await expect(counted).rejects.toMatchObject({ code: 'too-large' });
  });

  test('what takes too long to count is refused', async () => {
    const target = createPostgres({ allowPlaintext: false, countFor: 100 });
    const hasty = agentAt(
      { port: server.port, user: server.user, password: server.password, database: 'library' },
      { target },
    );
    const operation = await hasty.understand(endless);

    const counted = hasty.estimate(operation);

    await expect(counted).rejects.toMatchObject({ code: 'target-timeout' });
    await target.close();
  });

  test('a caller who gives up ends the count', async () => {
    const operation = await understood(endless);
    const signal = AbortSignal.timeout(100);

    const counted = agent.estimate(operation, signal);

    await expect(counted).rejects.toMatchObject({ code: 'timeout' });
    const running = () =>
      admin.query(
        `SELECT FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%sum(g)%' AND pid <> pg_backend_pid()`,
      );
    await expect.poll(async () => (await running()).rows.length).toBe(0);
  });

  test('a statement that the server does not take is told to the caller, not to an approver', async () => {
    await expect(estimateOf('DELETE FROM plain WHERE nosuch = 1')).rejects.toMatchObject({
      code: 'target-rejected',
      detail: 'SQLSTATE 42703: undefined column.',
    });
  });

  test('counting changes nothing', async () => {
    await estimateOf('DELETE FROM authors');

    expect(await rowsIn('authors')).toBe(20);
  });
});

describe('how many rows may change', () => {
  beforeEach(async () => {
    await admin.query(fill);
  });

  test('up to the threshold of the connection nobody is asked, and no more may change', async () => {
    expect(await estimateOf('DELETE FROM plain WHERE id <= 100')).toMatchObject({ risks: [], atMost: 100 });
    expect(await estimateOf('DELETE FROM plain WHERE id <= 101')).toMatchObject({ risks: ['bulk'], atMost: 200 });
  });

  test('an approved ceiling is a round number, which a few rows more do not change', () => {
    expect([1, 3, 101, 199, 200, 201, 501, 4999, 5001, 1_000_000].map(ceilingFor)).toEqual([
      1, 5, 200, 200, 200, 500, 1000, 5000, 10_000, 1_000_000,
    ]);
  });

  describe('as the caller says', () => {
    const merge = `MERGE INTO plain p USING (SELECT generate_series(801, 1100) AS id) s ON p.id = s.id
      WHEN MATCHED THEN UPDATE SET t = 'old' WHEN NOT MATCHED THEN INSERT VALUES (s.id, 'new')`;
    const moved =
      'WITH gone AS (DELETE FROM plain WHERE id <= 150 RETURNING id) INSERT INTO logged SELECT id FROM gone WHERE id < 3';

    test.each([
      ['a MERGE', merge, 300],
      ['a write in a CTE', moved, 150 + 2 + 100],
    ])('%s, which is not counted, may change so many, as bulk', async (_, statement, changes) => {
      const operation = await agent.understand(statement, [], { at_most: changes });
      const estimate = await agent.estimate(operation);
      const short = await agent.understand(statement, [], { at_most: changes - 1 });

      expect(await estimateOf(statement)).toMatchObject({ risks: [], atMost: 100 });
      expect(estimate).toMatchObject({ risks: ['bulk'], atMost: changes });
      expect(estimate.estimates.changes).toBeUndefined();
      await expect(runWithin(changes - 1, statement)).rejects.toMatchObject({ code: 'target-rejected' });
      expect(await agent.estimate(short)).toMatchObject({ atMost: changes - 1 });
      await runWithin(estimate.atMost ?? 0, statement);
    });

    test('what is counted as more is refused before anybody is asked', async () => {
      const operation = await agent.understand('DELETE FROM plain WHERE id <= 150', [], { at_most: 149 });

      await expect(agent.estimate(operation)).rejects.toMatchObject({ code: 'target-rejected' });
    });

    test('up to the threshold of the connection it is no risk, and above it is one, however few were counted', async () => {
      const few = 'DELETE FROM plain WHERE id <= 3';
      const low = await agent.understand(few, [], { at_most: 3 });
      const high = await agent.understand(few, [], { at_most: 101 });

      expect(await agent.estimate(low)).toMatchObject({ risks: [], atMost: 3 });
      expect(await agent.estimate(high)).toMatchObject({ risks: ['bulk'], atMost: 101 });
    });

    test('a ceiling for what changes no rows is refused', async () => {
      await expect(agent.understand('SELECT 1', [], { at_most: 3 })).rejects.toMatchObject({
        code: 'operation-unreadable',
      });
    });
  });

  test('rows that came between the count and the run take the write back', async () => {
    const statement = "UPDATE plain SET t = 'late' WHERE id > 900";
    const estimate = await estimateOf(statement);
    await admin.query("INSERT INTO plain SELECT i, 'x' FROM generate_series(1001, 1050) i");

    const run = runWithin(estimate.atMost ?? 0, statement);

    await expect(run).rejects.toMatchObject({
      code: 'target-rejected',
      detail:
        'It would change 150 rows, and at most 100 rows may change; nothing was changed. Where more is meant, say how many in at_most.',
    });
    expect(await rowsIn("plain WHERE t = 'late'")).toBe(0);
  });

  test('what was changed earlier in the same session does not count', async () => {
    await runWithin(100, 'DELETE FROM plain WHERE id <= 90');
    await runWithin(100, 'DELETE FROM plain WHERE id <= 180');

    const { affected } = await runWithin(100, 'DELETE FROM plain WHERE id <= 280');

    expect(affected).toBe(100);
    await expect(runWithin(100, 'DELETE FROM plain WHERE id <= 381')).rejects.toMatchObject({
      code: 'target-rejected',
    });
  });

  test('what cascades change counts, though the server does not say it', async () => {
    const { affected } = await runWithin(251, 'DELETE FROM authors WHERE id = 1');

    expect(affected).toBe(1);
    await expect(runWithin(250, 'DELETE FROM authors WHERE id = 2')).rejects.toMatchObject({ code: 'target-rejected' });
  });

  test('what triggers change counts, even those that wait for the commit', async () => {
    await expect(runWithin(50, 'INSERT INTO logged VALUES (1)')).rejects.toMatchObject({ code: 'target-rejected' });

    expect(await rowsIn('log')).toBe(0);
    await runWithin(51, 'INSERT INTO logged VALUES (1)');
    expect(await rowsIn('log')).toBe(50);
  });

  test('a server that does not count changes takes none', async () => {
    await admin.query("ALTER DATABASE library SET track_counts = 'off'");
    const blind = agentAt({ port: server.port, user: server.user, password: server.password, database: 'library' });
    const operation = { ...(await blind.understand('DELETE FROM plain WHERE id = 1')), atMost: 100 };

    const run = blind.execute(operation);

    await expect(run).rejects.toMatchObject({ detail: expect.stringContaining('track_counts') });
    expect(await rowsIn('plain')).toBe(1000);
    await admin.query('ALTER DATABASE library RESET track_counts');
    await blind.target.close();
  });
});
