import type { Readable, Writable } from 'node:stream';
import { defineCommand } from 'citty';
import type { FetchIdToken } from '../platform/google-id-token.ts';
import type { WebSocketChannel } from '../platform/web-socket.ts';
import { safeAddress, tokenArgs, wordsOf } from './address.ts';
import { finish, type Surroundings } from './command.ts';
import { GatewayRefused } from './gateway-client.ts';
import { readOwn } from './own-file.ts';
import { printable } from './terminal.ts';
import { ownToken } from './token.ts';

const args = {
  connection: { type: 'positional', required: true, description: 'The connection.' },
  gateway: { type: 'string', description: 'The gateway’s address; else SALLYPORT_GATEWAY.', valueHint: 'url' },
  audience: {
    type: 'string',
    description: 'Whom your token is for; else SALLYPORT_AUDIENCE, else the gateway.',
    valueHint: 'url',
  },
  'certificate-authority': {
    type: 'string',
    description: 'PEM of the authority that vouches for the gateway, where the system does not know it.',
    valueHint: 'path',
  },
  reason: { type: 'string', description: 'Why, for approvers and auditors; else SALLYPORT_REASON.', valueHint: 'text' },
  session: { type: 'string', description: 'What your calls are grouped by; else SALLYPORT_SESSION.', valueHint: 'id' },
  ...tokenArgs,
} as const;

/** Bytes from and to the SSH client. */
export type Ends = { input: Readable; output: Writable };

/** `sallyport tunnel <connection>`: what `ssh` runs as its `ProxyCommand`. */
export function createTunnelCommand(surroundings: Surroundings, ends: Ends) {
  const { environment } = surroundings;
  return defineCommand({
    meta: {
      name: 'tunnel',
      description:
        'Carry an SSH client’s bytes to a connection: for ssh -o ProxyCommand="sallyport tunnel <connection>".',
    },
    args,
    run: ({ args: given }) =>
      finish(surroundings, Object.keys(args), given, async () => {
        await carry(await open(given, environment), ends);
        return 0;
      }),
  });
}

type Given = {
  connection: string;
  gateway?: string | undefined;
  audience?: string | undefined;
  'certificate-authority'?: string | undefined;
  reason?: string | undefined;
  session?: string | undefined;
  'token-file'?: string | undefined;
};

async function open(given: Given, environment: Surroundings['environment']): Promise<WebSocketChannel> {
  const { connection } = given;
  if (!/^[a-z0-9][a-z0-9_.-]{0,62}$/.test(connection)) throw new GatewayRefused('That is no name of a connection.');
  const address = given.gateway ?? environment['SALLYPORT_GATEWAY'];
  if (!address) throw new GatewayRefused('Name the gateway with --gateway or SALLYPORT_GATEWAY.');
  const base = safeAddress(address);
  if (base === undefined) {
    throw new GatewayRefused('The token is sent to a gateway over https alone, or to this machine.');
  }
  const { openWebSocket, HandshakeRefused } = await import('../platform/web-socket-client.ts');
  const fetchIdToken: FetchIdToken = async (audience) =>
    (await import('../platform/google-id-token.ts')).fetchGoogleIdToken(audience);
  const token = await ownToken({
    file: given['token-file'] ?? environment['SALLYPORT_TOKEN_FILE'],
    environment,
    audience: given.audience ?? environment['SALLYPORT_AUDIENCE'] ?? base.origin,
    fetchIdToken,
  });
  const url = new URL(`v1/connections/${connection}/tunnel`, base);
  url.protocol = base.protocol === 'https:' ? 'wss:' : 'ws:';
  const authority = given['certificate-authority'];
  const ca = authority === undefined ? {} : { ca: await readOwn(authority) };
  const headers = headersOf(token, given, environment);
  try {
    return await openWebSocket(url, { protocol: 'ssh.sallyport', headers, ...ca });
  } catch (cause) {
    if (cause instanceof HandshakeRefused) throw new GatewayRefused(refusalOf(cause), { cause });
    const why = cause instanceof Error && 'code' in cause ? ` (${printable(String(cause.code))})` : '';
    throw new GatewayRefused(`The gateway at ${base.origin} cannot be reached${why}.`, { cause });
  }
}

/** What the caller says of itself, as any header may hold it. */
function headersOf(token: string, given: Given, environment: Surroundings['environment']): Record<string, string> {
  const reason = given.reason ?? environment['SALLYPORT_REASON'];
  const session = given.session ?? environment['SALLYPORT_SESSION'];
  const headers = {
    Authorization: `Bearer ${token}`,
    ...(reason && { 'Sallyport-Reason': reason }),
    ...(session && { 'Sallyport-Session': session }),
  };
  const unfit = Object.entries(headers).find(([, value]) => !/^[\x20-\x7e]*$/.test(value));
  if (unfit !== undefined) throw new GatewayRefused(`${unfit[0]} holds characters that no header may hold.`);
  return headers;
}

function refusalOf({ status, body }: { status: number; body: string }): string {
  return wordsOf(readJson(body)) ?? `The gateway answered ${status}.`;
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Milliseconds in which the other side may still say something after the SSH client has ended its own. */
const MILLISECONDS_TO_END = 2000;

/** Both ways, neither faster than the other end reads, until one is over. Refuses where the connection breaks. */
export async function carry(channel: WebSocketChannel, { input, output }: Ends): Promise<void> {
  // The client is gone; its pipe says so.
  output.on('error', () => channel.close());
  const sending = (async () => {
    for await (const chunk of input) await channel.send(chunk as Uint8Array);
    setTimeout(() => channel.close(), MILLISECONDS_TO_END).unref();
  })();
  sending.catch(() => channel.close());
  try {
    for await (const message of channel.messages) await written(output, message);
  } catch (cause) {
    throw new GatewayRefused('The connection to the gateway broke.', { cause });
  } finally {
    input.destroy();
    await new Promise<void>((resolve) => {
      output.once('close', resolve);
      output.end(resolve);
    });
  }
}

function written(output: Writable, bytes: Uint8Array): Promise<void> {
  if (output.destroyed || output.write(bytes)) return Promise.resolve();
  return new Promise((resolve) => {
    const go = () => {
      output.off('drain', go);
      output.off('close', go);
      resolve();
    };
    output.on('drain', go);
    output.on('close', go);
  });
}
