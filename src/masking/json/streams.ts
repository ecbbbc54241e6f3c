import { Problem } from '../../model/problem.ts';
import type { Piece } from '../../model/result.ts';
import type { Reader } from './reader.ts';

/** Bytes of what must be seen whole: a text, a line, an event, an object that is told by what it holds. */
export const mostHeld = 16 * 1024 * 1024;

/** What a stream of bytes goes through: pieces as soon as they are certain, and the rest at its end. */
export type Passing = { push: (bytes: Buffer) => Piece | undefined; end: () => Piece | undefined };

/** Each chunk as it is asked for. No generator: one that was never started would not pass on that its reader has left. */
export function pass(source: AsyncIterable<Uint8Array>, create: () => Passing): AsyncIterable<Piece> {
  return {
    [Symbol.asyncIterator]() {
      const chunks = source[Symbol.asyncIterator]();
      const { push, end } = create();
      let ended = false;
      const leave = async (): Promise<IteratorResult<Piece>> => {
        ended = true;
        await chunks.return?.();
        return { done: true, value: undefined };
      };
      return {
        async next() {
          try {
            while (!ended) {
              const step = await chunks.next();
              if (step.done === true) ended = true;
              const piece = step.done === true ? end() : push(asBuffer(step.value));
              if (piece !== undefined && piece.bytes.length > 0) return { done: false, value: piece };
            }
          } catch (error) {
            if (!ended) await leave();
            throw error;
          }
          return { done: true, value: undefined };
        },
        return: leave,
      };
    },
  };
}

const asBuffer = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Bytes that wait for what comes behind them. Throws `too-large` when they are too many. */
export function createHeld() {
  let chunks: Buffer[] = [];
  let size = 0;
  return {
    get size() {
      return size;
    },
    add(bytes: Buffer) {
      if (bytes.length === 0) return;
      chunks.push(bytes);
      size += bytes.length;
      if (size > mostHeld)
        throw new Problem('too-large', {
          detail: `A single value, line or object of the target’s answer is larger than ${mostHeld} bytes.`,
        });
    },
    take(): Buffer {
      const [only] = chunks;
      const all = chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks, size);
      chunks = [];
      size = 0;
      return all;
    },
  };
}

const mark = Buffer.from([0xef, 0xbb, 0xbf]);

/** A byte order mark at the beginning of a stream passes, as some servers send one; anywhere else it is no JSON. */
export function withoutMark(bytes: Buffer): { bytes: Buffer; skipped: number } {
  const skipped = bytes.subarray(0, 3).equals(mark) ? 3 : 0;
  return { bytes: bytes.subarray(skipped), skipped };
}

/** One document, of any size: only what is not certain yet is held. An answer without any bytes passes. */
export function oneDocument(createReader: () => Reader): Passing {
  const reader = createReader();
  const held = createHeld();
  let started = false;
  /** Below that another look is not worth its while. */
  let enough = 1;

  function read(last: boolean): Piece {
    const all = held.take();
    const { bytes, skipped } = started ? { bytes: all, skipped: 0 } : withoutMark(all);
    started = true;
    const { piece, used } = reader.read(bytes, last);
    held.add(bytes.subarray(used));
    enough = 2 * held.size;
    return skipped === 0 ? piece : shifted(all.subarray(0, skipped), piece);
  }

  return {
    push(bytes) {
      held.add(bytes);
      return held.size < Math.max(enough, started ? 1 : 3) ? undefined : read(false);
    },
    end: () => (!started && held.size === 0 ? undefined : read(true)),
  };
}

/** The piece behind some bytes of the frame around it. */
export function shifted(before: Buffer, { bytes, texts = [] }: Piece): Piece {
  return { bytes: Buffer.concat([before, bytes]), texts: texts.map((at) => at + before.length) };
}

/** Pieces as one. */
export function joined(pieces: readonly Piece[]): Piece | undefined {
  const [first] = pieces;
  if (first === undefined || pieces.length === 1) return first;
  const texts: number[] = [];
  const plain: number[] = [];
  let moved = 0;
  for (const piece of pieces) {
    for (const at of piece.texts ?? []) texts.push(at + moved);
    for (const at of piece.plain ?? []) plain.push(at + moved);
    moved += piece.bytes.length;
  }
  return { bytes: Buffer.concat(pieces.map(({ bytes }) => bytes)), texts, plain };
}
