import { setTimeout as pause } from 'node:timers/promises';
import { commandsIn } from './words.ts';

/** What is on an in-memory host. */
export type HostContents = {
  name: string;
  /** By absolute path. */
  files: Readonly<Record<string, string>>;
  /** By the name of a unit: what its journal says, a line each. */
  units: Readonly<Record<string, readonly string[]>>;
};

export type Running = {
  user: string;
  out: (text: string) => void;
  err: (text: string) => void;
  /** All of its input, once that has ended. */
  input: () => Promise<Buffer>;
  /** Aborted by a signal, or when nobody is connected any more. */
  signal: AbortSignal;
};

type Program = (words: readonly string[], running: Running, host: HostContents) => number | Promise<number>;

const programs: Readonly<Record<string, Program>> = {
  true: () => 0,
  false: () => 1,
  echo: (words, { out }) => say(out, `${words.slice(1).join(' ')}\n`),
  hostname: (_words, { out }, { name }) => say(out, `${name}\n`),
  whoami: (_words, { out, user }) => say(out, `${user}\n`),
  id: (_words, { out, user }) => say(out, `uid=1000(${user}) gid=1000(${user}) groups=1000(${user})\n`),
  uptime: (_words, { out }) => say(out, ' 09:41:07 up 41 days,  3:12,  1 user,  load average: 0.08, 0.03, 0.01\n'),
  exit: (words) => Number(words[1] ?? 0) & 255,
  cat: async (words, { out, err, input }, { files }) => {
    if (words.length === 1) return say(out, (await input()).toString());
    let status = 0;
    for (const path of words.slice(1)) {
      const text = files[path];
      if (text !== undefined) out(text);
      else status = say(err, `cat: ${path}: No such file or directory\n`, 1);
    }
    return status;
  },
  ls: (words, { out, err }, { files }) => {
    const folder = (words[1] ?? '/').replace(/\/*$/, '/');
    const inside = Object.keys(files).filter((path) => path.startsWith(folder));
    if (inside.length === 0) return say(err, `ls: cannot access '${words[1]}': No such file or directory\n`, 2);
    const names = new Set(inside.map((path) => path.slice(folder.length).split('/')[0] ?? ''));
    return say(
      out,
      [...names]
        .sort()
        .map((name) => `${name}\n`)
        .join(''),
    );
  },
  journalctl: (words, { out }, { units }) => {
    const lines = units[after(words, '-u')] ?? ['-- No entries --'];
    const most = Number(after(words, '-n') || lines.length);
    return say(
      out,
      lines
        .slice(-most)
        .map((line) => `${line}\n`)
        .join(''),
    );
  },
  systemctl: (words, { out, err }, { units }) => {
    const [, verb, unit = ''] = words;
    const name = unit.replace(/\.service$/, '');
    if (units[name] === undefined) return say(err, `Unit ${name}.service could not be found.\n`, 4);
    if (verb === 'restart') return 0;
    const last = units[name]?.slice(-2).join('\n') ?? '';
    return say(
      out,
      `● ${name}.service - ${name}\n     Active: active (running) since Mon 2026-11-02 06:29:11 UTC\n\n${last}\n`,
    );
  },
  seq: (words, { out }) => {
    for (let number = Number(words[1]); number <= Number(words[2]); number += 1) out(`${number}\n`);
    return 0;
  },
  sleep: async (words, { signal }) => {
    await pause(Number(words[1]) * 1000, undefined, { signal });
    return 0;
  },
};

/** Runs what a line says, one command after another; the status is that of the last. Throws when it was aborted meanwhile. */
export async function run(line: string, running: Running, host: HostContents): Promise<number> {
  let status = 0;
  for (const words of commandsIn(line)) {
    running.signal.throwIfAborted();
    const [name = ''] = words;
    const program = Object.hasOwn(programs, name) ? programs[name] : undefined;
    status =
      program === undefined
        ? say(running.err, `bash: line 1: ${name}: command not found\n`, 127)
        : await program(words, running, host);
    if (name === 'exit') break;
  }
  return status;
}

function say(to: (text: string) => void, text: string, status = 0): number {
  to(text);
  return status;
}

const after = (words: readonly string[], option: string) =>
  words.includes(option) ? (words[words.indexOf(option) + 1] ?? '') : '';
