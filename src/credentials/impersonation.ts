import { z } from 'zod';
import type { ConnectionDocument, TargetKind } from '../model/documents.ts';
import { Problem } from '../model/problem.ts';
import type { MintToken, Wanted } from '../platform/impersonation.ts';

/** What a token may be used for, by the kind of target it is for. */
const scopes: Readonly<Partial<Record<TargetKind, readonly string[]>>> = {
  // The instance's address and certificate, and IAM database login.
  postgres: ['https://www.googleapis.com/auth/sqlservice.admin', 'https://www.googleapis.com/auth/sqlservice.login'],
  // Jobs, and the tables that they read; what the account may read is for IAM to say.
  bigquery: ['https://www.googleapis.com/auth/bigquery'],
  // The API server of a GKE cluster; what the account may do there is for IAM and the cluster's RBAC to say.
  kubernetes: ['https://www.googleapis.com/auth/cloud-platform'],
  // A service of Google's own; what the account may do there is for IAM to say.
  http: ['https://www.googleapis.com/auth/cloud-platform'],
};

/** A service behind IAP, or one of Cloud Run, takes ID tokens for it alone. */
const idTokenSettings = z.object({ inject: z.object({ google_id_token: z.object({ audience: z.string() }) }) });

/** What a token for this connection must be good for. Undefined for kinds of targets that take no tokens. */
export function wantedBy({ kind, settings }: Pick<ConnectionDocument, 'kind' | 'settings'>): Wanted | undefined {
  const found = kind === 'http' ? idTokenSettings.safeParse(settings) : undefined;
  return found?.success === true ? { audience: found.data.inject.google_id_token.audience } : scopes[kind];
}

/**
 * A token of the account as a credential: JSON `{"service_account", "token", "expires_at"}`. Its version says whose it is and until
 * when, which is what the trail keeps. Refuses kinds of targets that take no tokens.
 */
export async function readToken(
  serviceAccount: string,
  document: Pick<ConnectionDocument, 'kind' | 'settings'>,
  mint: MintToken,
) {
  const wanted = wantedBy(document);
  if (wanted === undefined) {
    throw new Problem('credential-unavailable', {
      detail: `Connections of kind ${document.kind} cannot use a service account yet: give it a secret.`,
      reason: 'impersonation-unsupported',
    });
  }
  const { token, expiresAt } = await mint(serviceAccount, wanted);
  const value = JSON.stringify({ service_account: serviceAccount, token, expires_at: expiresAt.toISOString() });
  return { value, version: `serviceAccounts/${serviceAccount}/tokens/until-${expiresAt.toISOString()}` };
}
