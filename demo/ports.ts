import { randomInt } from 'node:crypto';
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

/** Ports that were not chosen: blocks of 16 below those that systems give to whoever asks for any, as free-port.ts says. */
const blocks = { first: 10_000, last: 19_984, size: 16 };

/**
 * A port for each part, free at this moment: the issuer's address and the gateway's are needed before either is up, and
 * some parts take theirs much later. `base` 0 takes a block that no other stand has until `release`. Throws when a port
 * that was chosen is taken, with its number, before anything was started.
 */
export async function findPorts(base: number): Promise<{ ports: Ports; release(): Promise<void> }> {
  if (base !== 0) return { ports: await freeFrom(base), release: async () => {} };
  for (;;) {
    const first = blocks.first + blocks.size * randomInt((blocks.last - blocks.first) / blocks.size + 1);
    const mark = await take('mark', first + blocks.size - 1).catch(() => undefined);
    const ports = mark && (await freeFrom(first).catch(() => undefined));
    if (mark && ports) return { ports, release: () => close(mark) };
    if (mark) await close(mark);
  }
}

async function freeFrom(base: number): Promise<Ports> {
  const ports = Object.fromEntries(Object.entries(offsets).map(([name, offset]) => [name, base + offset])) as Ports;
  const tries = await Promise.allSettled(Object.entries(ports).map(([name, port]) => take(name, port)));
  await Promise.all(tries.map((one) => one.status === 'fulfilled' && close(one.value)));
  for (const one of tries) if (one.status === 'rejected') throw one.reason;
  return ports;
}

function take(name: string, port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', (cause: NodeJS.ErrnoException) => {
      const why = cause.code === 'EADDRINUSE' ? 'is taken' : `cannot be had: ${cause.message}`;
      reject(new Error(`Port ${port} (${name}) ${why}. Choose others with --port-base.`, { cause }));
    });
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
