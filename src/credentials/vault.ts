import { Problem } from '../model/problem.ts';
import { Secret } from '../model/secret.ts';
import type { Clock } from '../platform/clock.ts';

/** By a secret's name, with or without a version: its text and the full name of the version. */
export type ReadSecret = (name: string) => Promise<{ value: string; version: string }>;

/** Where a credential comes from. Equal names are the same credential. */
export type Source = { name: string; read: () => Promise<{ value: string; version: string }> };

type Held = { secret: Secret; readAt: number };

/** Secrets in memory, each read once however many ask, and none older than `maxAge` seconds. Throws `credential-unavailable`. */
export function createVault({ clock, maxAge }: { clock: Clock; maxAge: number }) {
  const held = new Map<string, Held>();
  const reading = new Map<string, Promise<Secret>>();

  function read(source: Source): Promise<Secret> {
    const known = reading.get(source.name);
    if (known !== undefined) return known;
    const fresh = readNow(source).finally(() => reading.delete(source.name));
    reading.set(source.name, fresh);
    return fresh;
  }

  async function readNow(source: Source): Promise<Secret> {
    const { name } = source;
    const readAt = clock.now().getTime();
    const { value, version } = await source.read().catch((cause: unknown) => {
      held.delete(name);
      if (cause instanceof Problem) throw cause;
      throw new Problem('credential-unavailable', { reason: 'secret-unreadable', cause });
    });
    const secret = new Secret(value, version);
    held.set(name, { secret, readAt });
    return secret;
  }

  return {
    async get(source: Source): Promise<Secret> {
      const known = held.get(source.name);
      // A clock that was set back must not keep a secret for as long as it was wrong.
      const age = known === undefined ? Number.NaN : clock.now().getTime() - known.readAt;
      return known !== undefined && age >= 0 && age < maxAge * 1000 ? known.secret : read(source);
    },

    /** A secret that is not of the version that failed, from memory if another call has read it meanwhile; else read anew. */
    async renew(source: Source, failed: string): Promise<Secret> {
      const known = held.get(source.name)?.secret;
      return known !== undefined && known.version !== failed ? known : read(source);
    },
  };
}
