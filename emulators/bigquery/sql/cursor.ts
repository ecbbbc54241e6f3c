import { type BigQueryError, invalidQuery } from '../errors.ts';
import { position, type Token, tokenize } from './tokens.ts';

/** Reads tokens one after the other. What is expected and not there becomes the service's syntax error, with its place. */
export interface Cursor {
  readonly source: string;
  peek(ahead?: number): Token;
  next(): Token;
  isWord(word: string, ahead?: number): boolean;
  isSymbol(symbol: string, ahead?: number): boolean;
  /** Takes the words, in order, if all are next. */
  takeWords(...words: string[]): boolean;
  takeSymbol(symbol: string): boolean;
  expectWord(word: string): void;
  expectSymbol(symbol: string): void;
  /** Takes an identifier, quoted or not; refuses a reserved word. */
  identifier(): string;
  /** Moves past `offset` of the source. */
  skipTo(offset: number): void;
  /** Moves back to `offset`, which a token began at. */
  backTo(offset: number): void;
  /** The place of the next token among those of its text, from 1: which `?` it is. */
  ordinal(): number;
  /** Whether the next token is a reserved word. */
  reserved(): boolean;
  at(token?: Token): string;
  unexpected(expected?: string): BigQueryError;
}

/** GoogleSQL's reserved words. Source: "Lexical structure and syntax", reserved keywords. */
const RESERVED = new Set(
  `ALL AND ANY ARRAY AS ASC ASSERT_ROWS_MODIFIED AT BETWEEN BY CASE CAST COLLATE CONTAINS CREATE CROSS CUBE CURRENT DEFAULT
  DEFINE DESC DISTINCT ELSE END ENUM ESCAPE EXCEPT EXCLUDE EXISTS EXTRACT FALSE FETCH FOLLOWING FOR FROM FULL GROUP
  GROUPING GROUPS HASH HAVING IF IGNORE IN INNER INTERSECT INTERVAL INTO IS JOIN LATERAL LEFT LIKE LIMIT LOOKUP MERGE
  NATURAL NEW NO NOT NULL NULLS OF ON OR ORDER OUTER OVER PARTITION PRECEDING PROTO QUALIFY RANGE RECURSIVE RESPECT RIGHT
  ROLLUP ROWS SELECT SET SOME STRUCT TABLESAMPLE THEN TO TREAT TRUE UNBOUNDED UNION UNNEST USING WHEN WHERE WINDOW WITH
  WITHIN`.split(/\s+/),
);

export function isReserved(token: Token): boolean {
  return token.kind === 'word' && RESERVED.has(token.upper);
}

export function createCursor(source: string): Cursor {
  const tokens = tokenize(source);
  let index = 0;

  const last = () => tokens.length - 1;
  const peek = (ahead = 0): Token => tokens[Math.min(index + ahead, last())] ?? endOf(source);
  const next = (): Token => {
    const token = peek();
    index = Math.min(index + 1, last());
    return token;
  };
  const isWord = (word: string, ahead = 0) => peek(ahead).kind === 'word' && peek(ahead).upper === word;
  const isSymbol = (symbol: string, ahead = 0) => peek(ahead).kind === 'symbol' && peek(ahead).text === symbol;
  const at = (token = peek()) => position(source, token.offset);
  const unexpected = (expected?: string) =>
    invalidQuery(
      expected
        ? `Syntax error: Expected ${expected} but got ${describe(peek())} at ${at()}`
        : `Syntax error: Unexpected ${describe(peek())} at ${at()}`,
    );

  return {
    source,
    peek,
    next,
    isWord,
    isSymbol,
    takeWords(...words) {
      const all = words.every((word, ahead) => isWord(word, ahead));
      if (all) index = Math.min(index + words.length, last());
      return all;
    },
    takeSymbol(symbol) {
      const found = isSymbol(symbol);
      if (found) next();
      return found;
    },
    expectWord(word) {
      if (!isWord(word)) throw unexpected(`keyword ${word}`);
      next();
    },
    expectSymbol(symbol) {
      if (symbol === '>' && isSymbol('>>')) splitShift(tokens, index);
      if (!isSymbol(symbol)) throw unexpected(`"${symbol}"`);
      next();
    },
    identifier() {
      const token = peek();
      if (token.kind !== 'quoted' && (token.kind !== 'word' || isReserved(token))) throw unexpected('identifier');
      return next().text;
    },
    skipTo(offset) {
      while (peek().kind !== 'end' && peek().offset < offset) next();
    },
    backTo(offset) {
      index = Math.max(
        0,
        tokens.findIndex((token) => token.offset === offset),
      );
    },
    ordinal: () =>
      tokens.filter((token, at) => at <= index && token.kind === 'symbol' && token.text === peek().text).length,
    reserved: () => isReserved(peek()),
    at,
    unexpected,
  };
}

/** `ARRAY<STRUCT<a INT64>>` ends in the shift operator's characters. */
function splitShift(tokens: Token[], index: number): void {
  const shift = tokens[index];
  if (!shift) return;
  const middle = shift.offset + 1;
  tokens.splice(index, 1, { ...shift, text: '>', end: middle }, { ...shift, text: '>', offset: middle });
}

function endOf(source: string): Token {
  return { kind: 'end', text: '', upper: '', offset: source.length, end: source.length };
}

function describe(token: Token): string {
  if (token.kind === 'end') return 'end of script';
  if (token.kind === 'word') return isReserved(token) ? `keyword ${token.upper}` : `identifier "${token.text}"`;
  if (token.kind === 'quoted') return `identifier \`${token.text}\``;
  if (token.kind === 'string') return `string literal ${JSON.stringify(token.text)}`;
  if (token.kind === 'integer') return `integer literal "${token.text}"`;
  if (token.kind === 'float') return `floating point literal "${token.text}"`;
  return `"${token.text}"`;
}
