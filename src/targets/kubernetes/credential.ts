import { z } from 'zod';
import { Problem } from '../../model/problem.ts';
import type { Secret } from '../../model/secret.ts';
import type { Place } from '../../proxy/proxy.ts';
import { parseJson } from './json.ts';
import type { Settings } from './settings.ts';

/** What cannot stand in a header would end it, and begin another. */
const token = z
  .string()
  .min(1)
  .regex(/^[\x21-\x7e]+$/);
const pem = z.string().includes('-----BEGIN ');

/**
 * What Secret Manager holds for a cluster: a token, or a client certificate with its key (PEM). What impersonation of a service account gives is a
 * token, too.
 */
const credentialSchema = z.union([
  z.strictObject({ token }),
  z.strictObject({ client_certificate: pem, client_key: pem }),
  z
    .strictObject({ service_account: z.string(), token, expires_at: z.string() })
    .transform((minted) => ({ token: minted.token })),
]);
type Credential = z.output<typeof credentialSchema>;

/** Where the API server is, and what proves the gateway to it: a header, or the connection's own certificate. */
export type Way = { place: Place; headers: readonly (readonly [name: string, value: string])[] };

/** Throws `credential-unavailable` for what is no credential of a cluster, without a word of it. */
export function wayTo({ server, ca, server_name: serverName, networks }: Settings, secret: Secret): Way {
  const credential = read(secret);
  const place: Place = { origin: server, ca, serverName, networks };
  if ('token' in credential) return { place, headers: [['authorization', `Bearer ${credential.token}`]] };
  const client = { certificate: credential.client_certificate, key: credential.client_key };
  return { place: { ...place, client }, headers: [] };
}

function read(secret: Secret): Credential {
  const credential = credentialSchema.safeParse(secret.use(parseJson));
  if (credential.success) return credential.data;
  throw new Problem('credential-unavailable', {
    detail: 'The secret of the connection is neither {"token"} nor {"client_certificate", "client_key"}.',
    reason: 'credential-unreadable',
  });
}
