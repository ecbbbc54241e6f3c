import { forms } from './echo-forms.ts';

/** What stands in the place of a credential that came back. */
const mark = Buffer.from('[CREDENTIAL]');

export type Echoes = {
  /** Bytes as they come, without the credential. What may be the beginning of one is held until it is known. */
  stream(): { push(bytes: Buffer): Buffer; end(): Buffer };
  /** A text that is there as a whole. */
  strip(text: string): string;
  /** How often it came back. */
  count(): number;
};

/** After so many characters an end of line may stand in the middle of a form. */
const BREAKABLE_FROM = 4;
/** Characters of a form that tell too much, though it was cut behind them. */
const TELLING = 16;
const more = -1;
const no = 0;

/** What is looked for: made once for a credential, as it takes longer than a small answer. */
export type Search = { needles: readonly Buffer[]; begins: Uint8Array };

export function searchFor(secrets: readonly string[]): Search {
  const needles = secrets.flatMap(forms).sort((a, b) => b.length - a.length);
  return { needles, begins: beginningsOf(needles) };
}

/**
 * Finds what a service was proven with in what it answers: as it is, in capitals or small letters, in base64 wherever in it (and its URL
 * alphabet), in hex, backwards; each character also percent-encoded, twice too, as an escape of JSON or an entity of HTML; and cut
 * anywhere, by the network or by an end of line.
 */
export function createEchoes({ needles, begins }: Search): Echoes {
  let counted = 0;

  /** The end of the longest form that begins there. */
  function endAt(bytes: Buffer, at: number, last: boolean): number {
    let isOpen = false;
    for (const needle of needles) {
      const end = matchAt(bytes, at, needle, 0, last);
      if (end > 0) return end;
      if (end === more) isOpen = true;
    }
    return isOpen && !last ? more : no;
  }

  function clean(bytes: Buffer, last: boolean): { clear: Buffer; rest: Buffer } {
    const parts: Buffer[] = [];
    let done = 0;
    const { length } = bytes;
    for (let at = 0; at < length; at++) {
      // Reading behind the end is slow.
      const next = at + 1 < length ? (bytes[at + 1] as number) : 0;
      if (begins[((bytes[at] as number) << 8) | next] === 0) continue;
      const end = endAt(bytes, at, last);
      if (end === no) continue;
      parts.push(bytes.subarray(done, at));
      if (end === more) return { clear: joined(parts), rest: bytes.subarray(at) };
      parts.push(mark);
      counted++;
      done = end;
      at = end - 1;
    }
    if (parts.length === 0) return { clear: bytes, rest: empty };
    return { clear: joined([...parts, bytes.subarray(done)]), rest: empty };
  }

  return {
    stream() {
      let held: Buffer = empty;
      const pass = (bytes: Buffer, last: boolean) => {
        const { clear, rest } = clean(held.length === 0 ? bytes : Buffer.concat([held, bytes]), last);
        held = rest;
        return clear;
      };
      return { push: (bytes) => pass(bytes, false), end: () => pass(empty, true) };
    },
    strip: (text) => clean(Buffer.from(text), true).clear.toString(),
    count: () => counted,
  };
}

const empty = Buffer.alloc(0);
const joined = (parts: readonly Buffer[]) => Buffer.concat(parts);

/** Of two bytes, whether a form may begin with them: a look that passes over nearly all of an answer. A last byte stands before 0. */
function beginningsOf(needles: readonly Buffer[]): Uint8Array {
  const pairs = new Uint8Array(65_536);
  const set = (first: number, second: number) => {
    for (const one of bothCases(first)) for (const other of bothCases(second)) pairs[one * 256 + other] = 1;
  };
  const marks = [percent, backslash, ampersand];
  for (const needle of needles) {
    const [first = 0, second = 0] = needle;
    for (const next of [second, ...marks, 0]) set(first, next);
    set(backslash, first);
  }
  if (needles.length === 0) return pairs;
  for (const digit of Buffer.from('0123456789abcdefu\0')) set(percent, digit);
  for (const letter of Buffer.from('ux\\\0')) set(backslash, letter);
  for (const letter of Buffer.from('#algq\0')) set(ampersand, letter);
  return pairs;
}

const bothCases = (byte: number) => (isSmall(byte) ? [byte, byte - 0x20] : [byte]);

const percent = 0x25;
const backslash = 0x5c;
const ampersand = 0x26;
const equals = 0x3d;
const newline = 0x0a;
const carriage = 0x0d;
const blanks = new Set([newline, carriage, 0x20, 0x09]);
const isSmall = (byte: number) => byte >= 0x61 && byte <= 0x7a;
const small = (byte: number) => (byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte);

/**
 * The index after the needle, which is in small letters, from its character `index` on; also where so much of it stands there that it was cut by
 * whoever wrote it. `no`, or `more` where the bytes end before it does.
 */
function matchAt(bytes: Buffer, start: number, needle: Buffer, from: number, last: boolean): number {
  let at = start;
  for (let index = from; index < needle.length; index++) {
    const expected = needle[index] as number;
    const byte = bytes[at];
    const escaped = byte === undefined ? more : afterEscape(bytes, at, expected, last);
    const isPlain = byte !== undefined && small(byte) === expected;
    const broken = index >= BREAKABLE_FROM ? afterBreak(bytes, at, last) : no;
    if (broken > no) {
      const beyond = matchAt(bytes, broken, needle, index, last);
      // The end of a line behind which nothing of it stands is not its own.
      const behind = beyond === broken ? at : beyond;
      if (!isPlain && escaped <= no) return behind;
      const end = matchAt(bytes, isPlain ? at + 1 : escaped, needle, index + 1, last);
      return !last && (end === more || behind === more) ? more : Math.max(end, behind);
    }
    if (isPlain && escaped > no) {
      const end = matchAt(bytes, escaped, needle, index + 1, last);
      if (end !== no) return end;
    }
    // Whether it stands for itself or begins an escape, only more bytes can tell.
    if (isPlain && escaped === more && !last) return matchAt(bytes, at + 1, needle, index + 1, last) || more;
    if (isPlain) at++;
    else if (escaped > no) at = escaped;
    else if ((escaped === more || broken === more) && !last) return more;
    else return index >= TELLING ? at : no;
  }
  return at;
}

/** The index after an end of line, as it is or as an escape, and what indents the next; also after one that quoted-printable takes back. */
function afterBreak(bytes: Buffer, at: number, last: boolean): number {
  switch (bytes[at]) {
    case newline:
    case carriage:
      return afterBlanks(bytes, at);
    case equals:
      if (at + 1 === bytes.length) return more;
      return bytes[at + 1] === newline || bytes[at + 1] === carriage ? afterBlanks(bytes, at + 1) : no;
    case backslash:
    case percent:
    case ampersand:
      return afterEnd(bytes, at, last);
    default:
      return no;
  }
}

function afterBlanks(bytes: Buffer, from: number): number {
  let at = from;
  while (blanks.has(bytes[at] ?? 0)) at++;
  return at;
}

const afterEnd = (bytes: Buffer, at: number, last: boolean) =>
  afterEscape(bytes, at, newline, last) || afterEscape(bytes, at, carriage, last);

/** The index after what stands for the expected character, in any of the ways to write it. */
function afterEscape(bytes: Buffer, at: number, expected: number, last: boolean): number {
  switch (bytes[at]) {
    case percent:
      return afterPercent(bytes, at + 1, expected, last);
    case backslash:
      return afterBackslash(bytes, at + 1, expected, last);
    case ampersand:
      return afterEntity(bytes, at, expected);
    default:
      return no;
  }
}

function afterPercent(bytes: Buffer, from: number, expected: number, last: boolean): number {
  let at = from;
  // %2541 is %41 to who decodes once, and A to who decodes twice.
  while (bytes[at] === 0x32 && bytes[at + 1] === 0x35) at += 2;
  if (expected === percent && at > from) return last || at + 1 < bytes.length ? at : more;
  if (bytes[at] === 0x75) return afterHex(bytes, at + 1, 4, expected);
  return afterHex(bytes, at, 2, expected);
}

function afterBackslash(bytes: Buffer, from: number, expected: number, last: boolean): number {
  let at = from;
  while (bytes[at] === backslash) at++;
  const letter = bytes[at];
  if (expected === backslash && at > from && (last || letter !== undefined)) return at;
  if (letter === undefined) return more;
  if (letter === 0x75) return afterHex(bytes, at + 1, 4, expected);
  if (letter === 0x78) return afterHex(bytes, at + 1, 2, expected);
  return small(letter) === expected || controls.get(letter) === expected ? at + 1 : no;
}

/** `\n`, `\r`, `\t` */
const controls = new Map([
  [0x6e, newline],
  [0x72, carriage],
  [0x74, 0x09],
]);

function afterHex(bytes: Buffer, from: number, digits: number, expected: number): number {
  const text = bytes.toString('latin1', from, from + digits);
  if (!/^[\da-f]*$/i.test(text)) return no;
  if (text.length < digits) return more;
  return small(Number.parseInt(text, 16)) === expected ? from + digits : no;
}

const named: Readonly<Record<string, number>> = { amp: 0x26, lt: 0x3c, gt: 0x3e, quot: 0x22, apos: 0x27 };
/** Characters of an entity. */
const LONGEST_ENTITY = 10;

function afterEntity(bytes: Buffer, at: number, expected: number): number {
  const text = bytes.toString('latin1', at + 1, at + 1 + LONGEST_ENTITY);
  const [whole, hex, decimal, name] = /^(?:#x([\da-f]{1,6})|#(\d{1,7})|([a-z]{2,4}));/i.exec(text) ?? [];
  if (whole === undefined) return text.length < LONGEST_ENTITY && /^[#\da-z]*$/i.test(text) ? more : no;
  const code =
    hex !== undefined
      ? Number.parseInt(hex, 16)
      : decimal !== undefined
        ? Number(decimal)
        : named[(name ?? '').toLowerCase()];
  return code !== undefined && code < 256 && small(code) === expected ? at + 1 + whole.length : no;
}
