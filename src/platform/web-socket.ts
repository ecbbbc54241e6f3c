import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';

/** A WebSocket (RFC 6455) as two streams of messages, both with backpressure. Text messages come as their UTF-8. */
export type WebSocketChannel = {
  /** The subprotocol that was agreed on; empty where there is none. */
  protocol: string;
  /** Ends when the other side closes; throws when the connection breaks. Leaving early closes it. */
  messages: AsyncIterable<Uint8Array>;
  /** Resolves once there is room for more; at once when it is closed. */
  send(message: Uint8Array): Promise<void>;
  /** Says that this side is done, and cuts the connection where the other does not answer within a second. */
  close(code?: number): void;
};

/** Bytes of one message at most. */
const LARGEST = 32 * 1024 * 1024;
/** Bytes that wait to be sent, and messages that wait to be read, before the other end must wait. */
const HIGH_WATER = 1024 * 1024;
const MOST_WAITING = 16;
const MILLISECONDS_TO_CLOSE = 1000;

/** What every WebSocket of ours is made with: no compression, as it tells lengths and costs memory. */
export const webSocketOptions = { perMessageDeflate: false, maxPayload: LARGEST } as const;

const server = new WebSocketServer({ ...webSocketOptions, noServer: true, clientTracking: false });

/**
 * Answers a caller's handshake with this subprotocol, whatever its name: Kubernetes has some that are no tokens of RFC 6455.
 * Resolves with the open channel; rejects when the handshake is not one, and the socket is closed by then.
 */
export function acceptWebSocket(
  { request, socket, head }: { request: IncomingMessage; socket: Duplex; head: Buffer },
  protocol: string,
): Promise<WebSocketChannel> {
  const handshake = Object.create(request, {
    headers: { value: { ...request.headers, 'sec-websocket-protocol': undefined } },
  }) as IncomingMessage;
  return new Promise((resolve, reject) => {
    const gone = () => reject(new Error('The caller is gone before its handshake was answered.'));
    socket.once('close', gone);
    const name = (lines: string[], to: IncomingMessage) => {
      if (to === handshake && protocol !== '') lines.push(`Sec-WebSocket-Protocol: ${protocol}`);
    };
    server.on('headers', name);
    try {
      server.handleUpgrade(handshake, socket, head, (webSocket) => {
        socket.off('close', gone);
        resolve(channelOf(webSocket, protocol));
      });
    } finally {
      server.off('headers', name);
    }
  });
}

/** A WebSocket that is open, or about to be. */
export function channelOf(webSocket: WebSocket, protocol = webSocket.protocol): WebSocketChannel {
  const waiting: Uint8Array[] = [];
  let size = 0;
  let ended = false;
  let broken: Error | undefined;
  let wake: (() => void) | undefined;
  const woken = () => {
    wake?.();
    wake = undefined;
  };
  webSocket.binaryType = 'nodebuffer';
  webSocket.on('message', (data: Buffer) => {
    waiting.push(data);
    size += data.byteLength;
    if (waiting.length >= MOST_WAITING || size >= HIGH_WATER) webSocket.pause();
    woken();
  });
  // Each ping is answered by itself: who asks and does not read would have the answers pile up here.
  webSocket.on('ping', () => {
    if (webSocket.bufferedAmount > HIGH_WATER) webSocket.terminate();
  });
  webSocket.on('error', (error) => {
    broken = error;
    // The other side may never close a connection on which it said what nobody understands.
    webSocket.terminate();
    woken();
  });
  webSocket.on('close', () => {
    ended = true;
    woken();
  });

  function close(code = 1000) {
    if (ended) return;
    webSocket.resume();
    webSocket.close(code);
    setTimeout(() => webSocket.terminate(), MILLISECONDS_TO_CLOSE).unref();
  }

  return {
    protocol,
    messages: {
      [Symbol.asyncIterator]: () => ({
        async next() {
          for (;;) {
            const message = waiting.shift();
            if (message !== undefined) {
              size -= message.byteLength;
              if (webSocket.isPaused && waiting.length === 0) webSocket.resume();
              return { done: false, value: message };
            }
            if (broken !== undefined) throw broken;
            if (ended) return { done: true, value: undefined };
            await new Promise<void>((resolve) => {
              wake = resolve;
            });
          }
        },
        async return() {
          close();
          return { done: true, value: undefined };
        },
      }),
    },
    async send(message) {
      if (webSocket.readyState !== WebSocket.OPEN) return;
      const isFull = webSocket.bufferedAmount + message.byteLength > HIGH_WATER;
      const sent = new Promise<void>((resolve) => webSocket.send(message, { binary: true }, () => resolve()));
      if (isFull) await sent;
    },
    close,
  };
}
