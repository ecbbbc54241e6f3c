import { z } from 'zod';

const tokenSchema = z.object({ access_token: z.string().min(1) });

/** An access token of the account that this runs as, from the metadata server that Cloud Build has. */
export async function accessToken(): Promise<string> {
  const host = process.env['GCE_METADATA_HOST'] ?? 'metadata.google.internal';
  const response = await fetch(`http://${host}/computeMetadata/v1/instance/service-accounts/default/token`, {
    headers: { 'Metadata-Flavor': 'Google' },
    signal: AbortSignal.timeout(10_000),
  });
  if (!response.ok) throw new Error(`The metadata server answers ${response.status}.`);
  return tokenSchema.parse(await response.json()).access_token;
}
