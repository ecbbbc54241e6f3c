import { createServer, type Server } from 'node:net';
import { expect, test } from 'vitest';
import { findPorts } from '../../demo/ports.ts';

const listen = (port: number) =>
  new Promise<Server>((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
/** Beyond the ports that systems give to those who ask for any. */
const base = 61_000 + (process.pid % 300) * 12;
const close = (server: Server) => new Promise((resolve) => server.close(resolve));

test('the local stand tells which port is taken and holds none of the others', async () => {
  const holder = await listen(base + 3);

  const ports = findPorts(base);

  await expect(ports).rejects.toThrow(`Port ${base + 3} (issuer) is taken. Choose others with --port-base.`);
  await close(await listen(base));
  await close(holder);
  expect((await findPorts(base)).ports).toMatchObject({ gateway: base, issuer: base + 3, postgres: base + 8 });
});

test('of stands that start at the same time and chose no ports, none has one that another has, or that a system may give away', async () => {
  const stands = await Promise.all(Array.from({ length: 20 }, () => findPorts(0)));

  const all = stands.flatMap(({ ports }) => Object.values(ports));
  expect(new Set(all).size).toBe(20 * 13);
  expect(Math.max(...all)).toBeLessThan(32_768);
  await Promise.all(stands.map(({ release }) => release()));
});
