import { connect, type Socket } from 'node:net';
import {
  createFrameReader,
  dataFrame,
  pingFrame,
  replyFrame,
} from '../../src/targets/kubernetes/sessions/spdy/frames.ts';
import { createHeaderReader, createHeaderWriter } from '../../src/targets/kubernetes/sessions/spdy/headers.ts';

export const FRAMED = 'portforward.k8s.io';
/** The same inside a WebSocket, as kubectl has it from 1.31 on. */
export const TUNNEL = `SPDY/3.1+${FRAMED}`;

/** Of each connection a stream for data and one for errors, named by the port: they reach this machine's own loopback. */
export async function forwardFramed(
  incoming: AsyncIterable<Uint8Array>,
  send: (bytes: Uint8Array) => Promise<void>,
): Promise<void> {
  const readFrames = createFrameReader();
  const readHeaders = createHeaderReader();
  const writeHeaders = createHeaderWriter();
  const sockets = new Map<number, Socket>();
  /** By the id of the connection: the stream that takes its errors. */
  const errors = new Map<string, number>();

  function open(stream: number, headers: ReadonlyMap<string, string>) {
    const id = headers.get('requestid') ?? '';
    if (headers.get('streamtype') === 'error') return void errors.set(id, stream);
    const port = Number(headers.get('port'));
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    const fault = errors.get(id) ?? stream;
    sockets.set(stream, socket);
    socket.on('data', (piece) => {
      socket.pause();
      void send(dataFrame(stream, piece)).then(() => socket.resume());
    });
    socket.on(
      'error',
      ({ message }) => void send(dataFrame(fault, Buffer.from(`error forwarding port ${port}: ${message}`))),
    );
    socket.on('end', () => void send(dataFrame(stream, Buffer.alloc(0), { isLast: true })));
    socket.on('close', () => {
      sockets.delete(stream);
      void send(dataFrame(fault, Buffer.alloc(0), { isLast: true }));
    });
  }

  try {
    for await (const bytes of incoming) {
      for (const frame of readFrames(bytes)) {
        if (frame.type === 'ping') await send(pingFrame(frame.id));
        if (frame.type === 'reset') sockets.get(frame.stream)?.destroy();
        if (frame.type === 'open') {
          open(frame.stream, readHeaders(frame.headers));
          await send(replyFrame(frame.stream, writeHeaders([])));
        }
        if (frame.type === 'data') {
          const socket = sockets.get(frame.stream);
          if (socket?.writable && frame.payload.byteLength > 0) socket.write(frame.payload);
          if (frame.isLast) socket?.end();
        }
      }
    }
  } catch {
    // A connection that breaks is one that ends.
  }
  for (const socket of sockets.values()) socket.destroy();
}
