import { randomUUID } from 'node:crypto';
import { type JWTPayload, SignJWT } from 'jose';
import { z } from 'zod';
import type { Keys } from './keys.ts';

/** What a caller may ask a token to say. Unknown members are refused: a misspelt claim must not pass for one left out. */
const tokenRequest = z.strictObject({
  sub: z.string().min(1),
  kind: z.enum(['agent', 'human']),
  email: z.email().optional(),
  /** True when left out beside an email, as in Google's tokens. */
  email_verified: z.boolean().optional(),
  groups: z.array(z.string()).optional(),
  aud: z.union([z.string(), z.array(z.string())]).optional(),
  /** Seconds. */
  expires_in: z.int().min(1).max(86_400).default(3600),
  alg: z.enum(['RS256', 'ES256']).default('RS256'),
  /** Put over all the other claims, to forge what no honest issuer would say; null leaves a claim out. */
  claims: z.record(z.string(), z.json()).optional(),
});

export type TokenRequest = z.input<typeof tokenRequest>;

export type Issuance = { issuer: string; audience: string; now: () => number };

/** A signed token that says what was asked, and nothing that was not. Throws a ZodError on a bad request. */
export async function mintToken(request: TokenRequest, keys: Keys, issuance: Issuance): Promise<string> {
  const asked = tokenRequest.parse(request);
  const { kid, privateKey } = keys.current(asked.alg);
  return new SignJWT(claimsOf(asked, issuance))
    .setProtectedHeader({ alg: asked.alg, kid, typ: 'JWT' })
    .sign(privateKey);
}

function claimsOf(asked: z.output<typeof tokenRequest>, { issuer, audience, now }: Issuance): JWTPayload {
  const iat = Math.floor(now() / 1000);
  const { sub, kind, email, groups, claims } = asked;
  const all = {
    iss: issuer,
    sub,
    aud: asked.aud ?? audience,
    iat,
    exp: iat + asked.expires_in,
    jti: randomUUID(),
    kind,
    ...(email !== undefined && { email, email_verified: true }),
    ...(asked.email_verified !== undefined && { email_verified: asked.email_verified }),
    ...(groups !== undefined && { groups }),
    ...claims,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null));
}
