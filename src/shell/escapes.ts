import { runsFurther } from './carriers.ts';
import * as known from './known-programs.ts';
import { readProgram } from './programs.ts';
import type { Reading, Word } from './reading.ts';
import { nameOf } from './risks.ts';
import type { Template, TemplateWord } from './templates.ts';

/** What a template can be made to do by its parameters: at least this, and why. */
export type Escape = { least: 'write' | 'delete' | 'execute'; reason: string };

/** A word behind the program, as what it may be. */
type Argument = Word & {
  /** A parameter is in it. */
  isFree: boolean;
  /** What stands before the parameter in the same word. */
  before: string;
  /** Whether the parameter may be this. */
  accepts(value: string): boolean;
};

/**
 * The ways in which a template lets whoever fills in its parameters do more than its words say, with programs that are known for it: run code,
 * write or read any file, reach any host. A program that is not known here does what its operator says it does.
 */
export function escapesOf({ words, patterns }: Template): Escape[] {
  const found: Escape[] = [];
  const all = words.map((word) => argumentOf(word, patterns));
  const originals = new Map<Word, Argument>(all.map((each) => [each, each]));
  const reading: Reading = {
    run(given) {
      const [program, ...rest] = given.map((word) => originals.get(word) ?? unseen(word));
      if (program === undefined) return;
      const name = nameOf(program.text);
      if (program.isFree || !program.literal) return reading.opaque('which program runs is a parameter');
      found.push(...judge(name, rest));
      if (runsFurther.has(name) && name !== 'find') readProgram(given, reading);
    },
    script: () => {},
    deeper: (read) => read(),
    opaque: (reason) => void found.push(execute(reason)),
  };
  reading.run(all);
  return found;
}

const execute = (reason: string): Escape => ({ least: 'execute', reason });

function argumentOf(word: TemplateWord, patterns: Template['patterns']): Argument {
  if ('text' in word) return { text: word.text, literal: true, isFree: false, before: word.text, accepts: () => false };
  const { before, name, after } = word;
  const pattern = patterns.get(name);
  const accepts = (value: string) => pattern?.test(value) === true;
  return { text: `${before}{${name}}${after}`, literal: false, isFree: true, before, accepts };
}

const unseen = (word: Word): Argument => ({ ...word, isFree: !word.literal, before: '', accepts: () => true });

function judge(name: string, rest: readonly Argument[]): Escape[] {
  const isAnyFree = rest.some(({ isFree }) => isFree);
  if (known.consoles.has(name)) return [execute(`${name} runs what it is told to`)];
  if (known.interpreters.test(name)) return judgeInterpreter(name, rest);
  if (Object.hasOwn(known.manifold, name)) return judgeManifold(name, rest);
  if (known.removers.has(name)) return [{ least: 'delete', reason: `${name} deletes` }, ...judgeFiles(name, rest)];
  if (!isAnyFree)
    return known.writers.has(name) || isInPlace(name, rest) ? [{ least: 'write', reason: `${name} writes` }] : [];
  if (known.webClients.has(name)) return judgeWeb(name, rest);
  if (known.dangerous.has(name)) return [execute(`a parameter of ${name} may be code, a program, a file or a host`)];
  if (known.databaseClients.has(name)) return judgeDatabase(name, rest);
  if (/^[gmn]?awk$|^g?sed$/.test(name)) return judgeScripted(name, rest);
  if (/^(bsd|g)?tar$/.test(name)) return [execute('parameters of tar may run programs and write files')];
  if (name === 'find') return judgeFind(rest);
  const steered = judgeOptions(name, rest);
  if (known.writers.has(name))
    return [{ least: 'write', reason: `${name} writes` }, ...steered, ...judgeFiles(name, rest)];
  return known.readers.has(name) ? [...steered, ...judgeFiles(name, rest)] : steered;
}

const isInPlace = (name: string, rest: readonly Argument[]) =>
  /^g?sed$/.test(name) && rest.some(({ text }) => /^-[a-zA-Z]*i|^--in-place/.test(text));

/** A script in a file is a program like any other, and what follows are its own arguments. */
function judgeInterpreter(name: string, rest: readonly Argument[]): Escape[] {
  const [first] = rest;
  return first?.literal === true && /^\/(?!dev\/|proc\/)/.test(first.text)
    ? []
    : [execute(`${name} runs code that is not in a file of its own`)];
}

function judgeManifold(name: string, rest: readonly Argument[]): Escape[] {
  const steered = judgeOptions(name, rest);
  if (name === 'journalctl') return steered;
  const { read, write } = known.manifold[name] ?? { read: new Set(), write: new Set() };
  const asked = rest.find(({ text }) => !text.startsWith('-') || read.has(text));
  if (asked === undefined)
    return rest.some(({ isFree }) => isFree) ? [execute(`what ${name} does is a parameter`)] : steered;
  if (read.has(asked.text)) return steered;
  if (write.has(asked.text)) return [{ least: 'write', reason: `${name} ${asked.text} changes something` }, ...steered];
  const isFixed = rest.every(({ isFree }) => !isFree);
  return isFixed
    ? steered
    : [execute(`${name} ${asked.isFree ? 'with a parameter there' : asked.text} may do anything`)];
}

/** The value of an option that says what runs, or where it is written. */
function judgeOptions(name: string, rest: readonly Argument[]): Escape[] {
  return rest.flatMap((each, index) => {
    if (!each.isFree) return [];
    const [, option = ''] = /^(--?[\w-]+)=$/.exec(each.before) ?? [];
    const before = rest[index - 1];
    const isValue = each.before === '' && before?.isFree === false && known.steering.test(before.text);
    return isValue || known.steering.test(option)
      ? [execute(`the value of ${name} ${option || before?.text} is a parameter`)]
      : [];
  });
}

/** A parameter that may be the whole path of any file. */
function judgeFiles(name: string, rest: readonly Argument[]): Escape[] {
  const pattern = known.searchers.has(name)
    ? rest.find(({ text }, index) => !text.startsWith('-') && !/^-[a-zA-Z]*f$/.test(rest[index - 1]?.text ?? ''))
    : undefined;
  return rest
    .filter((each) => each.isFree && each !== pattern && /(^|=|@)$/.test(each.before) && each.accepts('/etc/shadow'))
    .map((each) => execute(`${each.text} of ${name} may be any file; write the folder before it`));
}

/** A parameter belongs behind the host in an address that is there, and nowhere else. */
function judgeWeb(name: string, rest: readonly Argument[]): Escape[] {
  const isWithin = ({ isFree, before }: Argument) => !isFree || /^https?:\/\/[^/@{}]+\//.test(before);
  return rest.every(isWithin)
    ? []
    : [execute(`a parameter of ${name} may be another host, a file, or an option's value`)];
}

const database =
  /^(-[cefvdUhPxE]|-[a-zA-Z]*[ce]|--(command|execute|file|variable|set|eval|init-command|database|dbname|host))$/;
const statement = /^(-[cefvxE]|-[a-zA-Z]*[ce]|--(command|execute|file|variable|set|eval|init-command))$/;

function judgeDatabase(name: string, rest: readonly Argument[]): Escape[] {
  const found = rest.flatMap((each, index) => {
    if (!each.isFree) return [];
    const option = /^(--[\w-]+)=/.exec(each.before)?.[1] ?? rest[index - 1]?.text ?? '';
    const isAddress = ['postgresql://x', 'host=x', '/etc/shadow', '/tmp/x'].some((value) => each.accepts(value));
    const isCode =
      statement.test(option) || /\s/.test(each.before) || name.startsWith('sqlite') || name === 'redis-cli';
    const isOperand = !database.test(option) && !/^-/.test(option);
    const why = isCode || isAddress || (isOperand && each.before !== '');
    return why ? [execute(`a parameter of ${name} may be a statement, a file or another host`)] : [];
  });
  return [...found, ...judgeOptions(name, rest)];
}

/** The first word that is no option is the script, if no option says it. */
function judgeScripted(name: string, rest: readonly Argument[]): Escape[] {
  const coded = rest.findIndex(({ text }) =>
    /^(-[a-zA-Z]*[efEilW]$|--(expression|file|exec|include|load|source))/.test(text),
  );
  const operands = rest.filter(
    ({ text }, index) => !text.startsWith('-') && !/^-[Fv]$/.test(rest[index - 1]?.text ?? ''),
  );
  const isFree = coded >= 0 ? rest.slice(coded, coded + 2).some((each) => each.isFree) : operands[0]?.isFree === true;
  return isFree || isInPlace(name, rest) ? [execute(`${name} runs what its script says`)] : judgeFiles(name, rest);
}

/** `-exec` and its kind run programs, and others write and delete; what is looked for is text. */
function judgeFind(rest: readonly Argument[]): Escape[] {
  const acts = rest.find(({ text }) => /^-(exec|execdir|ok|okdir|delete|fprint0?|fprintf|fls|files0-from)$/.test(text));
  if (acts !== undefined) return [execute(`find ${acts.text} does more than find`)];
  const isSought = (each: Argument, index: number) =>
    !each.isFree ||
    /^-[a-z]*(name|path|user|group|size|time|min|type|depth)$/.test(rest[index - 1]?.text ?? '') ||
    each.before.startsWith('/');
  return rest.every(isSought) ? [] : [execute('a parameter of find may be more than what is looked for')];
}
