import { Duplex } from 'node:stream';

/** Binary messages, both ways, with backpressure: a WebSocket whose handshake is answered. */
export type Messages = {
  messages: AsyncIterable<Uint8Array>;
  send(message: Uint8Array): Promise<void>;
  close(code?: number): void;
};

/** Bytes of one message at most: SSH's own packets have 35,000 (RFC 4253, 6.1). */
const MOST_MESSAGE = 1024 * 1024;
/** Bytes that wait to leave before whoever writes must wait, */
const HIGH_WATER = 256 * 1024;
/** and before the caller counts as one that asks and does not read. */
const MOST_UNSENT = 8 * 1024 * 1024;

/** A socket as `ssh2` takes one, over binary messages. */
export type TunnelSocket = Duplex & {
  /** Resolves once there is room for more, or the socket is closed. */
  room(): Promise<void>;
  /** How many bytes were ever handed to the socket. */
  taken(): number;
};

/**
 * The bytes of the messages as one stream. It is cut off where a message is too large, where more waits to leave than any reader has
 * wait, and where `isAbused` says so, which is asked before each message.
 */
export function socketOver(channel: Messages, isAbused: () => boolean): TunnelSocket {
  const source = channel.messages[Symbol.asyncIterator]();
  let left = 0;
  let waiting: (() => void)[] = [];
  const wake = () => {
    for (const go of waiting.splice(0)) go();
  };

  async function pull() {
    if (socket.writableLength > MOST_UNSENT || isAbused()) throw new Error('The caller does not keep to its windows.');
    let step = await source.next();
    // A stream that is given nothing does not ask again.
    while (step.done !== true && step.value.byteLength === 0) step = await source.next();
    if (step.done === true) return socket.push(null);
    if (step.value.byteLength > MOST_MESSAGE) throw new Error('A message is too large.');
    socket.push(step.value);
  }

  function deliver(pieces: readonly Uint8Array[], done: (error?: Error) => void) {
    const bytes = pieces.length === 1 ? pieces[0] : Buffer.concat(pieces);
    if (bytes === undefined) return done();
    channel.send(bytes).then(() => {
      left += bytes.byteLength;
      done();
    }, done);
  }

  const socket = new Duplex({
    allowHalfOpen: false,
    writableHighWaterMark: HIGH_WATER,
    decodeStrings: true,
    read: () => void pull().catch((error) => socket.destroy(error)),
    write: (chunk: Uint8Array, _encoding, done) => deliver([chunk], done),
    writev: (chunks, done) =>
      deliver(
        chunks.map(({ chunk }) => chunk as Uint8Array),
        done,
      ),
    destroy(error, done) {
      channel.close(error === null ? 1000 : 1011);
      wake();
      done(error);
    },
  });
  socket.on('drain', wake);
  return Object.assign(socket, {
    taken: () => left + socket.writableLength,
    room() {
      if (socket.destroyed || !socket.writableNeedDrain) return Promise.resolve();
      return new Promise<void>((resolve) => {
        waiting = [...waiting, resolve];
      });
    },
  });
}
