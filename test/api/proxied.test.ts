import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { createApi, createLookups, createUpgrades } from '../../src/api/api.ts';
import type { HttpRequest } from '../../src/model/http-request.ts';
import { Problem } from '../../src/model/problem.ts';
import type { Body, Duplex, Message, Piece } from '../../src/model/result.ts';
import { serve, type Upgrade } from '../../src/platform/server.ts';
import { acceptWebSocket } from '../../src/platform/web-socket.ts';
import type { Execution } from '../../src/targets/target.ts';
import { anAllow, anApproval, type FakeOptions, fakeGateway } from '../fakes/gateway.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const guarded = { ...anAllow, approvals: [{ policy: 'guard', approvers: ['group:dba'], count: 1, expires: 1800 }] };
const waiting = { state: 'waiting', asked: true, approval: anApproval(), writes: [] } as const;

/** The real server and adaptors over a flow whose target only remembers. */
async function aServer(options: FakeOptions = {}) {
  const fake = fakeGateway({ kind: 'kubernetes', execute: async () => aBody(['{}']), ...options });
  const faults: unknown[] = [];
  const served = {
    gateway: fake,
    lookups: createLookups(fake.steps),
    consoleUrl: 'https://console.test',
    onFault: (error: unknown) => faults.push(error),
  };
  const app = createApi({ ...served, ready: () => true });
  const upgrades = createUpgrades({
    ...served,
    accept: (caller: Upgrade, { protocol }) => acceptWebSocket(caller, protocol),
  });
  const server = await serve({ fetch: app.fetch, upgrades, host: '127.0.0.1', port: 0 });
  closing.push(() => server.drain(50));
  const requests = () => fake.executed.map(({ plan }) => plan as HttpRequest);
  return { ...fake, faults, server, port: server.port, at: `http://127.0.0.1:${server.port}`, requests };
}

function aBody(pieces: readonly (string | Uint8Array)[], more: Partial<Body> = {}): Body {
  async function* all(): AsyncGenerator<Piece> {
    for (const piece of pieces) yield { bytes: Buffer.from(piece) };
  }
  const headers = [['content-type', 'application/json']] as const;
  return { form: 'body', status: 200, headers, content: 'json', live: false, pieces: all(), summary, ...more };
}

const summary = () => ({ truncated: false });
const bearer = { Authorization: 'Bearer a-token' };

/** Bytes as they are, and all that comes back. */
function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text.replaceAll('\n', '\r\n')));
    let received = '';
    socket.setTimeout(2000, () => socket.destroy());
    socket.on('data', (data) => (received += data.toString('latin1')));
    socket.on('close', () => resolve(received));
    socket.on('error', reject);
  });
}

describe('a proxied request', () => {
  test('reaches the target as it came: path and query not decoded, our own headers left out', async () => {
    const { port, requests } = await aServer();

    await raw(
      port,
      'POST /k8s/crm/api/v1/%6eamespaces?x=%2F&watch HTTP/1.1\nHost: h\nAuthorization: Bearer t\nSallyport-Reason: r\nX-A: 1\nX-a: 2\nContent-Length: 2\nConnection: close\n\n{}',
    );

    expect(requests()).toMatchObject([
      { method: 'POST', path: '/api/v1/%6eamespaces?x=%2F&watch', body: Buffer.from('{}') },
    ]);
    expect([...(requests()[0]?.headers ?? [])]).toEqual([
      ['host', 'h'],
      ['x-a', '1, 2'],
      ['content-length', '2'],
      ['connection', 'close'],
    ]);
  });

  test('is answered with the status, the headers and the bytes of the target', async () => {
    const headers = [
      ['content-type', 'text/plain'],
      ['x-b', 'c'],
    ] as const;
    const { at, happened } = await aServer({ execute: async () => aBody(['a', 'b', 'c'], { status: 201, headers }) });

    const response = await fetch(`${at}/k8s/crm/api`, { headers: bearer });

    expect([response.status, response.headers.get('x-b'), await response.text()]).toEqual([201, 'c', 'abc']);
    expect(response.headers.get('sallyport-operation')).toBe('op_1');
    expect(happened).toEqual(['enter', 'intended', 'execute', 'completed', 'leave']);
  });

  test.each(['HEAD', 'GET'])('by %s has its outcome recorded also where the answer has no body', async (method) => {
    const { at, outcomes } = await aServer({
      execute: async () => aBody([], { status: method === 'GET' ? 204 : 200 }),
    });

    const response = await fetch(`${at}/k8s/crm/api`, { method, headers: bearer });

    expect(await response.text()).toBe('');
    expect(outcomes).toMatchObject([{ type: 'completed', bytes: 0 }]);
  });

  test('is answered with the problem, and with nothing of the result, when the outcome cannot be recorded', async () => {
    const { at } = await aServer({ failOn: 'outcome', execute: async () => aBody(['{"a":', '1}']) });

    const response = await fetch(`${at}/k8s/crm/api`, { headers: bearer });
    const text = await response.text().catch(() => 'cut');

    expect(text).not.toContain('1}');
  });

  test('that stays open hands over each piece at once, and ends at the target when its caller leaves', async () => {
    const left = Promise.withResolvers<void>();
    async function* endless(): AsyncGenerator<Piece> {
      try {
        yield { bytes: Buffer.from('one\n') };
        await new Promise(() => undefined);
      } finally {
        left.resolve();
      }
    }
    const pieces = { [Symbol.asyncIterator]: () => leavable(endless(), left.resolve) };
    const execute = async () => aBody([], { live: true, content: 'bytes', pieces });
    const { at, happened, outcomes } = await aServer({ execute, operation: { live: true } });
    const gone = new AbortController();

    const response = await fetch(`${at}/k8s/crm/api?watch=1`, { headers: bearer, signal: gone.signal });
    const first = await response.body?.getReader().read();
    expect(Buffer.from(first?.value ?? []).toString()).toBe('one\n');
    expect(happened).toEqual(['enter', 'stay', 'intended', 'execute', 'leave']);
    gone.abort();

    await left.promise;
    await expect.poll(() => outcomes).toMatchObject([{ type: 'completed', bytes: 4 }]);
    expect(happened.at(-1)).toBe('go');
  });

  test('of many pieces waits for a caller that does not read, and ends at the target when that leaves', async () => {
    const left = Promise.withResolvers<void>();
    let given = 0;
    async function* many(): AsyncGenerator<Piece> {
      for (; given < 10_000; given++) yield { bytes: Buffer.alloc(64 * 1024, 0x20) };
    }
    const pieces = { [Symbol.asyncIterator]: () => leavable(many(), left.resolve) };
    const { port, outcomes } = await aServer({ execute: async () => aBody([], { content: 'bytes', pieces }) });

    const socket = connect(port, '127.0.0.1');
    socket.write('GET /k8s/crm/api HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer t\r\n\r\n');
    await once(socket, 'readable');
    const seen: number[] = [];
    await expect.poll(() => seen.push(given) > 3 && seen.at(-1) === seen.at(-3)).toBe(true);
    expect(given).toBeLessThan(1000);
    socket.destroy();

    await left.promise;
    await expect.poll(() => outcomes).toMatchObject([{ type: 'failed', problem: { reason: 'client-gone' } }]);
  });

  test.each([
    ['an absolute form', 'GET http://h/k8s/crm/api HTTP/1.1\nHost: h'],
    ['two tokens', 'GET /k8s/crm/api HTTP/1.1\nHost: h\nAuthorization: Bearer b'],
    ['two hosts', 'GET /k8s/crm/api HTTP/1.1\nHost: h\nHost: i'],
    ['a compressed body', 'POST /k8s/crm/api HTTP/1.1\nHost: h\nContent-Encoding: gzip\nContent-Length: 0'],
    ['a path that leads there by dots', 'GET /healthz/../k8s/crm/api HTTP/1.1\nHost: h'],
    ['a token in its query', 'GET /k8s/crm/api?x=eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln HTTP/1.1\nHost: h'],
    ['a name that no connection has', 'GET /k8s/../api HTTP/1.1\nHost: h'],
  ])('with %s is refused before anything looks at it', async (_what, head) => {
    const { port, executed } = await aServer();

    const answer = await raw(port, `${head}\nAuthorization: Bearer t\nConnection: close\n\n`);

    expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect(executed).toEqual([]);
  });

  test('whose caller leaves before its body is whole is no fault of ours, and nothing runs', async () => {
    const { port, executed, faults, noted } = await aServer();
    const socket = connect(port, '127.0.0.1');

    socket.end('POST /k8s/crm/api HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer t\r\nContent-Length: 9\r\n\r\n{}');

    await expect.poll(() => noted).toMatchObject([{ type: 'refused', subject: { problem: { code: 'timeout' } } }]);
    expect([executed, faults]).toEqual([[], []]);
  });

  test('to a connection of another kind finds nothing', async () => {
    const { at, executed } = await aServer();

    const response = await fetch(`${at}/http/crm/orders`, { headers: bearer });

    expect(await response.json()).toMatchObject({ code: 'not-found' });
    expect(executed).toEqual([]);
  });

  test('that a human must decide is told to come again, never that it was accepted', async () => {
    const { at, executed } = await aServer({ kind: 'http', decision: guarded, settlements: [waiting] });

    const response = await fetch(`${at}/http/crm/orders`, { method: 'POST', headers: bearer });

    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '30']);
    expect(await response.json()).toMatchObject({
      code: 'approval-pending',
      approval: 'apr_1',
      detail: 'group:dba must approve it at https://console.test/approvals/apr_1; then send the same request again.',
    });
    expect(executed).toEqual([]);
  });

  test('under /bigquery is told as Google’s APIs tell it, so that no client repeats it blindly or takes it for done', async () => {
    const { at, executed } = await aServer({ kind: 'bigquery', decision: guarded, settlements: [waiting] });

    const response = await fetch(`${at}/bigquery/crm/bigquery/v2/projects/p/queries`, {
      method: 'POST',
      headers: bearer,
    });

    expect([response.status, response.headers.get('content-type')]).toEqual([403, 'application/json']);
    const { error } = (await response.json()) as { error: { message: string; errors: object[] } };
    expect(error.errors).toMatchObject([{ reason: 'approvalPending', domain: 'global' }]);
    expect(error.message).toContain('https://console.test/approvals/apr_1');
    expect(executed).toEqual([]);
  });

  test('bq finds its discovery document at the root of the host, with nothing of any connection in it', async () => {
    const { at } = await aServer({ kind: 'bigquery' });

    const document = (await (await fetch(`${at}/$discovery/rest?version=v2`)).json()) as { resources: object };

    expect(document).toMatchObject({ name: 'bigquery', version: 'v2' });
    expect(Object.keys(document.resources)).toEqual([
      'projects',
      'datasets',
      'tables',
      'tabledata',
      'routines',
      'models',
      'jobs',
    ]);
  });

  test('under /k8s is refused with a Status that kubectl prints and waits by', async () => {
    const { at } = await aServer({ decision: guarded, settlements: [waiting] });

    const response = await fetch(`${at}/k8s/crm/api/v1/pods`, { method: 'POST', headers: bearer });

    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.json()).toMatchObject({
      kind: 'Status',
      apiVersion: 'v1',
      status: 'Failure',
      reason: 'TooManyRequests',
      code: 429,
      message: expect.stringContaining('https://console.test/approvals/apr_1'),
      details: { retryAfterSeconds: 30 },
    });
  });
});

/** Left at once, also while it waits for more. */
function leavable(source: AsyncGenerator<Piece>, leave: () => void): AsyncIterator<Piece> {
  return {
    next: () => source.next(),
    async return() {
      leave();
      return { done: true, value: undefined };
    },
  };
}

describe('a request to stay connected', () => {
  /** Sends back what it is sent; `end` tells the end. */
  async function anEcho({ signal }: Execution): Promise<Duplex> {
    const waiting: Message[] = [];
    let wake = () => {};
    signal.addEventListener('abort', () => wake());
    async function* messages(): AsyncGenerator<Message> {
      for (;;) {
        const message = waiting.shift();
        if (message !== undefined) yield message;
        else await new Promise<void>((resolve) => (wake = resolve));
        if (signal.aborted) throw new Problem('timeout', { reason: 'client-gone' });
        if (message?.last === true) return;
      }
    }
    return {
      form: 'duplex',
      protocol: 'v5.channel.k8s.io',
      messages: messages(),
      async send(bytes) {
        waiting.push({ bytes, last: Buffer.from(bytes).toString() === 'end' });
        wake();
      },
      summary: () => ({ truncated: false, exit: 3 }),
    };
  }
  const live = { live: true } as const;

  function open(at: string, path = '/k8s/crm/api/v1/namespaces/a/pods/b/exec?command=sh') {
    const socket = new WebSocket(`${at.replace('http', 'ws')}${path}`, ['v5.channel.k8s.io'], { headers: bearer });
    closing.push(() => socket.terminate());
    return socket;
  }

  const ended = (socket: WebSocket) =>
    new Promise<{ said: string[]; code: number }>((resolve) => {
      const said: string[] = [];
      socket.on('message', (data: Buffer) => said.push(String(data)));
      socket.on('close', (code) => resolve({ said, code }));
    });

  test('carries messages both ways, and the outcome is recorded before the one that tells the end', async () => {
    const { at, requests, outcomes, happened } = await aServer({ execute: anEcho, operation: live });
    const socket = open(at);
    const end = ended(socket);
    socket.on('open', () => {
      for (const text of ['a', 'b', 'end']) socket.send(text);
    });

    expect(await end).toEqual({ said: ['a', 'b', 'end'], code: 1000 });
    expect(requests()).toMatchObject([
      { method: 'GET', upgrade: { to: 'websocket', protocols: ['v5.channel.k8s.io'] } },
    ]);
    expect(outcomes).toMatchObject([{ type: 'completed', status: 3, bytes: 5 }]);
    expect(happened).toEqual(['enter', 'stay', 'intended', 'execute', 'leave', 'completed', 'go']);
  });

  test('does not tell the end where the outcome cannot be recorded', async () => {
    const { at } = await aServer({ execute: anEcho, operation: live, failOn: 'outcome' });
    const socket = open(at);
    const end = ended(socket);
    socket.on('open', () => {
      for (const text of ['a', 'end']) socket.send(text);
    });

    expect(await end).toEqual({ said: ['a'], code: 1011 });
  });

  test('ends at the target when its caller leaves', async () => {
    const { at, outcomes } = await aServer({ execute: anEcho, operation: live });
    const socket = open(at);
    await new Promise((resolve) => socket.on('open', resolve));

    socket.terminate();

    await expect.poll(() => outcomes, { timeout: 5000 }).toMatchObject([{ type: 'completed' }]);
  });

  test.each<[string, FakeOptions, number]>([
    ['by policy', { decision: { ...anAllow, effect: 'deny' } }, 403],
    ['that must wait for a human', { decision: guarded, settlements: [waiting, waiting, waiting] }, 429],
  ])('is refused %s with a Status, before the handshake is answered', async (_why, options, status) => {
    const { at, executed } = await aServer({ ...options, execute: anEcho, operation: live });
    const socket = open(at);
    socket.on('error', () => undefined);

    const { statusCode, body } = await new Promise<{ statusCode: number; body: string }>((resolve) => {
      socket.on('unexpected-response', async (_request, response) => {
        let body = '';
        for await (const chunk of response) body += chunk;
        resolve({ statusCode: response.statusCode ?? 0, body });
      });
    });

    expect(statusCode).toBe(status);
    expect(JSON.parse(body)).toMatchObject({ kind: 'Status', code: status });
    expect(executed).toEqual([]);
  });

  test('outside of targets is a request like any other', async () => {
    const { port } = await aServer();

    const answer = await raw(port, 'GET /healthz HTTP/1.1\nHost: h\nConnection: Upgrade\nUpgrade: h2c\n\n');

    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  });

  test('does not hold up the end of the server', async () => {
    const { at, server } = await aServer({ execute: anEcho, operation: live });
    const socket = open(at);
    await new Promise((resolve) => socket.on('open', resolve));
    const end = ended(socket);

    await server.drain(20);

    expect((await end).code).toBe(1006);
  });
});
