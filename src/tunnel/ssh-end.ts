import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import ssh2, { type Connection, type ServerConfig } from 'ssh2';
import { Problem } from '../model/problem.ts';
import { serveForward } from './forward.ts';
import type { HostKey } from './host-key.ts';
import { isUsable, type Link, within } from './outlet.ts';
import { type ChannelDeps, serveSession } from './session.ts';
import { type Messages, socketOver } from './socket.ts';

/** Sessions and connections that are open at once in one tunnel. */
const MOST_CHANNELS = 32;
/** Bytes of a channel that wait to be read: `ssh2` grants 2 MiB anew while fewer than 2 MiB wait, and takes more than it grants. */
const MOST_UNREAD = 4 * 1024 * 1024 + 64 * 1024;
/** Tries to prove oneself by what is not asked for, and requests that are refused before they are calls. */
const MOST_ATTEMPTS = 6;
const MOST_REFUSED = 100;
/** Milliseconds to tell whoever is connected why it ends, and for what was sent to arrive. */
const MILLISECONDS_TO_TELL = 2000;

/** Milliseconds: until the caller has said who it is, between two of its signs of life, and with nothing open. */
export type Patience = { handshake: number; sign: number; idle: number };
const usual: Patience = { handshake: 30_000, sign: 15_000, idle: 900_000 };

/** No compression: it tells lengths, and costs memory. Nothing with SHA-1 or CBC. */
const algorithms = {
  kex: [
    'curve25519-sha256',
    'curve25519-sha256@libssh.org',
    'ecdh-sha2-nistp256',
    'ecdh-sha2-nistp384',
    'ecdh-sha2-nistp521',
    'diffie-hellman-group14-sha256',
    'diffie-hellman-group16-sha512',
  ],
  cipher: ['aes128-gcm@openssh.com', 'aes256-gcm@openssh.com', 'aes128-ctr', 'aes192-ctr', 'aes256-ctr'],
  hmac: ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-512-etm@openssh.com', 'hmac-sha2-256', 'hmac-sha2-512'],
  compress: ['none'],
  serverHostKey: ['ssh-ed25519'],
} satisfies ServerConfig['algorithms'];

type SshEndDeps = Omit<ChannelDeps, 'link' | 'during'> & { hostKey: HostKey; patience?: Patience };

/** One tunnel's SSH. Resolves when it is over. */
export function serveSsh(messages: Messages, deps: SshEndDeps): Promise<void> {
  const { hostKey, over, patience = usual } = deps;
  const { promise: closed, resolve: onClosed } = Promise.withResolvers<void>();
  const gone = new AbortController();
  const channels = new Set<{ readableLength: number }>();
  const socket = socketOver(messages, () => [...channels].some(({ readableLength }) => readableLength > MOST_UNREAD));
  const cut = () => void socket.destroy();
  const handshake = setTimeout(cut, patience.handshake);
  socket.on('error', () => undefined);
  socket.once('close', () => {
    clearTimeout(handshake);
    gone.abort();
    onClosed();
  });
  const server = new ssh2.Server({
    hostKeys: [hostKey.private.use((key) => key)],
    ident: 'sallyport',
    algorithms,
    keepaliveInterval: patience.sign,
    keepaliveCountMax: 3,
  });
  server.on('connection', (client) => {
    const link: Link = {
      socket,
      closed: gone.signal,
      rekeyed: () => within(gone.signal, (done) => client.once('rekey', done)),
      opened(channel) {
        channels.add(channel);
        channel.once('close', () => channels.delete(channel));
        const isFine = isUsable(channel);
        if (!isFine) cut();
        return isFine;
      },
    };
    letIn(client, { cut, handshake });
    const { during, end } = untilIdle(client, { cut, closed: gone.signal, milliseconds: patience.idle });
    over.addEventListener('abort', end, { once: true });
    client.once('close', () => over.removeEventListener('abort', end));
    serveChannels(client, { ...deps, link, during, refuse: counted(deps.refuse, cut) });
    if (over.aborted) end();
  });
  // All that it asks of a socket is a stream.
  server.injectSocket(socket as Duplex as Socket);
  return closed;
}

/** Who it is was proven before there was a tunnel, so SSH asks for nothing; what it is offered all the same is not looked at. */
function letIn(client: Connection, { cut, handshake }: { cut: () => void; handshake: NodeJS.Timeout }) {
  let attempts = 0;
  client.on('error', cut);
  client.on('authentication', (context) => {
    attempts += 1;
    if (attempts > MOST_ATTEMPTS) return cut();
    if (context.method !== 'none') return context.reject(['none']);
    clearTimeout(handshake);
    return context.accept();
  });
}

function serveChannels(client: Connection, deps: ChannelDeps) {
  const { refuse, during } = deps;
  const { closed } = deps.link;
  let open = 0;
  const enter = () => {
    open += 1;
    return () => {
      open -= 1;
    };
  };
  const turnDown = (detail: string, reject: (() => void) | undefined) => {
    reject?.();
    if (!closed.aborted) during(refuse(new Problem('denied', { detail })).catch(() => undefined));
  };
  client.on('session', (accept, reject) => {
    if (open >= MOST_CHANNELS) return reject();
    const session = accept();
    session.once('close', enter());
    serveSession(session, deps);
  });
  client.on('tcpip', (accept, reject, to) => {
    if (open >= MOST_CHANNELS) return reject();
    during(serveForward({ accept, reject, to }, deps).finally(enter()));
  });
  client.on('openssh.streamlocal', (_accept, reject) => turnDown('Sockets of the host are not forwarded.', reject));
  client.on('request', (_accept, reject, name) => {
    if (name.startsWith('cancel-')) return reject?.();
    return turnDown('Ports of the host are not forwarded back to clients.', reject);
  });
}

/** Ends a tunnel with nothing to do. What runs is told first, where the tunnel is over for another reason. */
function untilIdle(client: Connection, options: { cut: () => void; closed: AbortSignal; milliseconds: number }) {
  const { cut, closed, milliseconds } = options;
  const work = new Set<Promise<void>>();
  const end = () => {
    const told = Promise.allSettled(work);
    const late = new Promise((resolve) => setTimeout(resolve, MILLISECONDS_TO_TELL).unref());
    void Promise.race([told, late]).then(() => {
      client.end();
      setTimeout(cut, MILLISECONDS_TO_TELL).unref();
    });
  };
  let idle = setTimeout(end, milliseconds);
  closed.addEventListener('abort', () => clearTimeout(idle), { once: true });
  return {
    end,
    during(task: Promise<void>) {
      clearTimeout(idle);
      work.add(task);
      void task.finally(() => {
        work.delete(task);
        if (work.size === 0 && !closed.aborted) idle = setTimeout(end, milliseconds);
      });
    },
  };
}

/** What is refused is in the trail; who only fills it is cut off. */
function counted(refuse: ChannelDeps['refuse'], cut: () => void): ChannelDeps['refuse'] {
  let refused = 0;
  return (problem) => {
    refused += 1;
    if (refused > MOST_REFUSED) cut();
    return refuse(problem);
  };
}
