import { connect } from 'node:net';
import { pipeline } from 'node:stream';
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
      outside.once('close', () => open.delete(outside));
      const inside = connect(to, '127.0.0.1');
      const broken = (error: unknown) => {
        if (error) outside.destroy();
      };
      pipeline(outside, inside, broken);
      pipeline(inside, outside, broken);
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
