import type { Word as Node } from 'unbash';

/** What a command does, as far as its text tells. */
export type Understanding = {
  /** Every program that may run, in the order in which they stand; of one that runs another, both. */
  commands: readonly SimpleCommand[];
  /** Why it is not certain that these are all, or that they are what they seem. Empty where it is. */
  opaque: readonly string[];
};

/** A program with its arguments: the first word is the program. */
export type SimpleCommand = { words: readonly Word[]; redirections: readonly Redirection[] };

/** `text` is the very value where it is `literal`; else what stands in the script for a value that only the shell will know. */
export type Word = { text: string; literal: boolean };

/** `operator` as in the shell (`>`, `>>`, `<`, `2>&1` is `>&`); of a here-document or here-string no target is told. */
export type Redirection = { operator: string; target?: Word };

/** Reads one command: what is found goes here, and what reading finds inside of it is read by it. */
export type Reading = {
  /** A program with its arguments, whoever runs it. */
  run(words: readonly Word[], redirections?: readonly Redirection[]): void;
  /** A text that a shell of the Bourne family will run. */
  script(text: string): void;
  /** Deeper by one level; too deep is opaque. */
  deeper(read: () => void): void;
  opaque(reason: string): void;
};

export const literal = (text: string): Word => ({ text, literal: true });

export const unknown = (text: string): Word => ({ text, literal: false });

export const isLiteral = (word: Word | undefined): word is Word => word?.literal === true;

/** What no word may hold unquoted if it is to mean itself in every shell of the family. */
const special = /[$`*?'"<>|&;()\s]|\[.*\]|\{.*(,|\.\.).*\}|^~|[=:]~/s;

/** A word of a script: literal only where every part of it is quoted, or plain. */
export function wordOf(node: Node): Word {
  const { parts, text, value } = node;
  if (parts === undefined) return isPlain(text) ? literal(value) : unknown(text);
  let whole = '';
  for (const part of parts) {
    if (part.type === 'SingleQuoted') whole += part.value;
    else if (part.type === 'Literal' && isPlain(part.text)) whole += part.value;
    else if (part.type === 'DoubleQuoted') {
      for (const child of part.parts) {
        if (child.type !== 'Literal') return unknown(text);
        whole += child.value;
      }
    } else return unknown(text);
  }
  return /^~|^[\w]+=~/.test(text) ? unknown(text) : literal(whole);
}

function isPlain(text: string): boolean {
  return text === '[' || !special.test(text.replace(/\\[\s\S]/g, '_'));
}
