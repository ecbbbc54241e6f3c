import type { ClientChannel } from 'ssh2';
import { channels } from '../../model/program.ts';

/** What the host says on a channel, in the order in which it came. */
export type Incoming = {
  /** The next of it; undefined once the channel is closed, or the connection gone. */
  next(): Promise<{ channel: number; bytes: Uint8Array } | undefined>;
  /** What comes from now on is thrown away, so that the other side can end. */
  discard(): void;
  /** Whether the other side has closed the channel, within so many milliseconds. */
  closed(milliseconds: number): Promise<boolean>;
};

type Piece = { channel: number; block: Uint8Array; length: number };

/** Bytes that wait to be read before the other side must wait; it may send a window of 2 MiB more before it does. */
const MOST_WAITING = 512 * 1024;
/** Below so many bytes a piece is copied, to hold no more than itself; many of them are put together. */
const SMALL = 4096;
const MANY = 1000;
const BLOCK = 32 * 1024;

/**
 * Takes what a channel says out of the library's hands, which opens the window anew with each byte of one output though the other is full: a
 * reader that stalls would have it all in memory. To be called as soon as the channel is there, before anything was said on it.
 */
export function incomingOf(channel: ClientChannel, gone: AbortSignal): Incoming {
  const waiting: Piece[] = [];
  /** Of each output, the piece to which may be added. */
  const last = new Map<number, Piece>();
  let size = 0;
  let isDiscarding = false;
  let isClosed = gone.aborted;
  let wake = () => {};
  const { promise: closing, resolve: close } = Promise.withResolvers<true>();

  const end = () => {
    isClosed = true;
    close(true);
    wake();
  };
  channel.once('close', end);
  gone.addEventListener('abort', end, { once: true });
  if (isClosed) close(true);

  function keep(name: number, bytes: Uint8Array) {
    size += bytes.byteLength;
    const open = waiting.length < MANY ? waiting.at(-1) : last.get(name);
    if (open?.channel === name && open.block.byteLength - open.length >= bytes.byteLength) {
      open.block.set(bytes, open.length);
      open.length += bytes.byteLength;
      return;
    }
    const isSmall = bytes.byteLength < SMALL;
    const block = isSmall ? Buffer.allocUnsafeSlow(waiting.length < MANY ? SMALL : BLOCK) : bytes;
    if (isSmall) block.set(bytes);
    const piece = { channel: name, block, length: bytes.byteLength };
    waiting.push(piece);
    last.set(name, piece);
  }

  /** What `push` answers decides whether the other side may go on: with `false`, not before `_read` was called. */
  function takeOver(stream: ClientChannel | ClientChannel['stderr'], name: number) {
    const push = stream.push.bind(stream);
    stream.push = (bytes: Uint8Array | null) => {
      if (bytes === null) return push(null);
      if (isDiscarding) return true;
      keep(name, bytes);
      wake();
      return size < MOST_WAITING;
    };
    stream.on('error', end).resume();
  }
  takeOver(channel, channels.stdout);
  takeOver(channel.stderr, channels.stderr);

  return {
    async next() {
      for (;;) {
        const piece = waiting.shift();
        if (piece !== undefined) {
          size -= piece.length;
          if (last.get(piece.channel) === piece) last.delete(piece.channel);
          if (size < MOST_WAITING && !isClosed) channel._read(0);
          return { channel: piece.channel, bytes: piece.block.subarray(0, piece.length) };
        }
        if (isClosed) return undefined;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    discard() {
      isDiscarding = true;
      waiting.length = 0;
      last.clear();
      size = 0;
      if (!isClosed) channel._read(0);
    },
    async closed(milliseconds) {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<false>((resolve) => {
        timer = setTimeout(() => resolve(false), milliseconds);
      });
      return Promise.race([closing, late]).finally(() => clearTimeout(timer));
    },
  };
}
