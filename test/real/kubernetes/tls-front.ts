import { connect, type Socket } from 'node:net';
import { createServer } from 'node:tls';
import { createAuthority } from '../../../emulators/tls/authority.ts';

export type TlsFront = { url: string; ca: string; close(): Promise<void> };

/**
 * Ends TLS before a server of this machine that speaks plain HTTP, as Cloud Run does, and passes every byte on: client-go sends no
 * credentials without TLS. `seen` is told of all that leaves.
 */
export async function startTlsFront(
  origin: string,
  seen: (bytes: Buffer, connection: number) => void,
): Promise<TlsFront> {
  const authority = createAuthority('TLS before the gateway');
  const { certificate, key } = authority.server(['127.0.0.1', 'localhost']);
  const { hostname, port } = new URL(origin);
  const open = new Set<Socket>();
  let count = 0;
  const server = createServer({ cert: certificate, key }, (outer) => {
    const id = count++;
    const inner = connect(Number(port), hostname);
    for (const socket of [outer, inner]) {
      open.add(socket);
      socket.once('close', () => open.delete(socket));
    }
    inner.on('data', (bytes) => seen(bytes, id));
    outer.pipe(inner).pipe(outer);
    outer.on('error', () => inner.destroy());
    inner.on('error', () => outer.destroy());
    outer.once('close', () => inner.destroy());
    inner.once('close', () => outer.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('A TCP server has a port.');
  return {
    url: `https://127.0.0.1:${address.port}`,
    ca: authority.certificate,
    async close() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
