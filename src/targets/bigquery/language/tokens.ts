import { Refusal } from '../refusal.ts';

/**
 * One lexical element of GoogleSQL, without what is between them. `word`: bare, `quoted`: in backticks; `string` has every kind of quotes and
 * prefixes, bytes too.
 */
export type Token = {
  kind: 'word' | 'quoted' | 'string' | 'number' | 'parameter' | 'symbol';
  /** As written; of a `quoted` one what stands between its backticks. */
  text: string;
  /** Of a bare word that may be a keyword: in capitals. Of a symbol: itself. Else empty. */
  key: string;
  start: number;
  end: number;
};

/** Comments are kept apart: what is recorded leaves them out. */
export type Lexed = { text: string; tokens: readonly Token[]; comments: readonly { start: number; end: number }[] };

const blank = /[ \t\n\r\f\v]+/y;
const comment = /--[^\n]*|#[^\n]*|\/\*[\s\S]*?\*\//y;
const triple = /(?:[rR][bB]?|[bB][rR]?)?(?:"""(?:\\[\s\S]|[^\\])*?"""|'''(?:\\[\s\S]|[^\\])*?''')/y;
/** Two quotes are an empty string only where no third one follows, which would open a triple. */
const single = /(?:[rR][bB]?|[bB][rR]?)?(?:"(?:\\[^\r\n]|[^"\\\r\n])*"|'(?:\\[^\r\n]|[^'\\\r\n])*')/y;
const opensTriple = /(?:[rR][bB]?|[bB][rR]?)?(?:"""|''')/y;
const rest: readonly (readonly [Token['kind'], RegExp])[] = [
  ['quoted', /`[^`\\\r\n]+`/y],
  ['parameter', /@(?:[A-Za-z_]\w*|`[A-Za-z_]\w*`)|\?/y],
  ['number', /0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y],
  ['word', /[A-Za-z_]\w*/y],
  ['symbol', /<=|>=|<>|!=|\|\||\|>|=>|->|<<|>>|\+=|-=|[-+*/%=<>(),.[\]&|^~;]/y],
];

const mostCharacters = 256 * 1024;
const mostTokens = 30_000;
const deepest = 100;

/**
 * R1: reads a statement into its tokens. Refuses what GoogleSQL does not know, and what two lexers could read in two ways: other blanks than
 * those of ASCII, escapes in names, hints, system variables, quotes that touch.
 */
export function tokensOf(text: string): Lexed {
  checkText(text);
  const tokens: Token[] = [];
  const comments: { start: number; end: number }[] = [];
  let [at, depth] = [0, 0];
  while (at < text.length) {
    const passed = matched(blank, text, at);
    if (passed !== undefined) {
      at += passed.length;
      continue;
    }
    const remark = matched(comment, text, at);
    if (remark !== undefined) {
      checkComment(remark, at);
      comments.push({ start: at, end: at + remark.length });
      at += remark.length;
      continue;
    }
    if (text.startsWith('/*', at)) throw strange(text, at);
    const token = tokenAt(text, at);
    depth += deeper(token.key);
    if (depth > deepest) throw new Refusal('R1', `More than ${deepest} nested brackets`, at);
    if (tokens.push(token) > mostTokens) throw new Refusal('R1', `More than ${mostTokens} words and signs`);
    at = token.end;
  }
  return { text, tokens, comments };
}

function checkText(text: string) {
  if (text.length > mostCharacters) throw new Refusal('R1', 'The statement is larger than 256 KiB');
  if (text.includes('\0')) throw new Refusal('R1', 'A NUL character is not allowed; leave it out');
  if (!text.isWellFormed())
    throw new Refusal('R1', 'The text holds a lone surrogate, which is not Unicode; send it in UTF-8');
}

function checkComment(remark: string, at: number) {
  if (/\r(?!\n|$)/.test(remark) && !remark.startsWith('/*'))
    throw new Refusal('R1', 'A comment holds a carriage return, which may end it; end lines with a line feed', at);
  if (/^\/\*\s*[@+]/.test(remark)) throw new Refusal('R3', 'A comment may be read as a hint; leave it out', at);
}

function tokenAt(text: string, at: number): Token {
  const literal =
    matched(triple, text, at) ?? (matched(opensTriple, text, at) === undefined ? matched(single, text, at) : undefined);
  if (literal !== undefined) {
    const end = at + literal.length;
    if (/["'`]/.test(text[end] ?? '')) throw new Refusal('R1', 'Two quotes touch; put a blank between them', end);
    return { kind: 'string', text: literal, key: '', start: at, end };
  }
  for (const [kind, pattern] of rest) {
    const found = matched(pattern, text, at);
    if (found === undefined) continue;
    const end = at + found.length;
    if (kind === 'quoted') return { kind, text: found.slice(1, -1), key: '', start: at, end };
    return {
      kind,
      text: found,
      key: kind === 'word' ? found.toUpperCase() : kind === 'symbol' ? found : '',
      start: at,
      end,
    };
  }
  throw strange(text, at);
}

function matched(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

const deeper = (key: string) => (key === '(' || key === '[' ? 1 : key === ')' || key === ']' ? -1 : 0);

function strange(text: string, at: number): Refusal {
  const sign = String.fromCodePoint(text.codePointAt(at) ?? 0);
  if (text.startsWith('@@', at)) return new Refusal('R3', 'System variables are not read; leave @@ out', at);
  if (text.startsWith('@', at)) return new Refusal('R3', 'Hints are not taken; leave @{…} out', at);
  if (sign === '`')
    return new Refusal('R1', 'A name in backticks has an escape, or does not end; write it as it is', at);
  if (/["']/.test(sign)) return new Refusal('R1', 'A string does not end; close its quotes', at);
  if (text.startsWith('/*', at)) return new Refusal('R1', 'A comment does not end; close it with */', at);
  if (/[\p{Z}\p{Cc}\p{Cf}]/u.test(sign)) return new Refusal('R1', 'A blank is none of ASCII’s; write plain spaces', at);
  return new Refusal('R1', `GoogleSQL has no sign “${sign}” here; put names that hold it into backticks`, at);
}
