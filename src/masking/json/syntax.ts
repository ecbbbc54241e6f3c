import { Problem } from '../../model/problem.ts';

/** The grammar of JSON (RFC 8259) over bytes, token by token. What is not of it throws; `incomplete` is what only more bytes can decide. */
export const incomplete = -1;

export const marks = {
  quote: 0x22,
  backslash: 0x5c,
  comma: 0x2c,
  colon: 0x3a,
  openObject: 0x7b,
  closeObject: 0x7d,
  openArray: 0x5b,
  closeArray: 0x5d,
} as const;

/** Nothing of the answer is in what is said of it. */
export function malformed(): Problem {
  return new Problem('answer-unreadable', { detail: 'The target’s answer is not well-formed JSON.' });
}

/** Levels of lists and objects. */
export const mostLevels = 256;

export function tooDeep(): Problem {
  return new Problem('too-large', { detail: `The target’s answer has more than ${mostLevels} levels.` });
}

// What may come next: values first, then names.
export const value = 0;
export const valueOrEnd = 1;
export const key = 2;
export const keyOrEnd = 3;
export const separator = 4;
export const nothing = 5;

/** Of each byte, whether it is white space between tokens. */
export const isSpace = new Uint8Array(256);
for (const mark of ' \t\n\r') isSpace[mark.charCodeAt(0)] = 1;

const plain = 0;
const stop = 0x80;
const escaping = 0x81;
const control = 0x82;
/** What beyond letters may make a short text notable, as bits. */
const traits = { digit: 1, sign: 2 } as const;

/** Of each byte within a string: a trait, or what ends the plain run. */
const within = new Uint8Array(256).fill(control, 0, 0x20);
within.fill(traits.digit, 0x30, 0x3a);
within.fill(traits.sign, 0x80);
within[0x40] = traits.sign;
within[marks.colon] = traits.sign;
within[marks.quote] = stop;
within[marks.backslash] = escaping;

const isHex = new Uint8Array(256);
for (const digit of '0123456789abcdefABCDEF') isHex[digit.charCodeAt(0)] = 1;
const mayFollowBackslash = new Uint8Array(256);
for (const letter of '"\\/bfnrtu') mayFollowBackslash[letter.charCodeAt(0)] = 1;

/** What was met in a string: `traits` as bits, and whether an escape is in it. Written anew by each `endOfString`. */
export type Met = { traits: number; escapes: boolean };

/** The index after the closing quote of the string that begins there. */
export function endOfString(bytes: Uint8Array, start: number, end: number, met: Met): number {
  let seen = plain;
  let escapes = false;
  for (let at = start + 1; at < end; at++) {
    const kind = within[bytes[at] as number] as number;
    if (kind < stop) {
      seen |= kind;
      continue;
    }
    if (kind === stop) {
      met.traits = seen;
      met.escapes = escapes;
      return at + 1;
    }
    if (kind === control) throw malformed();
    escapes = true;
    at = afterEscape(bytes, at, end);
    if (at === incomplete) return incomplete;
  }
  return incomplete;
}

/** The index of the last byte of the escape. */
function afterEscape(bytes: Uint8Array, at: number, end: number): number {
  const letter = bytes[at + 1];
  if (at + 1 >= end || letter === undefined) return incomplete;
  if (mayFollowBackslash[letter] === 0) throw malformed();
  if (letter !== 0x75) return at + 1;
  for (let digit = at + 2; digit < at + 6; digit++) {
    if (digit >= end) return incomplete;
    if (isHex[bytes[digit] as number] === 0) throw malformed();
  }
  return at + 5;
}

const numberLike = new Uint8Array(256);
for (const mark of '0123456789+-.eE') numberLike[mark.charCodeAt(0)] = 1;
const words = new Map(['true', 'false', 'null'].map((word) => [word.charCodeAt(0), Buffer.from(word)]));

/** The index after the number or literal that begins there. `last`: no more bytes come, so it may end with them. */
export function endOfScalar(bytes: Uint8Array, start: number, end: number, last: boolean): number {
  const word = words.get(bytes[start] as number);
  if (word === undefined) return endOfNumber(bytes, start, end, last);
  for (let index = 0; index < word.length; index++) {
    if (start + index >= end) {
      if (last) throw malformed();
      return incomplete;
    }
    if (bytes[start + index] !== word[index]) throw malformed();
  }
  return start + word.length;
}

function endOfNumber(bytes: Uint8Array, start: number, end: number, last: boolean): number {
  let at = start;
  while (at < end && numberLike[bytes[at] as number] === 1) at++;
  if (at === start) throw malformed();
  if (at === end && !last) return incomplete;
  if (!isNumber(bytes, start, at)) throw malformed();
  return at;
}

const isDigit = (byte: number | undefined) => byte !== undefined && byte >= 0x30 && byte <= 0x39;

/** RFC 8259, 6: by hand, as a number may have any length. */
function isNumber(bytes: Uint8Array, start: number, end: number): boolean {
  const whole = bytes[start] === 0x2d ? start + 1 : start;
  let at = bytes[whole] === 0x30 ? whole + 1 : afterDigits(bytes, whole, end);
  if (at === whole) return false;
  if (at < end && bytes[at] === 0x2e) {
    const fraction = at + 1;
    at = afterDigits(bytes, fraction, end);
    if (at === fraction) return false;
  }
  if (at < end && (bytes[at] === 0x65 || bytes[at] === 0x45)) {
    const isSigned = bytes[at + 1] === 0x2b || bytes[at + 1] === 0x2d;
    const exponent = isSigned ? at + 2 : at + 1;
    at = afterDigits(bytes, exponent, end);
    if (at === exponent) return false;
  }
  return at === end;
}

function afterDigits(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end && isDigit(bytes[at])) at++;
  return at;
}

/** The text that the string of JSON stands for. */
export function textOf(bytes: Buffer, start: number, end: number, escapes: boolean): string {
  if (!escapes) return bytes.toString('utf8', start + 1, end - 1);
  const text: unknown = JSON.parse(bytes.toString('utf8', start, end));
  return typeof text === 'string' ? text : '';
}
