import type { TokenKey } from '../../../model/seal.ts';
import { bytewise, call, cast, type Expression, number, parameter, text, when } from './expressions.ts';

/** Where the two halves of a class's key are bound: `$inner` and `$outer`. */
type Slots = (className: string) => { inner: number; outer: number };

/**
 * The keys of the tokens in one statement, as bind parameters after the caller's own: in the statement's text they would stand
 * in the server's logs and in `pg_stat_activity`.
 */
export type TokenKeys = { slots: Slots; bindings: () => readonly string[] };

/** SHA-256's, in bytes. */
const block = 64;

/** `taken` is how many parameters the caller's statement has. */
export function createTokenKeys(taken: number, tokenKey: TokenKey): TokenKeys {
  const classes: string[] = [];
  return {
    slots(className) {
      if (!classes.includes(className)) classes.push(className);
      const inner = taken + 1 + 2 * classes.indexOf(className);
      return { inner, outer: inner + 1 };
    },
    bindings: () => classes.flatMap((className) => [0x36, 0x5c].map((pad) => padded(tokenKey(className), pad))),
  };
}

/** RFC 2104: the key, filled up with zeros and combined with a constant byte; as `bytea` is written. */
function padded(key: Uint8Array, pad: number): string {
  if (key.length > block) throw new Error('The key of a class is longer than a block of its hash.');
  const bytes = Buffer.alloc(block, pad);
  for (const [index, byte] of key.entries()) bytes[index] = byte ^ pad;
  return `\\x${bytes.toString('hex')}`;
}

/** More than that would not fit beside a key into what the server can hold as one value: its token is NULL. */
const longest = 2 ** 28;

/** The token of a text: `tok_` and 128 bits of its MAC in letters alone, which no detector takes for anything else. */
export function textToken(value: Expression, className: string, { slots }: TokenKeys): Expression {
  // An escape for each backslash makes the conversion one that no text can fail in; another collation could make it fail.
  const bytes = call('replace', bytewise(value), text('\\'), text('\\\\'));
  const hex = hexMac(bytes, slots(className));
  const letters = call('translate', leading(hex, 32), text('0123456789'), text('ghijklmnop'));
  const fits = call('int4le', call('octet_length', value), number(longest, 'int4'));
  return when(fits, call('textcat', text('tok_'), letters));
}

/** The token of a number, given as decimal text: 60 bits of its MAC, in nineteen digits that begin as no card does. */
export function numberToken(decimal: Expression, className: string, { slots }: TokenKeys): Expression {
  const bits = cast(call('textcat', text('x'), leading(hexMac(decimal, slots(className)), 15)), 'bit');
  return call('int8pl', number('8000000000000000000', 'int8'), cast(bits, 'int8'));
}

/** The token of a UUID, given as text: 120 bits of its MAC as a UUID of version 8 (RFC 9562, 5.8). */
export function uuidToken(uuid: Expression, className: string, { slots }: TokenKeys): Expression {
  const digits = leading(hexMac(uuid, slots(className)), 32);
  const marked = call('overlay', digits, text('8'), number(13, 'int4'));
  return cast(call('overlay', marked, text('8'), number(17, 'int4')), 'uuid');
}

const leading = (value: Expression, count: number) => call('substr', value, number(1, 'int4'), number(count, 'int4'));

/** HMAC-SHA256 (RFC 2104) of the bytes that a text in the escape format stands for, as 64 hexadecimal digits. */
function hexMac(escaped: Expression, { inner, outer }: ReturnType<Slots>): Expression {
  const key = (slot: number) => cast(parameter(slot), 'bytea');
  const message = call('decode', escaped, text('escape'));
  const hash = call('sha256', call('byteacat', key(inner), message));
  return call('encode', call('sha256', call('byteacat', key(outer), hash)), text('hex'));
}
