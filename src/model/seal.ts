import { createHmac, hkdfSync } from 'node:crypto';

/** A text as the trail may hold it: `«CLASS:hmac»`. */
export type Seal = (className: string, text: string) => string;

/** Characters of base64 that 24 bytes take: less could be tried by whoever reads the trail. */
const leastKey = 32;

/** The deployment's seal key as its secret holds it; how the text ends does not matter. Throws for one that could be guessed, without a word of it. */
export function readSealKey(text: string): string {
  const key = text.trim();
  if (key.length < leastKey || new Set(key).size < 10)
    throw new Error(
      'The seal key could be guessed: its secret must hold 32 random bytes in base64 (openssl rand -base64 32).',
    );
  return key;
}

/** HMAC-SHA256 cut to 128 bits: equal texts of a class can be told to be equal by whoever reads the trail, and no more without the key. */
export function createSeal(key: string): Seal {
  return (className, text) => {
    const mac = createHmac('sha256', key).update(className).update('\0').update(text).digest().subarray(0, 16);
    return `«${className}:${mac.toString('base64url')}»`;
  };
}

/** The key of the tokens of a class: 256 bits. */
export type TokenKey = (className: string) => Uint8Array;

/**
 * The keys that tokens are made with, by HKDF-SHA256 (RFC 5869) from the deployment's seal key: one for each class, so that
 * equal values of a class have equal tokens wherever they stand, and those of two classes do not. Neither the seal key nor
 * another class's can be told from one.
 */
export function createTokenKey(key: string): TokenKey {
  const known = new Map<string, Uint8Array>();
  return (className) => {
    const derived =
      known.get(className) ?? new Uint8Array(hkdfSync('sha256', key, '', `sallyport token\0${className}`, 32));
    known.set(className, derived);
    return derived;
  };
}
