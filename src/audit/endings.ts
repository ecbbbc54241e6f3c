import { z } from 'zod';
import { Problem } from '../model/problem.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Store, StoredDocument, Write } from '../platform/store.ts';

const collection = 'endings';
/** As many hours as an operation can be looked up: none goes on for longer. */
const KEPT_HOURS = 24;
/** Documents that are deleted at a time. */
const page = 200;

/**
 * `endings/{operation}`: a human wants it to end. Written by the console in the commit of its `ending_requested`. One that cannot be read
 * ends the operation all the same.
 */
const endingSchema = z.object({
  /** The member of the human. */
  by: z.string().catch('somebody'),
  reason: z.string().catch(''),
  at: z.string().catch(''),
});
export type Ending = z.output<typeof endingSchema>;

/** One operation that runs here. `live`: it goes on until one side ends it. */
type Heeded = { operation: string; live: boolean; end: (problem: Problem) => void };

/** How humans end what this instance runs. */
export type Endings = {
  /** Listens, once for all operations. */
  start(): void;
  /** Calls `end` as soon as a human wants the operation to end, also where they did before. Returns how to stop heeding. */
  heed(heeded: Heeded): () => void;
  /** Asks the store, for whoever does not trust the listener; ends the operation where that says so. Throws `audit-unavailable`. */
  look(operation: string): Promise<void>;
  /** Ends what is live, with an outcome: the instance stops. */
  stop(): void;
};

export function createEndings({ store, log }: { store: Store; log: Pick<Logger, 'warn'> }): Endings {
  const heeded = new Map<string, Heeded>();
  let asked = new Map<string, Ending>();
  let unlisten = () => {};
  let stopped = false;

  function arrived(documents: readonly StoredDocument[]) {
    asked = new Map(documents.map((document) => [operationIn(document), endingSchema.parse(document.data)]));
    for (const [operation, ending] of asked) heeded.get(operation)?.end(endedBy(ending));
  }

  return {
    start() {
      unlisten = store.listen(collection, arrived, (error) =>
        log.warn({ error }, 'Nobody hears at once that an operation is to end; it is looked up every minute.'),
      );
    },
    heed(one) {
      const { operation, live, end } = one;
      heeded.set(operation, one);
      const ending = asked.get(operation);
      if (ending !== undefined) end(endedBy(ending));
      if (live && stopped) end(endedByStop());
      return () => void heeded.delete(operation);
    },
    async look(operation) {
      const ending = await readEnding(store, operation).catch((cause) => {
        throw new Problem('audit-unavailable', { reason: 'endings-unreadable', cause });
      });
      if (ending !== undefined) heeded.get(operation)?.end(endedBy(ending));
    },
    stop() {
      stopped = true;
      unlisten();
      for (const { live, end } of [...heeded.values()]) if (live) end(endedByStop());
    },
  };
}

const operationIn = ({ path }: StoredDocument) => path.slice(path.indexOf('/') + 1);

function endedBy({ by, reason }: Ending) {
  return new Problem('ended', {
    detail: `${by} ended it at the console. Ask them before you begin again.`,
    reason: `ended-by-human: ${by}: ${reason}`,
  });
}

function endedByStop() {
  return new Problem('ended', { detail: 'This instance of the gateway stops. Begin again.', reason: 'instance-stops' });
}

export async function readEnding(store: Store, operation: string): Promise<Ending | undefined> {
  const found = await store.get(`${collection}/${operation}`);
  return found && endingSchema.parse(found.data);
}

/** Fails where somebody wanted it before. */
export function endingWrite(operation: string, ending: Ending): Write {
  const expire_at = new Date(Date.parse(ending.at) + KEPT_HOURS * 3_600_000);
  return { op: 'create', path: `${collection}/${operation}`, data: { ...ending, expire_at } };
}

/** For the keeper: deletes what has done its work. Resolves with how many it was. */
export async function sweepEndings(store: Store, clock: Clock): Promise<number> {
  const where = [['expire_at', '<=', clock.now()]] as const;
  const over = await store.query({ collection, where, limit: page });
  if (over.length > 0) await store.commit(over.map(({ path }) => ({ op: 'delete', path })));
  return over.length;
}
