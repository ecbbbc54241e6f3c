import type { Identity, Presented } from '../model/identity.ts';
import { asProblem, Problem } from '../model/problem.ts';
import type { Clock } from '../platform/clock.ts';
import { type Issuer, iapIssuer, isPlain, issuersSchema } from './issuers.ts';
import type { ReportTrouble } from './key-set.ts';
import { refusal } from './refusal.ts';
import { createVerifier } from './verifier.ts';

export { usableKeys } from './usable-keys.ts';
export { type Issuer as IssuerConfig, issuersSchema };

export interface Identities {
  /** Who presented this, proven. Refuses everything else with `unauthenticated`, whatever the cause; never throws anything else. */
  authenticate(presented: Presented): Promise<Identity>;
}

export type IdentityOptions = {
  /** As `issuersSchema` parsed them. */
  issuers: readonly Issuer[];
  /** Humans behind Identity-Aware Proxy: the resource, `/projects/…/backendServices/…`. Without it assertions are not looked at. */
  iap?: { audience: string; jwksUri?: string };
  clock: Clock;
  fetch?: typeof globalThis.fetch;
  /** For the log: keys of an issuer could not be refreshed. */
  report?: ReportTrouble;
  /** Plain http to loopback, for a laptop and for tests. */
  allowLoopback?: boolean;
};

/** Step 1. Throws at once, with a clear message, when an address is plain http and that is not allowed. */
export function createIdentity(options: IdentityOptions): Identities {
  const { issuers, clock, fetch = globalThis.fetch, report = () => {}, allowLoopback = false } = options;
  const proxies = options.iap ? [iapRules(options.iap)] : [];
  if (!allowLoopback) for (const issuer of [...issuers, ...proxies]) refusePlain(issuer);
  const verifyBearer = createVerifier({ issuers, clock, fetch, report });
  const verifyAssertion = createVerifier({ issuers: proxies, clock, fetch, report });

  async function prove({ bearer, iapAssertion }: Presented): Promise<Identity> {
    const assertion = options.iap && iapAssertion;
    if (assertion !== undefined && bearer !== undefined) throw refusal('two-credentials');
    if (assertion !== undefined) return verifyAssertion(assertion);
    if (bearer !== undefined) return verifyBearer(bearer);
    throw refusal('no-token');
  }

  return {
    authenticate: (presented) =>
      prove(presented).catch((thrown: unknown) => {
        throw thrown instanceof Problem ? thrown : refusal('unexpected', asProblem(thrown));
      }),
  };
}

/** "Securing your app with signed headers": ES256, this issuer, and the exact resource as the audience. */
function iapRules({ audience, jwksUri }: { audience: string; jwksUri?: string }): Issuer {
  return {
    preset: 'iap',
    issuer: iapIssuer,
    audiences: [audience],
    keys: { jwks: jwksUri ?? 'https://www.gstatic.com/iap/verify/public_key-jwk' },
    algorithms: ['ES256'],
    uses: ['sig'],
    subjectKind: 'email',
    emailDomains: [],
    pool: 'cloud.google.com/iap',
    attributes: {},
    require: {},
  };
}

function refusePlain({ issuer, keys }: Issuer) {
  const plain = [issuer, ...Object.values(keys)].find(isPlain);
  if (plain !== undefined) throw new Error(`The issuer address ${plain} is not https.`);
}
