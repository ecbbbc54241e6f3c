import { shareOf } from '../platform/ids.ts';
import type { StoreQuery } from '../platform/store.ts';

/**
 * Where the documents of the trail stand. Identifiers grow with time, and a place of an index that only grows takes 500 writes a second
 * (Firestore, Best practices for Cloud Firestore: hotspots, sequential indexed fields): so names begin with chance, and what is sorted by
 * an identifier is sorted within one of several shards.
 */
const spread = (id: string) => `${id.slice(-2)}.${id}`;

/** The same for what was found late of an event, which is a document of its own. */
export const outboxPath = (event: string, { late = false } = {}) => `outbox/${spread(event)}${late ? '.late' : ''}`;
export const recordingPath = (event: string, chunk: number) => `recordings/${spread(event)}.${chunk}`;
export const tapePath = (event: string, chunk: number) => `tapes/${spread(event)}.${chunk}`;
export const operationPath = (operation: string) => `operations/${spread(operation)}`;

/** A value to find what runs by, as an indexed field; and one to find the tape of an event by. */
export const runsAs = spread;
export const tapeOf = spread;

const count = 16;

/** The oldest event first, over all shards; a query may name 30. */
export const inOrder: Pick<StoreQuery, 'where' | 'orderBy'> = {
  where: [['shard', 'in', Array.from({ length: count }, (_, shard) => shard)]],
  orderBy: [['event', 'asc']],
};

/** What a document is sorted by. */
export const sortedBy = (event: string) => ({ event, shard: shareOf(event, count) });
