import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Postgres } from '../../emulators/postgres/postgres.ts';
import { createPostgres } from '../../src/targets/postgres/postgres.ts';
import { type Agent, agentAt } from '../targets/postgres/agent.ts';
import { compare, observe, startTwoDatabases } from './two-databases.ts';
import { benignReads, benignWrites } from './unseen/benign.ts';
import { catalogs } from './unseen/catalogs.ts';
import { code } from './unseen/code.ts';
import { reads } from './unseen/reads.ts';
import { classification, setUp } from './unseen/schema.ts';
import { writes } from './unseen/writes.ts';

const attacks = [...reads, ...catalogs, ...code, ...writes];

describe('databases made to leak by all that PostgreSQL 18 has', () => {
  const target = createPostgres({ allowPlaintext: false });
  let server: Postgres;

  beforeAll(async () => {
    server = await startTwoDatabases(setUp);
  }, 60_000);

  afterAll(async () => {
    await target.close();
    await server?.stop();
  });

  const agents = async (role: string): Promise<[Agent, Agent]> => {
    const at = (database: string) =>
      agentAt(
        { port: server.port, database, user: `${role}_${database}`, password: 'unseen' },
        { classification, target },
      );
    const both: [Agent, Agent] = [at('a'), at('b')];
    for (const agent of both) await observe(agent, 'SELECT 1 FROM orders');
    return both;
  };

  for (const role of ['broad', 'narrow']) {
    test(`answer ${benignReads.length} everyday reads of the role ${role} as the server does, apart from masks`, {
      timeout: 120_000,
    }, async () => {
      const raw = await straightAt(server);
      const [agent] = await agents(role);
      const refused: string[] = [];
      const otherwise: string[] = [];

      for (const statement of benignReads) {
        const answer = await agent.run(statement).catch((error: Error & { detail?: string }) => {
          refused.push(`${statement}: ${error.detail ?? error.message}`);
          return undefined;
        });
        if (answer === undefined) continue;
        const rows = await raw.rows(statement);
        const alike = rows.every((row, line) =>
          row.every((text, index) => {
            const value = answer.rows[line]?.[index];
            return answer.columns[index]?.masked !== undefined || isMask(value) || saysTheSame(value, text);
          }),
        );
        if (!alike || rows.length !== answer.rows.length)
          otherwise.push(`${statement}: ${JSON.stringify(answer.rows)} ≠ ${JSON.stringify(rows)}`);
      }
      await raw.close();
      console.log(`${role}: ${benignReads.length - refused.length} of ${benignReads.length} everyday reads answered`);

      expect(otherwise).toEqual([]);
      expect(refused).toEqual([]);
    });

    test(`answer ${attacks.length} statements of an attacker with the role ${role} alike`, {
      timeout: 120_000,
    }, async () => {
      const both = await agents(role);
      const leaks: string[] = [];
      let answered = 0;

      for (const statement of attacks) {
        const { a, b, leak } = await compare(both, statement);
        if (leak) leaks.push(`${statement}: ${JSON.stringify(a.seen)} ≠ ${JSON.stringify(b.seen)}`);
        if (a.refused === undefined) answered += 1;
        if (process.env['SALLYPORT_VERBOSE'])
          console.log(role, '|', statement, '|', a.refused ?? JSON.stringify(a.seen).slice(0, 160));
      }
      console.log(`${role}: ${attacks.length} attacks, ${answered} answered, ${leaks.length} leaks`);

      expect(leaks).toEqual([]);
    });
  }

  test('show the same structure', async () => {
    const [a, b] = await agents('broad');

    const [one, other] = [JSON.stringify(await a.schema()), JSON.stringify(await b.schema())];

    expect(one.replace('"a"', '"b"')).toBe(other);
  });

  test(`answer ${benignWrites.length} everyday writes alike, and make them`, { timeout: 60_000 }, async () => {
    const both = await agents('broad');
    const refused: string[] = [];
    const leaks: string[] = [];

    for (const statement of benignWrites) {
      const { a, leak } = await compare(both, statement);
      if (a.refused !== undefined) refused.push(`${statement}: ${a.refused}`);
      if (leak) leaks.push(statement);
    }

    expect(refused).toEqual([]);
    expect(leaks).toEqual([]);
  });
});

/** A session of its own, that gives the server's rows as text. */
async function straightAt(server: Postgres) {
  const client = new pg.Client({ connectionString: server.url, options: '-c TimeZone=UTC -c IntervalStyle=iso_8601' });
  await client.connect();
  return {
    async rows(text: string): Promise<(string | null)[][]> {
      return (await client.query({ text, rowMode: 'array', types: { getTypeParser: () => String } })).rows;
    },
    close: () => client.end(),
  };
}

const isMask = (value: unknown) => typeof value === 'string' && /^\[[A-Z_]+\]$/.test(value);

/** Whether a value of an answer is what the server's text says; spaces in JSON and ways of writing times aside. */
function saysTheSame(value: unknown, text: string | null): boolean {
  if (value === null || text === null) return value === text;
  if (typeof value === 'boolean') return text === (value ? 't' : 'f');
  const bare = (words: string) => words.replace(/[\s"{}[\]]|T(?=\d\d:)|\+00$|Z$/g, '');
  return bare(typeof value === 'object' ? JSON.stringify(value) : String(value)) === bare(text);
}
