/** What of protocol buffers' wire format (https://protobuf.dev/programming-guides/encoding) the messages that are sent for each call are written and read with. */

/** Fields are written by their tag: `number << 3 | wire type`. */
export type MessageWriter = {
  /** A whole number that JavaScript holds exactly, below zero as an int64. */
  integer(tag: number, value: number): void;
  double(tag: number, value: number): void;
  text(tag: number, value: string): void;
  bytes(tag: number, value: Uint8Array): void;
  /** Begins a field that holds a message; what is written until it is closed belongs to it. Returns what closes it. */
  open(tag: number): number;
  close(opened: number): void;
  /** What is written by this, in bytes of its own. Nothing is left of what was begun and failed. */
  written(write: () => void): Buffer;
};

/** Bytes that are kept from one message to the next. */
const usual = 256 * 1024;
/** Bytes of the longest number. */
const longest = 10;
/** Characters up to which a text is written faster one by one. */
const short = 24;

/** For as many messages as one likes, one after the other. */
export function createMessageWriter(): MessageWriter {
  let to = Buffer.allocUnsafe(usual);
  let at = 0;

  const reserve = (more: number) => {
    if (at + more <= to.length) return;
    const larger = Buffer.allocUnsafe(2 * (at + more));
    to.copy(larger, 0, 0, at);
    to = larger;
  };
  const varint = (value: number) => {
    let rest = value;
    for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) to[at++] = (rest % 0x80) | 0x80;
    to[at++] = rest;
  };
  /** In two's complement of 64 bits. */
  const negative = (value: number) => {
    let rest = BigInt.asUintN(64, BigInt(value));
    for (; rest > 0x7fn; rest >>= 7n) to[at++] = Number(rest & 0x7fn) | 0x80;
    to[at++] = Number(rest);
  };
  const head = (tag: number, more: number) => {
    reserve(2 * longest + more);
    varint(tag);
  };
  /** Room was left for a length of one byte, which most have. */
  const measured = (start: number) => {
    const length = at - start - 1;
    const more = sizeOf(length) - 1;
    if (more > 0) {
      reserve(more);
      to.copyWithin(start + 1 + more, start + 1, at);
    }
    at = start;
    varint(length);
    at += length;
  };

  return {
    integer(tag, value) {
      head(tag, longest);
      if (value < 0) negative(value);
      else varint(value);
    },
    double(tag, value) {
      head(tag, 8);
      at = to.writeDoubleLE(value, at);
    },
    text(tag, value) {
      head(tag, 3 * value.length);
      if (value.length <= short && isAscii(value)) {
        to[at++] = value.length;
        for (let index = 0; index < value.length; index++) to[at++] = value.charCodeAt(index);
        return;
      }
      const start = at++;
      at += to.write(value, at);
      measured(start);
    },
    bytes(tag, value) {
      head(tag, value.length);
      varint(value.length);
      to.set(value, at);
      at += value.length;
    },
    open(tag) {
      head(tag, 0);
      return at++;
    },
    close: measured,
    written(write) {
      // What was once long is not kept for good.
      if (to.length > usual) to = Buffer.allocUnsafe(usual);
      at = 0;
      write();
      return Buffer.from(to.subarray(0, at));
    },
  };
}

function sizeOf(value: number): number {
  let size = 1;
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 0x80)) size++;
  return size;
}

function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) > 0x7f) return false;
  return true;
}

/** One message, read field by field. */
export type MessageReader = {
  /** Calls `read` with the tag of each field in turn, of the message or of one that stands in a field of it; what it does not read is passed over. */
  each(read: (tag: number) => boolean): void;
  eachWithin(read: (tag: number) => boolean): void;
  integer(): number;
};

/** Throws a RangeError on what is cut off, and on wire types that are no more in use. */
export function readMessage(bytes: Uint8Array): MessageReader {
  let at = 0;

  const integer = () => {
    let value = 0;
    for (let factor = 1, byte = 0x80; byte > 0x7f; factor *= 0x80) {
      const next = bytes[at++];
      if (next === undefined || factor > 2 ** 63) throw new RangeError('The message is cut off.');
      byte = next;
      value += (byte & 0x7f) * factor;
    }
    return value;
  };
  const skip = (tag: number) => {
    const type = tag & 7;
    if (type === 0) integer();
    else if (type === 1) at += 8;
    else if (type === 2) {
      const length = integer();
      at += length;
    } else if (type === 5) at += 4;
    else throw new RangeError(`No field has the wire type ${type}.`);
  };
  const fields = (end: number, read: (tag: number) => boolean) => {
    if (end > bytes.length) throw new RangeError('The message is cut off.');
    while (at < end) {
      const tag = integer();
      if (!read(tag)) skip(tag);
    }
    if (at > end) throw new RangeError('A field is longer than its message.');
  };
  return {
    each: (read) => fields(bytes.length, read),
    eachWithin(read) {
      const length = integer();
      fields(at + length, read);
    },
    integer,
  };
}
