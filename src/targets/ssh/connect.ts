import { connect as dial, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import ssh2, { type Client } from 'ssh2';
import { Problem } from '../../model/problem.ts';
import { CredentialRejected } from '../../model/secret.ts';
import { endOf } from '../../platform/ended.ts';
import { createLookup, vetHost } from '../../platform/lookup.ts';
import { algorithmsFor } from './algorithms.ts';
import { failureOf, isOfAnotherKind } from './failures.ts';
import { fingerprintOf, isPinned } from './host-keys.ts';
import { logInWith } from './internals.ts';
import type { Login } from './login.ts';
import type { Hop, Settings } from './settings.ts';

/** Milliseconds for each host on the way, from its first byte until the gateway is logged in; between two signs of life; and how many may be missed. */
const MILLISECONDS_TO_CONNECT = 15_000;
const KEEPALIVE = { keepaliveInterval: 15_000, keepaliveCountMax: 3 };

/** A connection to a host on which the gateway is logged in. */
export type Link = {
  client: Client;
  /** Aborted once it is gone, whoever ended it: nothing may be said on it then. */
  gone: AbortSignal;
  /** Ends it, and those to the hosts on the way. */
  close(): void;
};

/** A host proved itself with a key that is not pinned. */
export type ChangedKey = { host: string; port: number; fingerprint: string };

export type ConnectDeps = {
  allowLoopback: boolean;
  /** How the gateway logs in at a hop. */
  logIn: (hop: Hop, isLast: boolean) => Login;
  /** Told before the call is refused. */
  alarm: (changed: ChangedKey) => void;
  signal: AbortSignal;
};

/**
 * Connects to the host, through those on the way: each one must prove itself with one of its pinned keys before anything is
 * said to it. Throws `CredentialRejected`, or a Problem; nothing has run then.
 */
export async function connect(settings: Settings, deps: ConnectDeps): Promise<Link> {
  const { networks, jump, host, port, user, host_keys } = settings;
  const hops = [...jump, { host, port, user, host_keys }];
  for (const hop of hops) vetHost(hop.host, { networks, allowLoopback: deps.allowLoopback });
  const links: Link[] = [];
  const close = () => {
    for (const link of links.toReversed()) link.close();
  };
  try {
    for (const [index, hop] of hops.entries()) {
      const before = links.at(-1);
      const socket = before === undefined ? await dialed(hop, networks, deps) : await through(before, hop, deps.signal);
      links.push(await logInAt(hop, socket, deps.logIn(hop, index === hops.length - 1), deps));
    }
  } catch (thrown) {
    close();
    throw failureOf(thrown);
  }
  const client = links.at(-1)?.client;
  if (client === undefined) throw new Error('There is always a last hop.');
  return { client, gone: AbortSignal.any(links.map(({ gone }) => gone)), close };
}

/** A connection to the vetted address of a name. */
async function dialed({ host, port }: Hop, networks: readonly string[], deps: ConnectDeps): Promise<Socket> {
  const { allowLoopback, signal } = deps;
  const socket = dial({ host, port, lookup: createLookup({ networks, allowLoopback }), noDelay: true });
  await within(signal, (settle, fail) => {
    socket.once('connect', settle);
    socket.once('error', fail);
  }).catch((thrown: unknown) => {
    socket.on('error', () => undefined).destroy();
    throw thrown;
  });
  return socket;
}

/** A connection that the host before makes. What it answers to that is its own affair: the next one must prove itself all the same. */
async function through({ client }: Link, { host, port }: Hop, signal: AbortSignal): Promise<Duplex> {
  return within(signal, (settle, fail) => {
    client.forwardOut('127.0.0.1', 0, host, port, (error, channel) => {
      if (error === undefined) settle(channel);
      else fail(new Problem('target-unavailable', { reason: 'ssh:jump-refused', cause: error }));
    });
  });
}

async function logInAt(hop: Hop, socket: Duplex, login: Login, { alarm, signal }: ConnectDeps): Promise<Link> {
  const client = new ssh2.Client();
  const gone = new AbortController();
  const leave = () => gone.abort();
  const close = () => {
    // What is gone cannot be spoken on: its ciphers are freed.
    if (!gone.signal.aborted) client.end();
    leave();
    setTimeout(() => socket.destroy(), 1000).unref();
  };
  let presented: string | undefined;
  client.on('error', leave).on('end', leave).on('close', leave);
  try {
    await within<void>(signal, (settle, fail) => {
      client.once('ready', settle).on('error', fail);
      client.once('close', () => fail(new Problem('target-unavailable', { reason: 'ssh:broken-off' })));
      client.once('change password', () => fail(new CredentialRejected()));
      client.connect({
        sock: socket,
        username: hop.user,
        algorithms: algorithmsFor(hop),
        hostVerifier: (key: Buffer) => {
          if (isPinned(key, hop.host_keys)) return true;
          presented = fingerprintOf(key);
          return false;
        },
        authHandler: login.handler,
        readyTimeout: MILLISECONDS_TO_CONNECT,
        ...KEEPALIVE,
        ident: 'Sallyport',
      });
      if (login.certified !== undefined) logInWith(client, login.certified);
    });
  } catch (thrown) {
    client.destroy();
    socket.destroy();
    if (presented === undefined && isOfAnotherKind(thrown)) presented = 'of another kind';
    if (presented === undefined) throw thrown;
    alarm({ host: hop.host, port: hop.port, fingerprint: presented });
    throw notPinned(presented);
  }
  return { client, gone: gone.signal, close };
}

const notPinned = (fingerprint: string) =>
  new Problem('target-unavailable', {
    detail: 'The host does not prove who it is: its key is none of those that the connection pins.',
    reason: `host-key-changed:${fingerprint}`,
  });

/** What is begun, within the time that a host has; ends as the signal says. What comes later is of no interest. */
export async function within<T>(
  signal: AbortSignal,
  begin: (settle: (value: T) => void, fail: (thrown: unknown) => void) => void,
): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const abort = () => reject(endOf(signal));
  const timer = setTimeout(() => reject(stalled()), MILLISECONDS_TO_CONNECT);
  signal.addEventListener('abort', abort, { once: true });
  try {
    signal.throwIfAborted();
    begin(resolve, reject);
    return await promise;
  } catch (thrown) {
    throw signal.aborted ? endOf(signal) : thrown;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
}

const stalled = () => new Problem('target-timeout', { reason: 'ssh:stalled' });
