import { createHmac } from 'node:crypto';
import type { Transform } from '../../model/documents.ts';
import type { TokenKey } from '../../model/seal.ts';
import type { Scalar } from './reader.ts';

/** A classified place. `path` is as its author wrote it. */
export type JsonMask = {
  path: string;
  class: string;
  transform: Transform;
  /** What stands there is base64 of the value. */
  base64?: boolean;
};

/**
 * What stands in the place of a value, as JSON; lists and objects are masked value by value. As in PostgreSQL, but that JSON has no declared
 * types: a text stays a text, and a number that cannot be masked as one becomes null.
 *
 * | value   | redact      | null | token            | partial                                   |
 * | ------- | ----------- | ---- | ---------------- | ----------------------------------------- |
 * | text    | `"[CLASS]"` | null | `"tok_…"`        | `****` + the last 4, if it has 8 or more  |
 * | number  | null        | null | 19 digits        | the last 4 digits, from 10,000,000 up     |
 * | boolean | null        | null | null             | null                                      |
 * | null    | null        | null | null             | null                                      |
 */
export function createBecome(tokenKey: TokenKey) {
  return (masks: readonly JsonMask[], { json, text }: Scalar): string => {
    const mask = strictest(masks);
    if (mask === undefined || mask.transform === 'null') return 'null';
    const label = `[${mask.class}]`;
    if (text !== undefined) {
      if (mask.transform === 'token') return JSON.stringify(textToken(text, tokenKey(mask.class)));
      if (mask.transform === 'partial') return JSON.stringify(partOfText(text) ?? label);
      return JSON.stringify(label);
    }
    const isNumber = /^[-\d]/.test(json);
    if (isNumber && mask.transform === 'token') return numberToken(decimalOf(json), tokenKey(mask.class));
    return (isNumber && mask.transform === 'partial' ? partOfNumber(decimalOf(json)) : undefined) ?? 'null';
  };
}

/** Where several classes meet, nothing but that is told. */
export function strictest(masks: readonly JsonMask[]): JsonMask | undefined {
  const [first] = masks;
  if (first === undefined || masks.length === 1) return first;
  const none = masks.find(({ transform }) => transform === 'null');
  const isOne = masks.every((mask) => mask.class === first.class && mask.transform === first.transform);
  return none ?? (isOne ? first : { ...first, transform: 'redact' });
}

/** `tok_` and 128 bits of its HMAC-SHA256 in letters alone; the same as PostgreSQL's columns of the class have. */
export function textToken(text: string, key: Uint8Array): string {
  const hex = createHmac('sha256', key).update(text).digest('hex').slice(0, 32);
  return `tok_${hex.replace(/\d/g, (digit) => String.fromCharCode(0x67 + Number(digit)))}`;
}

/** 60 bits of its MAC in nineteen digits, as `bigint` and `numeric` have. */
function numberToken(decimal: string, key: Uint8Array): string {
  const mac = createHmac('sha256', key).update(decimal).digest('hex').slice(0, 15);
  return String(8_000_000_000_000_000_000n + BigInt(`0x${mac}`));
}

/** Digits that an exponent may add; beyond that a number's token is made from how it is written. */
const mostZeros = 1000;

/** A number as PostgreSQL writes it: `1.0`, `1e0` and `1` are one. */
function decimalOf(json: string): string {
  const [, minus = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(json) ?? [];
  const shift = Number(exponent);
  if (Math.abs(shift) > mostZeros) return json;
  const digits = shift < 0 ? whole.padStart(whole.length - shift, '0') + fraction : whole + fraction.padEnd(shift, '0');
  const point = shift < 0 ? digits.length - fraction.length + shift : whole.length + shift;
  const before = withoutZerosBefore(digits.slice(0, point));
  const after = withoutZerosAfter(digits.slice(point));
  const decimal = after === '' ? before : `${before}.${after}`;
  return decimal === '0' ? '0' : minus + decimal;
}

function withoutZerosBefore(digits: string): string {
  let from = 0;
  while (from < digits.length - 1 && digits[from] === '0') from++;
  return digits.slice(from) || '0';
}

function withoutZerosAfter(digits: string): string {
  let end = digits.length;
  while (end > 0 && digits[end - 1] === '0') end--;
  return digits.slice(0, end);
}

/** What is shorter is not shown in part: too much of it would be. */
const leastText = 8;

function partOfText(text: string): string | undefined {
  const characters = [...text.slice(-8)].slice(-4).join('');
  // What has no eight units has no eight characters; few have many units and few characters.
  const isLong = text.length >= 2 * leastText || [...text].length >= leastText;
  return isLong ? `****${characters}` : undefined;
}

function partOfNumber(decimal: string): string | undefined {
  const whole = decimal.split('.')[0] ?? '';
  return whole.length >= leastText && !whole.startsWith('-') && /^\d+$/.test(whole)
    ? String(Number(whole.slice(-4)))
    : undefined;
}
