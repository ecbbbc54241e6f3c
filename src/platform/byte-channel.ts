import type { Duplex } from 'node:stream';

/** A socket that left HTTP, as two streams of bytes, both with backpressure. The same as a WebSocket's, but for where messages end. */
export type ByteChannel = {
  protocol: string;
  /** Ends when the other side does; throws when the connection breaks. */
  messages: AsyncIterable<Uint8Array>;
  send(bytes: Uint8Array): Promise<void>;
  close(): void;
};

const MILLISECONDS_TO_CLOSE = 1000;
/** Bytes that are taken from a socket before somebody asks for them. */
const MOST_WAITING = 256 * 1024;

/** `head`: what came of it already. */
export function byteChannel(socket: Duplex, head: Uint8Array, protocol: string): ByteChannel {
  let isClosed = false;
  socket.on('error', () => undefined);
  if (head.byteLength > 0) socket.unshift(head);
  const read = reading(socket, () => isClosed);

  return {
    protocol,
    messages: { [Symbol.asyncIterator]: read },
    send(bytes) {
      if (socket.destroyed || socket.writableEnded || socket.write(bytes)) return Promise.resolve();
      return new Promise((resolve) => {
        const go = () => {
          socket.off('drain', go);
          socket.off('close', go);
          resolve();
        };
        socket.on('drain', go);
        socket.on('close', go);
      });
    },
    close() {
      if (isClosed) return;
      isClosed = true;
      socket.end();
      setTimeout(() => socket.destroy(), MILLISECONDS_TO_CLOSE).unref();
    },
  };
}

/**
 * What came, once. A connection that breaks is told after all that came before, which the socket itself would throw away: who ends a session
 * may reset it as soon as it has said how it ended.
 */
function reading(socket: Duplex, isClosed: () => boolean) {
  const waiting: Uint8Array[] = [];
  let size = 0;
  let over: { error?: Error } | undefined;
  let wake = () => {};

  const end = (error?: Error) => {
    over ??= error === undefined ? {} : { error };
    wake();
  };
  socket.on('data', (chunk: Uint8Array) => {
    waiting.push(chunk);
    size += chunk.byteLength;
    if (size > MOST_WAITING) socket.pause();
    wake();
  });
  socket.once('end', () => end());
  socket.once('error', end);
  socket.once('close', () => end());

  return async function* read(): AsyncGenerator<Uint8Array, undefined> {
    let isRead = false;
    try {
      for (;;) {
        for (let chunk = waiting.shift(); chunk !== undefined; chunk = waiting.shift()) {
          size -= chunk.byteLength;
          yield chunk;
        }
        if (over !== undefined) {
          isRead = true;
          if (over.error !== undefined && !isClosed()) throw over.error;
          return undefined;
        }
        const more = new Promise<void>((resolve) => {
          wake = resolve;
        });
        socket.resume();
        await more;
      }
    } finally {
      if (!isRead) socket.destroy();
    }
  };
}

/** Answers a caller's request to upgrade to something else than a WebSocket. */
export function acceptUpgrade(
  { socket, head }: { socket: Duplex; head: Buffer },
  { to, headers }: { to: string; headers: readonly (readonly [name: string, value: string])[] },
): ByteChannel {
  const lines = [['Connection', 'Upgrade'], ['Upgrade', to], ...headers].map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('')}\r\n`);
  return byteChannel(socket, head, to);
}
