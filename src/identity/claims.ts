import type { Issuer } from './issuers.ts';
import { refusal } from './refusal.ts';
import type { JsonObject } from './strict-json.ts';

const skew = 30;
const maxAge = 3600;

/**
 * Checks what a verified token says of itself (RFC 7519): for exactly one configured audience, `exp` and `iat` present,
 * at most an hour old, with 30 s for clocks that differ. Answers until when it is good, in epoch seconds.
 */
export function checkClaims(claims: JsonObject, issuer: Issuer, now: number): { expiresAt: number } {
  if (!isFor(claims.aud, issuer.audiences)) throw refusal('audience');
  for (const [name, accepted] of Object.entries(issuer.require)) {
    const value = claims[name];
    if (typeof value !== 'string' || !accepted.includes(value)) throw refusal('claims');
  }
  return { expiresAt: checkTimes(claims, now) };
}

/** A token for several audiences is refused: each of them could use it here. */
function isFor(aud: unknown, audiences: readonly string[]): boolean {
  const [only, ...more] = Array.isArray(aud) ? aud : [aud];
  return more.length === 0 && typeof only === 'string' && audiences.includes(only);
}

function checkTimes({ exp, iat, nbf = iat }: JsonObject, now: number): number {
  if (!isTime(exp) || !isTime(iat) || !isTime(nbf) || exp <= iat) throw refusal('times');
  if (now >= exp + skew) throw refusal('expired');
  if (now < nbf - skew || now < iat - skew) throw refusal('not-yet-valid');
  if (now >= iat + maxAge + skew) throw refusal('too-old');
  return Math.min(exp, iat + maxAge);
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
