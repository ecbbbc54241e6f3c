import { hash } from 'node:crypto';
// By their own paths, as the whole package takes four times as long to load.
import { JOSEError } from 'jose/errors';
import { compactVerify } from 'jose/jws/compact/verify';
import type { Identity } from '../model/identity.ts';
import type { Clock } from '../platform/clock.ts';
import { checkClaims } from './claims.ts';
import { type Compact, readCompact } from './compact.ts';
import { downloadJson } from './download.ts';
import type { Issuer } from './issuers.ts';
import { createKeyDownload } from './key-download.ts';
import { createKeySet, type KeySet, type ReportTrouble } from './key-set.ts';
import type { VerificationKey } from './keys.ts';
import { refusal } from './refusal.ts';
import { describeSubject } from './subject.ts';
import { createTokenCache } from './token-cache.ts';

/** Verified before, and good while the clock and the issuer's keys say so. */
type Known = { identity: Identity; key: VerificationKey; keys: KeySet };

const cacheCapacity = 10_000;

/** Verifies tokens of these issuers; throws `unauthenticated` for every other. */
export function createVerifier(options: {
  issuers: readonly Issuer[];
  clock: Clock;
  fetch: typeof globalThis.fetch;
  report: ReportTrouble;
}): (token: string) => Promise<Identity> {
  const { clock, fetch, report } = options;
  const trusted = new Map(options.issuers.map((issuer) => [issuer.issuer, { issuer, keys: keySetOf(issuer) }]));
  const cache = createTokenCache<Known>(cacheCapacity);
  const now = () => clock.now().getTime() / 1000;

  function keySetOf(issuer: Issuer): KeySet {
    const download = createKeyDownload(issuer, (address) => downloadJson(address, fetch));
    return createKeySet({ issuer: issuer.issuer, rules: issuer, download, clock, report });
  }

  async function recall(digest: string): Promise<Identity | undefined> {
    const known = cache.get(digest);
    if (known === undefined) return undefined;
    const inForce = now() < known.identity.expiresAt && (await findKey(known.keys, known.key.id)) === known.key;
    if (!inForce) cache.delete(digest);
    return inForce ? known.identity : undefined;
  }

  async function verify(token: string, digest: string): Promise<Identity> {
    const compact = readCompact(token);
    const { iss } = compact.claims;
    const { issuer, keys } = (typeof iss === 'string' && trusted.get(iss)) || unknownIssuer();
    if (!issuer.algorithms.includes(compact.algorithm)) throw refusal('algorithm');
    const key = await findKey(keys, compact.keyId);
    await checkSignature(token, compact, key);
    const { expiresAt } = checkClaims(compact.claims, issuer, now());
    const subject = describeSubject(compact.claims, issuer);
    const identity = { issuer: issuer.issuer, ...subject, claims: compact.claims, tokenDigest: digest, expiresAt };
    cache.set(digest, { identity: Object.freeze(identity), key, keys });
    return identity;
  }

  return async (token) => {
    const digest = hash('sha256', token);
    return (await recall(digest)) ?? verify(token, digest);
  };
}

function unknownIssuer(): never {
  throw refusal('unknown-issuer');
}

async function findKey(keys: KeySet, id: string): Promise<VerificationKey> {
  const key = await keys.find(id).catch((cause: unknown) => {
    throw refusal('jwks-unavailable', cause);
  });
  if (key === undefined) throw refusal('unknown-key');
  return key;
}

async function checkSignature(token: string, { algorithm }: Compact, { key, algorithms }: VerificationKey) {
  if (!algorithms.includes(algorithm)) throw refusal('algorithm');
  await compactVerify(token, key, { algorithms: [algorithm] }).catch((cause: unknown) => {
    throw refusal(cause instanceof JOSEError ? 'signature' : 'unexpected', cause);
  });
}
