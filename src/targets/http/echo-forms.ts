/** Bytes of a form, at least: shorter ones would be found where nothing is. */
const SHORTEST = 6;

/** In which a secret may come back, each in small letters: letters are compared without their case. */
export function forms(secret: string): Buffer[] {
  const bytes = Buffer.from(secret);
  const texts = [
    inUtf8(secret),
    inUtf8(secret.toLowerCase()),
    // As escapes have it, which name characters.
    secret,
    inUtf8(secret.toUpperCase()),
    inUtf8([...secret].reverse().join('')),
    bytes.toString('hex'),
    // As fingerprints, dumps and lists of bytes have it.
    ...[':', ' '].map((between) => [...bytes].map(hexOf).join(between)),
    bytes.join(','),
    bytes.toString('base64'),
    bytes.toString('base64url'),
    ...[0, 1, 2].flatMap((shift) => inBase64(bytes, shift)),
  ];
  const distinct = new Set(texts.map((text) => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())));
  return [...distinct].filter(({ length }) => length >= SHORTEST).map((text) => Buffer.from(text, 'latin1'));
}

const hexOf = (byte: number) => byte.toString(16).padStart(2, '0');
const inUtf8 = (text: string) => Buffer.from(text).toString('latin1');

/**
 * What of the base64 of a longer text depends on the secret alone, where so many bytes (modulo 3) stand before it; in both alphabets
 * (RFC 4648, 4 and 5).
 */
function inBase64(bytes: Buffer, shift: number): string[] {
  const whole = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64');
  const from = Math.ceil((shift * 8) / 6);
  const to = Math.floor(((shift + bytes.length) * 8) / 6);
  const core = whole.slice(from, to);
  return [core, core.replaceAll('+', '-').replaceAll('/', '_')];
}
