import { Problem } from '../model/problem.ts';
import { Secret } from '../model/secret.ts';
import type { Clock } from '../platform/clock.ts';

/** By a secret's name, with or without a version: its text and the full name of the version. */
export type ReadSecret = (name: string) => Promise<{ value: string; version: string }>;

type Held = { secret: Secret; readAt: number };

/** Secrets in memory, each read once however many ask, and none older than `maxAge` seconds. Throws `credential-unavailable`. */
export function createVault(options: { readSecret: ReadSecret; clock: Clock; maxAge: number }) {
  const { readSecret, clock, maxAge } = options;
  const held = new Map<string, Held>();
  const reading = new Map<string, Promise<Secret>>();

  function read(name: string): Promise<Secret> {
    const known = reading.get(name);
    if (known !== undefined) return known;
    const fresh = readNow(name).finally(() => reading.delete(name));
    reading.set(name, fresh);
    return fresh;
  }

  async function readNow(name: string): Promise<Secret> {
    const readAt = clock.now().getTime();
    const { value, version } = await readSecret(name).catch((cause: unknown) => {
      held.delete(name);
      throw new Problem('credential-unavailable', { reason: 'secret-unreadable', cause });
    });
    const secret = new Secret(value, version);
    held.set(name, { secret, readAt });
    return secret;
  }

  return {
    async get(name: string): Promise<Secret> {
      const known = held.get(name);
      const isFresh = known !== undefined && clock.now().getTime() - known.readAt < maxAge * 1000;
      return isFresh ? known.secret : read(name);
    },

    /** A secret that is not of the version that failed, from memory if another call has read it meanwhile; else read anew. */
    async renew(name: string, failed: string): Promise<Secret> {
      const known = held.get(name)?.secret;
      return known !== undefined && known.version !== failed ? known : read(name);
    },
  };
}
