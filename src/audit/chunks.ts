import { z } from 'zod';
import type { AuditFacts } from '../model/audit-event.ts';
import type { StoredDocument } from '../platform/store.ts';
import { recordingPath, sortedBy, tapePath } from './paths.ts';
import type { Chunk, Recording } from './recorder.ts';

/** `returned`: what the caller was sent. `both`: a session, with what the caller said in it. */
export const directions = ['returned', 'both'] as const;

/**
 * A chunk of a recording as the table `recordings` takes it: `content` is text in UTF-8, in base64. `time` is that of the outcome, which
 * tells how many there are.
 */
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

/** What a chunk says. */
export const contentOf = ({ content }: ChunkRow): string => Buffer.from(content, 'base64').toString();

/** A document of `recordings`: a chunk that is too large for its event's own document, until BigQuery has it. */
const chunkDocumentSchema = z.object({ event: z.string(), chain: z.string(), json: z.string() });
export type ChunkRecord = z.output<typeof chunkDocumentSchema> & { path: string };

export const chunkDocument = (event: string, chain: string, row: ChunkRow) => ({
  ...{ ...sortedBy(event), chain },
  json: JSON.stringify(row),
});

export function readChunkRecord({ path, data }: StoredDocument): ChunkRecord {
  return { ...chunkDocumentSchema.parse(data), path };
}

/** A chunk of what was kept, and its row. No text is made of what is large before it is asked for. */
type KeptChunk = Chunk<Buffer> & { row: ChunkRow };

/** Where the chunks of an event are kept. */
export type PlacedChunks = {
  /** In the event's own document, as their JSON. */
  within?: readonly { row: ChunkRow; json: string }[];
  /** Each in a document of `tapes`, durable before the outcome was. */
  taped?: readonly (KeptChunk & { path: string })[];
  /** Each in a document of `recordings`, in the same commit. */
  beside?: readonly (KeptChunk & { path: string })[];
  /** They are those of a session: only their documents know them. */
  unread?: boolean;
};

/** Bytes of a recording that go into its event's own document, beside two rows of 400 kB. */
const mostWithin = 32 * 1024;

/** Where the chunks of an answer are kept, told in time. */
export function placeChunks(facts: AuditFacts, recording: Recording | undefined): PlacedChunks {
  if (recording === undefined) return {};
  const kept = chunksOf(facts, recording);
  if (recording.summary.bytes <= mostWithin)
    return { within: kept.map(({ row }) => ({ row, json: JSON.stringify(row) })) };
  return { taped: kept.map((one, chunk) => ({ ...one, path: tapePath(facts.event_id, chunk) })) };
}

/** The same, told late: nothing can be written before that any more. */
export function placeLate(event: string, { taped = [], ...others }: PlacedChunks): PlacedChunks {
  return { ...others, beside: taped.map((one, chunk) => ({ ...one, path: recordingPath(event, chunk) })) };
}

function chunksOf({ event_id, operation, session, connection, time }: AuditFacts, { chunks }: Recording): KeptChunk[] {
  if (operation === null) return [];
  const place = { event_id, operation, session, connection, time, direction: 'returned' } as const;
  return chunks.map((one, chunk) => {
    const { content, sha256, offset } = one;
    const row = {
      ...{ ...place, chunk, offset_ms: offset, sha256 },
      get content() {
        return content.toString('base64');
      },
    };
    return { ...one, row };
  });
}
