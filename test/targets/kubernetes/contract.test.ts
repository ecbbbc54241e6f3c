import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe } from 'vitest';
import { targetContract } from '../contract.ts';
import { anAgent } from './agent.ts';

/** A server of a few paths, with what no well-behaved API server does: it stalls, and redirects to where its data are. */
describe('a Kubernetes target', () => {
  const leaked = 'sup3r-secret-of-the-target';
  const stalled = new Set<ServerResponse>();
  let server: Server;
  let agent: ReturnType<typeof anAgent>;

  beforeAll(async () => {
    server = createServer((request, response) => {
      if (request.headers.authorization !== 'Bearer right') return void response.writeHead(401).end();
      const name = request.url?.split('/').at(-1);
      const json = { 'content-type': 'application/json' };
      if (name === 'slow') {
        stalled.add(response);
        response.on('close', () => stalled.delete(response));
        return void response.writeHead(200, json).write('{"kind":"ConfigMap",');
      }
      if (name === 'failing')
        return void response.writeHead(302, { location: `https://elsewhere/${leaked}` }).end(leaked);
      const data = name === 'large' ? { text: 'x'.repeat(600_000) } : { colour: 'blue' };
      response.writeHead(200, json).end(JSON.stringify({ kind: 'ConfigMap', metadata: { name }, data }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    agent = anAgent({ url, token: 'right', stop: async () => {} });
  });
  afterAll(async () => {
    await agent.stop();
    server.closeAllConnections();
    server.close();
  });

  const get = (name: string) =>
    agent.target.request.parse({ method: 'GET', path: `/api/v1/namespaces/n/configmaps/${name}` });

  targetContract(() => ({
    target: agent.target,
    connection: agent.connection,
    settings: agent.settings,
    secret: JSON.stringify({ token: 'right' }),
    wrongSecret: JSON.stringify({ token: 'wrong' }),
    requests: {
      small: get('small'),
      almostSmall: get('smalk'),
      large: get('large'),
      slow: get('slow'),
      failing: get('failing'),
      unreadable: agent.target.request.parse({ method: 'GET', path: '/api/v1/namespaces/n/%2e%2e/configmaps' }),
    },
    leakedByTheTarget: leaked,
    isRunning: async () => stalled.size > 0,
  }));
});
