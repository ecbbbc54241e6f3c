import { execFileSync, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { cpuOf, memoryOf, pin } from './process.ts';

/** How long `sallyport verify` takes for a bundle of very many events, bound to one core, and how its memory grows. */
const { values: options } = parseArgs({
  options: { events: { type: 'string', default: '1000000' }, rounds: { type: 'string', default: '3' } },
});
const programOf = (path: string) => fileURLToPath(new URL(path, import.meta.url));

const folder = await mkdtemp(join(tmpdir(), 'sallyport-verify-'));
try {
  execFileSync(process.execPath, [programOf('verify-bundle.ts'), folder, options.events], { stdio: 'inherit' });
  for (let round = 1; round <= Number(options.rounds); round++) await measure(round);
} finally {
  await rm(folder, { recursive: true });
}

/** MiB each quarter of a second, and CPU until just before the end, as a process that is gone tells nothing. */
async function measure(round: number) {
  const start = performance.now();
  const child = spawn(process.execPath, [programOf('../src/cli/cli.ts'), 'verify', folder, '--json']);
  const { pid = 0 } = child;
  pin(pid, '0');
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk;
  });
  child.stderr.pipe(process.stderr);
  const memory: number[] = [];
  let cpu = 0;
  const timer = setInterval(() => {
    try {
      cpu = cpuOf(pid);
      const now = Math.round(memoryOf(pid));
      if (now > 0) memory.push(now);
    } catch {
      clearInterval(timer);
    }
  }, 250);
  const status = await new Promise((resolve) => child.once('close', resolve));
  clearInterval(timer);
  const { events, found } = JSON.parse(output);
  const seconds = (performance.now() - start) / 1000;
  const quarters = [0.25, 0.5, 0.75, 1].map((part) => memory[Math.ceil(memory.length * part) - 1]);
  process.stdout.write(
    `round ${round}: status ${status}, ${events} events, ${found} findings, ${seconds.toFixed(1)} s, ${(cpu / 1e6).toFixed(1)} s of CPU, ` +
      `MiB at each quarter ${quarters.join(', ')}, most ${Math.max(...memory)}\n`,
  );
}
