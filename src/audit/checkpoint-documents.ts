import { z } from 'zod';
import { type Checkpoint, checkpointSchema } from '../model/checkpoint.ts';
import type { Revision, Store, StoredDocument, Write } from '../platform/store.ts';
import { checkpointSteps } from './checkpoint-alarm.ts';

/**
 * `checkpoints/latest`: the last checkpoint without its heads, and how many events the chains had that are over by then.
 * `checkpoints/cp_…`: one that is not everywhere yet. Its heads may go on in `checkpoints/cp_….1` and so on, as a document
 * holds 1 MiB.
 */
const latestSchema = checkpointSchema.omit({ heads: true }).extend({ closed_events: z.int().nonnegative() });
export type Latest = z.output<typeof latestSchema>;

const pendingSchema = checkpointSchema.extend({ parts: z.int().positive() });

/** A checkpoint that is not everywhere yet, and the documents that hold it. */
export type Pending = { checkpoint: Checkpoint; paths: readonly string[] };

const latestPath = 'checkpoints/latest';
/** Characters, all of them ASCII. */
const PART = 900_000;

/** `checkpoints/trouble`: what a keeper fails at; there only while it does. */
const troubleSchema = z.object({ keeper: z.string(), since: z.string(), steps: z.array(z.enum(checkpointSteps)) });

export const troublePath = 'checkpoints/trouble';

export async function readTrouble(store: Store): Promise<z.output<typeof troubleSchema> | undefined> {
  const found = await store.get(troublePath);
  return found && troubleSchema.parse(found.data);
}

export async function readLatest(store: Store): Promise<{ latest: Latest; revision: Revision } | undefined> {
  const found = await store.get(latestPath);
  return found && { latest: latestSchema.parse(found.data), revision: found.revision };
}

/** The checkpoint follows exactly what was seen, or nothing is written: so there is one line of checkpoints, whoever makes them. */
export function writesOf(checkpoint: Checkpoint, closedEvents: number, seen: Revision | undefined): Write[] {
  const { heads, ...latest } = checkpoint;
  const data = { ...latest, closed_events: closedEvents };
  const [first = '', ...more] = partsOf(heads);
  const path = pathOf(checkpoint.checkpoint);
  return [
    seen === undefined
      ? { op: 'create', path: latestPath, data }
      : { op: 'replace', path: latestPath, data, revision: seen },
    { op: 'create', path, data: { ...latest, heads: first, parts: more.length + 1 } },
    ...more.map((part, index) => ({ op: 'create', path: `${path}.${index + 1}`, data: { part } }) as const),
  ];
}

function partsOf(text: string): string[] {
  return Array.from({ length: Math.ceil(text.length / PART) }, (_, index) =>
    text.slice(index * PART, (index + 1) * PART),
  );
}

/** The oldest of those that are not everywhere yet, after a name. */
export async function readPending(store: Store, page: { after: string; limit: number }): Promise<Pending[]> {
  const found = await store.query({
    collection: 'checkpoints',
    where: [['checkpoint', '>', page.after]],
    orderBy: [['checkpoint', 'asc']],
    limit: page.limit + 1,
  });
  const pending = found.filter(({ path }) => path !== latestPath);
  return Promise.all(pending.map((document) => wholeOf(store, document)));
}

async function wholeOf(store: Store, { path, data }: StoredDocument): Promise<Pending> {
  const { parts, ...first } = pendingSchema.parse(data);
  const more = Array.from({ length: parts - 1 }, (_, index) => `${path}.${index + 1}`);
  const texts = await Promise.all(
    more.map(async (one) => z.object({ part: z.string() }).parse((await store.get(one))?.data).part),
  );
  return { checkpoint: { ...first, heads: first.heads + texts.join('') }, paths: [path, ...more] };
}

const pathOf = (checkpoint: string) => `checkpoints/${checkpoint}`;
