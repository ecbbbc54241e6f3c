import { randomFillSync } from 'node:crypto';

/** Makes identifiers such as `op_0mfk3…`: 48 bits of time and 80 of chance, sortable by time, lower-case base 32 (Crockford). */
export type Ids = (prefix: string) => string;

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';

export const randomIds: Ids = (prefix) => `${prefix}_${encodeTime(Date.now())}${encodeChance()}`;

/** When an identifier was made, in milliseconds; undefined for what is none. */
export function timeOf(id: string): number | undefined {
  const [, time = ''] = /^[a-z]+_([0-7][0-9a-z]{9})[0-9a-z]{16}$/.exec(id) ?? [];
  const digits = [...time].map((digit) => alphabet.indexOf(digit));
  return time === '' || digits.includes(-1) ? undefined : digits.reduce((sum, digit) => sum * 32 + digit, 0);
}

/** Which share an identifier falls to by chance; of 2, 4, 8, 16 or 32 `shares` none has more than another. */
export const shareOf = (id: string, shares: number) => (alphabet.indexOf(id.slice(-1)) + alphabet.length) % shares;

function encodeTime(time: number) {
  let text = '';
  for (let rest = time, digit = 0; digit < 10; digit++, rest = Math.floor(rest / 32))
    text = alphabet.charAt(rest % 32) + text;
  return text;
}

const length = 16;
/** Chance for many identifiers at once, as asking for it costs more than using it. Each byte is used once. */
const chance = new Uint8Array(256 * length);
let used = chance.length;

function encodeChance() {
  if (used === chance.length) {
    randomFillSync(chance);
    used = 0;
  }
  let text = '';
  for (const end = used + length; used < end; used++) text += alphabet.charAt((chance[used] ?? 0) % 32);
  return text;
}
