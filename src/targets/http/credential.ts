import { z } from 'zod';
import { Problem } from '../../model/problem.ts';
import type { Secret } from '../../model/secret.ts';
import { type Search, searchFor } from './echoes.ts';
import type { Inject } from './settings.ts';

/** How the gateway proves to the service who it is. */
export type Proof = {
  headers: readonly (readonly [name: string, value: string])[];
  client?: { certificate: string; key: string };
  /** What the service may send back and nobody may see. */
  search: Search;
};

type Shown = Omit<Proof, 'search'> & { secrets: readonly string[] };

/** Characters of a secret, at least: a shorter one cannot be told from other text in an answer. */
const SHORTEST = 6;

const visible = z.string().regex(/^[\x21-\x7e]+$/);
const pem = z.string().startsWith('-----BEGIN ');

/** A token that was minted for one use is never put to another. */
const kept = z.undefined().optional();

const shapes = {
  token: z.object({ token: visible, service_account: kept }),
  minted: z.object({ token: visible, service_account: z.string() }),
  value: z.union([
    z.object({ value: z.string().regex(/^[\x20-\x7e]+$/) }),
    z.object({ token: visible, service_account: kept }).transform(({ token }) => ({ value: token })),
  ]),
  login: z.object({
    // A colon would move the border between the two (RFC 7617).
    username: z.string().regex(/^[\x20-\x39\x3b-\x7e\xa0-\xff]*$/),
    password: z.string().regex(/^[\x20-\x7e\xa0-\xff]*$/),
  }),
  certificate: z.object({ client_certificate: pem, client_key: pem }),
} as const;

/** The header that holds the credential, in lower case; undefined where a certificate proves it. */
export function injectedHeader(inject: Inject): string | undefined {
  if (inject === 'mtls') return undefined;
  return typeof inject === 'object' && 'header' in inject ? inject.header.toLowerCase() : 'authorization';
}

/** Worked out once for a secret, and forgotten with it. */
const known = new WeakMap<Secret, Map<string, Proof>>();

/** What a request is proven with. Throws `credential-unavailable` where the secret does not hold what the settings inject. */
export function proofOf(inject: Inject, secret: Secret): Proof {
  const ofSecret = known.get(secret) ?? new Map<string, Proof>();
  known.set(secret, ofSecret);
  const key = JSON.stringify(inject);
  const proof = ofSecret.get(key) ?? provenBy(shownFor(inject, secret));
  ofSecret.set(key, proof);
  return proof;
}

const provenBy = ({ secrets, ...proof }: Shown): Proof => ({ ...proof, search: searchFor(secrets) });

function shownFor(inject: Inject, secret: Secret): Shown {
  if (inject === 'mtls') {
    const { client_certificate: certificate, client_key: key } = read(secret, shapes.certificate, inject);
    return { headers: [], client: { certificate, key }, secrets: [] };
  }
  if (inject === 'basic') return basic(read(secret, shapes.login, inject));
  if (inject === 'bearer') return authorization(read(secret, shapes.token, inject).token);
  if (inject === 'google_access_token') return authorization(read(secret, shapes.minted, inject).token);
  if ('google_id_token' in inject) return authorization(read(secret, shapes.minted, 'google_id_token').token);
  const { value } = read(secret, shapes.value, 'header');
  return { headers: [[inject.header.toLowerCase(), inject.prefix + value]], secrets: longEnough([value]) };
}

const authorization = (token: string): Shown => ({
  headers: [['authorization', `Bearer ${token}`]],
  secrets: longEnough([token]),
});

/** Some services take their key as the name, without a password. */
function basic({ username, password }: z.output<typeof shapes.login>): Shown {
  const both = `${username}:${password}`;
  const encoded = Buffer.from(both).toString('base64');
  const secrets = longEnough([password === '' ? username : password]);
  return { headers: [['authorization', `Basic ${encoded}`]], secrets: [...secrets, both] };
}

const needs: Readonly<Record<string, string>> = {
  bearer: '{"token"}',
  basic: '{"username", "password"}',
  header: '{"value"}',
  mtls: '{"client_certificate", "client_key"} in PEM',
  google_access_token: 'a service account as its credential',
  google_id_token: 'a service account as its credential',
};

function read<T extends z.ZodType>(secret: Secret, schema: T, inject: keyof typeof needs): z.output<T> {
  const found = secret.use((text) => schema.safeParse(parsed(text)));
  if (found.success) return found.data;
  throw new Problem('credential-unavailable', {
    detail: `The connection injects ${inject}, which needs ${needs[inject]}.`,
    reason: 'credential-shape',
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function longEnough(secrets: readonly string[]): readonly string[] {
  if (secrets.every(({ length }) => length >= SHORTEST)) return secrets;
  throw new Problem('credential-unavailable', {
    detail: `The credential has less than ${SHORTEST} characters, so it could not be kept out of answers.`,
    reason: 'credential-short',
  });
}
