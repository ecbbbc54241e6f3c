import { at, type Check } from './fault.ts';
import { foreign } from './foreign.ts';
import type { Document } from './markdown.ts';
import { type Declared, isBin, wrongWith, wrongWithNpm } from './programs.ts';
import { isThere, type Repository } from './repository.ts';
import { isShell, readShell, type Simple } from './shell.ts';

/** Programs that a document may tell its reader to run, and of whose options we know nothing. */
const others = new Set(
  'awk base64 bq cat cd cosign curl cut date dig docker echo export gcloud gh git grep jq kubectl mkdir node openssl printf psql read rm sed shred sleep ssh ssh-keygen sort tee test terraform tr umask watch xargs'.split(
    ' ',
  ),
);

const OURS = /^(src|test|demo|docs|bench|emulators|terraform|image|release)\//;

/** Every option that stands alone in backticks is one of ours, or another program's as `foreign.ts` says. */
export function optionsExist(known: ReadonlySet<string>): Check {
  return (document) =>
    document.spans
      .filter(({ text }) => /^--[a-z]/.test(text))
      .flatMap(({ text, line }) =>
        (text.match(/--[a-z][\w-]*/g) ?? [])
          .filter((option) => !known.has(option) && !known.has(option.replace(/^--no-/, '--')) && !foreign.has(option))
          .map((option) => at(document, line, `nothing takes the option ${option}`)),
      );
}

/** Every command in a shell's block or in backticks is there, and takes the options and names that it is given. */
export function commandsWork(repository: Repository, cli: Declared): Check {
  const wrong = (words: readonly string[], whole: boolean): string[] => {
    const [program = '', ...rest] = words;
    const paths = rest
      .filter((word) => OURS.test(word) && !isThere(repository, word))
      .map((path) => `there is no ${path}`);
    if (program === 'sallyport') return [...wrongWith(cli, rest, whole), ...paths];
    if (program === 'npm') return [...wrongWithNpm(repository, cli, rest, whole), ...paths];
    if (program === 'npx') return isBin(rest[0] ?? '') ? paths : [`there is no npx ${rest[0]}`];
    const isKnown = others.has(program) || program.startsWith('./') || /^[$(]/.test(program);
    return isKnown || !whole ? paths : [`${program} is no program that a reader is known to have`];
  };
  const inBlock = (document: Document, line: number, code: string) => {
    const { commands, errors } = readShell(code);
    const faults = commands
      .filter(({ words }) => words.length > 0)
      .flatMap(({ words, line: below }: Simple) =>
        wrong(words, true).map((what) => at(document, line + below - 1, what)),
      );
    return [...errors.map((error) => at(document, line, `a shell cannot read this: ${error}`)), ...faults];
  };
  return (document) => [
    ...document.blocks.filter(({ lang }) => isShell(lang)).flatMap(({ code, line }) => inBlock(document, line, code)),
    ...document.spans
      .filter(({ text }) => /^(sallyport (?!op_)|npm |npx |sallyport$)/.test(text))
      .flatMap(({ text, line }) => wrong(text.split(/\s+/), false).map((what) => at(document, line, what))),
  ];
}
