import { constants, inflateSync } from 'node:zlib';
import { dictionary } from './dictionary.ts';
import { broken } from './frames.ts';

/** Bytes of all headers of one connection, as they come and as they are read: there are a few streams, with a few short headers each. */
const MOST_PACKED = 64 * 1024;
const MOST = 256 * 1024;

/** The headers of one direction: each is packed with what came before it, so all that came is kept. */
export function createHeaderReader() {
  let packed: Uint8Array = Buffer.alloc(0);
  let done = 0;
  return (block: Uint8Array): ReadonlyMap<string, string> => {
    packed = Buffer.concat([packed, block]);
    if (packed.byteLength > MOST_PACKED) throw broken();
    const whole = unpacked(packed);
    const headers = readPairs(whole.subarray(done));
    done = whole.byteLength;
    return headers;
  };
}

function unpacked(packed: Uint8Array): Buffer {
  try {
    return inflateSync(packed, { dictionary, finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: MOST });
  } catch {
    throw broken();
  }
}

function readPairs(bytes: Buffer): Map<string, string> {
  let at = 0;
  const count = () => {
    if (at + 4 > bytes.byteLength) throw broken();
    at += 4;
    return bytes.readUInt32BE(at - 4);
  };
  const word = () => {
    const size = count();
    if (at + size > bytes.byteLength) throw broken();
    at += size;
    return bytes.toString('utf8', at - size, at);
  };
  const headers = new Map<string, string>();
  for (let left = count(); left > 0; left -= 1) headers.set(word().toLowerCase(), word());
  return headers;
}

/** An empty block: until it comes, a reader may keep what it has read. */
const flush = Buffer.of(0, 0, 0, 0xff, 0xff);

/** Written unpacked, in blocks that only hold what they hold (RFC 1951, 3.2.4): nothing has to be kept. */
export function createHeaderWriter() {
  let isFirst = true;
  return (headers: readonly (readonly [name: string, value: string])[]): Uint8Array => {
    const words = headers.flat().flatMap((word) => [size(Buffer.byteLength(word)), Buffer.from(word)]);
    const pairs = Buffer.concat([size(headers.length), ...words]);
    const head = Buffer.alloc(5);
    head.writeUInt16LE(pairs.byteLength, 1);
    head.writeUInt16LE(pairs.byteLength ^ 0xffff, 3);
    const start = isFirst ? Buffer.of(0x78, 0x01) : Buffer.alloc(0);
    isFirst = false;
    return Buffer.concat([start, head, pairs, flush]);
  };
}

function size(count: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(count);
  return bytes;
}
