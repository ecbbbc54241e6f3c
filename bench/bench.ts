import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startApart } from './apart.ts';
import { median, percentile, shuffled } from './numbers.ts';

/**
 * What a governed read costs beside the same read straight through `pg`: one caller, one masked row, everything on.
 * Rounds are interleaved and shuffled; ratios are taken within a round, and their median is told.
 */
const ROUNDS = 9;
const CALLS = 200;
const WARM_UP = 300;
const STATEMENT = 'select id, full_name, email, country from public.users where id = $1';

const dir = await mkdtemp(join(tmpdir(), 'sallyport-bench-'));
const { stand, stop } = await startApart(dir);
const direct = new pg.Client({ connectionString: stand.postgres });
await direct.connect();

let next = 0;
const id = () => 1 + (next++ % 200);

const ways = {
  async direct() {
    await direct.query(STATEMENT, [id()]);
  },
  async gateway() {
    const response = await fetch(`${stand.gateway}/v1/connections/crm/operations`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${stand.tokens.bot}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ statement: STATEMENT, parameters: [id()] }),
    });
    const text = await response.text();
    if (response.status !== 200) throw new Error(`The gateway answered ${response.status}: ${text}`);
  },
};
type Way = keyof typeof ways;
const names = Object.keys(ways) as Way[];

async function time(way: Way, calls: number): Promise<number[]> {
  const times: number[] = [];
  for (let call = 0; call < calls; call++) {
    const start = performance.now();
    await ways[way]();
    times.push(performance.now() - start);
  }
  return times;
}

try {
  for (const way of names) await time(way, WARM_UP);
  const rounds: Record<Way, number[]>[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const result = { direct: [], gateway: [] } as Record<Way, number[]>;
    for (const way of shuffled(names)) result[way] = await time(way, CALLS);
    rounds.push(result);
    process.stderr.write(`\rround ${round + 1} of ${ROUNDS}`);
  }
  process.stderr.write('\n');
  await tell(rounds);
} finally {
  await direct.end();
  await stop();
  await rm(dir, { recursive: true, force: true });
}

async function tell(rounds: Record<Way, number[]>[]) {
  const p50 = (way: Way) => median(rounds.map((round) => percentile(round[way], 50)));
  const p99 = (way: Way) => median(rounds.map((round) => percentile(round[way], 99)));
  const ratio = median(rounds.map((round) => percentile(round.gateway, 50) / percentile(round.direct, 50)));
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  const lines = [
    `commit ${commit}, Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, ${ROUNDS} rounds of ${CALLS} calls`,
    '',
    '| one caller, one masked row, warm | p50 ms | p99 ms |',
    '| --- | --- | --- |',
    ...names.map((way) => `| ${way} | ${p50(way).toFixed(2)} | ${p99(way).toFixed(2)} |`),
    `| ratio of p50 | ${ratio.toFixed(1)} | |`,
    '',
    '| step of the gateway | p50 ms |',
    '| --- | --- |',
    ...(await steps()).map(([name, milliseconds]) => `| ${name} | ${milliseconds.toFixed(3)} |`),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** From the gateway's own log: the time of each step of each call. */
async function steps(): Promise<[string, number][]> {
  const log = await readFile(join(dir, 'stand.log'), 'utf8');
  const calls = log
    .split('\n')
    .filter((line) => line.includes('"message":"A call."'))
    .map((line) => JSON.parse(line).milliseconds as Record<string, number>)
    .slice(WARM_UP);
  const columns = Object.keys(calls[0] ?? {}).filter((name) => name !== 'total');
  const known = columns.map((name): [string, number] => [name, median(calls.map((call) => call[name] ?? 0))]);
  const rest = calls.map((call) => (call['total'] ?? 0) - columns.reduce((sum, name) => sum + (call[name] ?? 0), 0));
  return [
    ...known,
    ['rows, masks, outcome', median(rest)],
    ['total in the gateway', median(calls.map((call) => call['total'] ?? 0))],
  ];
}
