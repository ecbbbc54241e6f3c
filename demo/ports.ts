import { createServer, type Server } from 'node:net';

/** Offsets from the first port. */
const offsets = {
  gateway: 0,
  console: 1,
  keeper: 2,
  issuer: 3,
  firestore: 4,
  secretManager: 5,
  bigquery: 6,
  kms: 7,
  postgres: 8,
  kubernetes: 9,
  gatewayFront: 10,
  billing: 11,
  bastion: 12,
};

export type Ports = Record<keyof typeof offsets, number>;
type Taken = { name: string; port: number; server: Server };

/**
 * A port for each part, free at this moment: the issuer's address and the gateway's are needed before either is up.
 * `base` 0 takes any. Throws when one is taken, with its number, before anything was started.
 */
export async function findPorts(base: number): Promise<Ports> {
  const tries = await Promise.allSettled(
    Object.entries(offsets).map(([name, offset]) => take(name, base === 0 ? 0 : base + offset)),
  );
  const taken = tries.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  await Promise.all(taken.map(({ server }) => new Promise((resolve) => server.close(resolve))));
  for (const one of tries) if (one.status === 'rejected') throw one.reason;
  return Object.fromEntries(taken.map(({ name, port }) => [name, port])) as Ports;
}

function take(name: string, port: number): Promise<Taken> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', (cause: NodeJS.ErrnoException) => {
      const why = cause.code === 'EADDRINUSE' ? 'is taken' : `cannot be had: ${cause.message}`;
      reject(new Error(`Port ${port} (${name}) ${why}. Choose others with --port-base.`, { cause }));
    });
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      if (address === null || typeof address === 'string') throw new TypeError('A TCP server has a port.');
      resolve({ name, port: address.port, server });
    });
  });
}
