import { createServer, type Socket } from 'node:net';

/** A request as it stood on the wire. */
export type Recorded = {
  method: string;
  target: string;
  headers: readonly (readonly [string, string])[];
  body: string;
};

export type Upstream = {
  origin: string;
  requests: Recorded[];
  /** Bytes that are no request that every server reads in the same way. */
  malformed: string[];
  stop(): Promise<void>;
};

const requestLine = /^([A-Z]+) (\/[\x21-\x7e]*) HTTP\/1\.1$/;
const headerLine = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+): ?([\x20-\x7e]*)$/;

/**
 * Keeps what it is sent, byte by byte, and trusts no parser but this strict one: what is not plainly one request after the other
 * is kept as malformed. Answers like an API server that has whatever is asked for.
 */
export async function startUpstream(): Promise<Upstream> {
  const requests: Recorded[] = [];
  const malformed: string[] = [];
  const open = new Set<Socket>();

  const server = createServer((socket) => {
    open.add(socket);
    let buffer = '';
    socket.on('error', () => undefined);
    socket.once('close', () => {
      open.delete(socket);
      if (buffer !== '') malformed.push(buffer);
    });
    socket.on('data', (bytes) => {
      buffer += bytes.toString('latin1');
      for (let next = take(buffer); next !== undefined; next = take(buffer)) {
        if (typeof next === 'string') {
          malformed.push(buffer);
          buffer = '';
          socket.destroy();
          return;
        }
        buffer = buffer.slice(next.length);
        requests.push(next.request);
        socket.write(answerTo(next.request));
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('A TCP server has a port.');
  return {
    origin: `http://127.0.0.1:${address.port}`,
    requests,
    malformed,
    async stop() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The first request of a buffer and its length; undefined while it is not all there, a reason where it is none. */
function take(buffer: string): { request: Recorded; length: number } | string | undefined {
  const end = buffer.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [first = '', ...lines] = buffer.slice(0, end).split('\r\n');
  const [, method, target] = requestLine.exec(first) ?? [];
  if (method === undefined || target === undefined) return 'request line';
  const headers: (readonly [string, string])[] = [];
  for (const line of lines) {
    const [, name, value] = headerLine.exec(line) ?? [];
    if (name === undefined || value === undefined) return 'header';
    headers.push([name.toLowerCase(), value]);
  }
  const given = (name: string) => headers.filter(([known]) => known === name).map(([, value]) => value);
  if (given('transfer-encoding').length > 0 || given('content-length').length > 1) return 'framing';
  const [size = '0'] = given('content-length');
  if (!/^\d{1,9}$/.test(size)) return 'length';
  const start = end + 4;
  const length = start + Number(size);
  if (buffer.length < length) return undefined;
  return { request: { method, target, headers, body: buffer.slice(start, length) }, length };
}

/** What is written comes back, and all else is an empty object of the kind. */
function answerTo({ method, body, target }: Recorded): string {
  const named = /\/configmaps\/[^/?]+/.test(target);
  const item = {
    kind: 'ConfigMap',
    apiVersion: 'v1',
    metadata: { name: 'settings', namespace: 'team-a', uid: 'u1', resourceVersion: '7' },
    data: {},
  };
  const list = { kind: 'ConfigMapList', apiVersion: 'v1', metadata: {}, items: [] };
  const text = (method === 'POST' || method === 'PUT') && body !== '' ? body : JSON.stringify(named ? item : list);
  return `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${text.length}\r\n\r\n${text}`;
}
