import { invalidQuery } from '../errors.ts';

type TokenKind = 'word' | 'quoted' | 'string' | 'bytes' | 'integer' | 'float' | 'parameter' | 'symbol' | 'end';

/** One lexical element of GoogleSQL. `text` is its meaning (unquoted, unescaped), `upper` the keyword it may be. */
export interface Token {
  kind: TokenKind;
  text: string;
  upper: string;
  offset: number;
  end: number;
}

const SPACE = /(?:\s+|--[^\n]*|#[^\n]*|\/\*[\s\S]*?\*\/)+/y;
const STRING =
  /([rR][bB]?|[bB][rR]?)?("""(?:\\[\s\S]|[^\\])*?"""|'''(?:\\[\s\S]|[^\\])*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')/y;
const OTHERS: [TokenKind, RegExp][] = [
  ['quoted', /`(?:\\.|[^`\\\n])+`/y],
  ['parameter', /@[A-Za-z_]\w*/y],
  ['float', /(?:\d+\.\d*|\.\d+)(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+/y],
  ['integer', /0[xX][0-9a-fA-F]+|\d+/y],
  ['word', /[A-Za-z_]\w*/y],
  ['symbol', /<=|>=|<>|!=|\|\||<<|>>|=>|\|>|@@|[-+*/%=<>(),.[\]{};?&|^~:]/y],
];

/** `[line:column]` of an offset, as the service writes it in its messages. */
export function position(source: string, offset: number): string {
  const before = source.slice(0, offset).split('\n');
  return `[${before.length}:${(before.at(-1)?.length ?? 0) + 1}]`;
}

/** Splits GoogleSQL into tokens, without spaces and comments. Refuses what is not a token, with its place. */
export function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  let offset = skipSpace(source, 0);
  while (offset < source.length) {
    const token = stringAt(source, offset) ?? otherAt(source, offset);
    if (!token) throw illegalAt(source, offset);
    tokens.push(token);
    offset = skipSpace(source, token.end);
  }
  tokens.push({ kind: 'end', text: '', upper: '', offset, end: offset });
  return tokens;
}

function match(pattern: RegExp, source: string, offset: number): RegExpExecArray | null {
  pattern.lastIndex = offset;
  return pattern.exec(source);
}

function skipSpace(source: string, offset: number): number {
  return offset + (match(SPACE, source, offset)?.[0].length ?? 0);
}

function stringAt(source: string, offset: number): Token | undefined {
  const found = match(STRING, source, offset);
  if (!found) return undefined;
  const [whole, prefix = '', body = ''] = found;
  const quote = body.startsWith('"""') || body.startsWith("'''") ? 3 : 1;
  const inner = body.slice(quote, -quote);
  const raw = prefix.toLowerCase().includes('r');
  const kind = prefix.toLowerCase().includes('b') ? 'bytes' : 'string';
  const text = raw ? inner : resolveEscapes(inner, kind, source, offset);
  return { kind, text, upper: '', offset, end: offset + whole.length };
}

function otherAt(source: string, offset: number): Token | undefined {
  for (const [kind, pattern] of OTHERS) {
    const whole = match(pattern, source, offset)?.[0];
    if (whole === undefined) continue;
    const text =
      kind === 'quoted'
        ? resolveEscapes(whole.slice(1, -1), kind, source, offset)
        : kind === 'parameter'
          ? whole.slice(1)
          : whole;
    return { kind, text, upper: kind === 'word' ? whole.toUpperCase() : '', offset, end: offset + whole.length };
  }
  return undefined;
}

function illegalAt(source: string, offset: number): Error {
  const at = position(source, offset);
  const character = source.charAt(offset);
  if (character === '`') return invalidQuery(`Syntax error: Unclosed identifier literal at ${at}`);
  if (character === "'" || character === '"') return invalidQuery(`Syntax error: Unclosed string literal at ${at}`);
  if (source.startsWith('/*', offset)) return invalidQuery(`Syntax error: Unclosed comment at ${at}`);
  return invalidQuery(`Syntax error: Illegal input character "${character}" at ${at}`);
}

const ESCAPES: Record<string, string> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '?': '?',
  '"': '"',
  "'": "'",
  '`': '`',
};

/** Resolves escapes; bytes come out as one character (0–255) per byte. */
function resolveEscapes(inner: string, kind: TokenKind, source: string, offset: number): string {
  const bytes = kind === 'bytes' ? Buffer.from(inner, 'utf8').toString('latin1') : inner;
  return bytes.replace(
    /\\(?:[xX]([0-9a-fA-F]{2})|([0-7]{3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([\s\S]))/g,
    (whole, hex?: string, octal?: string, short?: string, long?: string, plain?: string) => {
      const code = hex ?? short ?? long;
      if (code !== undefined) return String.fromCodePoint(Number.parseInt(code, 16));
      if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8));
      const known = ESCAPES[plain ?? ''];
      if (known === undefined) {
        throw invalidQuery(`Syntax error: Illegal escape sequence: ${whole} at ${position(source, offset)}`);
      }
      return known;
    },
  );
}
