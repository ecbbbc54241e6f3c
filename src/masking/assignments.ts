import { markedIn } from './markup.ts';
import { isSuspicious } from './secret-names.ts';

/**
 * Secrets within a text that is no JSON: `db_password = …` in files, `--token=…` and `--token …` in commands, `Authorization: Bearer …`,
 * `scheme://user:…@host`, `<password>…</password>`. Each is replaced by the label; what refers to a secret and is none (`$(PASSWORD)`) stays. In prose what follows a colon is
 * mostly said of a field, so that only quoted values count there. Linear in the text.
 */
export function maskAssignments(text: string, label: string, kind: 'config' | 'prose' = 'config'): string {
  const named = maskUserinfo(maskFlags(maskNamed(text, label, kind === 'prose'), label), label);
  return replaced(named, markedIn(named), label);
}

type Span = { start: number; end: number };

/**
 * Where such values stand in what a program prints, for who looks at it in places. In the same four ways; spans of different ways may overlap.
 */
export function assignedIn(text: string): readonly Span[] {
  return mayAssign(text) ? [...namedIn(text, false), ...flaggedIn(text), ...userinfoIn(text), ...markedIn(text)] : [];
}

/** A look that is cheaper: without a name of a secret, and a mark that gives it a value, there is none. */
const telling =
  /pass|pwd|\bpw|_pw|\bpin|_pin|(?-i:[a-z]P(?:w|W|in|IN))|otp|secret|token|cred|key|dsn|jwt|bearer|cookie|salt|auth|netrc|npmrc|kubeconfig|docker|conn|json|rsa|dsa|ed25519|sas|webhook/i;
export const mayAssign = (text: string): boolean =>
  (/[=:]|--|<\//.test(text) && telling.test(text)) || text.includes('://');

function maskNamed(text: string, label: string, isProse: boolean): string {
  return replaced(text, namedIn(text, isProse), label);
}

function namedIn(text: string, isProse: boolean): Span[] {
  const mark = /[=:]/g;
  const spans: Span[] = [];
  for (let found = mark.exec(text); found !== null; found = mark.exec(text)) {
    const span = valueAfter(text, found.index, isProse);
    if (span === undefined) continue;
    spans.push(span);
    mark.lastIndex = Math.max(span.end, found.index + 1);
  }
  return spans;
}

function replaced(text: string, spans: readonly Span[], label: string): string {
  let masked = '';
  let done = 0;
  for (const { start, end } of spans) {
    masked += text.slice(done, start) + label;
    done = end;
  }
  return done === 0 ? text : masked + text.slice(done);
}

const nameBefore = /([A-Za-z0-9_.-]{1,100})["'\\\]]{0,3}[ \t]{0,8}$/;
const quotes = /"""|'''|\\{0,3}["'`]/y;
const references = /^(?:\$[({]{0,2}[\w.]+[)}]{0,2}|\{\{[^}]*\}\}|<[\w -]*>|true|false|null|nil|none|yes|no)$/i;

/** Where the value of an assignment stands, if what is assigned to is likely a secret. */
function valueAfter(text: string, at: number, isProse: boolean): Span | undefined {
  const before = text.slice(Math.max(0, at - 120), at);
  const [whole = '', name = ''] = nameBefore.exec(before) ?? [];
  if (name === '' || !isSuspicious(name.replace(/^-+/, ''))) return undefined;
  let start = at + 1;
  while (text[start] === '=' || text[start] === '>' || text[start] === ':') start++;
  while (text[start] === ' ' || text[start] === '\t') start++;
  const leads = /(?:^|\n)[ \t]*(?:export[ \t]+|-[ \t]+|["'])?$/.test(before.slice(0, before.length - whole.length));
  const block = leads ? blockAfter(text, start, at) : undefined;
  if (block !== undefined) return block;
  quotes.lastIndex = start;
  const quote = quotes.exec(text)?.[0];
  scheme.lastIndex = start;
  if (isProse && text[at] === ':' && quote === undefined && !scheme.test(text)) return undefined;
  const span = quote === undefined ? unquoted(text, start, leads) : between(text, start + quote.length, quote);
  const value = text.slice(span.start, span.end);
  return value === '' || references.test(value) ? undefined : span;
}

/** YAML's `|` and `>`: all lines that are further in than the name's. */
function blockAfter(text: string, start: number, at: number): Span | undefined {
  const header = /[|>][-+\d]*[ \t]*\r?\n/y;
  header.lastIndex = start;
  if (!header.test(text)) return undefined;
  const indent = indentAt(text, text.lastIndexOf('\n', at) + 1);
  const from = header.lastIndex;
  let end = from;
  while (end < text.length) {
    const stop = text.indexOf('\n', end);
    const next = stop === -1 ? text.length : stop + 1;
    if (indentAt(text, end) <= indent && text.slice(end, next).trim() !== '') break;
    end = next;
  }
  const inside = from + indentAt(text, from);
  const last = text[end - 1] === '\n' ? end - 1 : end;
  return inside < last ? { start: inside, end: last } : undefined;
}

function indentAt(text: string, from: number): number {
  let at = from;
  while (text[at] === ' ') at++;
  return at - from;
}

/** To the quote that closes it, or to the end of all where none does. */
function between(text: string, start: number, quote: string): Span {
  const [last = '"'] = quote.slice(-1);
  for (let at = start; at < text.length; at++) {
    if (quote.length > 1 ? text.startsWith(quote, at) : text[at] === last) return { start, end: at };
    if (quote.length === 1 && text[at] === '\\') at++;
  }
  return { start, end: text.length };
}

const scheme = /(?:bearer|basic|digest|token|negotiate|apikey)[ \t]+/iy;
const lineEnd = /[\r\n]/g;
const wordEnd = /[\s"'`,;&|)}\]]|$/g;

/** To the end of the line where the name begins it, as in files; else to the end of the word. */
function unquoted(text: string, start: number, leads: boolean): Span {
  scheme.lastIndex = start;
  const from = scheme.test(text) ? scheme.lastIndex : start;
  const stop = leads ? lineEnd : wordEnd;
  stop.lastIndex = from;
  let end = stop.exec(text)?.index ?? text.length;
  while (end > from && (text[end - 1] === ' ' || text[end - 1] === '\t')) end--;
  return { start: from, end };
}

/** `--password hunter2` */
function maskFlags(text: string, label: string): string {
  return replaced(text, flaggedIn(text), label);
}

function flaggedIn(text: string): Span[] {
  if (!text.includes('--')) return [];
  const flags = /(?<![\w-])(--[A-Za-z][\w-]{0,80}[ \t]+)(?!-)([^\s"'`]+|"[^"]*"|'[^']*')/g;
  return [...text.matchAll(flags)].flatMap(({ index, 1: flag = '', 2: value = '' }) => {
    const start = index + flag.length;
    return isSuspicious(flag.slice(2).trim()) && !references.test(value) ? [{ start, end: start + value.length }] : [];
  });
}

const mostAuthority = 2000;

/** The password of `scheme://user:password@host` (RFC 3986, 3.2.1). */
function maskUserinfo(text: string, label: string): string {
  return replaced(text, userinfoIn(text), label);
}

function userinfoIn(text: string): Span[] {
  const spans: Span[] = [];
  for (let at = text.indexOf('://'); at !== -1; at = text.indexOf('://', at + 3)) {
    const from = at + 3;
    const authority = /^[^\s/?#"'<>]*/.exec(text.slice(from, from + mostAuthority))?.[0] ?? '';
    const end = authority.lastIndexOf('@');
    const start = authority.indexOf(':') + 1;
    if (end === -1 || start === 0 || start >= end) continue;
    if (!references.test(authority.slice(start, end))) spans.push({ start: from + start, end: from + end });
  }
  return spans;
}

/** Which of a command's words are secrets, beside those that hold one: what follows a flag of such a name. */
export function secretWords(words: readonly string[]): readonly number[] {
  return words.flatMap((word, index) => {
    const next = words[index + 1];
    const isFlag = /^--?[A-Za-z][\w-]{0,80}$/.test(word) && isSuspicious(word.replace(/^-+/, ''));
    return isFlag && next !== undefined && !next.startsWith('--') && !references.test(next) ? [index + 1] : [];
  });
}
