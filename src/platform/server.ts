import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';

export type RunningServer = {
  port: number;
  /** Takes no new connection, lets what runs end within the milliseconds, then cuts what is left. */
  drain(milliseconds: number): Promise<void>;
};

/** Room for a token of 16 KiB beside the other headers. */
const HEADER_BYTES = 32 * 1024;

/** Serves over HTTP/1.1. Port 0 takes a free one. Throws when the port is taken. */
export async function serve(options: {
  fetch: (request: Request) => Response | Promise<Response>;
  host: string;
  port: number;
}): Promise<RunningServer> {
  const { fetch, host, port } = options;
  const server = createAdaptorServer({
    fetch,
    overrideGlobalObjects: false,
    serverOptions: {
      maxHeaderSize: HEADER_BYTES,
      headersTimeout: 15_000,
      requestTimeout: 60_000,
      keepAliveTimeout: 65_000,
    },
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    async drain(milliseconds) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      if ('closeIdleConnections' in server) server.closeIdleConnections();
      const cut = setTimeout(() => 'closeAllConnections' in server && server.closeAllConnections(), milliseconds);
      await closed;
      clearTimeout(cut);
    },
  };
}
