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

/** What stands in an edited text for what is still to be filled in. */
const gap = '\u0001';

/**
 * The statement with its edits made and other texts in the places of some tokens: made ready once, for many texts. Undefined where the
 * statement or an edit holds the sign for a gap, or the tokens do not come in the order of the text.
 */
export function withGaps(
  statement: string,
  edits: readonly Edit[],
  tokens: readonly Token[],
): ((texts: readonly string[]) => string) | undefined {
  const gaps = tokens.map(({ start, end }) => ({ start, end, text: gap }));
  const pieces = splice(statement, [...edits, ...gaps]).split(gap);
  const [first = '', ...rest] = pieces;
  const inOrder = tokens.every(({ start }, index) => index === 0 || start > (tokens[index - 1]?.start ?? 0));
  if (rest.length !== tokens.length || !inOrder) return undefined;
  return (texts) => {
    let text = first;
    for (let index = 0; index < rest.length; index++) text += `${texts[index]}${rest[index]}`;
    return text;
  };
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
