import { Problem } from '../../../../model/problem.ts';

/** What SPDY/3.1 says of streams (draft-mbelshe-httpbis-spdy-00, 2.2), as far as Kubernetes speaks it: it has no windows. */
export type Frame =
  | { type: 'data'; stream: number; isLast: boolean; payload: Uint8Array }
  | { type: 'open' | 'reply'; stream: number; isLast: boolean; headers: Uint8Array }
  | { type: 'reset'; stream: number }
  | { type: 'ping'; id: number }
  | { type: 'other' };

const CONTROL = 0x80;
const VERSION = 3;
const LAST = 1;
const types = { open: 1, reply: 2, reset: 3, ping: 6 } as const;
/** Bytes of one frame: kubectl and the kubelet send 32 KiB at most. */
const MOST = 1024 * 1024;

/** What no peer may say. Nothing of it is told. */
export const broken = () =>
  new Problem('bad-request', { detail: 'This is not well formed as SPDY/3.1.', reason: 'spdy' });

/** Bytes as they come, frame by frame. Throws a `Problem`. */
export function createFrameReader() {
  let held: Buffer = Buffer.alloc(0);
  return function* read(bytes: Uint8Array): Generator<Frame> {
    held = held.byteLength === 0 ? bufferOf(bytes) : Buffer.concat([held, bytes]);
    while (held.byteLength >= 8) {
      const size = held.readUIntBE(5, 3);
      if (size > MOST) throw broken();
      if (held.byteLength < 8 + size) break;
      const frame = held.subarray(0, 8 + size);
      held = held.subarray(8 + size);
      yield readFrame(frame);
    }
  };
}

function readFrame(frame: Buffer): Frame {
  const isLast = ((frame[4] ?? 0) & LAST) !== 0;
  const payload = frame.subarray(8);
  if (((frame[0] ?? 0) & CONTROL) === 0) return { type: 'data', stream: frame.readUInt32BE(0), isLast, payload };
  if ((frame.readUInt16BE(0) & 0x7fff) !== VERSION) throw broken();
  const needed: Readonly<Record<number, number>> = {
    [types.open]: 10,
    [types.reply]: 4,
    [types.reset]: 8,
    [types.ping]: 4,
  };
  const type = frame.readUInt16BE(2);
  if (payload.byteLength < (needed[type] ?? 0)) throw broken();
  switch (type) {
    case types.open:
      return { type: 'open', stream: streamIn(payload), isLast, headers: payload.subarray(10) };
    case types.reply:
      return { type: 'reply', stream: streamIn(payload), isLast, headers: payload.subarray(4) };
    case types.reset:
      return { type: 'reset', stream: streamIn(payload) };
    case types.ping:
      return { type: 'ping', id: payload.readUInt32BE(0) };
    default:
      return { type: 'other' };
  }
}

const streamIn = (payload: Buffer) => payload.readUInt32BE(0) & 0x7fffffff;
const bufferOf = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

export function dataFrame(stream: number, payload: Uint8Array, { isLast = false } = {}): Uint8Array {
  const frame = Buffer.alloc(8 + payload.byteLength);
  frame.writeUInt32BE(stream, 0);
  frame[4] = isLast ? LAST : 0;
  frame.writeUIntBE(payload.byteLength, 5, 3);
  frame.set(payload, 8);
  return frame;
}

function controlFrame(type: number, payload: Uint8Array): Uint8Array {
  const frame = Buffer.alloc(8 + payload.byteLength);
  frame.writeUInt16BE(0x8000 | VERSION, 0);
  frame.writeUInt16BE(type, 2);
  frame.writeUIntBE(payload.byteLength, 5, 3);
  frame.set(payload, 8);
  return frame;
}

function numbered(number: number, size: number): Buffer {
  const bytes = Buffer.alloc(size);
  bytes.writeUInt32BE(number, 0);
  return bytes;
}

export const openFrame = (stream: number, headers: Uint8Array) =>
  controlFrame(types.open, Buffer.concat([numbered(stream, 10), headers]));

export const replyFrame = (stream: number, headers: Uint8Array) =>
  controlFrame(types.reply, Buffer.concat([numbered(stream, 4), headers]));

export const pingFrame = (id: number) => controlFrame(types.ping, numbered(id, 4));
