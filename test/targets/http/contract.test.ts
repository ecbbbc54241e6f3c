import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HttpRequest } from '../../../src/model/http-request.ts';
import { targetContract } from '../contract.ts';
import { agentAt, type Closing, serviceWith, TOKEN } from './service.ts';

const closing: Closing = [];
let running = 0;
let agent: ReturnType<typeof agentAt>;

beforeAll(async () => {
  const { origin } = await serviceWith(closing, (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://service');
    if (request.headers.authorization !== `Bearer ${TOKEN}`) return void response.writeHead(401).end();
    if (pathname === '/failing') {
      response.writeHead(500, { 'content-type': 'text/html' });
      return void response.end(`no bob@example.com for ${TOKEN}`);
    }
    response.writeHead(200, { 'content-type': 'application/json' });
    if (pathname === '/slow') {
      running += 1;
      response.once('close', () => {
        running -= 1;
      });
      return void response.write('{"begun":');
    }
    const orders = Array.from({ length: pathname === '/orders' ? 20_000 : 1 }, (_, id) => ({ id, state: 'shipped' }));
    return void response.end(JSON.stringify(orders));
  });
  const names = ['orders', 'order', 'other', 'slow', 'failing'];
  agent = agentAt(origin, closing, {
    settings: { operations: names.map((name) => ({ name, method: 'GET', path: `/${name}` })) },
  });
});
afterAll(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const get = (path: string): HttpRequest => ({ method: 'GET', path, headers: new Map(), body: new Uint8Array() });

describe('an HTTP service', () => {
  targetContract(() => ({
    target: agent.target,
    connection: agent.connection,
    settings: agent.settings,
    secret: JSON.stringify({ token: TOKEN }),
    wrongSecret: JSON.stringify({ token: 'another-token' }),
    requests: {
      small: get('/order'),
      almostSmall: get('/other'),
      large: get('/orders'),
      slow: get('/slow'),
      failing: get('/failing'),
      unreadable: get('/orders/../order'),
    },
    leakedByTheTarget: 'bob@example.com',
    isRunning: async () => running > 0,
  }));

  test('its answers are those of the service', async () => {
    expect(await agent.ask({ path: '/order' })).toMatchObject({ status: 200, text: '[{"id":0,"state":"shipped"}]' });
  });
});
