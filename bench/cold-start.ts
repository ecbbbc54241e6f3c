import { execFileSync, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { rolldown } from 'rolldown';
import { startStand } from '../demo/stand.ts';
import { freePort } from '../emulators/free-port.ts';
import { bundle } from '../image/bundle.ts';
import { copyFiles } from '../image/files.ts';
import { processEnvironment, processOptions } from '../image/process.ts';
import { median, shuffled } from './numbers.ts';
import { cpuOf } from './process.ts';

/**
 * How long a gateway takes from its start to its first answer, until it is ready, and to its first governed query: as the image has it, and as
 * `npm start` does; beside a bare `node:http` and a bare Hono in a bundle. Wall time, and CPU of the process, which a busy machine bends less.
 */
const { values: options } = parseArgs({ options: { rounds: { type: 'string', default: '7' } } });
const root = resolve(import.meta.dirname, '..');
const dir = await mkdtemp(join(tmpdir(), 'sallyport-start-'));
const [image, cache] = [join(dir, 'image'), join(dir, 'cache')] as const;

const nodeHttp = `require('node:http').createServer((_, response) => response.end('{}')).listen(process.env.PORT, '127.0.0.1');`;
const bareHono = `import { serve } from '@hono/node-server';
import { Hono } from 'hono';
serve({ fetch: new Hono().get('/healthz', (context) => context.json({})).fetch, port: Number(process.env.PORT), hostname: '127.0.0.1' });`;

await writeFile(join(dir, 'http.cjs'), nodeHttp);
await writeFile(join(dir, 'hono.mjs'), bareHono);
const hono = await rolldown({
  cwd: root,
  input: join(dir, 'hono.mjs'),
  platform: 'node',
  resolve: { modules: [join(root, 'node_modules')] },
});
await hono.write({ file: join(dir, 'hono.cjs'), format: 'cjs' });
await bundle(root, image);
await copyFiles(root, image);
const cached = { NODE_COMPILE_CACHE: cache };
execFileSync(process.execPath, [...processOptions, join(root, 'image/warm.ts'), image], {
  env: { ...process.env, ...cached },
});

type Way = { program: string; serves: boolean; environment?: Record<string, string> };
const ways: Record<string, Way> = {
  'node:http': { program: join(dir, 'http.cjs'), serves: false },
  'Hono, bundled': { program: join(dir, 'hono.cjs'), serves: false },
  'gateway of the image': { program: join(image, 'main.cjs'), serves: true, environment: cached },
  'the same, no compile cache': { program: join(image, 'main.cjs'), serves: true },
  'npm start gateway': { program: join(root, 'src/main.ts'), serves: true },
};
const steps = ['first answer', 'ready', 'first query'] as const;
type Step = (typeof steps)[number];
type Taken = { milliseconds: number; cpu: number };

const { stand, stop } = await startStand({ portBase: 0, dir: join(dir, 'stand') });
const taken = Object.keys(ways).map((name) => ({ name, rounds: [] as Partial<Record<Step, Taken>>[] }));
for (let round = 0; round < Number(options.rounds); round += 1) {
  for (const { name, rounds } of shuffled(taken)) {
    const way = ways[name];
    if (way !== undefined) rounds[round] = await start(way);
  }
}
await stop();
await rm(dir, { recursive: true, force: true });
print();

async function start({ program, serves, environment = {} }: Way): Promise<Partial<Record<Step, Taken>>> {
  const port = await freePort();
  const at = `http://127.0.0.1:${port}`;
  const began = performance.now();
  const child = spawn(process.execPath, [...(serves ? processOptions : []), program, 'gateway'], {
    env: { ...stand.environment, ...(serves && processEnvironment), ...environment, PORT: String(port) },
    stdio: 'ignore',
  });
  const ended = new Promise((done) => child.once('exit', done));
  const now = (): Taken => ({ milliseconds: performance.now() - began, cpu: cpuOf(child.pid ?? 0) / 1000 });
  try {
    await answered(`${at}/healthz`);
    const first = now();
    if (!serves) return { 'first answer': first };
    await answered(`${at}/readyz`);
    const ready = now();
    await query(at);
    return { 'first answer': first, ready, 'first query': now() };
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
}

async function answered(url: string) {
  const until = Date.now() + 60_000;
  while (Date.now() < until) {
    const response = await fetch(url, { headers: { connection: 'close' } }).catch(() => undefined);
    if (response?.ok === true) return;
    await pause(3);
  }
  throw new Error(`${url} was not answered within a minute.`);
}

async function query(at: string) {
  const answer = await fetch(`${at}/v1/connections/crm/operations`, {
    method: 'POST',
    headers: { authorization: `Bearer ${stand.tokens.bot}`, 'content-type': 'application/json' },
    body: JSON.stringify({ statement: 'select id, email from users where id = $1', parameters: [7] }),
  });
  if (!answer.ok) throw new Error(await answer.text());
  await answer.text();
}

/** × is the median of the ratios within a round, over the first answer of `node:http`. */
function print() {
  const base = taken[0]?.rounds.map((round) => round['first answer']) ?? [];
  const cell = (rounds: (Taken | undefined)[], of: keyof Taken) => {
    if (rounds.some((one) => one === undefined)) return ' ';
    const values = rounds.map((one) => one?.[of] ?? Number.NaN);
    const ratios = values.map((value, round) => value / (base[round]?.[of] ?? Number.NaN));
    return `${median(values).toFixed(0)} (${median(ratios).toFixed(2)})`;
  };
  const lines = taken.map(({ name, rounds }) => {
    const cells = steps.flatMap((step) => {
      const these = rounds.map((round) => round[step]);
      return [cell(these, 'milliseconds'), cell(these, 'cpu')];
    });
    return `| ${[name, ...cells].join(' | ')} |`;
  });
  const titles = steps.flatMap((step) => [`${step}: ms (×)`, 'CPU ms (×)']);
  process.stdout.write(
    `| ${['', ...titles].join(' | ')} |\n|${' --- |'.repeat(titles.length + 1)}\n${lines.join('\n')}\n`,
  );
}
