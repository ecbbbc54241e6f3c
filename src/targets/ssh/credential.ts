import { createPrivateKey, createPublicKey } from 'node:crypto';
import ssh2, { type ParsedKey } from 'ssh2';
import { z } from 'zod';
import { Problem } from '../../model/problem.ts';
import type { Secret } from '../../model/secret.ts';
import type { Authority } from './certificate.ts';

const text = z.string().min(1).max(65_536);

/** What Secret Manager holds for a host; who logs in stands in the connection. */
const credentialSchema = z.union([
  z.strictObject({ private_key: text, passphrase: text.optional() }),
  z.strictObject({ password: text }),
  z.strictObject({ ca_key: text, passphrase: text.optional() }),
]);

/** How the gateway proves to a host who it is. */
export type Proof =
  | { kind: 'key'; key: ParsedKey }
  | { kind: 'password'; password: string }
  | { kind: 'authority'; authority: Authority };

/** Reading a key that is encrypted takes long by design, so what came of it is kept for as long as the secret itself is. */
const known = new WeakMap<Secret, Proof>();

/** Throws `credential-unavailable` for what is no credential of a host, without a word of it. */
export function proofOf(secret: Secret): Proof {
  const kept = known.get(secret);
  if (kept !== undefined) return kept;
  const read = credentialSchema.safeParse(secret.use(parseJson));
  if (!read.success)
    throw unusable('The secret of the connection is none of {"private_key"}, {"password"} and {"ca_key"}.', 'shape');
  const proof = proofIn(read.data);
  known.set(secret, proof);
  return proof;
}

function proofIn(credential: z.output<typeof credentialSchema>): Proof {
  if ('password' in credential) return { kind: 'password', password: credential.password };
  const isAuthority = 'ca_key' in credential;
  const key = readKey(isAuthority ? credential.ca_key : credential.private_key, credential.passphrase);
  if (!isAuthority) return { kind: 'key', key };
  const authority = { publicKey: key.getPublicSSH(), key: createPrivateKey(key.getPrivatePEM()) };
  return { kind: 'authority', authority };
}

/** Bits below which an RSA key is worth nothing. */
const LEAST_BITS = 2048;

function readKey(pem: string, passphrase: string | undefined): ParsedKey {
  const parsed = ssh2.utils.parseKey(pem, passphrase);
  const key = Array.isArray(parsed) ? parsed[0] : parsed;
  if (key === undefined || key instanceof Error || !key.isPrivateKey())
    throw unusable(
      'The private key cannot be read: it is in no form that OpenSSH writes, or not for its passphrase.',
      'key',
    );
  if (key.type === 'ssh-dss') throw unusable('DSA keys are not used any more.', 'dsa');
  const { modulusLength = LEAST_BITS } = createPublicKey(key.getPublicPEM()).asymmetricKeyDetails ?? {};
  if (modulusLength < LEAST_BITS) throw unusable(`An RSA key has ${LEAST_BITS} bits at least.`, 'short');
  return key;
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

const unusable = (detail: string, why: string) =>
  new Problem('credential-unavailable', { detail, reason: `credential-unreadable:${why}` });
