import { connect, type Socket } from 'node:net';
import type { WebSocketChannel } from '../../src/platform/web-socket.ts';
import { badRequest } from './status.ts';

/** The ports that a request names. Throws a 400 for none, and for what is no port. */
export function portsOf(query: URLSearchParams): readonly number[] {
  const ports = query
    .getAll('ports')
    .flatMap((text) => text.split(','))
    .map(Number);
  const isPort = (port: number) => Number.isInteger(port) && port > 0 && port < 65_536;
  if (ports.length > 0 && ports.every(isPort)) return ports;
  throw badRequest('query parameter "ports" must be one or more port numbers');
}

/** Of each port a channel for data and one for errors, both opened with its number; they reach this machine's own loopback. */
export async function forward(channel: WebSocketChannel, ports: readonly number[]): Promise<void> {
  const send = (to: number, bytes: Uint8Array) => channel.send(Buffer.concat([Buffer.from([to]), bytes]));
  const sockets = ports.map((port, index) => open(port, index * 2, send));
  for (const [index, port] of ports.entries()) {
    const number = Buffer.from([port & 0xff, port >> 8]);
    await send(index * 2, number);
    await send(index * 2 + 1, number);
  }
  try {
    for await (const message of channel.messages) {
      const socket = sockets[(message[0] ?? 0) / 2];
      if (socket?.writable) socket.write(message.subarray(1));
    }
  } catch {
    // A connection that breaks is one that ends.
  }
  for (const socket of sockets) socket.destroy();
}

function open(port: number, to: number, send: (to: number, bytes: Uint8Array) => Promise<void>): Socket {
  const socket = connect(port, '127.0.0.1');
  socket.on('data', (piece) => {
    socket.pause();
    void send(to, piece).then(() => socket.resume());
  });
  socket.on(
    'error',
    ({ message }) => void send(to + 1, Buffer.from(`error forwarding port ${port} to pod: ${message}`)),
  );
  return socket;
}
