const backslash = 0x5c;
const letters = new Map([...'nrt"/\\'].map((letter, index) => [letter.charCodeAt(0), '\n\r\t"/\\'.charCodeAt(index)]));

/** What stands for a character beyond Latin-1: no letter and no digit. */
const wide = 0xff;
const blank = 0x20;

/**
 * Bytes with the escapes of JSON and YAML in them written out, one level of them: `\n`, `\"`, `\u0041`, `\x41`; others stay. One pass, whatever
 * they are; the same length where there were none.
 */
export function unescaped(bytes: Uint8Array): Buffer {
  const made = Buffer.allocUnsafe(bytes.length);
  let length = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (byte !== backslash) {
      made[length++] = byte;
      continue;
    }
    const next = bytes[at + 1] ?? 0;
    const digits = next === 0x75 ? 4 : next === 0x78 ? 2 : 0;
    const code = digits === 0 ? letters.get(next) : hexAt(bytes, at + 2, digits);
    if (code === undefined) {
      made[length++] = byte;
      if (at + 1 < bytes.length) made[length++] = next;
    } else made[length++] = code < 0x100 ? code : isBlank(code) ? blank : wide;
    at += 1 + (code === undefined ? 0 : digits);
  }
  return made.subarray(0, length);
}

const isBlank = (code: number) => /\s/.test(String.fromCharCode(code));

function hexAt(bytes: Uint8Array, start: number, digits: number): number | undefined {
  let value = 0;
  for (let at = start; at < start + digits; at++) {
    const digit = hex[bytes[at] ?? 0] ?? -1;
    if (digit < 0) return undefined;
    value = value * 16 + digit;
  }
  return value;
}

const hex = new Int8Array(256).fill(-1);
for (const [value, digit] of [...'0123456789abcdef'].entries()) {
  hex[digit.charCodeAt(0)] = value;
  hex[digit.toUpperCase().charCodeAt(0)] = value;
}

/** Without white space, and without what stands for the ends of lines and tabs: base64 may be wrapped in any of them. */
export function compacted(bytes: Uint8Array): Buffer {
  const made = Buffer.allocUnsafe(bytes.length);
  let length = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (whitespace[byte] === 1) continue;
    if (byte === backslash && wrapping.has(bytes[at + 1] ?? 0)) at++;
    else made[length++] = byte;
  }
  return made.subarray(0, length);
}

const wrapping = new Set(Buffer.from('nrt'));
const whitespace = new Uint8Array(256);
for (const code of [0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x20, 0xa0]) whitespace[code] = 1;
