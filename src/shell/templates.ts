import { DEFAULT_PATTERN, MOST_VALUE, readPattern } from './patterns.ts';
import { isPortable, plainWords, quoteWords } from './words.ts';

/** A word of a template: the very text, or a parameter with what stands before and behind it in the same word. */
export type TemplateWord = { text: string } | { before: string; name: string; after: string };

/** A command that was declared: its words, and what each of its parameters may be. */
export type Template = { words: readonly TemplateWord[]; patterns: ReadonlyMap<string, RegExp> };

export type TemplateMatch = {
  words: readonly string[];
  /** By the names of the parameters. */
  values: ReadonlyMap<string, string>;
  /** The words as every login shell reads them: what is sent. */
  text: string;
};

const parameter = /\{([a-z][a-z0-9_]{0,39})\}/g;
/** Stands for the parameters while a template is parted into words: plain, and no part of it is both its beginning and its end. */
const mark = 'P@:=';

/**
 * Reads `journalctl -u {unit} --since {time}`: words as a shell parts them, of which `{name}` stands for one, or for a part of one, as in
 * `--unit={unit}`. Braces that are no parameter's are literal where they are quoted. Throws an `Error` that says what is wrong.
 */
export function readTemplate(text: string, patterns: Readonly<Record<string, string>> = {}): Template {
  const names = [...text.matchAll(parameter)].map(([, name = '']) => name);
  if (text.includes(mark)) throw new Error(`${mark} cannot stand in a template`);
  if (/\{\{[a-z][a-z0-9_]*\}|\{[a-z][a-z0-9_]*\}\}/.test(text))
    throw new Error('it is not clear which braces are those of a parameter');
  if (new Set(names).size < names.length) throw new Error('it names a parameter twice');
  const stray = Object.keys(patterns).find((name) => !names.includes(name));
  if (stray !== undefined) throw new Error(`it has no parameter {${stray}}`);
  const words = plainWords(text.replaceAll(parameter, mark));
  if (words === undefined)
    throw new Error(
      'it is not one simple command of plain words: quote what shells read (spaces, braces, stars), and leave out pipes, variables, ! and \\',
    );
  const left = names[Symbol.iterator]();
  const read = words.map((word) => wordOf(word, () => left.next().value ?? ''));
  refuseProgram(read[0]);
  return {
    words: read,
    patterns: new Map(names.map((name) => [name, readPattern(patterns[name] ?? DEFAULT_PATTERN)])),
  };
}

function wordOf(word: string, next: () => string): TemplateWord {
  const [before = '', after, ...more] = word.split(mark);
  if (after === undefined) return { text: word };
  if (more.length > 0) throw new Error('a word can hold one parameter only');
  return { before, name: next(), after };
}

/** Words that are the shell's own: what they run is no program's doing. */
const own =
  /^(if|then|else|elif|fi|for|foreach|while|until|do|done|case|esac|in|select|switch|function|begin|end|time|coproc|not|and|or|eval|exec|source|command|builtin|noglob|nocorrect|alias|unalias|trap|set|setenv|unset|export|declare|typeset|local|readonly|hash|enable|repeat|goto|onintr|bind|complete|\.|\.\.|\[|\[\[)$/;

function refuseProgram(word: TemplateWord | undefined) {
  if (word === undefined || 'name' in word) throw new Error('its program must stand there, not be a parameter');
  if (word.text === '' || own.test(word.text)) throw new Error(`${word.text} is no program, but the shell's own`);
}

/**
 * The values of the parameters where the command is just what was declared: word by word the same, and each value what its parameter may
 * be. A value never begins with a dash, and never leads out of a folder, whatever its pattern says. An absolute path is another program.
 */
export function matchTemplate(template: Template, words: readonly string[]): TemplateMatch | undefined {
  if (words.length !== template.words.length || !words.every(isPortable)) return undefined;
  const values = new Map<string, string>();
  for (const [index, expected] of template.words.entries()) {
    const given = words[index] ?? '';
    if ('text' in expected) {
      if (expected.text !== given) return undefined;
      continue;
    }
    const value = valueIn(given, expected);
    const pattern = template.patterns.get(expected.name);
    if (value === undefined || leadsOut.test(given) || pattern?.test(value) !== true) return undefined;
    values.set(expected.name, value);
  }
  return { words, values, text: quoteWords(words) };
}

const leadsOut = /(?:^|[^\w.-])\.\.(?:[^\w.-]|$)/;

function valueIn(word: string, { before, after }: { before: string; after: string }): string | undefined {
  if (!word.startsWith(before) || !word.endsWith(after)) return undefined;
  const value = word.slice(before.length, word.length - after.length);
  const isOne = value.length <= MOST_VALUE && word.length > before.length + after.length && !value.startsWith('-');
  return isOne ? value : undefined;
}

/** The words that a command is, where it is a list of them, or a text that means just them to every common login shell. */
export const wordsOf = (command: readonly string[] | string): readonly string[] | undefined =>
  typeof command === 'string' ? plainWords(command) : command;

/** A text with the values for its parameters, as `unit/{unit}`. */
export const fill = (text: string, values: ReadonlyMap<string, string>): string =>
  text.replaceAll(parameter, (whole, name: string) => values.get(name) ?? whole);

/** The parameters that a text names. */
export const namesIn = (text: string): string[] => [...text.matchAll(parameter)].map(([, name = '']) => name);
