import type { AuthClient, Impersonated } from 'google-auth-library';

type Token = { token: string; expiresAt: Date };

/** What a token is good for: these scopes, or, an ID token, whoever takes this audience; and no more. */
export type Wanted = readonly string[] | { audience: string };

/** A short-lived token of a service account. */
export type MintToken = (serviceAccount: string, wanted: Wanted) => Promise<Token>;

export type MintOptions = {
  /** Milliseconds now. */
  now: () => number;
  /** Who impersonates; the instance's own identity unless given. */
  source?: () => Promise<AuthClient>;
  /** Of the IAM Service Account Credentials API. */
  endpoint?: string;
  /** Milliseconds for one token, once the library is loaded. */
  deadline?: number;
};

const lifetime = 3600;
/** Milliseconds before its end at which a token is no longer given out: what begins with it must be able to end with it. */
const margin = 600_000;

/**
 * Mints tokens by impersonation (`generateAccessToken` and `generateIdToken` of the IAM Service Account Credentials API): no key exists, and the instance's
 * identity needs `roles/iam.serviceAccountTokenCreator` on the account. A token is used while it has ten minutes left, by all who ask
 * for the same. Throws when none can be had.
 */
export function createTokenMint({ now, source, endpoint, deadline = 10_000 }: MintOptions): MintToken {
  const minted = new Map<string, Promise<Token>>();

  async function mint(serviceAccount: string, wanted: Wanted): Promise<Token> {
    const { GoogleAuth, Impersonated: Client } = await import('google-auth-library');
    const platform = 'https://www.googleapis.com/auth/cloud-platform';
    const sourceClient = await (source?.() ?? new GoogleAuth({ scopes: [platform] }).getClient());
    const client = new Client({
      sourceClient,
      targetPrincipal: serviceAccount,
      targetScopes: 'audience' in wanted ? [] : [...wanted],
      lifetime,
      ...(endpoint !== undefined && { endpoint }),
    });
    const { token, expiry } = await withDeadline(tokenOf(client, wanted), deadline);
    if (typeof token !== 'string' || token === '' || typeof expiry !== 'number' || !(expiry > now()))
      throw new Error(`No token of ${serviceAccount} could be had.`);
    return { token, expiresAt: new Date(expiry) };
  }

  return async (serviceAccount, wanted) => {
    const key = JSON.stringify([serviceAccount, wanted]);
    const known = await minted.get(key)?.catch(() => undefined);
    if (known !== undefined && known.expiresAt.getTime() - now() > margin) return known;
    const fresh = mint(serviceAccount, wanted);
    minted.set(key, fresh);
    fresh.catch(() => minted.delete(key));
    return fresh;
  };
}

/** The token, and its end in milliseconds. */
async function tokenOf(client: Impersonated, wanted: Wanted) {
  if (!('audience' in wanted)) {
    const { token } = await client.getAccessToken();
    return { token, expiry: client.credentials.expiry_date };
  }
  const token = await client.fetchIdToken(wanted.audience);
  return { token, expiry: endOf(token) };
}

/** Google says when an ID token ends in the token itself (RFC 7519, 4.1.4). It is not verified: whom it is for does that. */
function endOf(token: string): number | undefined {
  const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
  const isThere = typeof claims === 'object' && claims !== null && 'exp' in claims && typeof claims.exp === 'number';
  return isThere ? Number(claims.exp) * 1000 : undefined;
}

async function withDeadline<T>(work: Promise<T>, deadline: number): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`No token came within ${deadline} ms.`)), deadline);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
