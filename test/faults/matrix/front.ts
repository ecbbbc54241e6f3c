import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { sessionOf } from './judge.ts';

/**
 * How BigQuery answers a request for rows. `stopped`: one row is refused this time, and with it all others, as the real one does.
 * `twice`: what it takes, it takes two times. `poison`: rows of this operation are refused for good.
 */
export type FrontState =
  | 'open'
  | 'unavailable'
  | 'rateLimitExceeded'
  | 'quotaExceeded'
  | 'stopped'
  | 'answer lost'
  | 'twice'
  | { poison: number };

type Row = { insertId?: string; json: Record<string, unknown> };

export type Front = {
  address: string;
  /** For so many requests, or until it is set again. */
  set(state: FrontState, times?: number): void;
  /** When each row was first said to be there, by its hash; by this front's own log. */
  acknowledged: ReadonlyMap<string, number>;
  /** Requests that met a fault. */
  faults: () => number;
  stop(): void;
};

/** Stands before BigQuery: everything passes but what is ill-treated. */
export async function startFront(to: string): Promise<Front> {
  const acknowledged = new Map<string, number>();
  let state: FrontState = 'open';
  let left = Number.POSITIVE_INFINITY;
  let faults = 0;

  function current(rows: readonly Row[]): FrontState {
    if (typeof state === 'object' && !rows.some((row) => isPoison(row, state))) return 'open';
    if (state === 'open' || left <= 0) return 'open';
    left--;
    faults++;
    return state;
  }

  async function answer(request: IncomingMessage, response: ServerResponse) {
    const body = await buffer(request);
    const rows = rowsOf(request, body);
    if (rows === undefined) return relay(await forward(to, request, body), response);
    const now = current(rows);
    if (now === 'unavailable') return refuse(response, 503, 'backendError');
    if (now === 'rateLimitExceeded' || now === 'quotaExceeded') return refuse(response, 403, now);
    if (now === 'stopped')
      return json(response, {
        insertErrors: rows.map((_, index) => failure(index, index === 0 ? 'timeout' : 'stopped')),
      });
    if (typeof now === 'object')
      return json(response, {
        insertErrors: rows.map((row, index) => failure(index, isPoison(row, now) ? 'invalid' : 'stopped')),
      });
    if (now === 'twice')
      await forward(to, request, Buffer.from(JSON.stringify({ rows: rows.map(({ json }) => ({ json })) })));
    const answered = await forward(to, request, body);
    if (now === 'answer lost') return void request.socket.destroy();
    if (answered.status === 200 && !answered.body.includes('insertErrors'))
      for (const { json: row } of rows)
        if (!acknowledged.has(String(row['hash']))) acknowledged.set(String(row['hash']), Date.now());
    relay(answered, response);
  }

  const server = createServer((request, response) => void answer(request, response).catch(() => response.destroy()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    set(next, times = Number.POSITIVE_INFINITY) {
      state = next;
      left = times;
    },
    acknowledged,
    faults: () => faults,
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}

const isPoison = ({ json }: Row, state: FrontState) =>
  typeof state === 'object' && json['session'] === sessionOf(state.poison);

/** Of a request to append; undefined of any other. */
function rowsOf(request: IncomingMessage, body: Buffer): Row[] | undefined {
  if (!request.url?.split('?')[0]?.endsWith('/insertAll')) return undefined;
  const text = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
  return JSON.parse(text.toString()).rows;
}

type Answered = { status: number; body: string };

async function forward(to: string, { method = 'GET', url, headers }: IncomingMessage, body: Buffer): Promise<Answered> {
  const kept = ['content-type', 'content-encoding', 'x-http-method-override'].flatMap((name) => {
    const value = headers[name];
    return typeof value === 'string' ? [[name, value] as const] : [];
  });
  const isRewritten = body[0] === 0x7b;
  const sent = kept.filter(([name]) => !(isRewritten && name === 'content-encoding'));
  const response = await fetch(`http://${to}${url}`, {
    method,
    headers: Object.fromEntries(sent),
    ...(body.length > 0 && { body: new Uint8Array(body) }),
  });
  return { status: response.status, body: await response.text() };
}

function relay({ status, body }: Answered, response: ServerResponse) {
  response.writeHead(status, { 'content-type': 'application/json; charset=UTF-8' }).end(body);
}

const json = (response: ServerResponse, body: object) => relay({ status: 200, body: JSON.stringify(body) }, response);

const failure = (index: number, reason: string) => ({
  index,
  errors: [{ reason, location: '', debugInfo: '', message: '' }],
});

function refuse(response: ServerResponse, code: number, reason: string) {
  const body = { error: { code, message: reason, errors: [{ domain: 'global', reason, message: reason }] } };
  relay({ status: code, body: JSON.stringify(body) }, response);
}
