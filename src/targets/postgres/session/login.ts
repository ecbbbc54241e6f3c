import { z } from 'zod';
import { Problem } from '../../../model/problem.ts';
import type { Secret } from '../../../model/secret.ts';

/** How the gateway logs in: by password, or as a service account by its access token. */
export type Login =
  | { username: string; password: string; token?: undefined }
  | { username: string; token: string; expiresAt: Date };

const passwordSchema = z.object({ username: z.string().min(1), password: z.string().min(1) });
const tokenSchema = z.object({
  service_account: z.string().endsWith('.gserviceaccount.com'),
  token: z.string().min(1),
  expires_at: z.iso.datetime(),
});

/** Throws `credential-unavailable` for a secret of another shape. */
export function loginFrom(secret: Secret): Login {
  try {
    return secret.use((value) => {
      const parsed = z.union([passwordSchema, tokenSchema]).parse(JSON.parse(value));
      if ('password' in parsed) return parsed;
      // Cloud SQL's name for the database user of a service account.
      const username = parsed.service_account.replace(/\.gserviceaccount\.com$/, '');
      return { username, token: parsed.token, expiresAt: new Date(parsed.expires_at) };
    });
  } catch {
    // What was thrown may quote the secret.
    throw new Problem('credential-unavailable', {
      detail: 'The secret of this connection is not {"username", "password"}.',
    });
  }
}
