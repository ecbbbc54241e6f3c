import type { Writable } from 'node:stream';
import type { ServerChannel } from 'ssh2';
import type { TunnelSocket } from './socket.ts';

/** What all channels of a tunnel write to. */
export type Link = {
  socket: TunnelSocket;
  /** Aborted when there is no connection any more. */
  closed: AbortSignal;
  /** To be told of each channel that was accepted. False where it is not usable, which ends the tunnel. */
  opened(channel: ServerChannel): boolean;
  /** Resolves once the keys that are being agreed on anew are in use. */
  rekeyed(): Promise<void>;
};

/** How a program ends as SSH tells it (RFC 4254, 6.10). */
type End = { status: number } | { signal: string };

/** The way out of one channel. Nothing piles up in it: each write resolves when the next may come, or when the caller is gone. */
export type Outlet = {
  write(stream: 'stdout' | 'stderr', bytes: Uint8Array): Promise<void>;
  /** After all that was written. A connection that runs no program has no way to end but its end. */
  end(how?: End): Promise<void>;
};

/** Bytes of a piece: what SSH clients take in one packet. */
const PIECE = 32 * 1024;
/** What every client takes at least; with packets of nothing, sending would never come to an end. */
const LEAST_PACKET = 256;

/** Whether the caller takes packets of a size that is worth sending. */
export function isUsable({ outgoing }: ServerChannel): boolean {
  if (typeof outgoing !== 'object' || outgoing === null || !('packetSize' in outgoing)) return false;
  return typeof outgoing.packetSize === 'number' && outgoing.packetSize >= LEAST_PACKET;
}

/** `gone`: the caller has left this channel, or all of them. */
export function createOutlet(channel: ServerChannel, { socket, rekeyed }: Link, gone: AbortSignal): Outlet {
  let last: Promise<void> = Promise.resolve();

  /** One after the other: of two streams that wait for the caller's window, `ssh2` would remember one. */
  function inTurn(work: () => Promise<void> | void): Promise<void> {
    last = last.then(() => (gone.aborted ? undefined : work()));
    return last;
  }

  async function writeAll(stream: Writable, bytes: Uint8Array) {
    for (let at = 0; at < bytes.byteLength && !gone.aborted; at += PIECE) {
      await socket.room();
      if (!gone.aborted) await hand(stream, bytes.subarray(at, at + PIECE));
    }
  }

  async function hand(stream: Writable, piece: Uint8Array) {
    const before = socket.taken();
    await within(gone, (done) => stream.write(piece, done));
    // What once waited for the window stays there, and would be sent again with the next adjustment.
    Object.assign(channel, { _chunk: undefined, _chunkcb: undefined, _chunkErr: undefined, _chunkcbErr: undefined });
    // While keys are agreed on, `ssh2` keeps what it is given, as much as it is given.
    if (socket.taken() - before < piece.byteLength && !gone.aborted) await rekeyed();
  }

  return {
    write: (stream, bytes) => inTurn(() => writeAll(stream === 'stdout' ? channel : channel.stderr, bytes)),
    end: (how) =>
      inTurn(() => {
        if (how !== undefined && 'status' in how) channel.exit(how.status);
        if (how !== undefined && 'signal' in how) channel.exit(how.signal);
        channel.end();
      }),
  };
}

/** Resolves when the work is done, or at once when nobody waits for it any more. */
export function within(gone: AbortSignal, work: (done: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      gone.removeEventListener('abort', done);
      resolve();
    };
    gone.addEventListener('abort', done, { once: true });
    work(done);
  });
}
