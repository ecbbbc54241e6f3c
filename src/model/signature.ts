import { createPublicKey, type KeyObject, verify } from 'node:crypto';

/** A public key, SPKI in PEM. Throws on one that is not EC P-256. */
export function p256(pem: string): KeyObject {
  const key = createPublicKey(pem);
  if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') throw new Error('The key for signing must be EC P-256.');
  return key;
}

/** Whether the key signed this text: ECDSA over its SHA-256, DER in base64. False for any other text, key or encoding. */
export function isSignedBy(key: KeyObject, text: string, signature: string): boolean {
  const der = Buffer.from(signature, 'base64');
  if (der.toString('base64') !== signature) return false;
  return verify('sha256', Buffer.from(text), { key, dsaEncoding: 'der' }, der);
}
