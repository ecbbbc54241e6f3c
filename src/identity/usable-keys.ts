import { downloadJson } from './download.ts';
import type { Issuer } from './issuers.ts';
import { createKeyDownload } from './key-download.ts';
import { readKeys } from './keys.ts';

/**
 * How many keys of an issuer would verify a token now, looked up the way the verifier does. Throws, in words that name addresses alone,
 * where its discovery document speaks for another issuer or its keys cannot be had.
 */
export async function usableKeys(issuer: Issuer, fetch: typeof globalThis.fetch): Promise<number> {
  const keys = readKeys(await createKeyDownload(issuer, (address) => downloadJson(address, fetch))(), issuer);
  if (keys === undefined) throw new Error(`The keys of ${issuer.issuer} are not a JWK Set.`);
  return keys.size;
}
