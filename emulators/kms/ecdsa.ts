import { createECDH, createPrivateKey } from 'node:crypto';

/** The order of the curve P-256 (FIPS 186-5 and SP 800-186). */
const n = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');

/**
 * An ECDSA P-256 signature, in DER, of a digest that is already made (FIPS 186-5, 6.4.1). KMS signs digests; node:crypto
 * only signs data. The arithmetic takes a time that depends on the key: good for an emulator, never for a real key.
 */
export function signDigest(digest: Uint8Array, pkcs8: Uint8Array): Buffer {
  const { d = '' } = createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' }).export({
    format: 'jwk',
  });
  const key = integer(Buffer.from(d, 'base64url'));
  const z = integer(digest);

  while (true) {
    // An ephemeral key pair is just what ECDSA's k and k·G are.
    const ephemeral = createECDH('prime256v1');
    const r = integer(ephemeral.generateKeys().subarray(1, 33)) % n;
    const s = (inverse(integer(ephemeral.getPrivateKey())) * (z + r * key)) % n;
    if (r !== 0n && s !== 0n) return der(0x30, Buffer.concat([derInteger(r), derInteger(s)]));
  }
}

const integer = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString('hex')}`);

/** By Fermat's little theorem: n is prime. */
function inverse(k: bigint): bigint {
  let result = 1n;
  for (let base = k % n, exponent = n - 2n; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = (result * base) % n;
    base = (base * base) % n;
  }
  return result;
}

function derInteger(value: bigint): Buffer {
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.length % 2 ? `0${hex}` : hex, 'hex');
  // A leading one bit would make the number negative.
  return der(0x02, (bytes[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.of(0), bytes]) : bytes);
}

/** All that is encoded here is shorter than 128 bytes, so the length takes one. */
const der = (tag: number, content: Buffer): Buffer => Buffer.concat([Buffer.of(tag, content.length), content]);
