import { readFileSync } from 'node:fs';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Postgres as Server, startPostgres } from '../../../emulators/postgres/postgres.ts';
import { type Agent, agentAt } from './agent.ts';

/** One statement a line: every command of the manual, and every way to write by what looks like a read. */
const statements = readFileSync(new URL('corpus/commands.sql', import.meta.url), 'utf8')
  .trim()
  .split('\n');

const schema = `
  CREATE TYPE order_status AS ENUM ('new', 'paid');
  CREATE DOMAIN positive AS int CHECK (VALUE > 0);
  CREATE SCHEMA hr;
  CREATE TABLE customers (customer_id int PRIMARY KEY);
  CREATE TABLE orders (order_id int PRIMARY KEY, customer_id int, status order_status, note text, freight numeric);
  INSERT INTO orders VALUES (1, 1, 'new', 'x', 1);
  CREATE TABLE events (at timestamptz) PARTITION BY RANGE (at);
  CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
  CREATE TABLE note_log (id int PRIMARY KEY, body text);
  INSERT INTO note_log VALUES (1, 'a'), (2, 'b');
  CREATE SEQUENCE counter;
  CREATE VIEW order_totals AS SELECT order_id FROM orders;
  CREATE MATERIALIZED VIEW monthly_sales AS SELECT 1 AS month;
  CREATE FUNCTION writer() RETURNS int LANGUAGE sql AS 'INSERT INTO public.note_log VALUES (9, ''x''); SELECT 1';
  CREATE PROCEDURE proc() LANGUAGE sql AS 'DELETE FROM public.note_log';`;

let server: Server;
let agent: Agent;
let straight: pg.Client;

beforeAll(async () => {
  server = await startPostgres({ database: 'company', initSql: schema });
  agent = agentAt({ port: server.port, database: 'company', user: server.user, password: server.password });
  straight = new pg.Client(server.url);
  // What the server says when it ends a session for a statement that asks for it.
  straight.on('error', () => {});
  await straight.connect();
  await straight.query("SET lock_timeout = '1s'; SET statement_timeout = '5s'");
}, 60_000);

afterAll(async () => {
  await straight?.end();
  await agent?.target.close();
  await server?.stop();
});

/** Whether the server refuses it because a transaction is read only. */
async function writes(statement: string): Promise<boolean> {
  await straight.query('BEGIN READ ONLY');
  try {
    await straight.query(statement);
    return false;
  } catch (error) {
    return typeof error === 'object' && error !== null && 'code' in error && error.code === '25006';
  } finally {
    await straight.query('ROLLBACK');
  }
}

/** What would leave the read-only transaction, or the session, and so cannot be tried in it. */
const leaves =
  /^(ABORT|BEGIN|COMMIT|END|ROLLBACK|START|PREPARE TRANSACTION|SET (TRANSACTION|SESSION CHAR)|COPY .* (FROM STDIN|TO STDOUT)|DISCARD)/;

describe('nothing that the server refuses in a read-only transaction is called a read', () => {
  test(`of ${statements.length} statements`, { timeout: 60_000 }, async () => {
    const wrong: string[] = [];
    let refused = 0;

    for (const statement of statements) {
      const operation = await agent.understand(statement).catch(() => undefined);
      const written = leaves.test(statement) || (await writes(statement));
      if (written) refused += 1;
      if (written && operation?.verb === 'read') wrong.push(statement);
    }

    expect(wrong).toEqual([]);
    // A server that refused nothing would prove nothing.
    expect(refused).toBeGreaterThan(200);
  });
});
