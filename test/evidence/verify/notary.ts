import { z } from 'zod';
import type { AuditEvent } from '../../../src/model/audit-event.ts';
import { canonicalJson, sha256 } from '../../../src/model/canonical.ts';
import { type Checkpoint, chainHeadSchema, checkpointBodySchema } from '../../../src/model/checkpoint.ts';
import { aCheckpoint, type Honest } from './honest.ts';

const minute = 60_000;

/** The events as their writers would have chained them: numbered and hashed in the order in which they come. */
export function chained(events: readonly AuditEvent[]): AuditEvent[] {
  const ends = new Map<string, { seq: number; hash: string }>();
  return events.map((event) => {
    const { hash: _, ...facts } = event;
    const { seq, hash } = ends.get(event.chain) ?? { seq: 0, hash: '0'.repeat(64) };
    const link = { ...facts, seq, prev_hash: hash };
    const next = { ...link, hash: sha256(canonicalJson(link)) };
    ends.set(event.chain, { seq: seq + 1, hash: next.hash });
    return next;
  });
}

/**
 * What the keeper signs where the gateway itself writes such events: a checkpoint each minute, over what was written by then. `pause`: times
 * between which it makes none.
 */
export function notarised(
  events: readonly AuditEvent[],
  {
    pause,
    retainedFrom = null,
    recordingsFrom = null,
  }: { pause?: readonly [Date, Date]; retainedFrom?: string | null; recordingsFrom?: string | null } = {},
): Honest {
  const times = events.map(({ time }) => Date.parse(time));
  const [start, end] = [Math.min(...times), Math.max(...times)];
  const checkpoints: Checkpoint[] = [];
  const closed = new Set<string>();
  for (let now = start + minute; now < end + 2 * minute; now += minute) {
    if (pause && now > pause[0].getTime() && now < pause[1].getTime()) continue;
    const known = events.filter(({ time }) => Date.parse(time) <= now);
    const heads = [...Map.groupBy(known, ({ chain }) => chain)].flatMap(([chain, links]) => {
      const last = links.at(-1);
      if (closed.has(chain) || last === undefined) return [];
      const over = last.type === 'chain_closed';
      if (over) closed.add(chain);
      return [{ chain, seq: last.seq, hash: last.hash, closed: over }];
    });
    checkpoints.push(
      aCheckpoint(heads, {
        before: checkpoints.at(-1),
        time: new Date(now),
        events: known.length,
        retainedFrom,
        recordingsFrom,
      }),
    );
  }
  return { events: [...events], checkpoints, recordings: [] };
}

/** The same checkpoints, with the hashes that these events have in the places of the heads. */
export function signedAnew(checkpoints: readonly Checkpoint[], events: readonly AuditEvent[]): Checkpoint[] {
  const hashes = new Map(events.map(({ chain, seq, hash }) => [`${chain} ${seq}`, hash]));
  const made: Checkpoint[] = [];
  for (const { heads, body } of checkpoints) {
    const { time, events: count } = checkpointBodySchema.parse(JSON.parse(body));
    const known = z.array(chainHeadSchema).parse(JSON.parse(heads));
    const moved = known.map((head) => ({ ...head, hash: hashes.get(`${head.chain} ${head.seq}`) ?? head.hash }));
    made.push(aCheckpoint(moved, { before: made.at(-1), time: new Date(time), events: count }));
  }
  return made;
}
