import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import type { AuditFacts } from '../model/audit-event.ts';
import { sha256 } from '../model/canonical.ts';

/** What was kept of an answer, and what the trail says of it. */
export type Recording = { summary: NonNullable<AuditFacts['recording']>; chunks: readonly Chunk<Buffer>[] };

/** `content`: text, or its bytes in UTF-8. `offset`: milliseconds from the beginning of the answer to that of the chunk. */
export type Chunk<Content> = { content: Content; sha256: string; offset: number };

export type Recorder = {
  /** The first line: the columns of rows, as whoever asks for NDJSON gets them; of an HTTP answer its status and headers. */
  begin(head: object | undefined): void;
  /** Lines that are handed to the caller; they are copied. */
  add(lines: Uint8Array): void;
  /** Undefined where nothing was answered. */
  take(): Recording | undefined;
};

/** Bytes of a chunk. In base64 it is a third longer, and a Firestore document holds 1 MiB. */
const mostOfChunk = 512 * 1024;
/** Bytes that are made room for, one after the other: what is large and lives long is dear to collect, so it is not to be much too large. */
const rooms = [4 * 1024, 40 * 1024, 320 * 1024, mostOfChunk];
const newline = 0x0a;
const nothing = Buffer.alloc(0);

/**
 * Keeps what an operation answers, up to `limit` bytes: lines beyond are not held, and `truncated` says so. A line is kept
 * whole or not at all; chunks end with a line wherever one fits.
 */
export function createRecorder(limit: number): Recorder {
  const start = performance.now();
  const chunks: Chunk<Buffer>[] = [];
  let content: Buffer = nothing;
  let size = 0;
  let offset = 0;
  let bytes = 0;
  let begun = false;
  let truncated = false;

  function add(lines: Uint8Array) {
    if (truncated) return;
    const text = textOf(lines);
    const fitting = bytes + text.length <= limit ? text.length : endOfLine(text, 0, limit - bytes);
    truncated = fitting < text.length;
    for (let at = 0; at < fitting; ) {
      if (fitting - at <= mostOfChunk - size) at = keep(text, at, fitting);
      else {
        const end = endOfLine(text, at, at + mostOfChunk - size);
        if (end > at) at = keep(text, at, end);
        else if (size === 0) at = keep(text, at, endOfCharacter(text, at + mostOfChunk));
        close();
      }
    }
  }

  function keep(text: Buffer, from: number, to: number): number {
    if (size === 0) offset = performance.now() - start;
    const end = size + to - from;
    if (end > content.length) content = grown(content, size, end);
    text.copy(content, size, from, to);
    size = end;
    bytes += to - from;
    return to;
  }

  function close() {
    const written = content.subarray(0, size);
    chunks.push({ content: written, sha256: sha256(written), offset: Math.round(offset) });
    content = nothing;
    size = 0;
  }

  return {
    begin(head) {
      begun = true;
      if (head !== undefined) add(Buffer.from(`${JSON.stringify(head)}\n`));
    },
    add,
    take() {
      if (!begun) return undefined;
      if (size > 0) close();
      return { summary: { bytes, chunks: chunks.length, sha256: digestOf(chunks), truncated }, chunks };
    },
  };
}

/** What is no UTF-8 becomes U+FFFD, as nothing else would be the same text later. */
function textOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  const text = Buffer.from(buffer, byteOffset, byteLength);
  return isUtf8(text) ? text : Buffer.from(text.toString());
}

/** With room for at least so many bytes, and never for more than a chunk holds. */
function grown(content: Buffer, size: number, atLeast: number): Buffer {
  const larger = Buffer.allocUnsafe(rooms.find((room) => room >= atLeast) ?? mostOfChunk);
  content.copy(larger, 0, 0, size);
  return larger;
}

function digestOf(chunks: readonly Chunk<Buffer>[]): string {
  const [only, ...more] = chunks;
  if (only !== undefined && more.length === 0) return only.sha256;
  const hash = createHash('sha256');
  for (const { content } of chunks) hash.update(content);
  return hash.digest('hex');
}

/** Behind the last line that ends before `to`; `from` where none does. */
function endOfLine(text: Buffer, from: number, to: number): number {
  return from + text.subarray(from, to).lastIndexOf(newline) + 1;
}

/** At or before `at`, so that no character of UTF-8 is cut. */
function endOfCharacter(text: Buffer, at: number): number {
  let end = at;
  while (((text[end] ?? 0) & 0xc0) === 0x80) end--;
  return end;
}
