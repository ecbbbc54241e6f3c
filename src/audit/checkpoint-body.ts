import {
  type ChainHead,
  type Checkpoint,
  type CheckpointBody,
  checkpointBodySchema,
  checkpointOf,
  noCheckpoint,
  rootOf,
} from '../model/checkpoint.ts';
import type { Latest } from './checkpoint-documents.ts';

/** What the next checkpoint says, before it is signed. `closedEvents`: of all chains that are over with it. */
export type Draft = { checkpoint: Omit<Checkpoint, 'signature' | 'key'>; closedEvents: number };

/**
 * The checkpoint after `latest`, or the first. Its time is later than that of the one before, also where the clock was set
 * back; and what may have been deleted stays said, also where retention was lifted since.
 */
export function draftOf(input: {
  latest: Latest | undefined;
  heads: readonly ChainHead[];
  now: Date;
  keeper: string;
  retainedFrom: string | null;
  recordingsFrom: string | null;
}): Draft {
  const { latest, heads, now, keeper, retainedFrom, recordingsFrom } = input;
  const before = latest && checkpointBodySchema.parse(JSON.parse(latest.body));
  const time = Math.max(now.getTime(), before === undefined ? 0 : Date.parse(before.time) + 1);
  const pastEvents = latest?.closed_events ?? 0;
  const body: CheckpointBody = {
    type: 'sallyport-checkpoint',
    version: 1,
    number: before === undefined ? 0 : before.number + 1,
    time: new Date(time).toISOString(),
    keeper,
    previous: latest?.hash ?? noCheckpoint,
    root: rootOf(heads),
    heads: heads.length,
    events: pastEvents + eventsOf(heads),
    retained_from: laterOf(before?.retained_from ?? null, retainedFrom),
    recordings_from: laterOf(before?.recordings_from ?? null, recordingsFrom),
  };
  const closed = heads.filter((head) => head.closed);
  return { checkpoint: checkpointOf(body, heads), closedEvents: pastEvents + eventsOf(closed) };
}

const eventsOf = (heads: readonly ChainHead[]) => heads.reduce((sum, { seq }) => sum + seq + 1, 0);

const laterOf = (one: string | null, other: string | null) =>
  one === null || (other !== null && other > one) ? other : one;
