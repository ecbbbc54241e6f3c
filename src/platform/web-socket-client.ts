import type { IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import { channelOf, type WebSocketChannel, webSocketOptions } from './web-socket.ts';

/** The server answered the handshake with something else. */
export class HandshakeRefused extends Error {
  override name = 'HandshakeRefused';
  readonly status: number;
  /** Its first 64 KiB. */
  readonly body: string;

  constructor(status: number, body: string) {
    super(`The server answered ${status}.`);
    this.status = status;
    this.body = body;
  }
}

const MILLISECONDS = 30_000;
const MOST_BODY = 64 * 1024;

/**
 * A WebSocket with these headers and this subprotocol. Rejects with `HandshakeRefused`, or with what the network says; no redirect is
 * followed with the headers. `ca`: PEM of the authority to trust instead of those that the system knows.
 */
export function openWebSocket(
  url: URL,
  { protocol, headers, ca }: { protocol: string; headers: Record<string, string>; ca?: string },
): Promise<WebSocketChannel> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, [protocol], {
      ...webSocketOptions,
      headers,
      handshakeTimeout: MILLISECONDS,
      followRedirects: false,
      ...(ca !== undefined && { ca }),
    });
    socket.once('open', () => resolve(channelOf(socket)));
    socket.once('error', reject);
    socket.once('unexpected-response', (request, answer) => {
      bodyOf(answer)
        .then((body) => reject(new HandshakeRefused(answer.statusCode ?? 0, body)), reject)
        .finally(() => request.destroy());
    });
  });
}

async function bodyOf(answer: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
    size += chunk.byteLength;
    if (size >= MOST_BODY) break;
  }
  return Buffer.concat(chunks).toString();
}
