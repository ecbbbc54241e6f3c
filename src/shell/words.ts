import { understandCommand } from './understand-command.ts';

/** Characters of a text above which it is not read. */
const MOST_CHARACTERS = 64 * 1024;

/**
 * A part of a word that stands for itself in every login shell (sh, bash, dash, zsh, ksh, fish, csh): plain, or quoted, without what some of
 * them read even there (`!` is history to csh, `\` an escape to fish).
 */
const piece = /[A-Za-z0-9_@%+=:,./-]+|'([ "-&(-[\]-~]*)'|"([ #%-[\]-_a-~]*)"/y;

/** Neither an assignment, nor what is no program to some shells (`-`, `@`, `:`). */
const program = /^["'A-Za-z0-9_./](?!\w*\+?=)/;

/**
 * The words of a text that is one simple command to every common login shell, and means just these words there. Undefined for any other,
 * even where bash would take it for one: expansions, patterns, braces, tildes, comments, redirections, several lines, anything but ASCII.
 */
export function plainWords(text: string): string[] | undefined {
  const words = wordsIn(text);
  return words !== undefined && isReadSo(text, words) ? words : undefined;
}

/** Only spaces part words. `''` is a quote to zsh where it is told so, and `=ls` and `%1` are not themselves, even behind empty quotes. */
function wordsIn(text: string): string[] | undefined {
  const trimmed = text.replace(/^ +/, '');
  if (text.length > MOST_CHARACTERS || trimmed.includes("''") || !program.test(trimmed)) return undefined;
  const words: string[] = [];
  let word: string | undefined;
  for (let at = 0; at < trimmed.length; ) {
    if (trimmed[at] === ' ') {
      if (word !== undefined) words.push(word);
      word = undefined;
      at += 1;
      continue;
    }
    piece.lastIndex = at;
    const [found, single, double] = piece.exec(trimmed) ?? [];
    if (found === undefined || (/^[=%]/.test(found) && (word ?? '') === '')) return undefined;
    word = (word ?? '') + (single ?? double ?? found);
    at += found.length;
  }
  return word === undefined ? words : [...words, word];
}

/** The grammar of shells must see the same in it. */
function isReadSo(text: string, words: readonly string[]): boolean {
  const [first] = understandCommand(text).commands;
  return (
    first !== undefined &&
    first.redirections.length === 0 &&
    first.words.length === words.length &&
    first.words.every(({ text: read, literal }, index) => literal && read === words[index])
  );
}

/** Whether every login shell hands such a word on as it is, once it is quoted: printable ASCII without `!` and `\`. */
export const isPortable = (word: string): boolean => /^[ "-[\]-~]*$/.test(word);

/**
 * Words as one text that a shell parts into just these again. Each is quoted, so that none is a reserved word, an alias, a pattern or
 * anything else: where the words are portable to every login shell, and else to those of the Bourne family.
 */
export function quoteWords(words: readonly string[]): string {
  return words.map((word) => `'${word.replaceAll("'", `'"'"'`)}'`).join(' ');
}
