import { randomBytes } from 'node:crypto';

/** Makes identifiers such as `op_0mfk3…`: 48 bits of time and 80 of chance, sortable by time, lower-case base 32 (Crockford). */
export type Ids = (prefix: string) => string;

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';

export const randomIds: Ids = (prefix) => `${prefix}_${encodeTime(Date.now())}${encodeChance(randomBytes(16))}`;

function encodeTime(time: number) {
  let text = '';
  for (let rest = time, digit = 0; digit < 10; digit++, rest = Math.floor(rest / 32))
    text = alphabet.charAt(rest % 32) + text;
  return text;
}

function encodeChance(bytes: Uint8Array) {
  return Array.from(bytes, (byte) => alphabet.charAt(byte % 32)).join('');
}
