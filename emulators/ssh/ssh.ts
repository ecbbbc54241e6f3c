import type { AddressInfo } from 'node:net';
import ssh2, { type AuthContext, type Connection, type ServerChannel, type Session } from 'ssh2';
import { ed25519Keys } from './keys.ts';
import { type HostContents, run } from './programs.ts';
import { interact } from './shell.ts';

export type { HostContents } from './programs.ts';

export type SshHostOptions = {
  port: number;
  contents: HostContents;
  /** Who may log in, by a public key as `authorized_keys` has it, or by a password. */
  user: string;
  authorized?: readonly string[];
  password?: string;
  /** How the password is asked for; as a question alone where it is `question`. */
  asks?: 'password' | 'question';
};

export type SshHost = {
  port: number;
  /** As it is pinned. */
  hostKey: string;
  /** How many programs run now. */
  running: () => number;
  stop(): Promise<void>;
};

/**
 * A host that is not there: SSH on loopback, with a handful of programs that know nothing but what they were given. For the demo and for
 * tests where there is no sshd. Nothing of the machine can be reached through it. Signals are not heard once the input has ended, as ssh2's
 * server does not hear them.
 */
export async function startSshHost(options: SshHostOptions): Promise<SshHost> {
  const key = ed25519Keys();
  const connections = new Set<Connection>();
  let programs = 0;
  const server = new ssh2.Server({ hostKeys: [key.private] }, (connection) => {
    connections.add(connection);
    const gone = new AbortController();
    connection.on('error', () => gone.abort());
    connection.on('close', () => {
      connections.delete(connection);
      gone.abort();
    });
    connection.on('authentication', (context) => decide(context, options));
    connection.on('session', (accept) =>
      serve(accept(), { options, gone: gone.signal, count: (by) => (programs += by) }),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    hostKey: key.public,
    running: () => programs,
    async stop() {
      for (const connection of connections) connection.end();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function decide(context: AuthContext, { user, authorized = [], password, asks = 'password' }: SshHostOptions) {
  const ways = [
    ...(authorized.length > 0 ? ['publickey' as const] : []),
    ...(password === undefined ? [] : [wayOf(asks)]),
  ];
  const settle = (isRight: boolean) => (isRight && context.username === user ? context.accept() : context.reject(ways));
  if (context.method === 'publickey') return settle(authorized.some((key) => isSigned(context, key)));
  if (password === undefined || (context.method !== 'none' && context.method !== wayOf(asks)))
    return context.reject(ways);
  if (context.method === 'password') return settle(context.password === password);
  if (context.method !== 'keyboard-interactive') return context.reject(ways);
  context.prompt([{ prompt: 'Password: ', echo: false }], ([answer]) => settle(answer === password));
}

const wayOf = (asks: 'password' | 'question') =>
  asks === 'password' ? ('password' as const) : ('keyboard-interactive' as const);

function isSigned(context: Extract<AuthContext, { method: 'publickey' }>, authorized: string): boolean {
  const key = ssh2.utils.parseKey(authorized);
  if (key instanceof Error || Array.isArray(key)) return false;
  if (!key.getPublicSSH().equals(context.key.data)) return false;
  const { blob, signature, hashAlgo } = context;
  return blob === undefined || signature === undefined || key.verify(blob, signature, hashAlgo) === true;
}

type Serving = { options: SshHostOptions; gone: AbortSignal; count: (by: 1 | -1) => void };

function serve(session: Session, { options, gone, count }: Serving) {
  const { contents, user } = options;
  const ending = new AbortController();
  let isTerminal = false;
  let ended = '';
  session.on('pty', (accept) => {
    isTerminal = true;
    accept?.();
  });
  session.on('window-change', (accept) => accept?.());
  session.on('env', (accept) => accept?.());
  session.on('signal', (accept, _reject, { name }) => {
    ended = name;
    ending.abort();
    accept?.();
  });
  const signal = AbortSignal.any([ending.signal, gone]);

  async function begin(channel: ServerChannel, work: () => Promise<number>) {
    count(1);
    channel.on('close', () => ending.abort()).on('error', () => ending.abort());
    const status = await work().catch(() => undefined);
    count(-1);
    if (gone.aborted) return;
    if (status === undefined) channel.exit(ended === '' ? 'HUP' : ended, false, '');
    else channel.exit(status);
    channel.end();
  }

  session.on('exec', (accept, _reject, { command }) => {
    const channel = accept();
    const input = readAll(channel);
    const crlf = (text: string) => (isTerminal ? text.replaceAll('\n', '\r\n') : text);
    const out = (text: string) => void channel.write(crlf(text));
    const err = (text: string) => void (isTerminal ? channel : channel.stderr).write(crlf(text));
    void begin(channel, () => run(command, { user, out, err, input: () => input, signal }, contents));
  });
  session.on('shell', (accept) => {
    const channel = accept();
    void begin(channel, () => interact(channel, { user, contents, signal }));
  });
}

async function readAll(channel: ServerChannel): Promise<Buffer> {
  const chunks: Buffer[] = [];
  channel.on('data', (chunk: Buffer) => chunks.push(chunk));
  await new Promise((resolve) => channel.once('end', resolve).once('close', resolve));
  return Buffer.concat(chunks);
}
