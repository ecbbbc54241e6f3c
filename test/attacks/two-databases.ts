import { performance } from 'node:perf_hooks';
import pg from 'pg';
import { afterAll, beforeAll } from 'vitest';
import { type Postgres, startPostgres } from '../../emulators/postgres/postgres.ts';
import { asProblem } from '../../src/model/problem.ts';
import { createPostgres } from '../../src/targets/postgres/postgres.ts';
import { type Agent, agentAt } from '../targets/postgres/agent.ts';
import { withOtherFreeConstants } from '../targets/postgres/other-constants.ts';

/** Everything an agent can see of the answer to one statement. */
export type Observation = { seen: unknown; refused: string | undefined; milliseconds: number };

const noticeable = 600;

/** The built-in guards send these to a human, so that an agent alone cannot run them. */
const decidedByHumans: readonly string[] = ['unbounded', 'irreversible', 'schema', 'opaque', 'bulk'];

/** Sends one statement as an agent, and notes all that comes back. `approved` are risks that a human has said yes to. */
export async function observe(agent: Agent, statement: string, approved: readonly string[] = []): Promise<Observation> {
  const start = performance.now();
  const understood = await agent.understand(statement).catch(() => undefined);
  const { warnings = [], risks = [], unprovable } = understood ?? {};
  // Counted as the gateway does it: only what can be proven.
  const sized = understood && unprovable === undefined ? await agent.estimate(understood).catch(asProblem) : undefined;
  const more = sized !== undefined && 'risks' in sized ? sized.risks : [];
  const human = [...risks, ...more].find((risk) => decidedByHumans.includes(risk) && !approved.includes(risk));
  if (human !== undefined)
    return { seen: { human, warnings }, refused: `a human decides: ${human}`, milliseconds: performance.now() - start };
  const answer = await agent.run(statement).catch(asProblem);
  const milliseconds = performance.now() - start;
  if ('code' in answer) {
    const { code, status, message, detail } = answer;
    return { seen: { code, status, message, detail, warnings }, refused: `${code} ${detail ?? ''}`, milliseconds };
  }
  return { seen: { ...answer, warnings }, refused: undefined, milliseconds };
}

/** Whether an agent could tell two databases apart that differ in classified values only. */
export function differs(a: Observation, b: Observation): boolean {
  return JSON.stringify(a.seen) !== JSON.stringify(b.seen) || Math.abs(a.milliseconds - b.milliseconds) > noticeable;
}

/**
 * What an agent sees of one statement in each of two databases, and whether these can be told apart. A difference in time alone must
 * come three times: a busy machine makes one now and then. What differs from another statement in free constants alone is
 * looked at twice: understood in full, and by the shape of the other.
 */
export async function compare(
  agents: readonly [Agent, Agent],
  statement: string,
  inOther = statement,
  approved: readonly string[] = [],
) {
  const isShaped = (await shape(agents[0], statement)) && (await shape(agents[1], inOther));
  const inFull = await compareOnce(agents, [statement, inOther], approved);
  if (inFull.leak || !isShaped || inFull.a.refused !== undefined) return inFull;
  return compareOnce(agents, [statement, inOther], approved);
}

/** Has another statement of its shape understood, so that it is the one that the statement is tried against. */
async function shape(agent: Agent, statement: string): Promise<boolean> {
  const other = withOtherFreeConstants(statement);
  const understood = other && (await agent.understand(other).catch(() => undefined));
  return understood !== undefined && understood !== '' && understood.verb === 'read';
}

async function compareOnce(
  agents: readonly [Agent, Agent],
  [statement, inOther]: readonly [string, string],
  approved: readonly string[],
) {
  for (let times = 1; ; times += 1) {
    const [a, b] = [await observe(agents[0], statement, approved), await observe(agents[1], inOther, approved)];
    const content = JSON.stringify(a.seen) !== JSON.stringify(b.seen);
    if (content || times === 3 || !differs(a, b)) return { a, b, leak: content || differs(a, b) };
  }
}

/** A server with the databases `a` and `b`, each set up with its own name for a seed. */
export async function startTwoDatabases(setUp: (seed: 'a' | 'b') => string): Promise<Postgres> {
  const server = await startPostgres({ database: 'a', initSql: setUp('a') });
  await query(server.url, 'CREATE DATABASE b');
  await query(server.url.replace(/a$/, 'b'), setUp('b'));
  return server;
}

async function query(url: string, sql: string) {
  const client = new pg.Client(url);
  await client.connect();
  await client.query(sql);
  await client.end();
}

type TwoAgents = {
  setUp: (seed: 'a' | 'b') => string;
  classification: Record<string, Record<string, string>>;
  /** The login at a database; the superuser unless given. */
  login?: (database: string) => { user: string; password: string };
};

/** Two databases for the tests of a file, with an agent at each that has looked at it once: what is slow only the first time tells nothing. */
export function useTwoDatabases({ setUp, classification, login }: TwoAgents) {
  const target = createPostgres({ allowPlaintext: false });
  const used: { server?: Postgres; agents?: readonly [Agent, Agent] } = {};
  beforeAll(async () => {
    const server = await startTwoDatabases(setUp);
    used.server = server;
    const at = (database: string) =>
      agentAt(
        { port: server.port, user: server.user, password: server.password, ...login?.(database), database },
        { classification, target },
      );
    used.agents = [at('a'), at('b')];
    for (const agent of used.agents) await observe(agent, 'SELECT 1 FROM orders');
  }, 60_000);
  afterAll(async () => {
    await target.close();
    await used.server?.stop();
  });
  return {
    agents(): readonly [Agent, Agent] {
      if (used.agents === undefined) throw new Error('The databases are not up yet.');
      return used.agents;
    },
    server(): Postgres {
      if (used.server === undefined) throw new Error('The databases are not up yet.');
      return used.server;
    },
  };
}
