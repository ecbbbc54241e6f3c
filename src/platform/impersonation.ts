import type { AuthClient } from 'google-auth-library';

type AccessToken = { token: string; expiresAt: Date };

/** A short-lived access token of a service account, for these scopes and no more. */
export type MintToken = (serviceAccount: string, scopes: readonly string[]) => Promise<AccessToken>;

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
 * Mints tokens by impersonation (`generateAccessToken` of the IAM Service Account Credentials API): no key exists, and the instance's
 * identity needs `roles/iam.serviceAccountTokenCreator` on the account. A token is used while it has ten minutes left, by all who ask
 * for the same. Throws when none can be had.
 */
export function createTokenMint({ now, source, endpoint, deadline = 10_000 }: MintOptions): MintToken {
  const minted = new Map<string, Promise<AccessToken>>();

  async function mint(serviceAccount: string, scopes: readonly string[]): Promise<AccessToken> {
    const { GoogleAuth, Impersonated } = await import('google-auth-library');
    const platform = 'https://www.googleapis.com/auth/cloud-platform';
    const sourceClient = await (source?.() ?? new GoogleAuth({ scopes: [platform] }).getClient());
    const client = new Impersonated({
      sourceClient,
      targetPrincipal: serviceAccount,
      targetScopes: [...scopes],
      lifetime,
      ...(endpoint !== undefined && { endpoint }),
    });
    const { token } = await withDeadline(client.getAccessToken(), deadline);
    const { expiry_date: expiry } = client.credentials;
    if (typeof token !== 'string' || token === '' || typeof expiry !== 'number' || expiry <= now())
      throw new Error(`No token of ${serviceAccount} could be had.`);
    return { token, expiresAt: new Date(expiry) };
  }

  return async (serviceAccount, scopes) => {
    const key = [serviceAccount, ...scopes].join(' ');
    const known = await minted.get(key)?.catch(() => undefined);
    if (known !== undefined && known.expiresAt.getTime() - now() > margin) return known;
    const fresh = mint(serviceAccount, scopes);
    minted.set(key, fresh);
    fresh.catch(() => minted.delete(key));
    return fresh;
  };
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
