import { z } from 'zod';
import type { Clock } from '../platform/clock.ts';
import { type Store, type StoredDocument, succeeds } from '../platform/store.ts';
import { furthest, type Heads, reachedIn } from './heads.ts';

/**
 * `dead/{…}`: documents that cannot be shipped, as BigQuery refuses a row of theirs for good, or as nobody can read them.
 * Moved there in one commit, so that they keep no other back and nothing is lost. Until they are put back and are
 * shipped, the verifier tells of the gap.
 */
const deadSchema = z.object({
  path: z.string(),
  /** Of the document, as it was. */
  data: z.record(z.string(), z.unknown()),
  time: z.iso.datetime(),
});

/** Documents that were put back belong to this chain, which nobody writes, so a keeper takes them at once. */
export const PUT_BACK = 'put-back';

const page = 100;

export type DeadLetters = ReturnType<typeof createDeadLetters>;

export function createDeadLetters({ store, heads, clock }: { store: Store; heads: Heads; clock: Clock }) {
  /** False where the document is not finished, or was changed by somebody else meanwhile: then it is to be tried again. */
  async function setAside(path: string): Promise<boolean> {
    const found = await store.get(path);
    if (found === undefined) return true;
    return found.data['state'] !== 'intended' && move(found);
  }

  /** A document that was put back and is refused again says nothing new of its chain. */
  async function move({ path, data, revision }: StoredDocument): Promise<boolean> {
    const dead = { path, data, time: clock.now().toISOString() };
    const reached = data['chain'] === PUT_BACK ? [] : furthest(rowsIn(data).flatMap(reachedIn));
    const writes = [
      { op: 'set', path: deadPath(path), data: dead } as const,
      { op: 'delete', path, revision } as const,
    ];
    return succeeds(heads.commit(writes, reached));
  }

  return {
    setAside,

    /** As `setAside`, for what cannot be read. */
    bury: move,

    /** Puts all of them back to be shipped; what is refused again comes here again. Resolves with how many it was. */
    async putBack(): Promise<number> {
      let count = 0;
      for (;;) {
        const found = await store.query({ collection: 'dead', limit: page });
        for (const { path, data, revision } of found) {
          const dead = deadSchema.parse(data);
          const moved = await succeeds(
            store.commit([
              { op: 'create', path: dead.path, data: { ...dead.data, chain: PUT_BACK } },
              { op: 'delete', path, revision },
            ]),
          );
          if (moved) count++;
        }
        if (found.length < page) return count;
      }
    },
  };
}

/** The same each time, so that whoever is second finds it done. */
const deadPath = (path: string) => `dead/${path.replaceAll('/', '~')}`;

/** What of a document's rows can be read at all. */
function rowsIn(data: Record<string, unknown>): object[] {
  const rows = z.array(z.string()).safeParse(data['rows']);
  if (!rows.success) return [];
  return rows.data.flatMap((row) => {
    const read = readable.safeParse(row);
    return read.success ? [read.data] : [];
  });
}

const readable = z
  .string()
  .transform((text, context): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      context.addIssue({ code: 'custom', message: 'must be JSON' });
      return z.NEVER;
    }
  })
  .pipe(z.looseObject({ chain: z.string(), seq: z.int(), hash: z.string() }));
