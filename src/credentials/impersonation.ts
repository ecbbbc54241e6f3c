import type { TargetKind } from '../model/documents.ts';
import { Problem } from '../model/problem.ts';
import type { MintToken } from '../platform/impersonation.ts';

/** What a token may be used for, by the kind of target it is for. */
const scopes: Readonly<Partial<Record<TargetKind, readonly string[]>>> = {
  // The instance's address and certificate, and IAM database login.
  postgres: ['https://www.googleapis.com/auth/sqlservice.admin', 'https://www.googleapis.com/auth/sqlservice.login'],
  // The API server of a GKE cluster; what the account may do there is for IAM and the cluster's RBAC to say.
  kubernetes: ['https://www.googleapis.com/auth/cloud-platform'],
};

/**
 * A token of the account as a credential: JSON `{"service_account", "token", "expires_at"}`. Its version says whose it is and until
 * when, which is what the trail keeps. Refuses kinds of targets that take no tokens.
 */
export async function readToken(serviceAccount: string, kind: TargetKind, mint: MintToken) {
  const allowed = scopes[kind];
  if (allowed === undefined) {
    throw new Problem('credential-unavailable', {
      detail: `Connections of kind ${kind} cannot use a service account yet: give it a secret.`,
      reason: 'impersonation-unsupported',
    });
  }
  const { token, expiresAt } = await mint(serviceAccount, allowed);
  const value = JSON.stringify({ service_account: serviceAccount, token, expires_at: expiresAt.toISOString() });
  return { value, version: `serviceAccounts/${serviceAccount}/tokens/until-${expiresAt.toISOString()}` };
}
