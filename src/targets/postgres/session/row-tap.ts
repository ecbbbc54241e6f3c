/** Where the rows of a statement go instead of to the driver. */
export type RowSink = {
  /** The body of a message DataRow: its bytes from start to end, which are only good until this returns. */
  take(bytes: Buffer, start: number, end: number): void;
  /** A row that is longer than `mostRow` and was not read. */
  skip(): void;
};

export type Tap = { sink: RowSink | undefined };

/** What a session's socket has to offer. */
export type Readable = {
  listeners(event: 'data'): unknown[];
  removeAllListeners(event: 'data'): unknown;
  on(event: 'data', listener: (chunk: Buffer) => void): unknown;
  pause(): unknown;
  resume(): unknown;
};

/** Bytes of a row that are held at once, and no row is longer: a value can be as long as 1 GB. */
export const mostRow = 32 * 1024 * 1024;

const dataRow = 0x44;
/** A type and a length, which counts itself but not the type. */
const header = 5;

/**
 * Stands between a session's socket and the driver, which would make a string of each value. While there is a sink, rows go
 * there as bytes; everything else is passed on as it came. To be called between two statements only.
 */
export function tapRows(stream: Readable): Tap {
  const [driver, ...others] = stream.listeners('data');
  if (typeof driver !== 'function' || others.length > 0)
    throw new Error('The driver is not the one this was written for.');
  const pass = (bytes: Buffer, start: number, end: number) => {
    if (end > start) driver.call(stream, bytes.subarray(start, end));
  };
  const tap: Tap = { sink: undefined };
  /** The beginning of a message that has not come whole, and how long it is as far as is known. */
  let held: Buffer[] = [];
  let heldLength = 0;
  let awaited = 0;
  let skipping = 0;

  function read(chunk: Buffer) {
    const skipped = Math.min(skipping, chunk.length);
    skipping -= skipped;
    let at = skipped;
    // Only what was cut is put together, first its header.
    while (heldLength > 0) {
      const piece = chunk.subarray(at, at + awaited - heldLength);
      held.push(piece);
      heldLength += piece.length;
      at += piece.length;
      if (heldLength < awaited) return;
      const bytes = Buffer.concat(held, heldLength);
      keep(bytes, readMessages(bytes));
    }
    const more = Math.min(skipping, chunk.length - at);
    skipping -= more;
    at += more;
    if (at === chunk.length) return;
    const bytes = at === 0 ? chunk : chunk.subarray(at);
    keep(bytes, readMessages(bytes));
  }

  /** Where the first message begins that has not come whole. */
  function readMessages(bytes: Buffer): number {
    let at = 0;
    let passed = 0;
    while (bytes.length - at >= header) {
      const end = at + 1 + bytes.readUInt32BE(at + 1);
      if (bytes[at] === dataRow) {
        pass(bytes, passed, at);
        passed = at;
        if (tap.sink !== undefined && end - at > mostRow) {
          tap.sink.skip();
          skipping = Math.max(0, end - bytes.length);
          if (skipping > 0) return bytes.length;
          passed = end;
        } else if (end > bytes.length) break;
        else if (tap.sink !== undefined) {
          tap.sink.take(bytes, at + header, end);
          passed = end;
        }
      } else if (end > bytes.length) break;
      at = end;
    }
    pass(bytes, passed, at);
    return at;
  }

  function keep(bytes: Buffer, from: number) {
    const rest = bytes.length - from;
    held = rest === 0 ? [] : [bytes.subarray(from)];
    heldLength = rest;
    awaited = rest >= header ? 1 + bytes.readUInt32BE(from + 1) : header;
  }

  stream.removeAllListeners('data');
  stream.on('data', read);
  return tap;
}
