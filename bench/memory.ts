import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startApart } from './apart.ts';
import { cpuOf, memoryOf } from './process.ts';

/** How much memory the gateway takes for a long result: read as fast as it comes, and read by nobody after its beginning. */
const { values: options } = parseArgs({ options: { rows: { type: 'string', default: '10000000' } } });
const statement = `select g as id, 'row number ' || g as name, g * 2 as twice, g % 2 = 0 as even from generate_series(1, ${options.rows}) g`;

const dir = await mkdtemp(join(tmpdir(), 'sallyport-memory-'));
const { stand, stop } = await startApart(dir, [fileURLToPath(new URL('people-stand.ts', import.meta.url)), dir]);
const pid = stand.pids.gateway;

async function ask(text: string) {
  const call = request(`${stand.gateway}/v1/connections/bench/operations`, {
    method: 'POST',
    headers: {
      Authorization: `Bearer ${stand.tokens.bot}`,
      'Content-Type': 'application/json',
      Accept: 'application/x-ndjson',
    },
  });
  call.end(JSON.stringify({ statement: text }));
  const [answer] = await once(call, 'response');
  return { call, answer };
}

/** MiB each quarter of a second, until it is told to stop. */
function watch() {
  const seen: number[] = [];
  const timer = setInterval(() => seen.push(memoryOf(pid)), 250);
  return () => {
    clearInterval(timer);
    return `least ${Math.min(...seen).toFixed(0)} MiB, most ${Math.max(...seen).toFixed(0)} MiB`;
  };
}

try {
  for await (const _ of (await ask(statement.replace(options.rows, '300000'))).answer);
  process.stdout.write(`warm: ${memoryOf(pid).toFixed(0)} MiB\n`);

  const end = watch();
  const start = performance.now();
  const before = cpuOf(pid);
  const { answer } = await ask(statement);
  let bytes = 0;
  let last = Buffer.alloc(0);
  for await (const chunk of answer) {
    bytes += chunk.length;
    last = chunk;
  }
  const seconds = (performance.now() - start) / 1000;
  const summary = last.toString('utf8').trimEnd().split('\n').at(-1);
  process.stdout.write(
    `${options.rows} rows, ${(bytes / 1e6).toFixed(0)} MB in ${seconds.toFixed(1)} s and ${((cpuOf(pid) - before) / 1e6).toFixed(1)} s of CPU: ${end()}\n${summary}\n`,
  );

  const endStalled = watch();
  const stalled = await ask(statement);
  await once(stalled.answer, 'readable');
  await pause(10_000);
  process.stdout.write(`10 s with a reader who has stopped: ${endStalled()}\n`);
  stalled.call.destroy();
} finally {
  await stop();
  await rm(dir, { recursive: true, force: true });
}
