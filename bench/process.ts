import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Of a process on Linux, its threads and its dead threads: microseconds of CPU so far, to 10 ms. */
export function cpuOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

/** MiB: now (`VmRSS`) or the most so far (`VmHWM`). */
export function memoryOf(pid: number, which: 'VmRSS' | 'VmHWM' = 'VmRSS'): number {
  const line = new RegExp(`${which}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line?.[1]) / 1024;
}

/** Binds all threads of a process to some cores: `0`, or `0-1`. */
export function pin(pid: number, cores: string) {
  execFileSync('taskset', ['-a', '-c', '-p', cores, String(pid)], { stdio: 'ignore' });
}
