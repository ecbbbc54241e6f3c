import { assignedIn } from './assignments.ts';
import { isDigit, isEuropean, isLetter } from './characters.ts';
import { isKnownCountry, longestIban } from './ibans.ts';
import { mayBecomeAwsSecret } from './secrets.ts';

/** Characters at the end of a text that may be looked at: tokens may be as long. */
const farthest = 16 * 1024;
/** Numbers and account numbers are shorter, whatever stands between their digits. */
const numbers = 64;

/** Marks in addresses and tokens. */
const marks = new Set(Array.from("!#$%&'*+-/=?^_`{|}~.@", (mark) => mark.charCodeAt(0)));

/**
 * Where the end of a text begins that could still become, or be part of, what a detector recognises: before it, nothing that
 * follows makes any difference. Its length where the end is none. A detector that is added must be heard here, too.
 */
export function tailStart(text: string): number {
  const end = text.length;
  if (end === 0 || text.endsWith('\n')) return end;
  return Math.min(
    runStart(text),
    within(text, numbers, numberStart),
    ibanStart(text),
    within(text, 48, addressStart),
    within(text, 64, keyStart),
    awsStart(text),
  );
}

/** Where the value begins that the end of a text gives to the name of a secret: its own end may not have come. */
export function assignedStart(text: string): number {
  const from = Math.max(text.lastIndexOf('\n') + 1, text.length - farthest);
  const open = assignedIn(text.slice(from)).filter(({ end }) => from + end === text.length);
  return Math.min(text.length, ...open.map(({ start }) => from + start));
}

/** Addresses and tokens: a run without a gap, of which marks alone are none but dashes, which may lead up to a key. */
function runStart(text: string): number {
  const least = Math.max(0, text.length - farthest);
  let start = text.length;
  while (start > least && isPart(text.charCodeAt(start - 1))) start--;
  while (start < text.length && !begins(text.charCodeAt(start))) start++;
  if (start < text.length) return start;
  while (start > least && text[start - 1] === '-') start--;
  return start;
}

const isPart = (code: number) => isLetter(code) || isDigit(code) || marks.has(code) || code >= 0x80;

/** Beyond ASCII: letters, and what `fold` takes for one. */
const begins = (code: number) =>
  isLetter(code) ||
  isDigit(code) ||
  code === 0x5f ||
  code === 0x2b ||
  isEuropean(code) ||
  code === 0xad ||
  code >= 0xff01 ||
  (code >= 0x660 && code <= 0x6f9);

function within(text: string, most: number, find: (end: string) => number): number {
  const from = Math.max(0, text.length - most);
  const found = find(text.slice(from));
  return found === -1 ? text.length : from + found;
}

/** Groups of digits with gaps between them, of which the first is none of any number: three digits, a plus, or a bracket. */
const groups = /(?:\+|\(\d{0,3}$|\(\d{3}\)|(?<!\d)\d{3,})(?:\d|[ ().-]{1,2}(?=\d))*[ ().-]{0,2}$/;
const numberStart = (end: string) => end.search(groups);

/** An IPv6 address. */
const addressStart = (end: string) => end.search(/(?<![\w:.])[\da-f:.]*:[\da-f:.]*$/i);

/** What leads up to a private key. */
const keyStart = (end: string) => end.search(/-----(?:B|BE|BEG|BEGI|BEGIN(?: [A-Z0-9 ]{0,44})?)$/);

/** What the rest of its line may tell to be a secret. */
function awsStart(text: string): number {
  const from = Math.max(text.lastIndexOf('\n') + 1, text.length - farthest);
  const found = mayBecomeAwsSecret(text.slice(from));
  return found === -1 ? text.length : from + found;
}

/** An account number with single gaps, as long as it may become one of its country. */
function ibanStart(text: string): number {
  const from = Math.max(0, text.length - numbers);
  const end = text.slice(from);
  for (const { index } of end.matchAll(/(?<![A-Za-z0-9_])(?=[A-Za-z]{2}\d\d[A-Za-z0-9]*[ -])/g)) {
    if (!isKnownCountry(end.charCodeAt(index), end.charCodeAt(index + 1))) continue;
    const rest = end.slice(index);
    if (/^(?:[A-Za-z0-9]+[ -])*[A-Za-z0-9]*$/.test(rest) && rest.replaceAll(/[ -]/g, '').length <= longestIban)
      return from + index;
  }
  return text.length;
}
