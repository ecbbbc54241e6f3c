import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { AuditFacts } from '../model/audit-event.ts';
import { sha256 } from '../model/canonical.ts';
import { Problem } from '../model/problem.ts';
import { type Store, type StoredDocument, Utf8, type Write, WriteConflict } from '../platform/store.ts';
import { type ChunkRow, chunkDocument, directions, type PlacedChunks } from './chunks.ts';
import { type OutboxRecord, readRecord } from './outbox.ts';
import { outboxPath, recordingPath, tapeOf, tapePath } from './paths.ts';
import type { Chunk } from './recorder.ts';
import { createPauses, type Timing } from './timing.ts';

/**
 * A document of `tapes`: a chunk of a session that runs, or of a large answer before its outcome is told. How many there are stands in the
 * event's own document, which changes in the same commit: so whoever closes the event knows them, and nobody adds another after that.
 * Whoever ships them later than the instance that wrote them makes of each a document of `recordings` first.
 */
const tapedSchema = z.object({
  event: z.string(),
  chain: z.string(),
  direction: z.enum(directions),
  chunk: z.int().nonnegative(),
  offset: z.int().nonnegative(),
  content: z.string(),
  sha256: z.string(),
});

/** Chunks that are moved in one commit: as text in JSON each may be three times as large. */
const some = 8;

/**
 * Writes chunks of one event, the caller one after another. Throws `audit-unavailable` when one is not durable within the patience, or
 * where the event was closed meanwhile. `document` is the event's own, as it was written last.
 */
export function createTaping(deps: {
  store: Store;
  timing: Timing;
  stop: AbortSignal;
  event: string;
  document: Promise<StoredDocument | undefined | 'unread'>;
}) {
  const { store, timing, stop, event } = deps;
  let known = deps.document;

  async function write(chunk: Chunk<string>, index: number): Promise<void> {
    const deadline = performance.now() + timing.patience;
    const pauses = createPauses(timing.pause, stop);
    let cause: unknown;
    while (performance.now() < deadline && !stop.aborted) {
      try {
        const found = await read();
        const record = readRecord(found);
        if (record.state === 'intended' && record.taped === index + 1) return;
        if (record.state !== 'intended' || record.taped !== index) break;
        known = Promise.resolve(await put(store, found, 'both', [chunk]));
        return;
      } catch (error) {
        cause = error;
        known = Promise.resolve('unread');
        if (!(error instanceof WriteConflict)) await pauses.wait();
      }
    }
    throw new Problem('audit-unavailable', { reason: 'recording', cause });
  }

  async function read(): Promise<StoredDocument> {
    const first = await known;
    const found = first === 'unread' ? await store.get(outboxPath(event)) : first;
    if (found === undefined) throw new Problem('audit-unavailable', { reason: 'intent-gone' });
    known = Promise.resolve(found);
    return found;
  }

  return { write, document: () => known };
}

/**
 * Makes an answer durable before its outcome is, in one commit. Resolves with the event's document as it is then. Nothing is to be done where
 * that was done already, or where somebody has closed the event.
 */
export async function tapeAnswer(
  store: Store,
  found: StoredDocument,
  chunks: NonNullable<PlacedChunks['taped']>,
): Promise<StoredDocument | 'unread'> {
  const { state, taped } = readRecord(found);
  if (state !== 'intended' || taped > 0) return found;
  return put(
    store,
    found,
    'returned',
    chunks.map(({ content, sha256, offset }) => ({ content: new Utf8(content), sha256, offset })),
  );
}

async function put(
  store: Store,
  found: StoredDocument,
  direction: ChunkRow['direction'],
  chunks: readonly Chunk<string | Utf8>[],
): Promise<StoredDocument | 'unread'> {
  const { path, revision } = found;
  const { event, chain, taped, taped_bytes = 0 } = readRecord(found);
  const bytes = chunks.reduce((sum, { content }) => sum + bytesOf(content), taped_bytes);
  const data = { ...found.data, taped: taped + chunks.length, taped_bytes: bytes };
  const sets = chunks.map((chunk, index): Write => {
    const place = taped + index;
    const data = { event, tape: tapeOf(event), chain, direction, chunk: place, ...chunk };
    return { op: 'set', path: tapePath(event, place), data };
  });
  const next = (await store.commit([...sets, { op: 'replace', path, data, revision }])).at(-1);
  return next === undefined ? 'unread' : { path, data, revision: next };
}

const bytesOf = (content: string | Utf8) => (typeof content === 'string' ? Buffer.byteLength(content) : content.length);

/** What the chunks of an event's document are, put together, for an event that another closes. */
export async function tapedIn(store: Store, { event, taped }: OutboxRecord): Promise<AuditFacts['recording']> {
  if (taped === 0) return null;
  const all = createHash('sha256');
  let [chunks, bytes] = [0, 0];
  for (; chunks < taped; chunks++) {
    const found = await store.get(tapePath(event, chunks));
    if (found === undefined) break;
    const { content } = tapedSchema.parse(found.data);
    all.update(content);
    bytes += Buffer.byteLength(content);
  }
  return { chunks, bytes, sha256: chunks === 0 ? sha256('') : all.digest('hex'), truncated: true };
}

/** What a row says of an outcome, whatever version of the product wrote it. */
const outcomeSchema = z.looseObject({
  event_id: z.string(),
  phase: z.string(),
  operation: z.string(),
  session: z.string().nullable(),
  connection: z.string().nullable(),
  time: z.string(),
  recording: z.object({ chunks: z.number() }).nullable(),
});

/**
 * Makes of the chunks of an event that has ended what is shipped; those that its outcome does not tell of are dropped. May be repeated, and
 * done by two at once.
 */
export async function releaseTape(store: Store, { event, chain, taped, rows }: OutboxRecord): Promise<void> {
  if (taped === 0) return;
  const outcome = rows.map((row) => outcomeSchema.parse(JSON.parse(row))).find(({ phase }) => phase === 'outcome');
  if (outcome === undefined) return;
  for (;;) {
    const found = await store.query({ collection: 'tapes', where: [['tape', '==', tapeOf(event)]], limit: some });
    if (found.length > 0) await store.commit(found.flatMap((document) => moved(document, outcome, chain)));
    if (found.length < some) return;
  }
}

function moved({ path, data }: StoredDocument, outcome: z.output<typeof outcomeSchema>, chain: string): Write[] {
  const { event, direction, chunk, offset, content, sha256: digest } = tapedSchema.parse(data);
  const gone: Write = { op: 'delete', path };
  if (chunk >= (outcome.recording?.chunks ?? 0)) return [gone];
  const { event_id, operation, session, connection, time } = outcome;
  const place = { event_id, operation, session, connection, time, direction, chunk, offset_ms: offset } as const;
  const row: ChunkRow = { ...place, content: Buffer.from(content).toString('base64'), sha256: digest };
  return [{ op: 'set', path: recordingPath(event, chunk), data: chunkDocument(event, chain, row) }, gone];
}
