import { z } from 'zod';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { type Revision, type Store, type Write, WriteConflict } from '../platform/store.ts';
import type { Head } from './chain.ts';

/** The last event of a chain that is known to be durable; all before it are, too. */
export type Reached = { readonly chain: string; readonly seq: number; readonly hash: string };

/** `heads/{chain}`: how far a chain has come. `closed_at`: nothing more is expected of it. */
const headDocumentSchema = z.object({
  chain: z.string(),
  seq: z.int().nonnegative(),
  hash: z.string(),
  closed_at: z.iso.datetime().nullable(),
});
export type HeadDocument = z.output<typeof headDocumentSchema>;

export const headPath = (chain: string) => `heads/${chain}`;

export const readHead = (data: Record<string, unknown>): HeadDocument => headDocumentSchema.parse(data);

/** The last link before the end of a chain; none where it has no link. */
export const reachedBy = ({ chain, seq, hash }: Head): Reached[] => (seq === 0 ? [] : [{ chain, seq: seq - 1, hash }]);

/** The place of an event's row in its chain; none of what is no event. */
export const reachedIn = (row: object): Reached[] => ('seq' in row ? [reachedSchema.parse(row)] : []);

const reachedSchema = z.object({ chain: z.string(), seq: z.int(), hash: z.string() });

/** The furthest of each chain among rows. */
export function furthest(rows: Iterable<Reached>): Reached[] {
  const heads = new Map<string, Reached>();
  for (const { chain, seq, hash } of rows)
    if (seq > (heads.get(chain)?.seq ?? -1)) heads.set(chain, { chain, seq, hash });
  return [...heads.values()];
}

/** Goes into the commit of the chain's first link, so that no chain is ever without a head. */
export const headRegistration = (reached: Reached): Write => ({
  op: 'create',
  path: headPath(reached.chain),
  data: { ...reached, closed_at: null },
});

export type Heads = ReturnType<typeof createHeads>;
type Known = HeadDocument & { revision: Revision | undefined };

const most = { known: 1000, tries: 10 };

/**
 * Moves heads, only ever forward and only to what is durable. Every move has a precondition: a copy of a commit that
 * arrives late, or a keeper that has slept, changes nothing.
 */
export function createHeads({ store, clock, log }: { store: Store; clock: Clock; log: Logger }) {
  const known = new Map<string, Known>();

  /** Undefined where the chain is over and a checkpoint has said so. */
  async function look(chain: string): Promise<Known | undefined> {
    const cached = known.get(chain);
    if (cached?.revision !== undefined) return cached;
    const found = await store.get(headPath(chain));
    const head = found && { ...readHead(found.data), revision: found.revision };
    if (known.size >= most.known) known.clear();
    if (head) known.set(chain, head);
    return head;
  }

  async function movesOf(reached: readonly Reached[], closing: string | undefined): Promise<Known[]> {
    const asked = new Map<string, Reached | undefined>(reached.map((one) => [one.chain, one]));
    if (closing !== undefined && !asked.has(closing)) asked.set(closing, undefined);
    const moves: Known[] = [];
    for (const [chain, to] of asked) {
      const head = await look(chain);
      const next = head && moved(head, to ?? head, chain === closing ? clock.now().toISOString() : undefined);
      if (next) moves.push(next);
      if (!head && to) log.warn({ ...to }, 'A row was shipped of a chain that was over.');
    }
    return moves;
  }

  async function attempt(writes: readonly Write[], moves: readonly Known[]) {
    try {
      const revisions = await store.commit([...writes, ...moves.map(toWrite)]);
      for (const [index, move] of moves.entries())
        known.set(move.chain, { ...move, revision: revisions[writes.length + index] });
    } catch (error) {
      for (const { chain } of moves) known.delete(chain);
      throw error;
    }
  }

  /** Whether somebody else has moved one of these heads meanwhile. */
  async function isOutrun(moves: readonly Known[]): Promise<boolean> {
    for (const { chain, revision } of moves) if ((await look(chain))?.revision !== revision) return true;
    return false;
  }

  return {
    /**
     * All these writes, and in the same commit every head that is behind what was `reached` comes up to it. `closing`: that
     * chain's head is marked as its last. Throws as `Store.commit` does: a `WriteConflict` is one of the caller's writes.
     */
    async commit(writes: readonly Write[], reached: readonly Reached[], closing?: string): Promise<void> {
      for (let tries = 1; ; tries++) {
        const moves = await movesOf(reached, closing);
        if (writes.length === 0 && moves.length === 0) return;
        try {
          return await attempt(writes, moves);
        } catch (error) {
          if (!(error instanceof WriteConflict) || tries === most.tries || !(await isOutrun(moves))) throw error;
        }
      }
    },
  };
}

/** Undefined where the head is as far already. Two events in one place are a fork: nothing may be deleted then. */
function moved(head: Known, reached: Reached, closedAt: string | undefined): Known | undefined {
  if (reached.seq === head.seq && reached.hash !== head.hash) throw new Error(`The chain ${head.chain} has a fork.`);
  const { chain, seq, hash } = reached.seq > head.seq ? reached : head;
  if (seq === head.seq && closedAt === undefined) return undefined;
  return { chain, seq, hash, closed_at: closedAt ?? head.closed_at, revision: head.revision };
}

function toWrite({ revision, ...data }: Known): Write {
  if (revision === undefined) throw new Error('A head is moved from where it was seen.');
  return { op: 'replace', path: headPath(data.chain), data, revision };
}
