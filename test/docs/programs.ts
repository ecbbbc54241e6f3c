import { existsSync } from 'node:fs';
import type { ArgsDef, CommandDef } from 'citty';
import { plain } from '../../src/cli/terminal.ts';
import type { Repository } from './repository.ts';

/** A command as the command line itself declares it. */
export type Declared = { args: ArgsDef; subCommands: Readonly<Record<string, Declared>> };

const surroundings = {
  terminal: {
    write: () => {},
    complain: () => {},
    paint: plain,
    ask: undefined,
    progress: undefined,
    width: undefined,
  },
  environment: {},
  exit: () => {},
};

/** `sallyport` with all that it has, asked of each command's own definition. */
export async function sallyport({ read }: Repository): Promise<Declared> {
  const found = read('src/cli/cli.ts').matchAll(
    /(?:'([\w-]+)'|(\w+)): async \(\) =>\s+\(await import\('\.\/([\w-]+\.ts)'\)\)\.(\w+)\(/g,
  );
  const commands = await Promise.all(
    [...found].map(async ([, quoted, bare, file, make = '']) => {
      const room: Record<string, (...given: unknown[]) => CommandDef> = await import(`../../src/cli/${file}`);
      return [
        quoted ?? bare ?? '',
        await declared(room[make]?.(surroundings, { input: process.stdin, output: process.stdout }) ?? {}),
      ] as const;
    }),
  );
  return { args: {}, subCommands: Object.fromEntries(commands) };
}

async function declared(command: CommandDef): Promise<Declared> {
  const [args, below] = await Promise.all([resolved(command.args), resolved(command.subCommands)]);
  const names = await Promise.all(
    Object.entries(below ?? {}).map(
      async ([name, one]) => [name, await declared((await resolved(one)) ?? {})] as const,
    ),
  );
  return { args: args ?? {}, subCommands: Object.fromEntries(names) };
}

async function resolved<Value>(
  given: Value | Promise<Value> | (() => Value | Promise<Value>) | undefined,
): Promise<Value | undefined> {
  return given instanceof Function ? given() : given;
}

const isOption = (word: string) => /^--?[A-Za-z]/.test(word);
/** What stands for words that the reader has: `…`, `<name>`, `NAME`, `[DIR]`. */
const isPlace = (word: string) => /^(…|<.*>|\[?[A-Z]+\]?|\.\.\.)$/.test(word);

/** What is wrong with the words after `sallyport`. `whole`: they are a line to be run, not the name of a command. */
export function wrongWith(command: Declared, words: readonly string[], whole: boolean, name = 'sallyport'): string[] {
  const [first = '', ...rest] = words;
  const below = command.subCommands[first];
  if (below !== undefined) return wrongWith(below, rest, whole, `${name} ${first}`);
  if (Object.keys(command.subCommands).length > 0)
    return isPlace(first) || (first === '' && !whole) ? [] : [`there is no command ${name} ${first}`];
  const { unknown, given, positionals } = split(command.args, words);
  const required = Object.entries(command.args).filter(([, arg]) => arg.type !== 'positional' && arg.required === true);
  const declared = Object.values(command.args).filter(({ type }) => type === 'positional');
  const needed = declared.filter(({ required }) => required !== false);
  return [
    ...unknown.map((option) => `${name} has no option ${option}`),
    ...(positionals.length > declared.length ? [`${name} takes no ${positionals[declared.length]}`] : []),
    ...(whole
      ? required.filter(([option]) => !given.includes(option)).map(([option]) => `${name} needs --${option}`)
      : []),
    ...(whole && positionals.length < needed.length ? [`${name} needs a name`] : []),
  ];
}

function split(args: ArgsDef, words: readonly string[]) {
  const unknown: string[] = [];
  const given: string[] = [];
  const positionals: string[] = [];
  for (let index = 0; index < words.length; index += 1) {
    const word = (words[index] ?? '').replace(/^\[(?=-)|\]$/g, '');
    const [option = '', value] = word.split('=');
    if (!isOption(option)) {
      if (word !== '' && word !== '…') positionals.push(word);
      continue;
    }
    const arg = args[option.replace(/^--?/, '')] ?? args[option.replace(/^--no-/, '')];
    given.push(option.slice(2));
    if (arg === undefined) unknown.push(option);
    else if (arg.type !== 'boolean' && value === undefined) index += 1;
  }
  return { unknown, given, positionals };
}

/** Every option of every command of ours, and of the programs that package.json starts. */
export function optionsOf({ files, read }: Repository, cli: Declared): Set<string> {
  const below = ({ args, subCommands }: Declared): string[] => [
    ...Object.keys(args),
    ...Object.values(subCommands).flatMap(below),
  ];
  const programs = [...files].filter((path) => /^(bench|demo|emulators)\/[\w-]+\.ts$/.test(path));
  const named = programs.flatMap((path) =>
    [...read(path).matchAll(/(?<=[{\s])'?([a-z][\w-]*)'?: \{ ?\n? *(?:type|short):/g)].map(([, name = '']) => name),
  );
  return new Set([...below(cli), ...named].map((name) => `--${name}`));
}

const roles = ['gateway', 'console', 'keeper', 'all', 'install', 'apply'];

/** What is wrong with the words after `npm`, in the folder of a `package.json`. */
export function wrongWithNpm(
  { read }: Repository,
  cli: Declared,
  [verb = '', ...words]: readonly string[],
  whole: boolean,
): string[] {
  const { scripts = {} }: { scripts?: Record<string, string> } = JSON.parse(read('package.json'));
  if (['ci', 'install', 'sbom', 'audit', 'ls'].includes(verb)) return [];
  if (verb === 'test') return wrongWithNpm({ read } as Repository, cli, ['run', 'test', ...words], whole);
  if (verb === 'start')
    return words.every((word) => roles.includes(word) || isPlace(word))
      ? []
      : [`npm start knows no ${words.join(' ')}`];
  const [script = '', dashes, ...rest] = words;
  const line = scripts[script];
  if (verb !== 'run' || line === undefined) return [`package.json has no npm ${[verb, script].join(' ')}`];
  if (script === 'sallyport') return wrongWith(cli, rest, whole);
  if (dashes !== undefined && dashes !== '--') return [`npm passes ${dashes} on only after --`];
  return wrongWithScript(read, line, rest);
}

/** A program of ours declares its options in its own text. */
function wrongWithScript(read: (path: string) => string, line: string, words: readonly string[]): string[] {
  const [file] = /\S+\.ts/.exec(line) ?? [];
  if (file === undefined) return [];
  const text = read(file);
  return words
    .filter(isOption)
    .filter((option) => !new RegExp(`['\\s{]${option.slice(2)}'?: \\{`).test(text))
    .map((option) => `${file} has no option ${option}`);
}

export const isBin = (name: string) => existsSync(`node_modules/.bin/${name}`);
