import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Postgres } from '../../emulators/postgres/postgres.ts';
import { createPostgres } from '../../src/targets/postgres/postgres.ts';
import { type Agent, agentAt } from '../targets/postgres/agent.ts';
import { differs, observe, startTwoDatabases } from './two-databases.ts';
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
    test(`answer ${benignReads.length} everyday reads of the role ${role} as the server does, apart from masks`, async () => {
      const [agent] = await agents(role);
      const refused: string[] = [];
      const otherwise: string[] = [];

      for (const statement of benignReads) {
        const answer = await agent.run(statement).catch((error: Error & { detail?: string }) => {
          refused.push(`${statement}: ${error.detail ?? error.message}`);
          return undefined;
        });
        if (answer === undefined) continue;
        const raw = await straight(server, statement);
        const open = (row: readonly unknown[]) => row.filter((_, index) => answer.columns[index]?.masked === undefined);
        const [own, its] = [answer.rows.map(open), raw.map(open)];
        if (JSON.stringify(own.map((row) => row.map(spoken))) !== JSON.stringify(its.map((row) => row.map(spoken))))
          otherwise.push(`${statement}: ${JSON.stringify(own)} ≠ ${JSON.stringify(its)}`);
      }
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
        const [a, b] = [await observe(both[0], statement), await observe(both[1], statement)];
        if (differs(a, b)) leaks.push(`${statement}: ${JSON.stringify(a.seen)} ≠ ${JSON.stringify(b.seen)}`);
        if (a.refused === undefined) answered += 1;
        if (process.env['SALLYPORT_VERBOSE'])
          console.log(role, '|', statement, '|', a.refused ?? JSON.stringify(a.seen).slice(0, 160));
      }
      console.log(`${role}: ${attacks.length} attacks, ${answered} answered, ${leaks.length} leaks`);

      expect(leaks).toEqual([]);
    });
  }

  test(`answer ${benignWrites.length} everyday writes alike, and make them`, async () => {
    const both = await agents('broad');
    const refused: string[] = [];
    const leaks: string[] = [];

    for (const statement of benignWrites) {
      const [a, b] = [await observe(both[0], statement), await observe(both[1], statement)];
      if (a.refused !== undefined) refused.push(`${statement}: ${a.refused}`);
      if (differs(a, b)) leaks.push(statement);
    }

    expect(refused).toEqual([]);
    expect(leaks).toEqual([]);
  });
});

/** The server's own rows, as text. */
async function straight(server: Postgres, text: string): Promise<(string | null)[][]> {
  const client = new pg.Client({ connectionString: server.url, options: '-c TimeZone=UTC -c IntervalStyle=iso_8601' });
  await client.connect();
  const { rows } = await client.query({ text, rowMode: 'array', types: { getTypeParser: () => String } });
  await client.end();
  return rows;
}

/** One way of writing for what the gateway and the server write differently: JSON values and text. */
function spoken(value: unknown): unknown {
  if (typeof value === 'boolean') return value ? 't' : 'f';
  if (Array.isArray(value) && value.every((item) => typeof item !== 'object')) return `{${value.join(',')}}`;
  if (typeof value === 'object' && value !== null) return JSON.stringify(value).replaceAll(' ', '');
  return value === null
    ? null
    : String(value)
        .replaceAll(' ', '')
        .replace(/T(?=\d\d:)/, '')
        .replace(/\+00$|Z$/, '');
}
