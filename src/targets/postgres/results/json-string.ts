import { isUtf8 } from 'node:buffer';
import { type Output, reserve } from './output.ts';

const quote = 0x22;
const backslash = 0x5c;

/** 1 for bytes that stand in a string of JSON as they are. */
const plain = new Uint8Array(256).fill(1, 0x20);
plain[quote] = 0;
plain[backslash] = 0;

/** Letters after a backslash, for the control characters that have one (RFC 8259, 7). */
const short = new Map([
  [0x08, 0x62],
  [0x09, 0x74],
  [0x0a, 0x6e],
  [0x0c, 0x66],
  [0x0d, 0x72],
  [quote, quote],
  [backslash, backslash],
]);
const hex = '0123456789abcdef';

/** Writes a text as a string of JSON. What is no UTF-8, as databases without an encoding may hold, becomes U+FFFD. */
export function writeString(output: Output, source: Buffer, start: number, end: number) {
  if (writePlain(output, source, start, end)) return;
  const [bytes, from, to] = isUtf8(source.subarray(start, end))
    ? ([source, start, end] as const)
    : repaired(source, start, end);
  writeEscaped(output, bytes, from, to);
}

/** Whether nothing had to be escaped: then it is written. */
function writePlain(output: Output, source: Buffer, start: number, end: number): boolean {
  reserve(output, end - start + 2);
  const { bytes } = output;
  let length = output.length;
  let seen = 0;
  bytes[length++] = quote;
  for (let at = start; at < end; at++) {
    const byte = source[at] ?? 0;
    if (plain[byte] === 0) return false;
    seen |= byte;
    bytes[length++] = byte;
  }
  if (seen >= 0x80 && !isUtf8(source.subarray(start, end))) return false;
  bytes[length++] = quote;
  output.length = length;
  return true;
}

/** The same text with U+FFFD for what is no UTF-8, and where it stands. */
export function repaired(source: Buffer, start: number, end: number): [bytes: Buffer, start: number, end: number] {
  const bytes = Buffer.from(source.toString('utf8', start, end));
  return [bytes, 0, bytes.length];
}

function writeEscaped(output: Output, source: Buffer, start: number, end: number) {
  let escapes = 0;
  for (let at = start; at < end; at++) if (plain[source[at] ?? 0] === 0) escapes++;
  reserve(output, end - start + 2 + 5 * escapes);
  const { bytes } = output;
  let length = output.length;
  bytes[length++] = quote;
  for (let at = start; at < end; at++) {
    const byte = source[at] ?? 0;
    if (plain[byte] === 1) bytes[length++] = byte;
    else length = writeEscape(bytes, length, byte);
  }
  bytes[length++] = quote;
  output.length = length;
}

function writeEscape(bytes: Buffer, at: number, byte: number): number {
  const letter = short.get(byte);
  bytes[at] = backslash;
  if (letter === undefined) return at + 1 + bytes.write(`u00${hex[byte >> 4]}${hex[byte & 15]}`, at + 1, 'latin1');
  bytes[at + 1] = letter;
  return at + 2;
}
