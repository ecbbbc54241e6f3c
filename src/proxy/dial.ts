import type { IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import { Problem } from '../model/problem.ts';
import { endOf } from '../platform/ended.ts';
import { createLookup } from '../platform/lookup.ts';
import { channelOf, type WebSocketChannel, webSocketOptions } from '../platform/web-socket.ts';
import { type Headers, pairsOf } from './headers.ts';
import { tlsOf, vetPlace } from './pools.ts';
import { problemOf } from './problems.ts';
import type { Place } from './proxy.ts';

export type DialRequest = {
  /** In origin form; sent as it is. */
  path: string;
  headers: Headers;
  /** In the order of preference. */
  protocols: readonly string[];
  signal: AbortSignal;
};

/** The target answered a handshake with an answer of its own. */
export class Refused extends Error {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array;

  constructor({ status, headers, body }: { status: number; headers: Headers; body: Uint8Array }) {
    super(`The target answered the handshake with ${status}.`);
    this.name = 'Refused';
    this.status = status;
    this.headers = headers;
    this.body = body;
  }
}

/** Bytes of an answer that is no handshake. */
const MOST_REFUSAL = 64 * 1024;
const HANDSHAKE = 15_000;

/**
 * Opens a WebSocket to a target. The subprotocol may have any name, as Kubernetes has some that are no tokens: what the target chose is
 * checked here, and must be one of those that were offered.
 */
export function dial(
  place: Place,
  { path, headers, protocols, signal }: DialRequest,
  options: { allowLoopback: boolean },
): Promise<WebSocketChannel> {
  vetPlace(place, options);
  if (signal.aborted) return Promise.reject(endOf(signal));
  const scheme = place.origin.protocol === 'https:' ? 'wss:' : 'ws:';
  const webSocket = new WebSocket(`${scheme}//${place.origin.host}${path}`, {
    ...webSocketOptions,
    ...tlsOf(place),
    lookup: createLookup({ networks: place.networks, ...options }),
    agent: false,
    handshakeTimeout: HANDSHAKE,
    followRedirects: false,
    headers: {
      ...grouped(headers),
      ...(protocols.length > 0 && { 'sec-websocket-protocol': protocols.join(', ') }),
    },
    finishRequest: (request) => {
      // As it was judged: the URL that the library parsed may spell it in another way.
      request.path = path;
      request.end();
    },
  });
  return new Promise((resolve, reject) => {
    let protocol = '';
    const fail = (thrown: unknown) => {
      reject(thrown instanceof Refused ? thrown : problemOf(thrown, signal));
      webSocket.terminate();
    };
    const abort = () => fail(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    webSocket.on('error', fail);
    webSocket.on('upgrade', ({ headers: chosen }: IncomingMessage) => {
      protocol = chosen['sec-websocket-protocol'] ?? '';
      delete chosen['sec-websocket-protocol'];
      if (protocols.length > 0 && !protocols.includes(protocol))
        fail(new Problem('target-unavailable', { reason: 'no-subprotocol' }));
    });
    webSocket.on('unexpected-response', (_request, answer) => {
      refusalOf(answer).then(fail, fail);
    });
    webSocket.on('open', () => {
      signal.removeEventListener('abort', abort);
      resolve(channelOf(webSocket, protocol));
    });
  });
}

/** A header that is there several times is sent several times. */
export function grouped(headers: Headers): Record<string, string[]> {
  const all: Record<string, string[]> = {};
  for (const [name, value] of headers) all[name] = [...(all[name] ?? []), value];
  return all;
}

export async function refusalOf(answer: IncomingMessage): Promise<Refused> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of answer) {
    size += chunk.length;
    if (size > MOST_REFUSAL) break;
    chunks.push(chunk);
  }
  return new Refused({
    status: answer.statusCode ?? 502,
    headers: pairsOf(answer.headers),
    body: Buffer.concat(chunks),
  });
}
