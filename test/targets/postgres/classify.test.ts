import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Postgres, startPostgres } from '../../../emulators/postgres/postgres.ts';
import { readProposal } from '../../../src/cli/proposal.ts';
import type { Limits } from '../../../src/model/connection.ts';
import { asProblem } from '../../../src/model/problem.ts';
import { createPostgres } from '../../../src/targets/postgres/postgres.ts';
import { type AgentOptions, agentAt } from './agent.ts';
import { shopSql, shopTruth } from './shop.ts';

const roles = `
  CREATE ROLE by_column LOGIN PASSWORD 'p';
  GRANT SELECT (id, "firstName") ON customers TO by_column;
  CREATE ROLE nothing LOGIN PASSWORD 'p';
  CREATE TABLE guarded (secret_number text, note text);
  INSERT INTO guarded VALUES ('planted-number', 'x');
  ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
  CREATE POLICY p ON guarded USING (secret_number::int > 0);
  GRANT SELECT ON guarded TO by_column;
  CREATE TABLE slow (note text);
  INSERT INTO slow VALUES ('planted');
  ALTER TABLE slow ENABLE ROW LEVEL SECURITY;
  CREATE POLICY p ON slow USING (pg_sleep(60) IS NULL);
  GRANT SELECT ON slow TO by_column;
  CREATE TABLE letters (sender text UNIQUE, at date);
  INSERT INTO letters SELECT 'planted' || i || '@secret.example', now() FROM generate_series(1, 30) i;
  CREATE TABLE answers (id int, writer text REFERENCES letters (sender));
  CREATE TABLE calls (number text, at date) PARTITION BY RANGE (at);
  CREATE TABLE calls_2026 PARTITION OF calls FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
  INSERT INTO calls SELECT '+49 30 901820' || i, '2026-05-05' FROM generate_series(100, 160) i;
  CREATE VIEW senders AS SELECT sender FROM letters;
`;

let server: Postgres;
let admin: pg.Client;
const target = createPostgres({ allowPlaintext: false });

beforeAll(async () => {
  server = await startPostgres({ database: 'shop', initSql: shopSql + roles });
  admin = new pg.Client(server.url);
  await admin.connect();
});
afterAll(async () => {
  await target.close();
  await admin?.end();
  await server?.stop();
});

async function classify(
  task: object = {},
  options: AgentOptions & { user?: string; password?: string } = {},
  limits: Limits = {},
) {
  const { user = server.user, password = server.password, ...rest } = options;
  const agent = agentAt({ port: server.port, database: 'shop', user, password }, { target, ...rest });
  const { operation, rows, truncated } = await agent.ask({ task: 'classify', ...task }, limits);
  const proposals = rows.map((row) => {
    const { table, column, type, current, proposed, confidence, reason, known, total } = readProposal(row);
    return {
      name: `${table.replace('public.', '')}.${column}`,
      type,
      current,
      proposed,
      confidence,
      reason,
      known,
      total,
    };
  });
  const of = (name: string) => proposals.find((proposal) => proposal.name === name);
  return { operation, proposals, of, truncated, text: JSON.stringify(rows) };
}

describe('classify', () => {
  test('proposes what a careful human would, and little else', async () => {
    const { proposals } = await classify();

    const shop = proposals.filter(({ name }) => !/^(guarded|slow|letters|answers|calls)/.test(name));
    const proposed = shop.filter((row) => row.proposed !== null);
    const right = proposed.filter((row) => shopTruth[row.name]?.includes(row.proposed ?? '')).map(({ name }) => name);
    expect(shop.length).toBeGreaterThan(100);
    expect(proposed.map(({ name }) => name).filter((name) => !right.includes(name))).toEqual([]);
    expect(Object.keys(shopTruth).filter((name) => !right.includes(name))).toEqual([]);
  });

  test('tells for each why, in numbers', async () => {
    const { of } = await classify({ sample: 100 });

    expect(of('customers.email')).toMatchObject({
      confidence: 'high',
      reason: 'its name; 100 of 100 sampled values look like EMAIL_ADDRESS',
    });
    expect(of('tickets.body')?.reason).toMatch(
      /^text; of 100 sampled values \d+ hold EMAIL_ADDRESS, \d+ hold US_SOCIAL_SECURITY_NUMBER$/,
    );
    expect(of('products.email_template')).toMatchObject({ proposed: null });
  });

  test('lets no value leave, nor anything made of one', async () => {
    const { text, operation } = await classify({ sample: 1000 });

    for (const value of [
      'planted',
      'secret.example',
      '536-22',
      '4111',
      'Moreau',
      'DE89',
      'Paix',
      '$2b$',
      'eyJ',
      '203.0.113',
      'sk_live',
      '0171',
    ])
      expect(text, value).not.toContain(value);
    expect(JSON.stringify(operation)).not.toContain('planted');
  });

  test('follows keys, and asks of views and partitions nothing of their own', async () => {
    const { of, proposals } = await classify();

    expect(of('answers.writer')).toMatchObject({ proposed: 'EMAIL_ADDRESS', confidence: 'inherited' });
    expect(of('calls.number')).toMatchObject({ proposed: 'PHONE_NUMBER' });
    expect(proposals.map(({ name }) => name)).not.toContain('calls_2026.number');
    expect(proposals.map(({ name }) => name)).not.toContain('senders.sender');
  });

  test('tells what is in force', async () => {
    const classification = { 'public.customers': { email: 'CONTACT' }, 'public.t*': { body: 'LETTER' } };
    const { of } = await classify({}, { classification });

    expect(of('customers.email')).toMatchObject({ current: 'CONTACT', proposed: 'EMAIL_ADDRESS', known: true });
    expect(of('tickets.body')).toMatchObject({ current: 'LETTER', known: true });
    expect(of('orders.total')).toMatchObject({ current: null, known: false });
  });

  test('samples what the login may read, and judges the rest by its name', async () => {
    const { of, text } = await classify({}, { user: 'by_column', password: 'p' });

    expect(of('customers.firstName')).toMatchObject({ proposed: 'PERSON_NAME', reason: 'its name' });
    expect(of('customers.email')).toMatchObject({ proposed: 'EMAIL_ADDRESS', reason: 'its name; nothing was sampled' });
    expect(of('newsletter.address')).toMatchObject({ proposed: 'STREET_ADDRESS' });
    expect(text).not.toContain('planted');
  });

  test('goes on where the server refuses a table with words that hold a value', async () => {
    const { of, text } = await classify({ tables: ['public.guarded'] }, { user: 'by_column', password: 'p' });

    expect(of('guarded.secret_number')).toMatchObject({ reason: 'its name; nothing was sampled' });
    expect(text).not.toContain('planted');
  });

  test('looks at the tables it is asked for, and knows how many columns there will be', async () => {
    const { proposals, operation } = await classify({ tables: ['public.cust*', 'public.orders'] });

    expect(new Set(proposals.map(({ name }) => name.split('.')[0]))).toEqual(new Set(['customers', 'orders']));
    expect(proposals.every(({ total }) => total === proposals.length)).toBe(true);
    expect(operation).toMatchObject({
      verb: 'administer',
      resources: ['public.customers', 'public.orders'],
      statement: "CLASSIFY SAMPLE 200 TABLES 'public.cust*', 'public.orders'",
      recorded: { statement: "CLASSIFY SAMPLE 200 TABLES 'public.cust*', 'public.orders'", parameters: [] },
    });
  });

  test('ends at the server when the call is given up', async () => {
    const agent = agentAt({ port: server.port, database: 'shop', user: 'by_column', password: 'p' }, { target });
    const call = new AbortController();
    const sleeping = async () => {
      const { rows } = await admin.query(
        "SELECT FROM pg_stat_activity WHERE query LIKE '%FROM \"public\".\"slow\"%' AND state = 'active' AND usename = 'by_column'",
      );
      return rows.length;
    };

    const answer = agent.ask({ task: 'classify', tables: ['public.slow'] }, {}, call.signal).catch(asProblem);
    await expect.poll(sleeping, { timeout: 10_000 }).toBe(1);
    call.abort();

    expect(await answer).toMatchObject({ code: 'timeout' });
    await expect.poll(sleeping).toBe(0);
  });

  test('says where limits cut it', async () => {
    const { proposals, truncated } = await classify({}, {}, { rows: 20 });

    expect([proposals.length, truncated]).toEqual([20, true]);
  });

  test.each([
    [{ sample: 5000 }, 'sample'],
    [{ statement: 'SELECT 1' }, 'holds a field that is not known here'],
    [{ task: 'dump' }, 'task'],
    [{ tables: ['nowhere.*'] }, 'No table is meant by that'],
  ])('refuses %j in words', async (task, words) => {
    await expect(classify(task)).rejects.toMatchObject({ detail: expect.stringContaining(words) });
  });
});
