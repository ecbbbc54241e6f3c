import { codes, isDigit, isEuropean, isLetter } from './characters.ts';
import type { Span } from './classes.ts';

const localMarks = new Set(Array.from("!#$%&'*+-/=?^_`{|}~.", (mark) => mark.charCodeAt(0)));
const domainMarks = new Set<number>([codes.dash, codes.dot]);

/** Addresses around each `@` (RFC 5321), of a domain of two labels or more that ends in letters. Quoted local parts are not recognised. */
export function findEmails(text: string, found: Span[]) {
  for (let at = text.indexOf('@'); at !== -1; at = text.indexOf('@', at + 1)) {
    const start = localStart(text, at);
    const end = start < at ? domainEnd(text, at + 1) : undefined;
    if (end !== undefined) found.push({ class: 'EMAIL_ADDRESS', start, end });
  }
}

function localStart(text: string, at: number): number {
  let start = at;
  while (start > 0 && isPart(text.charCodeAt(start - 1), localMarks)) start--;
  // What leads up to an address is more often punctuation than part of it.
  while (start < at && !isAlphanumeric(text.charCodeAt(start)) && text[start] !== '_') start++;
  return start;
}

/** Labels that cannot end a domain are given back, from the right: `example.com.` and `example.com.2024`. */
function domainEnd(text: string, start: number): number | undefined {
  let end = start;
  while (end < text.length && isPart(text.charCodeAt(end), domainMarks)) end++;
  for (let dot = end - 1; dot > start; dot--) {
    if (text.charCodeAt(dot) !== codes.dot) continue;
    if (isTopLevel(text, dot + 1, end)) return end;
    end = dot;
  }
  return undefined;
}

/** Letters, at least two, or an encoded name (RFC 3492). */
function isTopLevel(text: string, start: number, end: number): boolean {
  if (end - start < 2) return false;
  if (text.startsWith('xn--', start)) return true;
  for (let index = start; index < end; index++) {
    const code = text.charCodeAt(index);
    if (!isLetter(code) && !isEuropean(code)) return false;
  }
  return true;
}

function isPart(code: number, marks: ReadonlySet<number>): boolean {
  return isAlphanumeric(code) || marks.has(code);
}

function isAlphanumeric(code: number): boolean {
  return isLetter(code) || isDigit(code) || isEuropean(code);
}
