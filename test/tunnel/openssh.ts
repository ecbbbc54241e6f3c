import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { hostKey } from './served.ts';

/** Whether OpenSSH's own client is on this machine. */
export const hasOpenSsh = spawnSync('ssh', ['-V']).status === 0;

const cli = fileURLToPath(new URL('../../src/cli/cli.ts', import.meta.url));

export type Ended = {
  status: number | null;
  signal: string | null;
  out: string;
  err: string;
  digest: string;
  bytes: number;
};

/** OpenSSH as its users have it, over `sallyport tunnel`, with the gateway's key pinned. */
export function openSsh(at: string) {
  const dir = mkdtempSync(join(tmpdir(), 'tunnel-'));
  const known = join(dir, 'known_hosts');
  writeFileSync(known, `bastion ${hostKey.public}\n`);
  const proxy = `${process.execPath} ${cli} tunnel crm --gateway ${at}`;
  const options = ['-F', 'none', '-o', `UserKnownHostsFile=${known}`, '-o', `ProxyCommand=${proxy}`];
  const fixed = [...options, '-o', 'StrictHostKeyChecking=yes', '-o', 'BatchMode=yes'];
  const wrapper = join(dir, 'ssh');
  const words = ['exec', 'ssh', ...fixed].map((word) => `'${word}'`).join(' ');
  writeFileSync(wrapper, `#!/bin/sh\n${words.replace("'exec' 'ssh'", 'exec ssh')} "$@"\n`, { mode: 0o700 });

  function start(args: readonly string[], program = 'ssh') {
    const all = program === 'ssh' ? [...fixed, ...args] : ['-F', 'none', '-S', wrapper, ...args];
    const child = spawn(program, all, { env: { ...process.env, SALLYPORT_TOKEN: 'a-token', LANG: 'C.UTF-8' } });
    child.stdin.on('error', () => undefined);
    return child;
  }

  /** Runs to the end. Output is kept as text where it is short, and as a digest. */
  async function run(
    args: readonly string[],
    options: { input?: string | Readable; program?: string } = {},
  ): Promise<Ended> {
    const child = start(args, options.program);
    const hash = createHash('sha256');
    const ended = { out: '', err: '', bytes: 0 };
    child.stdout.on('data', (chunk: Buffer) => {
      hash.update(chunk);
      ended.bytes += chunk.byteLength;
      if (ended.bytes < 100_000) ended.out += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => (ended.err += chunk.toString()));
    if (typeof options.input === 'object') options.input.pipe(child.stdin);
    else child.stdin.end(options.input ?? '');
    const [status, signal] = await once(child, 'close');
    return { ...ended, status, signal, digest: hash.digest('hex') };
  }

  return { run, start, dir, wrapper, remove: () => rmSync(dir, { recursive: true, force: true }) };
}
