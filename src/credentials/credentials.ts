import type { Connection } from '../model/connection.ts';
import { Problem } from '../model/problem.ts';
import { CredentialRejected, type Secret } from '../model/secret.ts';
import type { Clock } from '../platform/clock.ts';
import type { MintToken } from '../platform/impersonation.ts';
import { readToken, wantedBy } from './impersonation.ts';
import { createVault, type ReadSecret, type Source } from './vault.ts';

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
  /** Of service accounts that the gateway impersonates. */
  mintToken: MintToken;
  clock: Clock;
  /** Seconds for which a secret is kept in memory. */
  maxAge?: number;
  /** Seconds for which a rejected credential is not offered again. */
  pause?: number;
};

type Rejection = { version: string; at: number };

/** Step 7. Secrets live in memory alone, and nowhere else are they looked at than in `work`. */
export function createCredentials(options: CredentialsOptions): Credentials {
  const { readSecret, mintToken, clock, maxAge = 60, pause = 5 } = options;
  const vault = createVault({ clock, maxAge });
  /** By connection, as the same secret may be right elsewhere. */
  const rejections = new Map<string, Rejection>();

  function isPaused({ name }: Connection): boolean {
    const rejection = rejections.get(name);
    return rejection !== undefined && clock.now().getTime() - rejection.at < pause * 1000;
  }

  /** After a rejection the secret is read anew before it is offered again. */
  async function obtain(connection: Connection, source: Source): Promise<Secret> {
    if (isPaused(connection)) throw stillRejected(connection);
    const rejection = rejections.get(connection.name);
    return rejection === undefined ? vault.get(source) : vault.renew(source, rejection.version);
  }

  function sourceOf({ document }: Connection): Source {
    const { kind, credential } = document;
    if ('secret' in credential) return { name: credential.secret, read: () => readSecret(credential.secret) };
    const account = credential.service_account;
    const name = `${account} for ${kind} ${JSON.stringify(wantedBy(document))}`;
    return { name, read: () => readToken(account, document, mintToken) };
  }

  function reject(connection: Connection, { version }: Secret): never {
    rejections.set(connection.name, { version, at: clock.now().getTime() });
    throw stillRejected(connection);
  }

  async function attempt<T>(connection: Connection, secret: Secret, work: (secret: Secret) => Promise<T>) {
    const done = await work(secret);
    rejections.delete(connection.name);
    return done;
  }

  return {
    async use(connection, work) {
      const source = sourceOf(connection);
      const secret = await obtain(connection, source);
      try {
        return await attempt(connection, secret, work);
      } catch (error) {
        if (!(error instanceof CredentialRejected)) throw error;
      }
      if (isPaused(connection)) throw stillRejected(connection);
      const renewed = await vault.renew(source, secret.version);
      if (renewed.version === secret.version) reject(connection, secret);
      return attempt(connection, renewed, work).catch((error: unknown) => {
        if (error instanceof CredentialRejected) reject(connection, renewed);
        throw error;
      });
    },
  };
}

function stillRejected({ document: { kind, credential } }: Connection) {
  const holder = 'secret' in credential ? 'the credential that Secret Manager holds for it' : 'the service account';
  return new Problem('credential-unavailable', {
    detail: `The ${kind} target does not accept ${holder}.`,
    reason: 'credential-rejected',
  });
}
