import { z } from 'zod';
import type { AuditFacts } from '../model/audit-event.ts';
import { type StoredDocument, Utf8 } from '../platform/store.ts';
import { recordingPath, sortedBy } from './paths.ts';
import { withQuoted } from './quoted.ts';
import type { Recording } from './recorder.ts';

/** `returned`: what the caller was sent. `both`: a session, with what the caller said in it. */
const directions = ['returned', 'both'] as const;

/** A chunk of a recording as the table `recordings` holds it. `time` is that of the outcome, which tells how many there are. */
const chunkSchema = z.strictObject({
  event_id: z.string(),
  operation: z.string(),
  session: z.string().nullable(),
  connection: z.string().nullable(),
  time: z.string(),
  direction: z.enum(directions),
  chunk: z.int().nonnegative(),
  offset_ms: z.int().nonnegative(),
  content: z.string(),
  sha256: z.string(),
});
export type ChunkRow = z.output<typeof chunkSchema>;

export const readChunk = (json: string): ChunkRow => chunkSchema.parse(JSON.parse(json));

/** A document of `recordings`: a chunk that is too large for its event's own document, until BigQuery has it. */
const chunkDocumentSchema = z.object({ event: z.string(), chain: z.string(), json: z.string() });
export type ChunkRecord = z.output<typeof chunkDocumentSchema> & { path: string };

/** `json`: the chunk's row, as its text. */
export const chunkDocument = <Text>(event: string, chain: string, json: Text) => ({ ...sortedBy(event), chain, json });

export function readChunkRecord({ path, data }: StoredDocument): ChunkRecord {
  return { ...chunkDocumentSchema.parse(data), path };
}

/** A chunk, and its JSON as it is kept. `within`: in the event's own document. `beside`: each in a document of its own, in the same commit. */
export type PlacedChunks = {
  within: readonly { row: ChunkRow; json: string }[];
  beside: readonly { row: ChunkRow; json: Utf8; path: string }[];
  /** They were written while the session ran. */
  taped?: boolean;
};

/** Bytes of a recording that go into its event's own document, beside two rows of 400 kB. */
const mostWithin = 32 * 1024;

/** Where each chunk of an outcome's recording is kept. */
export function placeChunks(facts: AuditFacts, recording: Recording | undefined): PlacedChunks {
  const { event_id, operation, session, connection, time } = facts;
  if (recording === undefined || operation === null) return { within: [], beside: [] };
  const place = { event_id, operation, session, connection, time, direction: 'returned' } as const;
  const kept = recording.chunks.map(({ content, sha256, offset }, chunk) => ({
    ...{ head: { ...place, chunk, offset_ms: offset }, content, sha256 },
  }));
  if (recording.summary.bytes <= mostWithin) return { within: kept.map((one) => littleOf(one)), beside: [] };
  return {
    within: [],
    beside: kept.map((one, chunk) => ({ ...largeOf(one), path: recordingPath(event_id, chunk) })),
  };
}

type Kept = { head: Omit<ChunkRow, 'content' | 'sha256'>; content: Buffer; sha256: string };

function littleOf({ head, content, sha256 }: Kept) {
  const row: ChunkRow = { ...head, content: content.toString(), sha256 };
  return { row, json: JSON.stringify(row) };
}

/** No string is made of what is large; the row's content is read from its JSON where somebody asks for it. */
function largeOf({ head, content, sha256 }: Kept) {
  const json = new Utf8(
    withQuoted(`${JSON.stringify(head).slice(0, -1)},"content":`, content, `,"sha256":"${sha256}"}`),
  );
  const row: ChunkRow = {
    ...head,
    get content() {
      return readChunk(String(json)).content;
    },
    sha256,
  };
  return { row, json };
}
