import { type Passing, pass } from '../../../masking/masking.ts';
import { Problem } from '../../../model/problem.ts';
import type { Piece } from '../../../model/result.ts';

/** Bytes of a line whose end has not come. */
const longestLine = 1024 * 1024;
const newline = 0x0a;

/** Lines of text, rewritten as soon as the end of each has come. Throws `too-large` at a line of more than a million bytes. */
export function maskLog(source: AsyncIterable<Uint8Array>, rewrite: (text: string) => string): AsyncIterable<Piece> {
  return pass(source, () => lines(rewrite));
}

function lines(rewrite: (text: string) => string): Passing {
  let held: Buffer[] = [];
  let size = 0;

  function hold(bytes: Buffer) {
    held.push(bytes);
    size += bytes.length;
    if (size > longestLine) throw new Problem('too-large', { detail: 'A line of the log is too long.' });
  }

  function leave(bytes: Buffer): Piece {
    const text = Buffer.concat([...held, bytes]).toString();
    held = [];
    size = 0;
    return { bytes: Buffer.from(rewrite(text)) };
  }

  return {
    push(bytes) {
      const end = bytes.lastIndexOf(newline) + 1;
      const piece = end === 0 ? undefined : leave(bytes.subarray(0, end));
      hold(bytes.subarray(end));
      return piece;
    },
    end: () => (size === 0 ? undefined : leave(Buffer.alloc(0))),
  };
}
