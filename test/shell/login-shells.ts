import { execFileSync } from 'node:child_process';
import { accessSync, constants, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Shells that an account may have: each with how it is told to run a text, as sshd does. */
const kinds: Readonly<Record<string, readonly string[]>> = {
  sh: ['-c'],
  bash: ['-c'],
  dash: ['-c'],
  zsh: ['-c'],
  ksh93: ['-c'],
  mksh: ['-c'],
  yash: ['-c'],
  busybox: ['sh', '-c'],
  fish: ['-c'],
  tcsh: ['-f', '-c'],
  csh: ['-f', '-c'],
};

export type LoginShell = { name: string; path: string; options: readonly string[] };

/** Those that are installed here. */
export const loginShells: readonly LoginShell[] = Object.entries(kinds).flatMap(([name, options]) => {
  const path = installed(name);
  return path === undefined ? [] : [{ name, path, options }];
});

function installed(name: string): string | undefined {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** Writes a program that tells how many words it was given, and each of them. */
export function writeTeller(path: string) {
  writeFileSync(path, `#!/bin/sh\nprintf '%s\\0' "$#" "$@"\n`, { mode: 0o755 });
}

/** The words that reach the teller when the shell runs the lines, one command a line: of each command its own. */
export function wordsToldBy({ path, options }: LoginShell, lines: readonly string[]): string[][] {
  const told = execFileSync(path, [...options, lines.join('\n')], { encoding: 'utf8', timeout: 20_000 }).split('\0');
  const commands: string[][] = [];
  for (let at = 0; at < told.length - 1; ) {
    const count = Number(told[at]);
    commands.push(told.slice(at + 1, at + 1 + count));
    at += 1 + count;
  }
  return commands;
}
