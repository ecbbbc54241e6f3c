import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Agent, type Dispatcher, request } from 'undici';
import { WebSocket } from 'ws';
import { startApart } from './apart.ts';
import type { Cluster } from './kubernetes-stand.ts';
import { median, percentile, shuffled } from './numbers.ts';
import { cpuOf, memoryOf } from './process.ts';

/**
 * What the gateway costs before a Kubernetes API server: a small GET and a list of 5 MB beside the same straight, what watches and the
 * output of a long program take of memory. On a real server where `SALLYPORT_TEST_KUBE_URL` … lead to one (`kubernetes-stand.ts`).
 */
const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '9' },
    calls: { type: 'string', default: '200' },
    lists: { type: 'string', default: '10' },
    watches: { type: 'string', default: '100' },
    minutes: { type: 'string', default: '3' },
    megabytes: { type: 'string', default: '1000' },
    profiles: { type: 'string' },
  },
});
const rounds = Number(options.rounds);

const NAMESPACE = 'bench';
const dir = await mkdtemp(join(tmpdir(), 'sallyport-kubernetes-'));
const program = [fileURLToPath(new URL('kubernetes-stand.ts', import.meta.url)), dir];
const { stand, stop } = await startApart(
  dir,
  options.profiles === undefined ? program : [...program, options.profiles],
);
const cluster: Cluster = JSON.parse(await readFile(join(dir, 'cluster.json'), 'utf8'));
const gateway = stand.pids.gateway;

/** Where a path is asked for: straight with the gateway's own credential, through it with an agent's. */
type Way = { origin: string; prefix: string; token: string; dispatcher: Dispatcher };
const ways: Record<'direct' | 'gateway', Way> = {
  direct: {
    origin: cluster.url,
    prefix: '',
    token: cluster.token,
    dispatcher: new Agent({ connect: { ca: cluster.ca } }),
  },
  gateway: { origin: stand.gateway, prefix: '/k8s/bench', token: stand.tokens.bot, dispatcher: new Agent() },
};
const names = ['direct', 'gateway'] as const;
type Name = (typeof names)[number];

async function get(name: Name, path: string, signal?: AbortSignal) {
  const { origin, prefix, token, dispatcher } = ways[name];
  const { statusCode, body } = await request(`${origin}${prefix}${path}`, {
    dispatcher,
    headers: { authorization: `Bearer ${token}`, accept: 'application/json' },
    ...(signal !== undefined && { signal }),
  });
  if (statusCode === 200) return body;
  throw new Error(`${name} answered ${statusCode}: ${await body.text()}`);
}

async function write(path: string, object: unknown) {
  const { statusCode, body } = await request(`${cluster.url}${path}`, {
    method: 'POST',
    dispatcher: ways.direct.dispatcher,
    headers: { authorization: `Bearer ${cluster.admin}`, 'content-type': 'application/json' },
    body: JSON.stringify(object),
  });
  const text = await body.text();
  if (statusCode >= 300 && statusCode !== 409) throw new Error(`${path}: ${statusCode} ${text}`);
}

try {
  await fill();
  const { version } = process;
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  const server = JSON.parse(await (await get('direct', '/version')).text()).gitVersion;
  say(`commit ${commit}, Node ${version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, API server ${server}\n`);
  await compare(
    'small GET, one caller',
    `/api/v1/namespaces/${NAMESPACE}/configmaps/small`,
    Number(options.calls),
    300,
  );
  say(await steps());
  await compare('list of 5 MB', `/api/v1/namespaces/${NAMESPACE}/pods`, Number(options.lists), 5);
  await watches(Number(options.watches), Number(options.minutes));
  await output(Number(options.megabytes));
} finally {
  for (const { dispatcher } of Object.values(ways)) await dispatcher.close();
  await stop();
  await rm(dir, { recursive: true, force: true });
}

function say(text: string) {
  process.stdout.write(`${text}\n`);
}

/** A small ConfigMap, a Pod to run in, and Pods that make a list of 5 MB: each 5 KB, with variables of which two are masked. */
async function fill() {
  const within = `/api/v1/namespaces/${NAMESPACE}`;
  await write('/api/v1/namespaces', { metadata: { name: NAMESPACE } });
  await write(`${within}/configmaps`, {
    metadata: { name: 'small' },
    data: { colour: 'blue', api_key: 'a-key-to-hide' },
  });
  const env = Array.from({ length: 40 }, (_, at) => ({
    name: `SETTING_${at}`,
    value: `the value of setting ${at}, some words long`,
  }));
  const secrets = [
    { name: 'DB_PASSWORD', value: 'a-password-to-hide' },
    { name: 'API_TOKEN', value: 'a-token-to-hide' },
  ];
  const podOf = (name: string) => ({
    metadata: { name, labels: { app: 'bench' } },
    spec: { nodeName: 'n1', containers: [{ name: 'c', image: 'nginx:1.0', env: [...env, ...secrets] }] },
  });
  let bytes = 0;
  for (let at = 0; bytes < 5_000_000; at += 25) {
    const pods = Array.from({ length: 25 }, (_, more) => podOf(`p${at + more}`));
    await Promise.all(pods.map((pod) => write(`${within}/pods`, pod)));
    if (at % 200 === 0) bytes = (await (await get('direct', `${within}/pods`)).arrayBuffer()).byteLength;
  }
  say(`list: ${(bytes / 1e6).toFixed(1)} MB`);
}

/** One caller; rounds are interleaved and shuffled, ratios and differences taken within a round, and their median told. */
async function compare(what: string, path: string, calls: number, warmUp: number) {
  const time = async (name: Name, count: number) => {
    const times: number[] = [];
    for (let call = 0; call < count; call++) {
      const start = performance.now();
      await (await get(name, path)).arrayBuffer();
      times.push(performance.now() - start);
    }
    return times;
  };
  for (const name of names) await time(name, warmUp);
  const measured: Record<Name, number[]>[] = [];
  let busy = 0;
  for (let round = 0; round < rounds; round++) {
    const result: Record<Name, number[]> = { direct: [], gateway: [] };
    for (const name of shuffled(names)) {
      const before = cpuOf(gateway);
      result[name] = await time(name, calls);
      if (name === 'gateway') busy += cpuOf(gateway) - before;
    }
    measured.push(result);
  }
  const at = (name: Name, percent: number) => median(measured.map((round) => percentile(round[name], percent)));
  const added = median(measured.map((round) => percentile(round.gateway, 50) - percentile(round.direct, 50)));
  const ratio = median(measured.map((round) => percentile(round.gateway, 50) / percentile(round.direct, 50)));
  say(
    [
      `\n| ${what}, ${rounds} rounds of ${calls} | p50 ms | p99 ms |`,
      '| --- | --- | --- |',
      ...names.map((name) => `| ${name} | ${at(name, 50).toFixed(2)} | ${at(name, 99).toFixed(2)} |`),
      `| added, × | ${added.toFixed(2)} | ${ratio.toFixed(2)} × |`,
      `| CPU of the gateway a call | ${(busy / 1000 / rounds / calls).toFixed(2)} | |`,
    ].join('\n'),
  );
}

/** From the gateway's own log: the time of each step of each call so far. */
async function steps(): Promise<string> {
  const log = await readFile(join(dir, 'stand', 'stand.log'), 'utf8');
  const calls = log
    .split('\n')
    .filter((line) => line.includes('"message":"A call."'))
    .map((line) => JSON.parse(line).milliseconds as Record<string, number>)
    .slice(300);
  const columns = Object.keys(calls[0] ?? {});
  return [
    '\n| step of the gateway | p50 ms |',
    '| --- | --- |',
    ...columns.map((name) => `| ${name} | ${median(calls.map((call) => call[name] ?? 0)).toFixed(3)} |`),
  ].join('\n');
}

/** Watches that stay open while something changes each second: the memory of the gateway's process, minute by minute. */
async function watches(count: number, minutes: number) {
  const gone = new AbortController();
  const before = memoryOf(gateway);
  let events = 0;
  const reading = Array.from({ length: count }, async () => {
    const body = await get('gateway', `/api/v1/namespaces/${NAMESPACE}/configmaps?watch=1`, gone.signal);
    try {
      for await (const chunk of body) events += chunk.toString().split('\n').length - 1;
    } catch (error) {
      if (!gone.signal.aborted) throw error;
    }
  });
  const failed = Promise.all(reading);
  failed.catch(() => undefined);
  const told: string[] = [];
  for (let second = 0; second <= minutes * 60; second++) {
    if (second % 30 === 0) told.push(`${(second / 60).toFixed(1)} min ${memoryOf(gateway).toFixed(0)}`);
    await write(`/api/v1/namespaces/${NAMESPACE}/configmaps`, {
      metadata: { generateName: 'w' },
      data: { api_key: 'a-key-to-hide', text: 'x'.repeat(2000) },
    });
    await Promise.race([pause(1000), failed]);
  }
  gone.abort();
  await failed;
  say(`\n${count} watches, ${events} events; MiB before ${before.toFixed(0)}, then ${told.join(', ')}`);
}

/** What a program writes, as fast as it comes, both ways. */
async function output(megabytes: number) {
  const command = [
    'sh',
    '-c',
    `yes "a line of what a program writes, as long as such lines are wont to be" | head -c ${megabytes}000000`,
  ];
  const asked = command.map((word): [string, string] => ['command', word]);
  const query = new URLSearchParams([...asked, ['stdout', 'true'], ['stderr', 'true']]);
  for (const name of names) {
    const seen: number[] = [];
    const sampling = setInterval(() => seen.push(memoryOf(gateway)), 250);
    const start = performance.now();
    const busy = cpuOf(gateway);
    const bytes = await received(name, `/api/v1/namespaces/${NAMESPACE}/pods/p0/exec?${query}`);
    const seconds = (performance.now() - start) / 1000;
    clearInterval(sampling);
    const memory = `MiB least ${Math.min(...seen).toFixed(0)}, most ${Math.max(...seen).toFixed(0)}`;
    const processor = `${((cpuOf(gateway) - busy) / 1e6).toFixed(1)} s of CPU`;
    const rate = `${(bytes / 1e6).toFixed(0)} MB in ${seconds.toFixed(1)} s, ${(bytes / 1e6 / seconds).toFixed(1)} MB/s`;
    say(`\nexec, ${name}: ${rate}${name === 'gateway' ? `, ${processor}, ${memory}` : ''}`);
  }
}

function received(name: Name, path: string): Promise<number> {
  const { origin, prefix, token } = ways[name];
  const socket = new WebSocket(
    `${origin.replace(/^http/, 'ws')}${prefix}${path}`,
    ['v5.channel.k8s.io', 'v4.channel.k8s.io'],
    {
      headers: { authorization: `Bearer ${token}` },
      perMessageDeflate: false,
      ...(name === 'direct' && { ca: cluster.ca }),
    },
  );
  let bytes = 0;
  socket.on('message', (data: Buffer) => {
    if (data[0] === 1) bytes += data.byteLength - 1;
    if (data[0] === 3 && !data.includes('Success')) socket.emit('error', new Error(data.toString()));
  });
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('close', () => resolve(bytes));
  });
}
