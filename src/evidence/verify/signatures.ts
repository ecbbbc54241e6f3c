import { isSignedBy, p256 } from '../../model/signature.ts';

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
      return trusted
        .filter((one) => one.version === undefined || one.version === version)
        .some(({ key }) => isSignedBy(key, text, signature));
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
