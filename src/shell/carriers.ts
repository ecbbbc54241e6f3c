import { setVariable } from './names.ts';
import type { ReadArguments } from './programs.ts';
import { isLiteral, type Reading, unknown, type Word } from './reading.ts';

/** How a program that runs another is told what: options without a value, options with one in the next word, and words before the program. */
type Carrier = { flags?: RegExp; valued?: RegExp; before?: RegExp; bare?: boolean };

const carriers: Record<string, Carrier> = {
  env: { flags: /^(-|-i|-0|--ignore-environment|--null|--unset=\w+)$/, valued: /^-u$/, bare: true },
  sudo: { flags: /^-[nEHkAPS]+$/, valued: /^-[ug]$/ },
  doas: { flags: /^-n$/, valued: /^-u$/ },
  gosu: { before: /^[\w:.-]+$/ },
  'su-exec': { before: /^[\w:.-]+$/ },
  nohup: {},
  setsid: { flags: /^-[cfw]+$/ },
  time: { flags: /^-[pv]$/ },
  nice: { flags: /^(-\d+|-n-?\d+|--adjustment=-?\d+)$/, valued: /^-n$/ },
  ionice: { flags: /^-(c\d|n\d|t)$/, valued: /^-[cn]$/ },
  chrt: { flags: /^-[bfior]$/, before: /^\d+$/ },
  taskset: { before: /^[\da-fx,-]+$/ },
  timeout: {
    flags: /^(--preserve-status|--foreground|-v|--signal=\w+|--kill-after=[\d.]+[smhd]?)$/,
    valued: /^-[sk]$/,
    before: /^[\d.]+[smhd]?$/,
  },
  stdbuf: { flags: /^-[ioe](L|0|\d+[KMG]?)$/, valued: /^-[ioe]$/ },
  command: { flags: /^-[pvV]$/ },
  builtin: {},
  exec: {},
  busybox: {},
  toybox: {},
  tini: { flags: /^(--|-[gsv]+)$/ },
  'dumb-init': { flags: /^(--|-[cv]+|--single-child)$/ },
  catchsegv: {},
  linux32: {},
  linux64: {},
};

const others =
  'su runuser watch script strace flock parallel ssh-agent sshpass fakeroot proot firejail bwrap entr inotifywait logrotate start-stop-daemon run-parts xterm make-run dbus-run-session faketime unbuffer rlwrap ltrace valgrind perf valgrind.bin numactl prlimit cpulimit chpst setpriv pkexec aa-exec sg newgrp';

/** Programs that run what their arguments say. */
export const runsFurther: ReadonlyMap<string, ReadArguments> = new Map<string, ReadArguments>([
  ...others.split(' ').map((name) => [name, readOther] as const),
  ...Object.entries(carriers).map(([name, carrier]) => [name, readCarrier(carrier)] as const),
  ['xargs', readXargs],
  ['find', readFind],
]);

function readOther(_: readonly Word[], reading: Reading) {
  reading.opaque('it runs another program, in a way that is not understood here');
}

function readCarrier({ flags, valued, before, bare = false }: Carrier): ReadArguments {
  return (rest, reading) => {
    let index = 0;
    let awaited = before;
    for (; ; index += 1) {
      const word = rest[index];
      if (word === undefined) return bare ? undefined : reading.opaque('it is not known what it runs');
      if (!isLiteral(word)) break;
      const { text } = word;
      if (valued?.test(text) === true && isLiteral(rest[index + 1])) index += 1;
      else if (flags?.test(text) === true) continue;
      else if (/^\w+=/.test(text)) setVariable(text.slice(0, text.indexOf('=')), reading);
      else if (text.startsWith('-')) return reading.opaque('this option may change what it runs');
      else if (awaited !== undefined) {
        if (!awaited.test(text)) return reading.opaque('it is not known what it runs');
        awaited = undefined;
      } else break;
    }
    reading.deeper(() => reading.run(rest.slice(index)));
  };
}

/** The program with what comes from its input behind it. */
function readXargs(rest: readonly Word[], reading: Reading) {
  let index = 0;
  let mark: string | undefined;
  for (; ; index += 1) {
    const word = rest[index];
    if (word === undefined) break;
    if (!isLiteral(word)) return reading.opaque('it is not known what it runs');
    if (!word.text.startsWith('-')) break;
    const [, letter = '', value] = /^-([nPLdIs])(.*)$/.exec(word.text) ?? [];
    if (letter === '' && !/^-(0|r|t|x|0r|r0|-null|-no-run-if-empty)$/.test(word.text))
      return reading.opaque('this option may change what it runs');
    if (letter !== '' && value === '') index += 1;
    if (letter === 'I') mark = value === '' ? rest[index]?.text : value;
  }
  const given = rest.slice(index);
  if (given.length === 0) return;
  const words = mark === undefined ? [...given, unknown('(from its input)')] : given.map(filled(mark));
  reading.deeper(() => reading.run(words));
}

const filled =
  (mark: string) =>
  (word: Word): Word =>
    word.text.includes(mark) ? unknown(word.text) : word;

/** What `-exec` and its kind run, with `{}` for the files that are found. */
function readFind(rest: readonly Word[], reading: Reading) {
  if (!rest.every(isLiteral)) return reading.opaque('not all arguments are known beforehand');
  for (let index = 0; index < rest.length; index += 1) {
    if (!/^-(exec|execdir|ok|okdir)$/.test(rest[index]?.text ?? '')) continue;
    const end = rest.findIndex(
      ({ text }, at) => at > index && (text === ';' || (text === '+' && rest[at - 1]?.text === '{}')),
    );
    if (end < 0) return reading.opaque('it is not known what it runs');
    const words = rest.slice(index + 1, end).map(filled('{}'));
    reading.deeper(() => reading.run(words));
    index = end;
  }
}
