import type pg from 'pg';
import { Problem } from '../../../model/problem.ts';
import type { Access } from '../../target.ts';
import type { Settings } from '../settings.ts';
import type { Pools } from './pool.ts';

/**
 * A session for work that begins a transaction, and commits where anything is to last: what is open at its end is rolled
 * back. Cancels at the server, and throws `timeout`, once the caller has given up.
 */
export async function inSession<T>(
  access: Access<Settings>,
  pools: Pools,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const { signal } = access;
  const client = await pools.take(access);
  let open = true;
  const close = (broken: boolean) => {
    if (open) client.release(broken);
    open = false;
  };
  if (signal.aborted) close(false);
  if (signal.aborted) throw givenUp();
  const stop = () => void pools.cancel(client).then(() => close(true));
  signal.addEventListener('abort', stop);
  const rollBack = () =>
    client.query('ROLLBACK').then(
      () => close(false),
      () => close(true),
    );
  try {
    const done = await work(client);
    await rollBack();
    return done;
  } catch (error) {
    if (signal.aborted) throw givenUp();
    await rollBack();
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

const givenUp = () => new Problem('timeout', { detail: 'The call was given up, and what it had begun was cancelled.' });
