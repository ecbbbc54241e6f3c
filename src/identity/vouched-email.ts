import type { Issuer } from './issuers.ts';
import type { JsonObject } from './strict-json.ts';

const emailText = /^[\w.!#$%&'*+/=?^`{|}~-]{1,64}@([a-z0-9-]+(?:\.[a-z0-9-]+)+)$/;
const serviceAccountDomain = /(^|\.)gserviceaccount\.com$/;

type Vouched = { address: string; isServiceAccount: boolean };

/**
 * The token's address, in lower case, where its issuer may vouch for it: Google for service accounts, Gmail and the
 * Workspace domain it names in `hd`; IAP for whom it let in; others for the domains they are configured with, if any.
 * Never an address that is not verified. Without one the identity is its subject.
 */
export function vouchedEmail(claims: JsonObject, issuer: Issuer): Vouched | undefined {
  const address = typeof claims.email === 'string' ? claims.email.toLowerCase() : '';
  const [, domain] = emailText.exec(address) ?? [];
  if (domain === undefined || !isVerified(claims, issuer) || !mayVouch(domain, claims, issuer)) return undefined;
  return { address, isServiceAccount: serviceAccountDomain.test(domain) };
}

/** IAP's assertion has no such claim: it is about the signed-in account itself. */
function isVerified(claims: JsonObject, { preset }: Issuer): boolean {
  return preset === 'iap' || claims.email_verified === true;
}

/** Google, "Verify the Google ID token": any other address was the account's once and may have changed hands since. */
function mayVouch(domain: string, { hd }: JsonObject, { preset, emailDomains }: Issuer): boolean {
  if (preset === 'iap' || emailDomains.includes(domain)) return true;
  return preset === 'google' && (serviceAccountDomain.test(domain) || domain === 'gmail.com' || hd === domain);
}
