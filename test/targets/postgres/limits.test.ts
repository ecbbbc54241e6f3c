import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Postgres, startPostgres } from '../../../emulators/postgres/postgres.ts';
import { type Agent, agentAt } from './agent.ts';

let server: Postgres;
let agent: Agent;
let admin: pg.Client;

beforeAll(async () => {
  server = await startPostgres({
    database: 'limits',
    initSql: 'CREATE TABLE made (id int, filler text)',
  });
  agent = agentAt({ port: server.port, database: 'limits', user: server.user, password: server.password });
  admin = new pg.Client(server.url);
  await admin.connect();
});

afterAll(async () => {
  await admin?.end();
  await agent?.target.close();
  await server?.stop();
});

const huge = "repeat('x', 50 * 1024 * 1024)";
const running = async (mark: string) =>
  (await admin.query('SELECT FROM pg_stat_activity WHERE query LIKE $1 AND pid <> pg_backend_pid()', [`%${mark}%`]))
    .rows.length;

describe('a row that is too long', () => {
  test('ends the answer before it, which says so', async () => {
    const statement = `SELECT g, CASE WHEN g = 3 THEN ${huge} ELSE 'short' END FROM generate_series(1, 5) g`;

    const { rows, truncated } = await agent.run(statement);

    expect({ rows, truncated }).toEqual({
      rows: [
        [1, 'short'],
        [2, 'short'],
      ],
      truncated: true,
    });
  });

  test('is cancelled at the server, and the next statement runs', async () => {
    const endless = `SELECT ${huge} AS cut_short FROM generate_series(1, 100000)`;

    const { rows, truncated } = await agent.run(endless);

    expect({ rows, truncated }).toEqual({ rows: [], truncated: true });
    await expect.poll(() => running('cut_short'), { timeout: 5000 }).toBe(0);
    expect((await agent.run('SELECT 1')).rows).toEqual([[1]]);
  });

  test('does not undo the write that returns it', async () => {
    const { rows, truncated, affected } = await agent.run(
      `INSERT INTO made SELECT g, CASE WHEN g = 2 THEN ${huge} ELSE 'x' END FROM generate_series(1, 3) g RETURNING id, filler`,
    );

    expect({ rows, truncated, affected }).toEqual({ rows: [[1, 'x']], truncated: true, affected: 3 });
    expect((await admin.query('SELECT count(*)::int FROM made')).rows).toEqual([{ count: 3 }]);
  });
});

test('bytes are counted as they leave, and no part of a row does', async () => {
  const { lines, truncated } = await agent.run(`SELECT g, repeat('é', 10) FROM generate_series(1, 100) g`, [], {
    bytes: 60,
  });

  expect(lines).toBe(`[1,"${'é'.repeat(10)}"]\n[2,"${'é'.repeat(10)}"]\n`);
  expect(truncated).toBe(true);
});

test('exactly as many rows as the limit are the whole answer', async () => {
  const { rows, truncated } = await agent.run('SELECT * FROM generate_series(1, 5)', [], { rows: 5 });

  expect(rows).toHaveLength(5);
  expect(truncated).toBe(false);
});

test('what is larger than what may wait comes whole to whoever reads it', async () => {
  const { rows } = await agent.run(`SELECT g, repeat('x', 10000) FROM generate_series(1, 3000) g`);

  expect(rows).toHaveLength(3000);
  expect(rows.at(-1)).toEqual([3000, 'x'.repeat(10_000)]);
});

test('an answer that is left in the middle is cancelled, and the session is not used again', async () => {
  const operation = await agent.understand(`SELECT repeat('x', 10000) AS abandoned FROM generate_series(1, 1000000)`);
  const result = await agent.execute(operation);

  for await (const _ of result.batches) break;

  await expect.poll(() => running('abandoned'), { timeout: 5000 }).toBe(0);
  expect((await agent.run('SELECT 1')).rows).toEqual([[1]]);
});
