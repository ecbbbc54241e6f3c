import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { PROJECT, writeSecret } from '../demo/seed.ts';
import { startStand } from '../demo/stand.ts';
import { createDocuments } from '../src/connections/connections.ts';
import { createFirestoreStore } from '../src/platform/firestore.ts';
import { aKey, startSshd } from '../test/targets/ssh/sshd.ts';
import { median, percentile, shuffled } from './numbers.ts';
import { cpuOf, memoryOf } from './process.ts';

/**
 * What the gateway costs before an SSH host, Debian's own sshd on this machine: a small command with OpenSSH's client, straight and through the
 * tunnel, and by the API; and the output of a long one, with the gateway's memory. Everything is on: token, policy, masks, recording.
 */
const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    commands: { type: 'string', default: '5' },
    calls: { type: 'string', default: '50' },
    megabytes: { type: 'string', default: '1000' },
  },
});

const dir = await mkdtemp(join(tmpdir(), 'sallyport-ssh-'));
const key = aKey();
const sshd = await startSshd({ authorized: [key.public] });
const { stand, stop } = await startStand({
  portBase: 0,
  dir,
  environment: { SALLYPORT_CALLS_PER_MINUTE: '10000000', SALLYPORT_CALLS_AT_ONCE: '400' },
});
const gateway = stand.pids.gateway;

await writeSecret(stand.secret_manager, 'bench-host', JSON.stringify({ private_key: key.private }));
const store = await createFirestoreStore({
  projectId: PROJECT,
  databaseId: 'policy',
  emulatorHost: stand.firestore,
});
const documents = createDocuments({ store });
await documents.put(
  'connections',
  'host',
  {
    kind: 'ssh',
    settings: {
      host: '127.0.0.1',
      port: sshd.port,
      user: sshd.user,
      host_keys: sshd.hostKeys,
      networks: ['127.0.0.0/8'],
      commands: [],
    },
    credential: { secret: `projects/${PROJECT}/secrets/bench-host` },
    limits: { bytes: '64GiB', seconds: 3000, concurrent: 400 },
  },
  { ifMatch: null },
);
await documents.put(
  'policies',
  'bench',
  {
    principals: ['group:analysts'],
    connections: ['host'],
    verbs: ['execute'],
    resources: ['*'],
    effect: 'allow',
    overrides: ['guard-execute', 'guard-risks', 'guard-ssh-changes'],
  },
  { ifMatch: null },
);
await store.close();
await pause(2000);

const known = join(dir, 'known');
await writeFile(known, `[127.0.0.1]:${sshd.port} ${sshd.hostKeys[0]}\n`);
await writeFile(join(dir, 'key'), key.private, { mode: 0o600 });
const cli = fileURLToPath(new URL('../src/cli/cli.ts', import.meta.url));
const proxy = `${process.execPath} ${cli} tunnel host`;
const ways = {
  direct: [
    '-F',
    'none',
    '-o',
    'BatchMode=yes',
    '-o',
    `UserKnownHostsFile=${known}`,
    '-i',
    join(dir, 'key'),
    '-p',
    String(sshd.port),
    `${sshd.user}@127.0.0.1`,
  ],
  tunnel: [
    '-F',
    'none',
    '-o',
    'BatchMode=yes',
    '-o',
    'StrictHostKeyChecking=no',
    '-o',
    'UserKnownHostsFile=/dev/null',
    '-o',
    'LogLevel=ERROR',
    '-o',
    `ProxyCommand=${proxy}`,
    'host',
  ],
} as const;
type Way = keyof typeof ways;
const names: Way[] = ['direct', 'tunnel'];

/** Milliseconds, and the bytes that came. */
async function ssh(way: Way, command: string): Promise<{ milliseconds: number; bytes: number }> {
  const start = performance.now();
  const child = spawn('ssh', [...ways[way], command], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, SALLYPORT_GATEWAY: stand.gateway, SALLYPORT_TOKEN: stand.tokens.bot },
  });
  let bytes = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  const status = await new Promise<number | null>((resolve) => child.once('close', resolve));
  if (status !== 0) throw new Error(`ssh ended with ${status}`);
  return { milliseconds: performance.now() - start, bytes };
}

async function call(): Promise<number> {
  const start = performance.now();
  const answer = await fetch(`${stand.gateway}/v1/connections/host/operations`, {
    method: 'POST',
    headers: { authorization: `Bearer ${stand.tokens.bot}`, 'content-type': 'application/json' },
    body: JSON.stringify({ command: 'true' }),
  });
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`${answer.status} ${text}`);
  return performance.now() - start;
}

const say = (line: string) => process.stdout.write(`${line}\n`);
const round = (value: number) => (value < 100 ? value.toFixed(1) : value.toFixed(0));

say(`Node ${process.versions.node}, ${cpus().length} × ${cpus()[0]?.model}`);
const times: Record<Way, number[]> = { direct: [], tunnel: [] };
for (let at = 0; at < Number(options.rounds); at++)
  for (const way of shuffled(names))
    for (let each = 0; each < Number(options.commands); each++) times[way].push((await ssh(way, 'true')).milliseconds);
for (const way of names) say(`ssh host true, ${way}: p50 ${round(median(times[way]))} ms`);

for (let each = 0; each < 20; each++) await call();
const cpu = cpuOf(gateway);
const calls: number[] = [];
for (let each = 0; each < Number(options.calls); each++) calls.push(await call());
say(
  `by the API: p50 ${round(median(calls))} ms, p99 ${round(percentile(calls, 99))} ms, CPU ${round((cpuOf(gateway) - cpu) / calls.length / 1000)} ms a call`,
);

const size = Number(options.megabytes) * 1_000_000;
const outputs = {
  'lines of a log': `yes '2026-11-22T12:00:00 web-1 GET /orders 200 12ms' | head -c ${size}`,
  zeros: `head -c ${size} /dev/zero`,
} as const;
for (const [name, command] of Object.entries(outputs))
  for (const way of names) {
    const before = memoryOf(gateway);
    let most = before;
    const watching = setInterval(() => {
      most = Math.max(most, memoryOf(gateway));
    }, 250);
    const { milliseconds, bytes } = await ssh(way, command);
    clearInterval(watching);
    if (bytes !== size) throw new Error(`${bytes} bytes came`);
    say(
      `${size / 1e6} MB, ${name}, ${way}: ${round(bytes / 1000 / milliseconds)} MB/s; the gateway ${round(before)} to ${round(most)} MiB`,
    );
  }

await stop();
await sshd.stop();
await rm(dir, { recursive: true, force: true });
process.exit(0);
