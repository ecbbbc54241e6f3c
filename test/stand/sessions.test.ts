import { execFile, spawn } from 'node:child_process';
import { existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { freePort } from '../../emulators/free-port.ts';
import { aSession } from '../flow/sessions.ts';
import { readStand, request, run, stand, standDir, trail } from '../flow/stand.ts';

/** Sessions, on a product whose gateway is told to stop, is killed hard, and runs twice. */

const forever = 'while :; do echo tick; sleep 0.1; done';

const outcomesOf = (operation: string, timeout?: number) =>
  trail(
    `SELECT type, note, result, recording FROM \`sallyport_evidence.events\` WHERE operation = '${operation}' AND phase IN ('outcome', 'late')`,
    (rows) => rows.length > 0,
    timeout,
  );

async function recordingOf(operation: string) {
  const url = `${stand.console}/api/operations/${operation}/recording`;
  const { body } = await request('GET', url, { token: stand.tokens.auditor });
  return body['recording'] as { state: string; truncated: boolean; cast?: string } | undefined;
}

const isUp = () =>
  expect.poll(async () => (await run('select 1').catch(() => undefined))?.status, { timeout: 60_000 }).toBe(200);

/** What `sallyport verify` says of the trail, as an auditor would run it. */
async function verified() {
  const program = fileURLToPath(new URL('../../src/cli/cli.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [program, 'verify', '--json'], {
    maxBuffer: 64 * 1024 * 1024,
    env: {
      PATH: process.env['PATH'],
      GOOGLE_CLOUD_PROJECT: stand.project,
      SALLYPORT_CHECKPOINT_KEY: stand.checkpoint_key,
      SALLYPORT_APPROVAL_KEY: stand.approval_key,
      BIGQUERY_EMULATOR_HOST: stand.bigquery,
      KMS_EMULATOR_HOST: stand.kms,
      METADATA_SERVER_DETECTION: 'none',
    },
  }).catch((error: { stdout: string }) => error);
  return JSON.parse(stdout) as { found: number; findings: unknown[] };
}

test('a gateway that is told to stop ends its sessions with an outcome, and is gone within ten seconds', async () => {
  const [quiet, loud] = [await aSession('stand-quiet', 'sleep 600'), await aSession('stand-loud', forever)];
  await expect.poll(() => loud.said(1), { timeout: 30_000 }).toContain('tick');
  const pid = readStand().pids.gateway;
  const began = performance.now();

  process.kill(pid, 'SIGTERM');

  await Promise.all([quiet.closed, loud.closed]);
  expect(JSON.parse(loud.said(3))).toMatchObject({ message: expect.stringContaining('stops') });
  await expect.poll(() => existsSync(`/proc/${pid}`), { timeout: 20_000, interval: 50 }).toBe(false);
  expect(performance.now() - began).toBeLessThan(10_000);
  for (const { operation } of [quiet, loud])
    expect(await outcomesOf(operation)).toMatchObject([{ type: 'failed', note: 'instance-stops' }]);
  await expect.poll(() => recordingOf(loud.operation), { timeout: 20_000 }).toMatchObject({ state: 'intact' });
  await isUp();
});

test('of a session whose gateway is killed the trail says that its end is unknown, and what was recorded is there', async () => {
  const { operation, said, closed } = await aSession('stand-killed', forever);
  await expect.poll(async () => (await recordingOf(operation))?.cast ?? '', { timeout: 20_000 }).toContain('tick');
  const seen = (await recordingOf(operation))?.cast ?? '';

  process.kill(readStand().pids.gateway, 'SIGKILL');
  await closed;
  const asked = await request(
    'POST',
    `${stand.console}/api/operations/${operation}/end`,
    { token: stand.tokens.dba },
    { reason: 'dead' },
  );

  expect([202, 409]).toContain(asked.status);
  expect(said(1)).toContain('tick');
  const [outcome, ...others] = await outcomesOf(operation, 150_000);
  expect(outcome).toMatchObject({ type: 'unknown', recording: { truncated: true } });
  expect(others).toEqual([]);
  await expect
    .poll(() => recordingOf(operation), { timeout: 30_000 })
    .toMatchObject({ state: 'intact', truncated: true });
  expect((await recordingOf(operation))?.cast?.startsWith(seen)).toBe(true);
  await isUp();
  expect((await verified()).findings).toEqual([]);
});

test('a session is ended on whichever instance it runs, and no other is', async () => {
  const here = await aSession('stand-here', forever);
  const there = await aSession('stand-there', forever, `${await anotherGateway()}/k8s/cluster`);
  await expect.poll(() => there.said(1), { timeout: 30_000 }).toContain('tick');
  const live = async () => {
    const { body } = await request('GET', `${stand.console}/api/live`, { token: stand.tokens.dba });
    return body['operations'] as { operation: string; instance: string }[];
  };
  const instances = new Set((await live()).map(({ instance }) => instance));

  const end = (operation: string) =>
    request(
      'POST',
      `${stand.console}/api/operations/${operation}/end`,
      { token: stand.tokens.dba },
      { reason: 'enough' },
    );
  await end(there.operation);
  await there.closed;

  expect(instances.size).toBe(2);
  expect(JSON.parse(there.said(3))).toMatchObject({ message: expect.stringContaining('ended it at the console') });
  expect((await live()).map(({ operation }) => operation)).toEqual([here.operation]);
  await end(here.operation);
  await here.closed;
});

/** A second instance, as Cloud Run would start one: what the first was told, on another port. */
async function anotherGateway(): Promise<string> {
  const told = readFileSync(`/proc/${readStand().pids.gateway}/environ`, 'utf8').split('\0').filter(Boolean);
  const environment = Object.fromEntries(
    told.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
  );
  const port = await freePort();
  const program = fileURLToPath(new URL('../../demo/role.ts', import.meta.url));
  const log = openSync(join(standDir, 'second-gateway.log'), 'w');
  const child = spawn(process.execPath, ['--disable-proto=delete', program, 'gateway'], {
    env: { ...environment, PORT: String(port), NODE_CHANNEL_FD: undefined },
    stdio: ['ignore', log, log, 'ipc'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const url = `http://127.0.0.1:${port}`;
  await expect
    .poll(async () => (await fetch(`${url}/readyz`).catch(() => undefined))?.status, { timeout: 150_000 })
    .toBe(200);
  return url;
}
