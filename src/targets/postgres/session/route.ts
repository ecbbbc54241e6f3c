import { isIP, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type pg from 'pg';
import { Problem } from '../../../model/problem.ts';
import type { Secret } from '../../../model/secret.ts';
import type { Settings } from '../settings.ts';
import { encryptedTo } from './cancel.ts';
import { type Login, loginFrom } from './login.ts';

/** Reaches a Cloud SQL instance: each stream is a new connection, encrypted and of proven identity on both sides. */
type DialInstance = (options: {
  instance: string;
  ip: Settings['ip'];
  login?: { token: string; expiresAt: Date };
}) => Promise<{ stream: () => Socket; close: () => void }>;

/** The way to the server of a connection. */
export type Route = {
  config: pg.ClientConfig;
  /** A channel of its own to the same server, encrypted as its sessions are: for asking it to cancel. */
  channel: () => Promise<Duplex>;
  close: () => void;
};

export type RouteOptions = {
  /** Allows `tls: disable` to hosts other than loopback. */
  allowPlaintext: boolean;
  dialInstance?: DialInstance | undefined;
};

/** Throws `credential-unavailable` or `target-unavailable`; its own words never quote a secret or a driver. */
export async function routeTo(settings: Settings, secret: Secret, options: RouteOptions): Promise<Route> {
  const login = loginFrom(secret);
  const { instance } = settings;
  return instance === undefined ? toHost(settings, login, options) : toInstance(instance, settings, login, options);
}

/** The password of IAM database login is the token itself. */
const credentialsOf = (login: Login) => ({ user: login.username, password: login.token ?? login.password });

function toHost(settings: Settings, login: Login, { allowPlaintext }: RouteOptions): Route {
  const { host = '', port, database } = settings;
  const ssl = tlsFor(settings, allowPlaintext);
  // A token opens more than one database: it goes to nobody who could be somebody else.
  if (login.token !== undefined && settings.tls !== 'verify-full') {
    throw new Problem('target-unavailable', {
      detail: 'A service account logs in only where the server proves who it is: set tls to verify-full.',
    });
  }
  return {
    config: { host, port, database, ssl, ...credentialsOf(login) },
    channel: () => encryptedTo(host, port, ssl),
    close: () => {},
  };
}

async function toInstance(instance: string, settings: Settings, login: Login, { dialInstance }: RouteOptions) {
  if (dialInstance === undefined) {
    throw new Problem('target-unavailable', { detail: 'Cloud SQL instances cannot be reached from here; set host.' });
  }
  const { ip, database } = settings;
  const route = await dialInstance({ instance, ip, ...(login.token !== undefined && { login }) }).catch((cause) => {
    throw new Problem('target-unavailable', {
      detail:
        'The Cloud SQL instance cannot be reached: see that it exists, has that kind of address, and that the account may connect (roles/cloudsql.client).',
      reason: 'cloud-sql-connector',
      cause,
    });
  });
  const { user, password } = credentialsOf(login);
  return {
    // The connector has encrypted the stream, and says who logs in by its certificate.
    config: { database, user, ssl: false, stream: route.stream, ...(login.token === undefined && { password }) },
    channel: async () => route.stream(),
    close: route.close,
  };
}

const loopback = (host: string) =>
  host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));

/** `verify-full` checks the chain and the name; `require` encrypts and checks the chain only where a `ca` is given. */
function tlsFor({ tls, host = '', ca }: Settings, allowPlaintext: boolean): NonNullable<pg.ClientConfig['ssl']> {
  if (tls === 'disable') {
    if (loopback(host) || allowPlaintext) return false;
    throw new Problem('target-unavailable', { detail: 'This connection would not be encrypted, so it is not made.' });
  }
  const authorities = ca === undefined ? {} : { ca };
  if (tls === 'verify-full') return { ...authorities, rejectUnauthorized: true };
  return { ...authorities, rejectUnauthorized: ca !== undefined, checkServerIdentity: () => undefined };
}
