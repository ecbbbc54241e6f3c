import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { createAdaptorServer } from '@hono/node-server';

export type RunningServer = {
  port: number;
  /** Takes no new connection, lets what runs end within the milliseconds, then cuts what is left. */
  drain(milliseconds: number): Promise<void>;
};

/** What the application may see of a request beside its `Request`: the bytes as they came. */
export type RawRequest = { incoming: IncomingMessage; outgoing: ServerResponse };

/** A request to speak another protocol from here on. */
export type Upgrade = { request: IncomingMessage; socket: Duplex; head: Buffer };

/** Room for a token of 16 KiB beside the other headers. */
const HEADER_BYTES = 32 * 1024;

/** Serves over HTTP/1.1. Port 0 takes a free one. Throws when the port is taken. */
export async function serve(options: {
  fetch: (request: Request, raw: RawRequest) => Response | Promise<Response>;
  /** Which requests to upgrade are meant, and what is done with them; any other is a request like all. */
  upgrades?: { accepts: (request: IncomingMessage) => boolean; take: (upgrade: Upgrade) => void };
  host: string;
  port: number;
}): Promise<RunningServer> {
  const { fetch, upgrades, host, port } = options;
  const server = createAdaptorServer({
    fetch: (request, env) => fetch(request, env as RawRequest),
    serverOptions: {
      maxHeaderSize: HEADER_BYTES,
      headersTimeout: 15_000,
      requestTimeout: 60_000,
      keepAliveTimeout: 65_000,
      shouldUpgradeCallback: (request) => upgrades?.accepts(request) ?? false,
    },
  });
  const upgraded = new Set<Duplex>();
  if (upgrades !== undefined) {
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      upgraded.add(socket);
      socket.once('close', () => upgraded.delete(socket));
      upgrades.take({ request, socket, head });
    });
  }
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    async drain(milliseconds) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      if ('closeIdleConnections' in server) server.closeIdleConnections();
      const cut = setTimeout(() => {
        if ('closeAllConnections' in server) server.closeAllConnections();
        for (const socket of upgraded) socket.destroy();
      }, milliseconds);
      await closed;
      clearTimeout(cut);
    },
  };
}
