import { createHash } from 'node:crypto';
import { z } from 'zod';
import { sha256 } from '../model/canonical.ts';
import { formsOf, type RecordedBody, type RecordedSession } from './recorded-forms.ts';
import type { OperationTold } from './timeline.ts';

export const chunkSchema = z.object({
  chunk: z.number(),
  direction: z.string(),
  offset_ms: z.number(),
  content: z.string(),
  sha256: z.string(),
});
type ChunkRead = z.output<typeof chunkSchema>;

/** The JSON of one value, as it stood: numbers keep every digit. */
export type Cell = string;

/** What is kept of an answer, compared with what its outcome says of it. */
export type Recorded = {
  /** `intact`: it is what the outcome's hash says. `unrecorded`: it was never kept. `expired`: its time was over. `running`: it goes on. */
  state: 'intact' | 'changed' | 'missing' | 'unrecorded' | 'expired' | 'running';
  /** What is wrong with it, or why it is not there; in order. */
  faults: readonly string[];
  /** It was longer than what is kept of an answer. */
  truncated: boolean;
  chunks: readonly { chunk: number; offset_ms: number; bytes: number; sha256: string }[];
  columns: readonly { name: string; type: string; masked?: string | undefined }[];
  rows: readonly (readonly Cell[])[];
  /** Where it is no rows. */
  session?: RecordedSession;
  body?: RecordedBody;
  /** As it was kept: NDJSON of the columns, then a row a line; an asciicast; or `{status, headers}` in a line, then a body. */
  content: string;
};

/**
 * Puts a recording together and says plainly what is missing of it or was changed. `isOver`: recordings of that time are deleted
 * as their retention has it.
 */
export function recordedOf(
  { recording, unrecorded }: OperationTold,
  found: readonly ChunkRead[],
  isOver = false,
): Recorded {
  if (recording === null) return nothing('unrecorded', unrecorded ?? 'It was not run.');
  if (isOver && found.length === 0 && recording.chunks > 0)
    return nothing('expired', 'It was deleted when its time was over, as the retention of recordings has it.');
  const inPlace = Map.groupBy(found, ({ chunk }) => chunk);
  const missing = Array.from({ length: recording.chunks }, (_, place) => place).filter((place) => !inPlace.has(place));
  const faults = [
    ...missing.map((place) => `Chunk ${place} of ${recording.chunks} is missing.`),
    ...[...inPlace].flatMap(([place, claims]) => faultsAt(place, claims, recording.chunks)),
  ];
  const chunks = found.filter(isFirst);
  const content = chunks.map((one) => one.content).join('');
  if (missing.length === 0 && digestOf(chunks) !== recording.sha256)
    faults.push('Together, the chunks do not have the hash that the outcome says.');
  const isChanged = faults.length > missing.length;
  return {
    state: isChanged ? 'changed' : missing.length > 0 ? 'missing' : 'intact',
    faults,
    truncated: recording.truncated,
    chunks: chunks.map(viewOf),
    ...contentOf(content),
    content,
  };
}

/** What there is of the recording of an operation that goes on: no outcome says yet what it must be. */
export function recordedSoFar(content: string): Recorded {
  const whole = content.slice(0, content.lastIndexOf('\n') + 1);
  const unchecked = { state: 'running', faults: [], truncated: false, chunks: [] } as const;
  return { ...unchecked, ...contentOf(whole), content: whole };
}

const isFirst = ({ chunk }: ChunkRead, index: number, all: readonly ChunkRead[]) => all[index - 1]?.chunk !== chunk;

function nothing(state: 'unrecorded' | 'expired', reason: string): Recorded {
  return { state, faults: [reason], truncated: false, chunks: [], columns: [], rows: [], content: '' };
}

function faultsAt(place: number, claims: readonly ChunkRead[], chunks: number): string[] {
  return [
    ...(place >= chunks ? [`Chunk ${place} was added.`] : []),
    ...(claims.length > 1 ? [`Chunk ${place} is there with ${claims.length} contents.`] : []),
    ...(claims.some((claim) => sha256(claim.content) !== claim.sha256) ? [`Chunk ${place} was changed.`] : []),
  ];
}

function digestOf(chunks: readonly ChunkRead[]): string {
  const hash = createHash('sha256');
  for (const { content } of chunks) hash.update(content);
  return hash.digest('hex');
}

function viewOf({ chunk, offset_ms, content }: ChunkRead) {
  return { chunk, offset_ms, bytes: Buffer.byteLength(content), sha256: sha256(content) };
}

const headSchema = z.object({
  columns: z.array(z.object({ name: z.string(), type: z.string(), masked: z.string().optional() })),
});

function contentOf(content: string): Pick<Recorded, 'columns' | 'rows' | 'session' | 'body'> {
  const forms = formsOf(content);
  return forms.session || forms.body ? { columns: [], rows: [], ...forms } : tableOf(content);
}

/** Whatever of it can be read: where a chunk is missing or was changed, lines may be broken. */
function tableOf(content: string): Pick<Recorded, 'columns' | 'rows'> {
  const lines = content.split('\n').filter((line) => line !== '');
  const head = headSchema.safeParse(jsonIn(lines[0] ?? ''));
  const rows = lines.filter((line) => Array.isArray(jsonIn(line))).map(cellsOf);
  return { columns: head.success ? head.data.columns : [], rows };
}

/** Undefined for what is no JSON. */
export function jsonIn(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** The elements of a JSON array, each as its text. */
export function cellsOf(array: string): Cell[] {
  const cells: Cell[] = [];
  let depth = 0;
  let start = 1;
  for (let at = 0; at < array.length; at++) {
    const sign = array[at];
    if (sign === '"') at = endOfString(array, at);
    else if (sign === '[' || sign === '{') depth++;
    else if (sign === ']' || sign === '}') depth--;
    if ((sign === ',' && depth === 1) || depth === 0) {
      const cell = array.slice(start, at).trim();
      if (cell !== '' || cells.length > 0) cells.push(cell);
      start = at + 1;
      if (depth === 0) break;
    }
  }
  return cells;
}

/** Where the string ends that begins at `at`. */
function endOfString(text: string, at: number): number {
  let end = at + 1;
  while (end < text.length && text[end] !== '"') end += text[end] === '\\' ? 2 : 1;
  return end;
}
