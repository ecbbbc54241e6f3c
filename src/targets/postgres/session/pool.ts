import pg from 'pg';
import { Problem } from '../../../model/problem.ts';
import type { Access } from '../../target.ts';
import { connectProblem } from '../errors.ts';
import type { Settings } from '../settings.ts';
import { cancelOver } from './cancel.ts';
import { type Route, type RouteOptions, routeTo } from './route.ts';

export type PoolOptions = RouteOptions & {
  /** Milliseconds to wait for a connection, a free one or a new one. */
  wait?: number;
};

export type Pools = {
  /** A session that nobody else uses. Throws `CredentialRejected`, `target-unavailable` or `credential-unavailable`. */
  take(access: Access<Settings>): Promise<pg.PoolClient>;
  /** Asks the server to cancel what a session is running. Never throws. */
  cancel(client: pg.PoolClient): Promise<void>;
  close(): Promise<void>;
};

const defaultSize = 10;

/** R11: what every session is pinned to, from its first byte on. */
const pinned = {
  search_path: 'pg_catalog,pg_temp',
  default_transaction_isolation: 'read\\ committed',
  statement_timeout: '30000',
  lock_timeout: '10000',
  idle_in_transaction_session_timeout: '90000',
  client_min_messages: 'error',
  standard_conforming_strings: 'on',
  synchronize_seqscans: 'off',
  bytea_output: 'hex',
  extra_float_digits: '1',
  DateStyle: 'ISO,YMD',
  IntervalStyle: 'iso_8601',
  TimeZone: 'UTC',
};

const options = Object.entries(pinned)
  .map(([name, value]) => `-c ${name}=${value}`)
  .join(' ');

type Pool = { sessions: pg.Pool; route: Route };

/** One pool of sessions for each connection, its version and the version of its secret; what is older is drained. */
export function createPools({ wait = 5000, ...routing }: PoolOptions): Pools {
  const pools = new Map<string, { key: string; pool: Promise<Pool> }>();
  const routes = new WeakMap<pg.PoolClient, Route>();

  const open = async ({ connection, settings, secret }: Access<Settings>): Promise<Pool> => {
    const route = await routeTo(settings, secret, routing);
    const sessions = new pg.Pool({
      ...route.config,
      application_name: 'sallyport',
      options,
      keepAlive: true,
      max: connection.document.limits.concurrent ?? defaultSize,
      connectionTimeoutMillis: wait,
      idleTimeoutMillis: 60_000,
      allowExitOnIdle: true,
    });
    // A session that breaks while idle is dropped by the pool; one that is in use fails its statement, which is told there.
    sessions.on('error', () => {});
    sessions.on('connect', (client) => client.on('error', () => {}));
    return { sessions, route };
  };

  const poolFor = (access: Access<Settings>): Promise<Pool> => {
    const { name, version } = access.connection;
    const key = `${version} ${access.secret.version}`;
    const current = pools.get(name);
    if (current?.key === key) return current.pool;
    if (current !== undefined) void drain(current.pool);
    const pool = open(access);
    pools.set(name, { key, pool });
    // What could not be reached is tried anew by the next call.
    pool.catch(() => {
      if (pools.get(name)?.pool === pool) pools.delete(name);
    });
    return pool;
  };

  return {
    async take(access) {
      const { sessions, route } = await poolFor(access);
      try {
        const client = await sessions.connect();
        routes.set(client, route);
        return client;
      } catch (error) {
        if (error instanceof Error && error.message.includes('timeout exceeded')) {
          throw new Problem('target-unavailable', {
            detail: 'No connection to the target became free in time.',
            retryAfter: 1,
          });
        }
        throw connectProblem(error);
      }
    },
    async cancel(client) {
      const route = routes.get(client);
      if (route !== undefined) await cancelOver(route.channel, client);
    },
    async close() {
      const all = [...pools.values()];
      pools.clear();
      await Promise.all(all.map(({ pool }) => drain(pool)));
    },
  };
}

/** Sessions in use are given back first. */
async function drain(pool: Promise<Pool>): Promise<void> {
  const opened = await pool.catch(() => undefined);
  await opened?.sessions.end();
  opened?.route.close();
}
