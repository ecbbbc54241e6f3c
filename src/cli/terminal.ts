import { styleText } from 'node:util';

/** Where a command writes, and what it may ask. */
export type Terminal = {
  write(text: string): void;
  complain(text: string): void;
  paint: Paint;
  /** Asks a human at the terminal; undefined where there is none. */
  ask: ((question: string) => Promise<string>) | undefined;
  /** Shows how far it is, in one line that the next one replaces; undefined where nobody would see it. */
  progress?: ((line: string) => void) | undefined;
  /** How many letters a line of the output holds; undefined where it is no terminal. */
  width?: number | undefined;
};

export type Paint = (style: 'bold' | 'red' | 'green' | 'yellow' | 'dim', text: string) => string;

export const plain: Paint = (_, text) => text;
export const coloured: Paint = (style, text) => styleText(style, text, { validateStream: false });

/** Characters that a terminal would obey or hide, made visible: controls, zero-width and bidirectional ones. */
export function printable(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}
