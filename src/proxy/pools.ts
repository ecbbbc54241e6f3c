import { createHash } from 'node:crypto';
import { Pool } from 'undici';
import { Problem } from '../model/problem.ts';
import { createLookup, vetHost } from '../platform/lookup.ts';
import type { Place } from './proxy.ts';

/** Connections to one place at once, and how long one that is idle is kept, in milliseconds. */
const MOST_CONNECTIONS = 256;
const IDLE = 30_000;
const CONNECT = 10_000;
/** Bytes of an answer's headers. */
const HEADERS = 64 * 1024;
/** Places that are kept; the one unused longest goes first. */
const MOST_PLACES = 200;

/** A pool of connections for each place, and for each credential that a connection itself proves. */
export function createPools({ allowLoopback }: { allowLoopback: boolean }) {
  const pools = new Map<string, Pool>();

  function open(place: Place): Pool {
    return new Pool(place.origin.origin, {
      connections: MOST_CONNECTIONS,
      pipelining: 1,
      keepAliveTimeout: IDLE,
      // Whoever asks sets the time, by the signal.
      headersTimeout: 0,
      bodyTimeout: 0,
      maxHeaderSize: HEADERS,
      allowH2: false,
      connect: { ...tlsOf(place), timeout: CONNECT, lookup: createLookup({ networks: place.networks, allowLoopback }) },
    });
  }

  return {
    /** Refuses plain http but on a laptop's loopback, and addresses that no target may have. */
    of(place: Place): Pool {
      vetPlace(place, { allowLoopback });
      const key = keyOf(place);
      const pool = pools.get(key) ?? open(place);
      pools.delete(key);
      pools.set(key, pool);
      if (pools.size > MOST_PLACES) forgetOldest(pools);
      return pool;
    },
    async close() {
      await Promise.all([...pools.values()].map((pool) => pool.destroy()));
    },
  };
}

export function vetPlace({ origin, networks }: Place, { allowLoopback }: { allowLoopback: boolean }) {
  vetHost(origin.hostname, { networks, allowLoopback });
  const isLoopback = /^(127\.\d+\.\d+\.\d+|localhost|\[::1\])$/.test(origin.hostname);
  if (origin.protocol === 'https:' || (origin.protocol === 'http:' && isLoopback && allowLoopback)) return;
  throw new Problem('policy-unavailable', { detail: 'The target must be reached over https.', reason: 'plaintext' });
}

/** What TLS (1.2 or newer) must show of the target, and what it shows of us. */
export function tlsOf({ ca, serverName, client }: Place) {
  return {
    minVersion: 'TLSv1.2',
    ...(ca !== undefined && { ca }),
    ...(serverName !== undefined && { servername: serverName }),
    ...(client !== undefined && { cert: client.certificate, key: client.key }),
  } as const;
}

function keyOf({ origin, ca, serverName, client, networks }: Place): string {
  const secret =
    client === undefined ? '' : createHash('sha256').update(client.key).update(client.certificate).digest('hex');
  return JSON.stringify([origin.origin, ca, serverName, networks, secret]);
}

function forgetOldest(pools: Map<string, Pool>) {
  for (const [key, pool] of pools) {
    pools.delete(key);
    void pool.close();
    return;
  }
}
