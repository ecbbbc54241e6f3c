import type { Approval } from '../model/approval.ts';
import { Problem } from '../model/problem.ts';
import type { Clock } from '../platform/clock.ts';
import type { Store, StoredDocument, Write } from '../platform/store.ts';
import { approvalsCollection, parseApproval, reading, replacement } from './stored.ts';

export type ExpiryDeps = {
  /** The runtime database. */
  store: Store;
  clock: Clock;
  /** The event `expired`, durable together with the writes; throws `approval-conflict` where somebody else was faster. */
  record: (approval: Approval, writes: readonly Write[]) => Promise<void>;
  /** Told of what is stored and is no approval. */
  onCorrupt: (error: unknown) => void;
};

/** At a time; what is left comes with the next turn. */
const page = 200;

/**
 * Says of approvals that nobody came back for that they are over, each once for all keepers. Without it an approval that
 * was asked for and forgotten would stay `pending` in the trail for ever. Resolves with how many it was.
 */
export function createExpiry({ store, clock, record, onCorrupt }: ExpiryDeps): () => Promise<number> {
  async function overdue(): Promise<StoredDocument[]> {
    const where = [
      ['state', 'in', ['pending', 'approved']],
      ['expires_at', '<=', clock.now().toISOString()],
    ] as const;
    return reading(
      store.query({ collection: approvalsCollection, where, orderBy: [['expires_at', 'asc']], limit: page }),
    );
  }

  /** Undefined where it is no approval. */
  function parsed(document: StoredDocument): Approval | undefined {
    try {
      return parseApproval(document);
    } catch (error) {
      onCorrupt(error);
      return undefined;
    }
  }

  async function expire(document: StoredDocument): Promise<boolean> {
    const approval = parsed(document);
    if (approval === undefined) return false;
    const expired: Approval = { ...approval, state: 'expired' };
    try {
      await record(expired, replacement(expired, document.revision));
      return true;
    } catch (error) {
      if (error instanceof Problem && error.code === 'approval-conflict') return false;
      throw error;
    }
  }

  return async () => {
    let count = 0;
    for (const document of await overdue()) if (await expire(document)) count++;
    return count;
  };
}
