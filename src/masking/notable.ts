import { isKnownCountry } from './ibans.ts';
import { holdsMark } from './secret-marks.ts';

/**
 * A look at bytes that is far cheaper than detectors: what it finds nothing notable in, no detector would either. It reads
 * UTF-8 as it stands in JSON, where escapes only ever make a text look more notable.
 */
const plain = 0;
const digit = 1;
const dash = 2;
const colon = 3;
const certain = 4;
const backslash = 5;
/** May begin a character that `fold` undoes. */
const lead = 6;
const carriage = 7;

const kinds = new Uint8Array(256);
for (const mark of '0123456789') kinds[mark.charCodeAt(0)] = digit;
for (const byte of [0xc2, 0xcd, 0xd8, 0xd9, 0xdb, 0xe1, 0xe2, 0xe3, 0xef]) kinds[byte] = lead;
kinds[0x2d] = dash;
kinds[0x3a] = colon;
kinds[0x40] = certain;
kinds[0x5c] = backslash;

/**
 * As `kinds`, for text as a program wrote it: there a backslash hides nothing, and a control character may stand within what it
 * parts for the eye only. The return before the end of a line is none.
 */
const rawKinds = Uint8Array.from(kinds);
for (let byte = 0; byte < 0x20; byte++) if (byte !== 0x09 && byte !== 0x0a && byte !== 0x0d) rawKinds[byte] = certain;
rawKinds[0x00] = plain;
rawKinds[0x0d] = carriage;
rawKinds[0x7f] = certain;
rawKinds[0x5c] = plain;

/** Whether a detector might find something between start and end of JSON. */
export function isNotable(bytes: Uint8Array, start: number, end: number): boolean {
  return look(bytes, start, end, kinds);
}

/** The same of text as a program wrote it. */
export function isNotableText(bytes: Uint8Array, start: number, end: number): boolean {
  return look(bytes, start, end, rawKinds);
}

function look(bytes: Uint8Array, start: number, end: number, kinds: Uint8Array): boolean {
  let lastColon = Number.NEGATIVE_INFINITY;
  let colons = 0;
  for (let at = start; at < end; at++) {
    while (at < end && kinds[bytes[at] ?? 0] === plain) at++;
    if (at >= end) break;
    switch (kinds[bytes[at] ?? 0]) {
      case carriage:
        if (bytes[at + 1] !== 0x0a) return true;
        break;
      case digit:
        at = lastOfNumber(bytes, at, end);
        if (at === notableNumber) return true;
        break;
      case dash:
        if (startsBoundary(bytes, at, end)) return true;
        break;
      case colon:
        if (at - lastColon === 1) return true;
        colons = at - lastColon <= 5 ? colons + 1 : 1;
        if (colons === 4) return true;
        lastColon = at;
        break;
      case certain:
        return true;
      case backslash:
        if (bytes[at + 1] === 0x75) return true;
        at++;
        break;
      case lead:
        if (mayFold(bytes, at)) return true;
    }
  }
  return holdsRun(bytes, start, end) && holdsMark(bytes, start, end);
}

const gaps = new Uint8Array(256);
for (const mark of '\0 \t\n\v\f\r"\'`,;<>(){}[]') gaps[mark.charCodeAt(0)] = 1;

/** No key or token is shorter. */
const leastRun = 20;

/** Whether so many bytes follow each other without a gap. Looks back from where a run would end, so most bytes are not looked at. */
function holdsRun(bytes: Uint8Array, start: number, end: number): boolean {
  /** From the last gap up to here there is none. */
  let clear = start;
  for (let last = start + leastRun - 1; last < end; ) {
    let at = last;
    while (at >= clear && gaps[bytes[at] ?? 0] === 0) at--;
    if (at < clear) return true;
    clear = last + 1;
    last = at + leastRun;
  }
  return false;
}

const notableNumber = -1;

/**
 * Where the groups of digits end that begin there, or that they may be a number worth a closer look: four groups, three with
 * nine digits, thirteen digits in a row, eight after a plus, or two after the letters of a country with IBANs.
 */
function lastOfNumber(bytes: Uint8Array, from: number, end: number): number {
  let digits = 0;
  let groups = 0;
  let at = from;
  if (from >= 2 && isDigitAt(bytes, from + 1) && isKnownCountry(bytes[from - 2] ?? 0, bytes[from - 1] ?? 0))
    return notableNumber;
  for (;;) {
    const groupFrom = at;
    while (at < end && isDigitAt(bytes, at)) at++;
    digits += at - groupFrom;
    groups++;
    if (at - groupFrom >= 13) return notableNumber;
    if (!isGapAt(bytes, at)) break;
    if (isDigitAt(bytes, at + 1)) at += 1;
    else if (isGapAt(bytes, at + 1) && isDigitAt(bytes, at + 2)) at += 2;
    else break;
  }
  if (groups >= 4 || (groups === 3 && digits >= 9)) return notableNumber;
  return digits >= 8 && bytes[from - 1] === 0x2b ? notableNumber : at - 1;
}

const isDigitAt = (bytes: Uint8Array, at: number) => kinds[bytes[at] ?? 0] === digit;

/** As between groups of digits: space, dash, dot and brackets. */
function isGapAt(bytes: Uint8Array, at: number): boolean {
  const byte = bytes[at];
  return byte === 0x20 || byte === 0x2d || byte === 0x2e || byte === 0x28 || byte === 0x29;
}

/** `-----`, as before BEGIN. */
function startsBoundary(bytes: Uint8Array, at: number, end: number): boolean {
  for (let next = at + 1; next < at + 5; next++) if (next >= end || bytes[next] !== 0x2d) return false;
  return true;
}

/** Whether these bytes begin a character that `fold` undoes, a control character, or one near to them in Unicode. */
function mayFold(bytes: Uint8Array, at: number): boolean {
  const second = bytes[at + 1] ?? 0;
  switch (bytes[at]) {
    case 0xc2:
      return second <= 0xa0 || second === 0xad;
    case 0xcd:
      return second === 0x8f;
    case 0xd8:
      return second === 0x9c;
    case 0xd9:
      return second >= 0xa0 && second <= 0xa9;
    case 0xdb:
      return second >= 0xb0 && second <= 0xb9;
    case 0xe1:
      return second === 0x9a || second === 0xa0;
    case 0xe2:
      return second === 0x80 || second === 0x81 || second === 0x88;
    case 0xe3:
      return second === 0x80 && bytes[at + 2] === 0x80;
    default:
      return second >= 0xb8 && second <= 0xbd;
  }
}
