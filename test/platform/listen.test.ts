import { afterEach, expect, test } from 'vitest';
import { type Listening, listen } from '../../src/platform/server.ts';

let server: Listening;

afterEach(() => server.drain(0));

test('before it is opened, a server tells that it lives and refuses everything else', async () => {
  server = await listen({ host: '127.0.0.1', port: 0 });

  const [alive, ready, call] = await Promise.all([
    ask('/healthz'),
    ask('/readyz'),
    ask('/v1/connections/crm/operations'),
  ]);

  expect([alive.status, ready.status, call.status]).toEqual([200, 503, 503]);
  expect(call.headers.get('retry-after')).toBe('1');
  expect(await call.json()).toEqual({ status: 'not ready' });
});

test('once it is opened, all requests go where it was opened to', async () => {
  server = await listen({ host: '127.0.0.1', port: 0 });
  const before = await ask('/healthz');

  await server.open({ fetch: (request) => new Response(new URL(request.url).pathname, { status: 207 }) });

  const after = await ask('/healthz');
  expect([before.status, after.status, await after.text()]).toEqual([200, 207, '/healthz']);
});

test('a request to upgrade is refused like any other until it is known what to do with it', async () => {
  server = await listen({ host: '127.0.0.1', port: 0 });
  const { promise: refused, resolve } = Promise.withResolvers<string>();

  const socket = new WebSocket(`ws://127.0.0.1:${server.port}/tunnel`);
  socket.addEventListener('open', () => resolve('opened'));
  socket.addEventListener('error', () => resolve('refused'));

  expect(await refused).toBe('refused');
});

const ask = (path: string) => fetch(`http://127.0.0.1:${server.port}${path}`);
