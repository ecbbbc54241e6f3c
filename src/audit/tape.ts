import { createHash, type Hash } from 'node:crypto';
import type { AuditFacts } from '../model/audit-event.ts';
import { sha256 } from '../model/canonical.ts';
import { asProblem, type Problem } from '../model/problem.ts';
import type { Tape, TranscriptOptions } from '../model/transcript.ts';
import type { Chunk } from './recorder.ts';

type Summary = NonNullable<AuditFacts['recording']>;

/** What was kept of a session when it ended; `lost` where not all of it could be. */
type Taped = { summary: Summary; lost?: Problem };

/** The recording of a session, written while it runs: killed, it loses what the last few seconds said and no more. */
export type SessionTape = Tape & {
  /** Resolves when there is room for more; throws once the recording is lost. */
  room(): Promise<void>;
  /** Aborted, with the problem, once a chunk could not be written: nothing may go on unrecorded. */
  lost: AbortSignal;
  /** Writes what is left. Undefined where nothing was opened. */
  finish(): Promise<Taped | undefined>;
};

/** Bytes of a chunk, as of every recording; characters of one entry, so that one fits. */
const mostOfChunk = 256 * 1024;
const mostOfEntry = 16 * 1024;
/** A terminal whose size nobody told. */
const usual = { cols: 80, rows: 24 };
const sha256OfNothing = sha256('');

/**
 * An asciicast, version 3, in chunks that are written one after another: each when it is full, or `age` milliseconds after it began. Two
 * are held at most, by whoever waits for `room`. Beyond `limit` bytes nothing is kept, and `truncated` says so.
 */
export function createTape(deps: {
  limit: number;
  age: number;
  /** Makes a chunk durable, in its order; throws a `Problem` where it cannot. */
  write: (chunk: Chunk<string>, index: number) => Promise<void>;
}): SessionTape {
  const { limit, age, write } = deps;
  const start = performance.now();
  const losing = new AbortController();
  let hash: Hash | undefined;
  let durable: Summary = { bytes: 0, chunks: 0, sha256: sha256OfNothing, truncated: false };
  let [content, size, offset, bytes] = ['', 0, 0, 0];
  let [opened, truncated] = [false, false];
  let [queued, closed, last] = [0, 0, 0];
  let writing: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  let ending = () => {};

  /** Milliseconds; the sum of all that were told stays exact. */
  function interval(): number {
    const now = Math.round(performance.now() - start);
    const passed = now - last;
    last = now;
    return passed / 1000;
  }

  function line(value: unknown) {
    const text = `${JSON.stringify(value)}\n`;
    const length = Buffer.byteLength(text);
    truncated ||= bytes + length > limit;
    if (truncated || losing.signal.aborted) return;
    if (size + length > mostOfChunk) close();
    if (size === 0) {
      offset = Math.round(performance.now() - start);
      timer = setTimeout(close, age).unref();
    }
    content += text;
    size += length;
    bytes += length;
  }

  function close() {
    clearTimeout(timer);
    if (size === 0) return;
    const chunk: Chunk<string> = { content, sha256: sha256(content), offset };
    const length = size;
    const index = closed++;
    [content, size] = ['', 0];
    queued++;
    writing = writing.then(() => keep(chunk, index, length)).finally(() => queued--);
  }

  async function keep(chunk: Chunk<string>, index: number, length: number) {
    if (losing.signal.aborted) return;
    try {
      await write(chunk, index);
      hash ??= createHash('sha256');
      hash.update(chunk.content);
      const digest = hash.copy().digest('hex');
      durable = { bytes: durable.bytes + length, chunks: index + 1, sha256: digest, truncated: false };
    } catch (thrown) {
      losing.abort(asProblem(thrown));
    }
  }

  return {
    lost: losing.signal,
    open(options) {
      opened = true;
      line(headOf(options));
    },
    entry(code, data) {
      for (const part of partsOf(data)) line([interval(), code, part]);
    },
    beforeEnd(hook) {
      ending = hook;
    },
    async room() {
      while (queued > 1 && !losing.signal.aborted) await writing;
      losing.signal.throwIfAborted();
    },
    async finish() {
      if (!opened) return undefined;
      ending();
      ending = () => {};
      close();
      await writing;
      const lost = losing.signal.aborted ? { lost: asProblem(losing.signal.reason) } : {};
      return { summary: { ...durable, truncated: truncated || losing.signal.aborted }, ...lost };
    },
  };
}

/** As https://docs.asciinema.org/manual/asciicast/v3/ has it. Each session is one file, hence no title but its command. */
function headOf({ terminal, columns, rows, command }: TranscriptOptions) {
  const size = columns === undefined || rows === undefined ? usual : { cols: columns, rows };
  return {
    version: 3,
    term: { ...size, ...(terminal && { type: 'xterm-256color' }) },
    timestamp: Math.floor(Date.now() / 1000),
    ...(command !== undefined && { command, title: command }),
  };
}

/** No character is cut. */
function partsOf(data: string): string[] {
  if (data.length <= mostOfEntry) return [data];
  const parts: string[] = [];
  for (let from = 0; from < data.length; ) {
    const end = from + mostOfEntry;
    const isCut = data.charCodeAt(end - 1) >= 0xd800 && data.charCodeAt(end - 1) <= 0xdbff;
    parts.push(data.slice(from, isCut ? end - 1 : end));
    from = isCut ? end - 1 : end;
  }
  return parts;
}
