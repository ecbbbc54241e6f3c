import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { startApart } from './apart.ts';
import type { Load, LoadResult } from './load.ts';
import { median, shuffled } from './numbers.ts';
import { cpuOf, memoryOf, pin } from './process.ts';
import { startToolbox } from './toolbox.ts';

/**
 * The gateway with everything on, beside MCP Toolbox for Databases and `pg` alone: the same query, the same PostgreSQL, one
 * run. Rounds are interleaved and shuffled; a ratio is taken within a round, and the median of the rounds is told.
 */
const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '3' },
    rows: { type: 'string', default: '1,1000' },
    callers: { type: 'string', default: '1,16,64' },
    pinned: { type: 'string', default: 'no,yes' },
    ways: { type: 'string', default: 'direct,toolbox,gateway' },
    warm: { type: 'string', default: '4000' },
    profiles: { type: 'string' },
  },
});
const listOf = (text: string) => text.split(',');
const PEOPLE = 200_000;
/** Calls until V8 has optimised what is hot; a tenth of them with many rows. */
const WARM_UP_CALLS = Number(options.warm);
const statements: Record<string, string> = {
  '1': 'select * from people where id = %d',
  '1000': 'select * from people where id > %d order by id limit 1000',
};
const loadProgram = fileURLToPath(new URL('load.ts', import.meta.url));
const run = promisify(execFile);

type Measure = LoadResult & { cpu: number; memory: number };
type Way = { url: string; pid?: number; headers: Record<string, string>; body: (statement: string) => string };

const dir = await mkdtemp(join(tmpdir(), 'sallyport-bench-'));
const program = [
  fileURLToPath(new URL('people-stand.ts', import.meta.url)),
  dir,
  ...(options.profiles === undefined ? [] : [options.profiles]),
];
const { stand, stop } = await startApart(dir, program);
const wanted = listOf(options.ways);
const toolbox = wanted.includes('toolbox') ? await startToolbox(stand, dir) : undefined;

try {
  const ways = waysOf();
  const scenarios = listOf(options.pinned).flatMap((pinned) =>
    listOf(options.rows).flatMap((rows) =>
      listOf(options.callers).map((callers) => ({ pinned: pinned === 'yes', rows, callers: Number(callers) })),
    ),
  );
  for (const rows of listOf(options.rows)) {
    for (const [name, way] of Object.entries(ways)) {
      // Only JavaScript has to be warmed for long.
      const calls = WARM_UP_CALLS / (rows === '1' ? 1 : 10) / (name === 'gateway' ? 1 : 10);
      await measure(way, { rows, callers: 16, seconds: 0, calls, pinned: false });
    }
  }
  const measured = scenarios.map(() => [] as Record<string, Measure>[]);
  for (let round = 0; round < Number(options.rounds); round++) {
    for (const index of shuffled([...scenarios.keys()])) {
      const scenario = scenarios[index];
      if (scenario === undefined) continue;
      const results: Record<string, Measure> = {};
      for (const name of shuffled(Object.keys(ways))) {
        const way = ways[name];
        if (way !== undefined) results[name] = await measure(way, { ...scenario, seconds: Number(options.seconds) });
      }
      measured[index]?.push(results);
    }
    process.stderr.write(`round ${round + 1} of ${options.rounds}, load ${loadavg()[0]?.toFixed(1)}\n`);
  }
  tell(scenarios, measured, Object.keys(ways));
} finally {
  await toolbox?.stop();
  await stop();
  await rm(dir, { recursive: true, force: true });
}

function waysOf(): Record<string, Way> {
  const Authorization = `Bearer ${stand.tokens.bot}`;
  const all: Record<string, Way> = {
    direct: { url: stand.postgres, headers: {}, body: (statement) => statement },
    gateway: {
      url: `${stand.gateway}/v1/connections/bench/operations`,
      pid: stand.pids.gateway,
      headers: { Authorization },
      body: (statement) => JSON.stringify({ statement, limits: { rows: 1000 } }),
    },
  };
  if (toolbox !== undefined) {
    all['toolbox'] = {
      url: toolbox.url,
      pid: toolbox.pid,
      headers: { Authorization, Accept: 'application/json, text/event-stream' },
      body: (sql) =>
        JSON.stringify({
          jsonrpc: '2.0',
          id: 1,
          method: 'tools/call',
          params: { name: 'execute_sql', arguments: { sql } },
        }),
    };
  }
  return Object.fromEntries(Object.entries(all).filter(([name]) => wanted.includes(name)));
}

/** With the server on one core the load is on another; else all share all. */
async function measure(
  way: Way,
  {
    rows,
    callers,
    seconds,
    calls,
    pinned,
  }: { rows: string; callers: number; seconds: number; calls?: number; pinned: boolean },
): Promise<Measure> {
  if (way.pid !== undefined) pin(way.pid, pinned ? '0' : `0-${cpus().length - 1}`);
  const load: Load = {
    url: way.url,
    headers: way.headers,
    body: way.body(statements[rows] ?? ''),
    callers,
    seconds,
    ...(calls !== undefined && { calls }),
    most: PEOPLE - 1000,
  };
  const before = way.pid === undefined ? 0 : cpuOf(way.pid);
  const command = [process.execPath, loadProgram, JSON.stringify(load)];
  const [file = '', ...args] = pinned ? ['taskset', '-c', '1', ...command] : command;
  const { stdout } = await run(file, args);
  const result: LoadResult = JSON.parse(stdout);
  if (result.failed > 0) throw new Error(`${result.failed} of ${result.count} failed: ${result.firstFailure}`);
  const { pid } = way;
  return {
    ...result,
    cpu: pid === undefined ? Number.NaN : (cpuOf(pid) - before) / result.count,
    memory: pid === undefined ? Number.NaN : memoryOf(pid),
  };
}

function tell(
  scenarios: { rows: string; callers: number; pinned: boolean }[],
  measured: Record<string, Measure>[][],
  names: string[],
) {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  const number = (value: number) => (Number.isNaN(value) ? '' : value >= 100 ? value.toFixed(0) : value.toFixed(2));
  const lines = [
    `Commit ${commit}, Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, ${options.rounds} rounds of ${options.seconds} s.`,
    '',
    '| rows, callers, server on | way | calls a second (×) | p50 ms (×) | p99 ms (×) | CPU µs a call (×) | MiB loaded (×) |',
    '| --- | --- | --- | --- | --- | --- | --- |',
  ];
  for (const [index, { rows, callers, pinned }] of scenarios.entries()) {
    for (const name of names) {
      const rounds = measured[index] ?? [];
      const cell = (pick: (measure: Measure) => number) => {
        const own = rounds.flatMap((round) => (round[name] === undefined ? [] : [pick(round[name])]));
        const ratios = rounds.flatMap((round) =>
          round[name] === undefined || round['toolbox'] === undefined
            ? []
            : [pick(round[name]) / pick(round['toolbox'])],
        );
        return name === 'toolbox' || ratios.length === 0
          ? number(median(own))
          : `${number(median(own))} (${number(median(ratios))})`;
      };
      const cells = [
        cell(({ count, seconds }) => count / seconds),
        cell(({ p50 }) => p50),
        cell(({ p99 }) => p99),
        cell(({ cpu }) => cpu),
        cell(({ memory }) => memory),
      ];
      lines.push(
        `| ${rows}, ${callers}, ${pinned ? 'one core' : 'all cores'} | ${name} | ${cells.join(' | ').replaceAll('(NaN)', '').replaceAll(' ()', '')} |`,
      );
    }
  }
  process.stdout.write(`${lines.join('\n')}\n`);
}
