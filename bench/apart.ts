import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Stand } from '../demo/stand.ts';

const READY_SECONDS = 300;
const demo = [fileURLToPath(new URL('../demo/demo.ts', import.meta.url)), '--quiet', '--port-base', '0'];

/** The local stand in processes of its own, so that what emulates Google does not share the measuring program's loop. */
export async function startApart(
  dir: string,
  program = [...demo, '--dir', dir],
): Promise<{ stand: Stand; stop(): Promise<void> }> {
  const child = spawn(process.execPath, program, { stdio: ['ignore', 'ignore', 'inherit'] });
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = async () => {
    child.kill('SIGTERM');
    await gone;
  };
  const file = join(dir, 'stand.json');
  for (const until = Date.now() + READY_SECONDS * 1000; Date.now() < until; await pause(200)) {
    if (existsSync(file)) return { stand: JSON.parse(readFileSync(file, 'utf8')), stop };
    if (child.exitCode !== null) break;
  }
  await stop();
  throw new Error('The stand did not start.');
}
