import type { Piece } from '../../model/result.ts';
import type { Reader } from './reader.ts';
import { createHeld, joined, type Passing, withoutMark } from './streams.ts';

const newline = 0x0a;

/** A document a line (NDJSON, watch events): each line leaves as soon as its end has come. Empty lines pass. */
export function documentsInLines(createReader: () => Reader): Passing {
  const held = createHeld();
  let started = false;

  /** Lines, of which the last ends where the bytes do. */
  function read(all: Buffer): Piece | undefined {
    const { bytes, skipped } = started ? { bytes: all, skipped: 0 } : withoutMark(all);
    started = true;
    const pieces: Piece[] = skipped === 0 ? [] : [{ bytes: all.subarray(0, skipped) }];
    for (let at = 0; at < bytes.length; ) {
      const end = bytes.indexOf(newline, at);
      const stop = end === -1 ? bytes.length : end + 1;
      const line = bytes.subarray(at, stop);
      pieces.push(isBlank(line) ? { bytes: line } : createReader().read(line, true).piece);
      at = stop;
    }
    return joined(pieces);
  }

  return {
    push(bytes) {
      const end = bytes.lastIndexOf(newline) + 1;
      held.add(bytes.subarray(0, end));
      const lines = end === 0 ? undefined : held.take();
      held.add(bytes.subarray(end));
      return lines === undefined ? undefined : read(lines);
    },
    end: () => (held.size === 0 ? undefined : read(held.take())),
  };
}

function isBlank(line: Buffer): boolean {
  return line.length < 80 && line.toString('latin1').trim() === '';
}
