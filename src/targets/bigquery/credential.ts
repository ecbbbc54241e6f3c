import { createSign } from 'node:crypto';
import { z } from 'zod';
import { Problem } from '../../model/problem.ts';
import { CredentialRejected, type Secret } from '../../model/secret.ts';

const visible = z.string().regex(/^[\x21-\x7e]+$/);

const credentialSchema = z.union([
  z.object({ token: visible }),
  z.object({
    type: z.literal('service_account'),
    client_email: z.string().regex(/^[\x21-\x7e]+$/),
    private_key_id: visible,
    private_key: z.string().startsWith('-----BEGIN '),
  }),
]);

/** Worked out once for a secret, and forgotten with it. */
const known = new WeakMap<Secret, { token: string; until: number }>();

/** Seconds that a signed token is good for. */
const lifetime = 3600;

/**
 * What a request is proven with: an access token, or the JSON key of a service account, which signs one (AIP-4111). Throws
 * `credential-unavailable` where the secret holds neither.
 */
export function tokenOf(secret: Secret): string {
  const now = Date.now() / 1000;
  const kept = known.get(secret);
  if (kept !== undefined && kept.until > now) return kept.token;
  const credential = secret.use((text) => credentialSchema.safeParse(parsed(text))).data;
  if (credential === undefined)
    throw new Problem('credential-unavailable', {
      detail: 'The connection needs a service account as its credential, or a secret with its key or {"token"}.',
      reason: 'credential-shape',
    });
  const token = 'token' in credential ? credential.token : signed(credential, now);
  known.set(secret, { token, until: now + lifetime / 2 });
  return token;
}

type Key = { client_email: string; private_key_id: string; private_key: string };

function signed({ client_email: account, private_key_id: kid, private_key: key }: Key, now: number): string {
  const iat = Math.floor(now);
  const claims = { iss: account, sub: account, aud: 'https://bigquery.googleapis.com/', iat, exp: iat + lifetime };
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const content = `${encode({ alg: 'RS256', typ: 'JWT', kid })}.${encode(claims)}`;
  try {
    return `${content}.${createSign('RSA-SHA256').update(content).sign(key, 'base64url')}`;
  } catch (error) {
    throw new CredentialRejected({ cause: error });
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
