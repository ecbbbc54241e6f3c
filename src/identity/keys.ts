import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import type { Algorithm } from './algorithms.ts';
import { isObject } from './strict-json.ts';

/** A key of an issuer, and what it may verify. `text` is its JWK, to tell whether it is still the same. */
export type VerificationKey = { id: string; key: KeyObject; algorithms: readonly Algorithm[]; text: string };

/** What an issuer allows its keys to be. `uses` are the accepted values of a JWK's `use`. */
export type KeyRules = { algorithms: readonly Algorithm[]; uses: readonly string[] };

const maxKeys = 100;
const leastModulus = 2048;
/** Larger ones cost milliseconds a token. */
const mostModulus = 8192;
const leastExponent = 65_537n;
const curves: Partial<Record<Algorithm, string>> = { ES256: 'prime256v1', ES384: 'secp384r1', ES512: 'secp521r1' };

/**
 * The keys of a JWK Set (RFC 7517) that are fit to verify, by key id; undefined when it is no JWK Set. Passes over
 * secrets and private keys, RSA under 2048 bits or with an exponent under 65537, other curves, keys meant for other
 * uses or algorithms, and every key whose id is missing or taken twice.
 */
export function readKeys(jwks: unknown, rules: KeyRules): Map<string, VerificationKey> | undefined {
  if (!isObject(jwks) || !Array.isArray(jwks.keys) || jwks.keys.length > maxKeys) return undefined;
  const keys = new Map<string, VerificationKey>();
  const seen = new Set<string>();
  for (const jwk of jwks.keys.filter(isObject)) {
    if (typeof jwk.kid !== 'string' || jwk.kid === '') continue;
    const key = seen.has(jwk.kid) ? undefined : readKey(jwk.kid, jwk, rules);
    if (key === undefined) keys.delete(jwk.kid);
    else keys.set(jwk.kid, key);
    seen.add(jwk.kid);
  }
  return keys;
}

function readKey(id: string, jwk: Record<string, unknown>, rules: KeyRules): VerificationKey | undefined {
  if (!isForVerifying(jwk, rules)) return undefined;
  const key = importKey(jwk);
  if (key === undefined) return undefined;
  const named = rules.algorithms.filter((algorithm) => jwk.alg === undefined || jwk.alg === algorithm);
  const algorithms = named.filter((algorithm) => fits(key, algorithm));
  return algorithms.length === 0 ? undefined : { id, key, algorithms, text: JSON.stringify(jwk) };
}

function isForVerifying(jwk: Record<string, unknown>, { uses }: KeyRules): boolean {
  if (!['RSA', 'EC', 'OKP'].includes(String(jwk.kty)) || 'd' in jwk || 'k' in jwk) return false;
  if (jwk.use !== undefined && !uses.includes(String(jwk.use))) return false;
  return jwk.key_ops === undefined || (Array.isArray(jwk.key_ops) && jwk.key_ops.includes('verify'));
}

/** Node refuses points that are not on their curve and encodings it cannot read: such a key is none. */
function importKey(jwk: JsonWebKey): KeyObject | undefined {
  try {
    return createPublicKey({ key: jwk, format: 'jwk' });
  } catch {
    return undefined;
  }
}

function fits(key: KeyObject, algorithm: Algorithm): boolean {
  const details = key.asymmetricKeyDetails ?? {};
  if (algorithm === 'EdDSA') return key.asymmetricKeyType === 'ed25519';
  if (algorithm.startsWith('ES')) return key.asymmetricKeyType === 'ec' && details.namedCurve === curves[algorithm];
  const { modulusLength = 0, publicExponent = 0n } = details;
  return (
    key.asymmetricKeyType === 'rsa' &&
    modulusLength >= leastModulus &&
    modulusLength <= mostModulus &&
    publicExponent >= leastExponent &&
    publicExponent % 2n === 1n
  );
}
