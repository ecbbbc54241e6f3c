import type { Connection } from '../model/connection.ts';
import { Problem } from '../model/problem.ts';
import { CredentialRejected, type Secret } from '../model/secret.ts';
import type { Clock } from '../platform/clock.ts';
import { createVault, type ReadSecret } from './vault.ts';

export interface Credentials {
  /**
   * Does the work with the connection's credential. Where the target rejects it, it is read anew and the work is done once more, if it
   * changed: so a rotated secret is picked up by the call that meets it. Throws `credential-unavailable` when it cannot be had or stays
   * rejected, and then offers it to that target no more for a while, as many accounts lock themselves.
   */
  use<T>(connection: Connection, work: (secret: Secret) => Promise<T>): Promise<T>;
}

export type CredentialsOptions = {
  readSecret: ReadSecret;
  clock: Clock;
  /** Seconds for which a secret is kept in memory. */
  maxAge?: number;
  /** Seconds for which a rejected credential is not offered again. */
  pause?: number;
};

type Rejection = { version: string; at: number };

/** Step 7. Secrets live in memory alone, and nowhere else are they looked at than in `work`. */
export function createCredentials({ readSecret, clock, maxAge = 60, pause = 5 }: CredentialsOptions): Credentials {
  const vault = createVault({ readSecret, clock, maxAge });
  /** By connection, as the same secret may be right elsewhere. */
  const rejections = new Map<string, Rejection>();

  function isPaused({ name }: Connection): boolean {
    const rejection = rejections.get(name);
    return rejection !== undefined && clock.now().getTime() - rejection.at < pause * 1000;
  }

  /** After a rejection the secret is read anew before it is offered again. */
  async function obtain(connection: Connection, secretName: string): Promise<Secret> {
    if (isPaused(connection)) throw stillRejected(connection.document.kind);
    const rejection = rejections.get(connection.name);
    return rejection === undefined ? vault.get(secretName) : vault.renew(secretName, rejection.version);
  }

  function reject({ name, document }: Connection, { version }: Secret): never {
    rejections.set(name, { version, at: clock.now().getTime() });
    throw stillRejected(document.kind);
  }

  async function attempt<T>(connection: Connection, secret: Secret, work: (secret: Secret) => Promise<T>) {
    const done = await work(secret);
    rejections.delete(connection.name);
    return done;
  }

  return {
    async use(connection, work) {
      const secretName = secretNameOf(connection);
      const secret = await obtain(connection, secretName);
      try {
        return await attempt(connection, secret, work);
      } catch (error) {
        if (!(error instanceof CredentialRejected)) throw error;
      }
      if (isPaused(connection)) throw stillRejected(connection.document.kind);
      const renewed = await vault.renew(secretName, secret.version);
      if (renewed.version === secret.version) reject(connection, secret);
      return attempt(connection, renewed, work).catch((error: unknown) => {
        if (error instanceof CredentialRejected) reject(connection, renewed);
        throw error;
      });
    },
  };
}

function secretNameOf({ document: { credential } }: Connection): string {
  if ('secret' in credential) return credential.secret;
  throw new Problem('credential-unavailable', {
    detail: 'This connection asks for an impersonated service account, which is not supported yet: give it a secret.',
    reason: 'impersonation-unsupported',
  });
}

function stillRejected(kind: string) {
  return new Problem('credential-unavailable', {
    detail: `The ${kind} target does not accept the credential that Secret Manager holds for it.`,
    reason: 'credential-rejected',
  });
}
