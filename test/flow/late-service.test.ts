import { spawn } from 'node:child_process';
import { connect, createServer } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { freePort } from '../../emulators/free-port.ts';
import { stand } from './stand.ts';

test('a gateway that starts before Secret Manager and Firestore can be reached serves once they can, and says until then what it waits for', async () => {
  const [port, secrets, firestore] = [await freePort(), await freePort(), await freePort()];
  const gateway = spawn(process.execPath, ['--disable-proto=delete', 'src/main.ts', 'gateway'], {
    env: {
      ...stand.environment,
      SECRET_MANAGER_EMULATOR_HOST: `127.0.0.1:${secrets}`,
      FIRESTORE_EMULATOR_HOST: `127.0.0.1:${firestore}`,
      PORT: String(port),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void gateway.kill('SIGKILL'));
  let log = '';
  gateway.stdout.setEncoding('utf8').on('data', (text) => {
    log += text;
  });
  const status = async () => (await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined))?.status;

  await vi.waitUntil(() => log.includes('cannot be had yet'), { timeout: 100_000 });
  const before = await status();
  await forward(secrets, stand.secret_manager);
  await forward(firestore, stand.firestore);

  expect(before).not.toBe(200);
  await expect.poll(status, { timeout: 100_000 }).toBe(200);
  expect(gateway.exitCode).toBe(null);
}, 240_000);

/** From this port to that `host:port`, from now on. */
async function forward(port: number, to: string) {
  const [host, at] = to.split(':');
  const server = createServer((from) => {
    const there = connect(Number(at), host);
    from.pipe(there).pipe(from);
    for (const [one, other] of [
      [from, there],
      [there, from],
    ] as const)
      one.on('error', () => other.destroy());
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
}
