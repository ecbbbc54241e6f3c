import { isIP } from 'node:net';
import pg from 'pg';
import { z } from 'zod';
import { Problem } from '../../model/problem.ts';
import type { Secret } from '../../model/secret.ts';
import type { Access } from '../target.ts';
import { connectProblem } from './errors.ts';
import type { Settings } from './settings.ts';

export type PoolOptions = {
  /** Allows `tls: disable` to hosts other than loopback. */
  allowPlaintext: boolean;
  /** Milliseconds to wait for a connection, a free one or a new one. */
  wait?: number;
};

export type Pools = {
  /** A session that nobody else uses. Throws `CredentialRejected`, `target-unavailable` or `credential-unavailable`. */
  take(access: Access<Settings>): Promise<pg.PoolClient>;
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

/** One pool of sessions for each connection, its version and the version of its secret; what is older is drained. */
export function createPools({ allowPlaintext, wait = 5000 }: PoolOptions): Pools {
  const pools = new Map<string, { key: string; pool: pg.Pool }>();

  const poolFor = ({ connection, settings, secret }: Access<Settings>): pg.Pool => {
    const key = `${connection.version} ${secret.version}`;
    const current = pools.get(connection.name);
    if (current?.key === key) return current.pool;
    const config = clientConfig(settings, secret, allowPlaintext);
    void current?.pool.end();
    const pool = new pg.Pool({
      ...config,
      max: connection.document.limits.concurrent ?? defaultSize,
      connectionTimeoutMillis: wait,
      idleTimeoutMillis: 60_000,
      allowExitOnIdle: true,
    });
    // A session that breaks while idle is dropped by the pool.
    pool.on('error', () => {});
    pools.set(connection.name, { key, pool });
    return pool;
  };

  return {
    async take(access) {
      const pool = poolFor(access);
      try {
        return await pool.connect();
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
    async close() {
      await Promise.all([...pools.values()].map(({ pool }) => pool.end()));
      pools.clear();
    },
  };
}

const loginSchema = z.object({ username: z.string().min(1), password: z.string().min(1) });

function clientConfig(settings: Settings, secret: Secret, allowPlaintext: boolean): pg.ClientConfig {
  const login = loginFrom(secret);
  return {
    host: settings.host,
    port: settings.port,
    database: settings.database,
    user: login.username,
    password: login.password,
    ssl: tlsFor(settings, allowPlaintext),
    application_name: 'sallyport',
    options,
    keepAlive: true,
  };
}

function loginFrom(secret: Secret) {
  try {
    return secret.use((value) => loginSchema.parse(JSON.parse(value)));
  } catch {
    // What was thrown may quote the secret.
    throw new Problem('credential-unavailable', {
      detail: 'The secret of this connection is not {"username", "password"}.',
    });
  }
}

const loopback = (host: string) =>
  host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));

/** `verify-full` checks the chain and the name; `require` encrypts and checks the chain only where a `ca` is given. */
function tlsFor({ tls, host, ca }: Settings, allowPlaintext: boolean): NonNullable<pg.ClientConfig['ssl']> {
  if (tls === 'disable') {
    if (loopback(host) || allowPlaintext) return false;
    throw new Problem('target-unavailable', { detail: 'This connection would not be encrypted, so it is not made.' });
  }
  const authorities = ca === undefined ? {} : { ca };
  if (tls === 'verify-full') return { ...authorities, rejectUnauthorized: true };
  return { ...authorities, rejectUnauthorized: ca !== undefined, checkServerIdentity: () => undefined };
}
