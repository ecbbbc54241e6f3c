import type { Token } from './syntax.ts';

/** A part of a statement that other text replaces. Offsets are in UTF-8 bytes. */
export type Edit = { start: number; end: number; text: string };

/** The statement with its edits made. Throws where two of them overlap. */
export function splice(statement: string, edits: readonly Edit[]): string {
  const bytes = Buffer.from(statement);
  const parts: Buffer[] = [];
  let position = 0;
  for (const { start, end, text } of [...edits].sort((a, b) => a.start - b.start || a.end - b.end)) {
    if (start < position) throw new Error('Two edits of one statement overlap.');
    parts.push(bytes.subarray(position, start), Buffer.from(text));
    position = end;
  }
  return Buffer.concat([...parts, bytes.subarray(position)]).toString();
}

/** The tokens of a statement without comments, found by where they start. */
export type TokenLine = {
  at(byteOffset: number): number | undefined;
  /** Undefined past either end. */
  get(index: number): Token | undefined;
  /** In capitals; empty past either end. */
  word(index: number): string;
};

export function tokenLine(tokens: readonly Token[]): TokenLine {
  const line = tokens.filter(({ name }) => !name.endsWith('COMMENT'));
  const starts = new Map(line.map(({ start }, index) => [start, index]));
  return {
    at: (offset) => starts.get(offset),
    get: (index) => line[index],
    word: (index) => line[index]?.text.toUpperCase() ?? '',
  };
}
