import { connect } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import type { Certified } from '../emulators/tls/authority.ts';

/**
 * Ends TLS before the gateway, as Cloud Run does: clients of Kubernetes send no token without it. Bytes pass as they are; what
 * breaks on one side breaks on the other.
 */
export async function startFront(options: {
  port: number;
  to: number;
  certified: Certified;
}): Promise<{ stop(): Promise<void> }> {
  const { port, to, certified } = options;
  const open = new Set<TLSSocket>();
  const server = createServer(
    { cert: certified.certificate, key: certified.key, ALPNProtocols: ['http/1.1'] },
    (outside) => {
      open.add(outside);
      const inside = connect(to, '127.0.0.1');
      outside.once('close', () => {
        open.delete(outside);
        inside.destroy();
      });
      // Not by `pipeline`, of which two on one socket are more listeners than Node takes for sound.
      inside.on('error', () => outside.destroy());
      outside.on('error', () => inside.destroy());
      outside.pipe(inside).pipe(outside);
    },
  );
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}
