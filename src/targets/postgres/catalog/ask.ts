import type pg from 'pg';
import type { Access } from '../../target.ts';
import { runProblem } from '../errors.ts';
import type { Pools } from '../session/pool.ts';
import { tagSql } from '../session/tag.ts';
import type { Settings } from '../settings.ts';

/** Answers a question about the catalog with rows as objects, in a transaction that only reads. */
export type Ask = (access: Access<Settings>, sql: string, values: unknown[]) => Promise<unknown[]>;

export const createAsk =
  (pools: Pools): Ask =>
  (access, sql, values) =>
    inTransaction(pools, access, async (client) => (await client.query(sql, values)).rows);

/** All that is read is of one moment. Throws a Problem. */
export async function inTransaction<Answer>(
  pools: Pools,
  access: Access<Settings>,
  work: (client: pg.PoolClient) => Promise<Answer>,
): Promise<Answer> {
  const client = await pools.take(access);
  try {
    await client.query(`BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; ${tagSql(access)}`);
    const answer = await work(client);
    await client.query('COMMIT');
    client.release();
    return answer;
  } catch (error) {
    client.release(true);
    throw runProblem(error);
  }
}
