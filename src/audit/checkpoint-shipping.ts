import type { Store } from '../platform/store.ts';
import type { Append } from './append.ts';
import { type Pending, readPending } from './checkpoint-documents.ts';

/** Keeps a text under a name, once and for good. What is there already stays as it is. */
export type Archive = (name: string, text: string) => Promise<void>;

const most = { page: 10, characters: 4_000_000 };

/**
 * Brings checkpoints to BigQuery and, where there is one, to the bucket, in order; then takes them out of the outbox. Each
 * may arrive twice in BigQuery, with the same insertId and the same content. That one of the two cannot be reached keeps
 * nothing from the other.
 */
export function createCheckpointShipping(deps: {
  store: Store;
  append: Append;
  archive: Archive | undefined;
  /** Runs a step, and tells of its failure and of its recovery. */
  during: <T>(step: 'ship' | 'archive', work: () => Promise<T>) => Promise<T>;
}) {
  const { store, append, archive, during } = deps;
  /** What of the outbox is in the bucket already, while BigQuery cannot be reached. */
  const archived = new Set<string>();

  async function archiveAll(pending: readonly Pending[]) {
    if (archive === undefined) return;
    for (const { checkpoint } of pending) {
      if (archived.has(checkpoint.checkpoint)) continue;
      await archive(`checkpoints/${checkpoint.checkpoint}.json`, `${JSON.stringify(checkpoint)}\n`);
      archived.add(checkpoint.checkpoint);
    }
  }

  async function shipAll(pending: readonly Pending[]) {
    const rows = pending.map(({ checkpoint }) => ({
      insertId: `${checkpoint.checkpoint}:${checkpoint.hash.slice(0, 16)}`,
      json: { ...checkpoint },
    }));
    const [failure] = await append('checkpoints', rows);
    if (failure) throw new Error(`BigQuery did not take a checkpoint: ${failure.reason}.`);
  }

  return {
    /** How many left the outbox. Throws when one could not be brought where it belongs; the rest stays for the next time. */
    async ship(): Promise<number> {
      for (let count = 0; ; ) {
        const page = upTo(most.characters, await readPending(store, most.page));
        if (page.length === 0) return count;
        const [inBucket, inTable] = await Promise.allSettled([
          during('archive', () => archiveAll(page)),
          during('ship', () => shipAll(page)),
        ]);
        for (const one of [inBucket, inTable]) if (one.status === 'rejected') throw one.reason;
        const paths = page.flatMap((pending) => pending.paths);
        await store.commit(paths.map((path) => ({ op: 'delete', path })));
        for (const { checkpoint } of page) archived.delete(checkpoint.checkpoint);
        count += page.length;
      }
    },
  };
}

/** As many as one request to BigQuery takes, at least one. */
function upTo(characters: number, pending: readonly Pending[]): Pending[] {
  let sum = 0;
  return pending.filter(({ checkpoint }, index) => {
    sum += checkpoint.heads.length + checkpoint.body.length;
    return index === 0 || sum <= characters;
  });
}
