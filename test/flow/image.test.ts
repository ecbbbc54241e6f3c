import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { freePort } from '../../emulators/free-port.ts';
import { bundle } from '../../image/bundle.ts';
import { copyFiles } from '../../image/files.ts';
import { request, stand } from './stand.ts';

const folder = mkdtempSync(join(tmpdir(), 'sallyport-image-'));
let program: ChildProcess;
let log = '';
let [gateway, console, keeper] = ['', '', ''];

/** What goes into the image, alone in a folder, as another instance of each role beside the stand's own. */
beforeAll(async () => {
  await bundle(resolve('.'), folder);
  await copyFiles(resolve('.'), folder);
  const ports = await Promise.all([freePort(), freePort(), freePort()]);
  [gateway = '', console = '', keeper = ''] = ports.map((port) => `http://127.0.0.1:${port}`);
  program = start(['all'], {
    PORT: String(ports[0]),
    SALLYPORT_CONSOLE_PORT: String(ports[1]),
    SALLYPORT_KEEPER_PORT: String(ports[2]),
  });
  for (const role of [gateway, console, keeper]) await untilReady(role);
}, 120_000);

afterAll(() => {
  program.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

describe('the bundle of the image, which may read nothing but its own folder, and write nothing', () => {
  test('serves a governed query, also one that is parsed in a thread of its own', async () => {
    const long = `select id, email from users where id in (${Array.from({ length: 400 }, (_, n) => n).join(', ')}) order by id limit 1`;

    const [short, other] = [await ask('select id, email from users where id = $1', [7]), await ask(long, [])];

    expect(short.body).toMatchObject({ state: 'done', result: { rows: [[7, '[EMAIL_ADDRESS]']] } });
    expect(other.body).toMatchObject({ state: 'done', result: { rows: [[1, '[EMAIL_ADDRESS]']] } });
  });

  test('shows the pages of the console with their style and player, and answers an auditor', async () => {
    const asked = ['/style.css', '/player.js', '/player.css', '/play.js'].map((path) =>
      request('GET', `${console}${path}`),
    );
    const evidence = await request('GET', `${console}/api/evidence/approvals`, { token: stand.tokens.auditor });

    for (const file of await Promise.all(asked)) expect([file.status, file.text.length > 500]).toEqual([200, true]);
    expect(evidence.status).toBe(200);
  });

  test('ends in order when it is told to', async () => {
    const ended = new Promise((done) => program.once('exit', done));

    program.kill('SIGTERM');

    expect(await ended).toBe(0);
    expect(log).not.toMatch(/ERR_ACCESS_DENIED|Cannot find|ENOENT/);
  });
});

function ask(statement: string, parameters: unknown[]) {
  return request('POST', `${gateway}/v1/connections/crm/operations`, {}, { statement, parameters });
}

function start(args: string[], environment: Record<string, string>): ChildProcess {
  const confined = ['--permission', '--allow-worker', `--allow-fs-read=${join(folder, '*')}`];
  const child = spawn(process.execPath, ['--disable-proto=delete', ...confined, join(folder, 'main.cjs'), ...args], {
    cwd: folder,
    env: { ...stand.environment, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => {
      log += text;
    });
  return child;
}

function untilReady(role: string): Promise<void> {
  return vi.waitFor(
    async () => {
      expect(program.exitCode, log).toBe(null);
      expect((await fetch(`${role}/readyz`)).status).toBe(200);
    },
    { timeout: 60_000, interval: 100 },
  );
}
