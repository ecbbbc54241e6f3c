import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type Postgres, startPostgres } from '../../emulators/postgres/postgres.ts';
import { createPostgres } from '../../src/targets/postgres/postgres.ts';
import { type Agent, agentAt } from '../targets/postgres/agent.ts';
import { compare, observe } from './two-databases.ts';

/**
 * The corpus of statements that try to tell two databases apart which differ in classified values only. It is kept outside
 * this repository; `SALLYPORT_CORPORA` says where.
 */
const corpus = resolve(process.env['SALLYPORT_CORPORA'] ?? '../shared/corpora', 'postgres-non-interference');
const present = existsSync(join(corpus, 'queries.json'));
if (!present)
  console.warn(`\n!!! SKIPPED: the non-interference corpus is not at ${corpus}; set SALLYPORT_CORPORA !!!\n`);

const querySchema = z.object({ name: z.string(), sql: z.string(), expect: z.enum(['mask', 'deny', 'allow']) });
const classification = {
  'public.users': { email: 'EMAIL_ADDRESS', ssn: 'US_SOCIAL_SECURITY_NUMBER', phone: 'PHONE_NUMBER', meta: 'PAYMENT' },
  'public.payments': { card_number: 'CREDIT_CARD_NUMBER' },
  'public.people': { tax_id: 'TAX_ID' },
};

describe.skipIf(!present)('the non-interference corpus', () => {
  const queries = present
    ? z.array(querySchema).parse(JSON.parse(readFileSync(join(corpus, 'queries.json'), 'utf8')))
    : [];
  const target = createPostgres({ allowPlaintext: false });
  let server: Postgres;

  beforeAll(async () => {
    server = await startPostgres({ database: 'leak_a' });
    const admin = new pg.Client(server.url);
    await admin.connect();
    await admin.query('CREATE DATABASE leak_b');
    for (const role of ['gw_full', 'gw_col', 'gw_mask'])
      await admin.query(`CREATE ROLE ${role} LOGIN PASSWORD 'corpus'`);
    await admin.end();
    for (const seed of ['a', 'b']) await setUp(server, seed);
  }, 60_000);

  afterAll(async () => {
    await target.close();
    await server?.stop();
  });

  const agent = (database: string, user: string): Agent =>
    agentAt({ port: server.port, database, user, password: 'corpus' }, { classification, target });

  for (const role of ['gw_full', 'gw_col']) {
    test(`nothing tells the databases apart for the role ${role}, and what is harmless runs`, {
      timeout: 120_000,
    }, async () => {
      const [a, b] = [agent('leak_a', role), agent('leak_b', role)];
      // What is slow only once (the first parse, the first look at the catalog) is no difference between databases.
      for (const one of [a, b]) await observe(one, 'SELECT 1 FROM orders');
      const leaks: string[] = [];
      const wronglyRun: string[] = [];
      const refusedAllowed: string[] = [];
      let answered = 0;

      for (const { name, sql, expect: expected } of queries) {
        const inOther = sql.replaceAll('leak_a.public', 'leak_b.public');
        const { a: one, b: other, leak } = await compare([a, b], sql, inOther);
        if (leak) leaks.push(`${name}: ${JSON.stringify(one.seen)} ≠ ${JSON.stringify(other.seen)}`);
        if (one.refused === undefined) answered += 1;
        if (expected === 'deny' && one.refused === undefined) wronglyRun.push(name);
        if (expected === 'allow' && one.refused !== undefined) refusedAllowed.push(`${name}: ${one.refused}`);
        if (process.env['SALLYPORT_VERBOSE'])
          console.log(expected, '|', name, '|', one.refused ?? JSON.stringify(one.seen).slice(0, 200));
      }
      console.log(`${role}: ${queries.length} statements, ${answered} answered, ${leaks.length} leaks`);

      expect(leaks).toEqual([]);
      expect(wronglyRun).toEqual([]);
      expect(refusedAllowed).toEqual([]);
    });
  }
});

/** The corpus is written for psql; its variables are filled in here, so that psql need not be there. */
async function setUp(server: Postgres, seed: string) {
  const variables: Record<string, string> = { seed, db: `leak_${seed}`, port: String(server.port) };
  const script = readFileSync(join(corpus, 'setup.sql'), 'utf8')
    .replace(/^\\set .*$/m, '')
    .replace(/:'(\w+)'/g, (_, name: string) => `'${variables[name] ?? ''}'`);
  const client = new pg.Client(server.url.replace(/leak_a$/, `leak_${seed}`));
  await client.connect();
  await client.query(script);
  await client.end();
}
