import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';

const program = fileURLToPath(new URL('../../emulators/emulators.ts', import.meta.url));

let child: ChildProcess | undefined;
afterEach(() => {
  child?.kill('SIGKILL');
});

/** Runs the command until it has said all it says: that it is up, or why it is not. */
async function run(args: string[], environment: NodeJS.ProcessEnv = {}) {
  const started = spawn(process.execPath, [program, ...args], { env: { ...process.env, ...environment } });
  child = started;
  let out = '';
  let err = '';
  started.stderr.on('data', (chunk) => {
    err += chunk;
  });
  const exit = once(started, 'close').then(([code]) => code as number);
  await Promise.race([
    exit,
    new Promise<void>((resolve) => {
      started.stdout.on('data', (chunk) => {
        out += chunk;
        if (out.includes('Ctrl-C')) resolve();
      });
    }),
  ]);
  return { out, err, exit, signal: (name: NodeJS.Signals) => started.kill(name) };
}

test('one command starts them all, says where they are and which variables to set, and stops on a signal', async () => {
  const { out, exit, signal } = await run(['--port-base', '0']);

  for (const variable of ['FIRESTORE', 'SECRET_MANAGER', 'KMS']) {
    expect(out).toMatch(new RegExp(`export ${variable}_EMULATOR_HOST=127\\.0\\.0\\.1:\\d+\n`));
  }
  expect(out).toMatch(/export BIGQUERY_EMULATOR_HOST=http:\/\/127\.0\.0\.1:\d+\n/);
  expect(out).toContain('export METADATA_SERVER_DETECTION=none\n');
  const [, issuer] = /Token issuer.*(http:\/\/127\.0\.0\.1:\d+)/.exec(out) ?? [];
  expect((await fetch(`${issuer}/.well-known/openid-configuration`)).status).toBe(200);

  signal('SIGTERM');
  expect(await exit).toBe(0);
});

test('a taken port is named', async () => {
  const occupant = createServer().listen(0, '127.0.0.1');
  await once(occupant, 'listening');
  const address = occupant.address();
  const kms = typeof address === 'object' && address ? address.port : 0;

  const { err, exit } = await run(['--only', 'kms', '--port-base', String(kms - 7)]);
  occupant.close();

  expect(await exit).toBe(1);
  expect(err).toContain(`Cloud KMS cannot start: port ${kms} is taken; choose others with --port-base.\n`);
});

test('they refuse to run on Cloud Run', async () => {
  const { err, exit } = await run(['--port-base', '0'], { K_SERVICE: 'gateway' });

  expect(await exit).toBe(1);
  expect(err).toContain('do not run on Cloud Run');
});

test.each([
  [['--only', 'pubsub'], 'There is no emulator "pubsub"'],
  [['--only', '__proto__'], 'There is no emulator'],
  [['--port-base', '80'], '--port-base must be 0 or between'],
  [['--port-base', 'x'], '--port-base must be 0 or between'],
])('%j is refused with the reason', async (args, reason) => {
  const { err, exit } = await run(args);

  expect(await exit).toBe(1);
  expect(err).toContain(reason);
});
