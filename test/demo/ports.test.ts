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
  expect(await findPorts(base)).toMatchObject({ gateway: base, issuer: base + 3, postgres: base + 8 });
});

test('ports of the local stand that were not chosen are all different', async () => {
  const ports = Object.values(await findPorts(0));

  expect(ports).toHaveLength(13);
  expect(new Set(ports).size).toBe(13);
});
