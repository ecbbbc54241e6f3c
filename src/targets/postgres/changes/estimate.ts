import type pg from 'pg';
import { z } from 'zod';
import type { Operation } from '../../../model/operation.ts';
import { Problem } from '../../../model/problem.ts';
import type { Access, Estimate } from '../../target.ts';
import { codeOf, runProblem } from '../errors.ts';
import type { Plan } from '../plan.ts';
import type { Pools } from '../session/pool.ts';
import { inSession } from '../session/session.ts';
import { tagSql } from '../session/tag.ts';
import { mostChanged, type Parameter, requestSchema, type Settings } from '../settings.ts';
import { overCeiling } from './ceiling.ts';
import type { Counting, CountingQuery } from './counting.ts';

export type EstimateDeps = {
  pools: Pools;
  /** Milliseconds that a count may take. */
  countFor: number;
};

/**
 * Counts the rows a write would change now, by foreign keys too, in a READ ONLY transaction that lasts no longer than said. More than the
 * connection's `bulk` is the risk `bulk`; `atMost` is the most that may then change: what the caller said, or what was counted made
 * round. What cannot be counted beforehand is held to what the caller said, or to `bulk`, which needs nobody's eye. Throws
 * `target-timeout` for what takes too long to count, `too-large` above 1,000,000 rows, and `target-rejected` above what the caller said.
 */
export async function estimate(
  operation: Operation<Plan>,
  access: Access<Settings>,
  deps: EstimateDeps,
): Promise<Estimate<Plan>> {
  const { plan } = operation;
  if (plan.access !== 'write' || plan.counting === undefined) return { risks: [], estimates: {} };
  const { bulk } = access.settings;
  const { changes, plan: text } = await counted(plan.counting, operation, access, deps);
  if (changes !== undefined && changes > mostChanged) {
    throw new Problem('too-large', {
      detail: `It would change more than ${mostChanged.toLocaleString('en')} rows; write them in smaller parts.`,
    });
  }
  const asked = operation.atMost;
  if (changes !== undefined && asked !== undefined && changes > asked) throw overCeiling(changes, asked);
  const estimates = { ...(changes !== undefined && { changes }), ...(text !== undefined && { plan: text }) };
  const atMost = asked ?? (changes === undefined || changes <= bulk ? bulk : ceilingFor(changes));
  return { risks: atMost > bulk ? ['bulk'] : [], estimates, atMost };
}

/**
 * The next 1, 2 or 5 × 10^k that is not below: so much is approved, and stays the same while rows come and go.
 */
export function ceilingFor(changes: number): number {
  for (let power = 1; ; power *= 10) {
    for (const step of [1, 2, 5]) if (step * power >= changes) return step * power;
  }
}

type Counted = { changes?: number; plan?: string };

async function counted(
  counting: Counting,
  operation: Operation<Plan>,
  access: Access<Settings>,
  { pools, countFor }: EstimateDeps,
): Promise<Counted> {
  if ('rows' in counting) return { changes: counting.rows };
  const values = requestSchema.shape.parameters.parse(operation.parameters).map(asText);
  return inSession(access, pools, async (client) => {
    try {
      return await ask(client, counting, values, { milliseconds: countFor, tag: tagSql(access) });
    } catch (error) {
      throw problemOf(error);
    }
  });
}

/** The plan first: a statement that the server does not even take is told to the caller, and to no approver. */
async function ask(
  client: pg.PoolClient,
  { explain, query }: Exclude<Counting, { rows: number }>,
  values: (string | null)[],
  { milliseconds, tag }: { milliseconds: number; tag: string },
): Promise<Counted> {
  await client.query(`BEGIN READ ONLY; ${tag}; SET LOCAL statement_timeout = ${milliseconds}`);
  const lines = await rowsOf(client, explain, values);
  const plan = lines.map(([line]) => String(line)).join('\n');
  const changes = query && (await count(client, query, values));
  return { plan, ...(changes !== undefined && { changes }) };
}

async function count(
  client: pg.PoolClient,
  { text, parameters }: CountingQuery,
  values: (string | null)[],
): Promise<number | undefined> {
  try {
    const own = parameters.map((position) => values[position - 1] ?? null);
    const [row] = await rowsOf(client, text, own);
    return z.coerce.number().int().parse(row?.[0]);
  } catch (error) {
    // The gateway's role may write where it may not read, and not every type can be told apart.
    if (/^(42|0A)/.test(codeOf(error))) return undefined;
    throw error;
  }
}

async function rowsOf(client: pg.PoolClient, text: string, values: (string | null)[]): Promise<unknown[][]> {
  const config: pg.QueryArrayConfig & { queryMode: 'extended' } = {
    text,
    values,
    rowMode: 'array',
    queryMode: 'extended',
  };
  return (await client.query<unknown[]>(config)).rows;
}

const asText = (value: Parameter) => (value === null ? null : String(value));

function problemOf(error: unknown): Problem {
  if (codeOf(error) !== '57014') return runProblem(error);
  return new Problem('target-timeout', {
    detail:
      'It takes too long to count the rows that it would change, so nothing was run; write them in smaller parts.',
  });
}
