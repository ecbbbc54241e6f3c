import { Problem } from '../model/problem.ts';

/** Why a token was refused: for the trail only. The caller hears `unauthenticated`, whichever it is. */
export type Refusal =
  | 'no-token'
  | 'two-credentials'
  | 'too-long'
  | 'malformed'
  | 'encrypted'
  | 'signature-removed'
  | 'not-json'
  | 'header'
  | 'algorithm'
  | 'key-id'
  | 'unknown-issuer'
  | 'jwks-unavailable'
  | 'unknown-key'
  | 'signature'
  | 'audience'
  | 'times'
  | 'expired'
  | 'not-yet-valid'
  | 'too-old'
  | 'subject'
  | 'trust-domain'
  | 'claims'
  | 'kind'
  | 'unexpected';

/** The one answer for every token that is not accepted. */
export function refusal(reason: Refusal, cause?: unknown): Problem {
  return new Problem('unauthenticated', cause === undefined ? { reason } : { reason, cause });
}
