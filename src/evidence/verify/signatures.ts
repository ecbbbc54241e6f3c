import { createPublicKey, type KeyObject, verify } from 'node:crypto';

/** A public key (SPKI in PEM, EC P-256). With `version`, only for what says that it was signed by that KMS key version. */
export type TrustedKey = { pem: string; version?: string };

export type Signatures = {
  /** Whether one of the keys signed this text: ECDSA over its SHA-256, DER in base64. */
  isGood(text: string, signature: string, key: string): boolean;
};

/** Throws on a key that is not EC P-256. */
export function createSignatures(keys: readonly TrustedKey[]): Signatures {
  const trusted = keys.map(({ pem, version }) => ({ key: p256(pem), version }));
  return {
    isGood(text, signature, version) {
      const der = Buffer.from(signature, 'base64');
      if (der.toString('base64') !== signature) return false;
      const data = Buffer.from(text);
      return trusted
        .filter((one) => one.version === undefined || one.version === version)
        .some(({ key }) => verify('sha256', data, { key, dsaEncoding: 'der' }, der));
    },
  };
}

export function isKey(pem: string): boolean {
  try {
    p256(pem);
    return true;
  } catch {
    return false;
  }
}

function p256(pem: string): KeyObject {
  const key = createPublicKey(pem);
  if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') throw new Error('The key for signing must be EC P-256.');
  return key;
}
