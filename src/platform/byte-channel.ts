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

/** `head`: what came of it already. */
export function byteChannel(socket: Duplex, head: Uint8Array, protocol: string): ByteChannel {
  let isClosed = false;
  socket.on('error', () => undefined);
  if (head.byteLength > 0) socket.unshift(head);

  async function* read(): AsyncGenerator<Uint8Array, undefined> {
    try {
      for await (const chunk of socket) yield chunk as Uint8Array;
    } catch (thrown) {
      if (!isClosed) throw thrown;
    }
  }

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
