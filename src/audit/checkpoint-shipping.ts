import type { Store } from '../platform/store.ts';
import type { Append } from './append.ts';
import { type Pending, readPending } from './checkpoint-documents.ts';

/** Keeps a text under a name, once and for good; throws where something else is kept under that name. */
export type Archive = (name: string, text: string) => Promise<void>;

type Step = 'read' | 'ship' | 'archive';
type Destination = {
  step: Step;
  deliver: (pending: readonly Pending[]) => Promise<void>;
  /** The last that it got of this keeper. */
  last: string;
};

const most = { page: 10, characters: 4_000_000 };

/**
 * Brings checkpoints to BigQuery and, where there is one, to the bucket, in order; what is in both leaves the outbox. One may
 * arrive twice in BigQuery, with the same insertId and the same content. That one of the two cannot be reached keeps nothing
 * from the other.
 */
export function createCheckpointShipping(deps: {
  store: Store;
  append: Append;
  archive: Archive | undefined;
  /** Runs a step, and tells of its failure and of its recovery. */
  during: <T>(step: Step, work: () => Promise<T>) => Promise<T>;
}) {
  const { store, append, archive, during } = deps;
  /** Where those are kept that have been delivered somewhere. */
  const delivered = new Map<string, readonly string[]>();
  const destinations: Destination[] = [{ step: 'ship', deliver: toTable, last: '' }];
  if (archive) destinations.push({ step: 'archive', deliver: (pending) => toBucket(archive, pending), last: '' });

  async function toTable(pending: readonly Pending[]) {
    const rows = pending.map(({ checkpoint }) => ({
      insertId: `${checkpoint.checkpoint}:${checkpoint.hash.slice(0, 16)}`,
      json: { ...checkpoint },
    }));
    const [failure] = await append('checkpoints', rows);
    if (failure) throw new Error(`BigQuery did not take a checkpoint: ${failure.reason}.`);
  }

  async function toBucket(archive: Archive, pending: readonly Pending[]) {
    for (const { checkpoint } of pending)
      await archive(`checkpoints/${checkpoint.checkpoint}.json`, `${JSON.stringify(checkpoint)}\n`);
  }

  async function bring(destination: Destination) {
    for (;;) {
      const found = await during('read', () => readPending(store, { after: destination.last, limit: most.page }));
      const page = upTo(most.characters, found);
      if (page.length === 0) return;
      await during(destination.step, () => destination.deliver(page));
      for (const { checkpoint, paths } of page) {
        delivered.set(checkpoint.checkpoint, paths);
        destination.last = checkpoint.checkpoint;
      }
    }
  }

  async function removeDelivered(): Promise<number> {
    const done = [...delivered].filter(([name]) => destinations.every(({ last }) => name <= last));
    for (const [name, paths] of done) {
      await store.commit(paths.map((path) => ({ op: 'delete', path })));
      delivered.delete(name);
    }
    return done.length;
  }

  return {
    /** How many left the outbox. Throws when one could not be brought where it belongs; it stays for the next time. */
    async ship(): Promise<number> {
      const brought = await Promise.allSettled(destinations.map(bring));
      const count = await removeDelivered();
      for (const one of brought) if (one.status === 'rejected') throw one.reason;
      return count;
    },
  };
}

/** As many as one request to BigQuery takes, at least one. */
function upTo(characters: number, pending: readonly Pending[]): Pending[] {
  let sum = 0;
  const end = pending.findIndex(({ checkpoint }, index) => {
    sum += checkpoint.heads.length + checkpoint.body.length;
    return index > 0 && sum > characters;
  });
  return end < 0 ? [...pending] : pending.slice(0, end);
}
