import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

export type RunningServer = {
  port: number;
  /** Takes no new connection, lets what runs end within the milliseconds, then cuts what is left. */
  drain(milliseconds: number): Promise<void>;
};

/** What the application may see of a request beside its `Request`: the bytes as they came. */
type RawRequest = { incoming: IncomingMessage; outgoing: ServerResponse };

/** A request to speak another protocol from here on. */
export type Upgrade = { request: IncomingMessage; socket: Duplex; head: Buffer };

/** Room for a token of 16 KiB beside the other headers. */
const HEADER_BYTES = 32 * 1024;

/** What is served: requests, and which requests to upgrade are meant and what is done with them; any other is a request like all. */
export type Served = {
  fetch: (request: Request, raw: RawRequest) => Response | Promise<Response>;
  upgrades?: { accepts: (request: IncomingMessage) => boolean; take: (upgrade: Upgrade) => void };
};

/** A server that is heard from before what it serves is there. */
export type Listening = RunningServer & { open(served: Served): Promise<void> };

/** Serves over HTTP/1.1. Port 0 takes a free one. Throws when the port is taken. */
export async function serve({ host, port, ...served }: Served & Address): Promise<RunningServer> {
  const server = await listen({ host, port });
  await server.open(served);
  return server;
}

type Address = { host: string; port: number };

/** Tells that the process lives, and refuses everything else. */
function notOpen({ url = '' }: IncomingMessage, answer: ServerResponse) {
  const lives = url.split('?', 1)[0] === '/healthz';
  answer.writeHead(lives ? 200 : 503, { 'Content-Type': 'application/json', ...(!lives && { 'Retry-After': '1' }) });
  answer.end(JSON.stringify({ status: lives ? 'alive' : 'not ready' }));
}

/**
 * Listens at once and serves nothing until it is opened: until then `/healthz` is answered and all else is refused (503). What turns
 * requests into those of the web platform is loaded when it is opened, as it takes as long to load as all that is before.
 */
export async function listen({ host, port }: Address): Promise<Listening> {
  let answer: RequestListener = notOpen;
  let upgrades: Served['upgrades'];
  const server = createServer(
    {
      maxHeaderSize: HEADER_BYTES,
      headersTimeout: 15_000,
      requestTimeout: 60_000,
      keepAliveTimeout: 65_000,
      shouldUpgradeCallback: (request) => upgrades?.accepts(request) ?? false,
    },
    (incoming, outgoing) => answer(incoming, outgoing),
  );
  const upgraded = new Set<Duplex>();
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    upgraded.add(socket);
    socket.once('close', () => upgraded.delete(socket));
    upgrades?.take({ request, socket, head });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    async open(served) {
      const { getRequestListener } = await import('@hono/node-server');
      answer = getRequestListener((request, env) => served.fetch(request, env as RawRequest));
      upgrades = served.upgrades;
    },
    async drain(milliseconds) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const cut = setTimeout(() => {
        server.closeAllConnections();
        for (const socket of upgraded) socket.destroy();
      }, milliseconds);
      await closed;
      clearTimeout(cut);
    },
  };
}
