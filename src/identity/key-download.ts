import type { Issuer } from './issuers.ts';
import type { JsonObject } from './strict-json.ts';

/**
 * Downloads an issuer's JWK Set from its configured address, or from the one its discovery document names (OpenID
 * Connect Discovery 1.0). That document must be of exactly this issuer, and its keys of the issuer's own origin.
 */
export function createKeyDownload(
  { issuer, keys }: Pick<Issuer, 'issuer' | 'keys'>,
  download: (address: string) => Promise<JsonObject>,
): () => Promise<JsonObject> {
  let found = 'jwks' in keys ? keys.jwks : undefined;

  async function discover(address: string): Promise<string> {
    const { issuer: named, jwks_uri } = await download(address);
    if (named !== issuer) throw new Error(`${address} speaks for another issuer than ${issuer}.`);
    if (typeof jwks_uri !== 'string' || !isOfOrigin(jwks_uri, issuer))
      throw new Error(`${address} names keys outside ${issuer}: configure jwks_uri if that is right.`);
    return jwks_uri;
  }

  return async () => {
    if ('jwks' in keys) return download(keys.jwks);
    found ??= await discover(keys.discovery);
    const address = found;
    // Found anew after a failure, as the issuer may have moved its keys.
    found = undefined;
    const jwks = await download(address);
    found = address;
    return jwks;
  };
}

function isOfOrigin(address: string, issuer: string): boolean {
  return URL.canParse(address) && new URL(address).origin === new URL(issuer).origin;
}
