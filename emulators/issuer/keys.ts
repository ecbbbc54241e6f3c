import { type CryptoKey, calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose';

type Algorithm = 'RS256' | 'ES256';

type Key = { kid: string; privateKey: CryptoKey; publicJwk: JWK };

export type Keys = {
  /** The key that signs now. */
  current(algorithm: Algorithm): Key;
  /** Public halves of the keys that sign now and of those before the last rotation. */
  jwks(): { keys: JWK[] };
  /** Signs with new keys from now on. The ones before stay published until the next rotation, as Google's do for a while. */
  rotate(): Promise<void>;
};

/** An RS256 key, as ID tokens are signed with, and an ES256 key, as IAP assertions are. */
export async function createKeys(): Promise<Keys> {
  let now = await generation();
  let before: Key[] = [];

  return {
    current: (algorithm) => now[algorithm],
    jwks: () => ({ keys: [...Object.values(now), ...before].map(({ publicJwk }) => publicJwk) }),
    async rotate() {
      const next = await generation();
      before = Object.values(now);
      now = next;
    },
  };
}

async function generation(): Promise<Record<Algorithm, Key>> {
  const [RS256, ES256] = await Promise.all([makeKey('RS256'), makeKey('ES256')]);
  return { RS256, ES256 };
}

async function makeKey(alg: Algorithm): Promise<Key> {
  const { privateKey, publicKey } = await generateKeyPair(alg);
  const jwk = await exportJWK(publicKey);
  const kid = await calculateJwkThumbprint(jwk);
  return { kid, privateKey, publicJwk: { ...jwk, kid, alg, use: 'sig' } };
}
