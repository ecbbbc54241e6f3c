import { createServer, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** What is asked of a server, as it came. */
export type Heard = {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  names: readonly string[];
  body: string;
};

/** `body` that is no text is sent as JSON. */
export type Scripted = { status?: number; headers?: Record<string, string>; body?: unknown };

/** An API server that answers what a test tells it to, over plain HTTP on loopback. */
export async function startScripted(answer: (heard: Heard) => Scripted) {
  const heard: Heard[] = [];
  const server = createServer(async (request: IncomingMessage, response) => {
    const { method = '', url: path = '', headers, rawHeaders } = request;
    const names = rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase());
    const one = { method, path, headers, names, body: await text(request) };
    heard.push(one);
    const { status = 200, headers: more = {}, body = '' } = answer(one);
    response.writeHead(status, { 'content-type': 'application/json', ...more });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    token: 'a-token',
    heard,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
