import { once } from 'node:events';
import ssh2, { type ClientChannel, type ConnectConfig } from 'ssh2';
import { createWebSocketStream, WebSocket } from 'ws';

/** The handshake of a tunnel, as any program may send it. */
export async function dial(
  at: string,
  { path = '/v1/connections/crm/tunnel', protocol = 'ssh.sallyport', token = 'a-token' } = {},
) {
  const headers = { Authorization: `Bearer ${token}` };
  const socket = new WebSocket(at.replace('http', 'ws') + path, protocol === '' ? [] : [protocol], { headers });
  // What comes with the handshake's answer must not be missed.
  const stream = createWebSocketStream(socket);
  stream.on('error', () => undefined);
  const refused = new Promise<{ status: number; body: Record<string, unknown> }>((resolve) => {
    socket.once('unexpected-response', async (_request, answer) => {
      let text = '';
      for await (const chunk of answer) text += chunk;
      resolve({ status: answer.statusCode ?? 0, body: JSON.parse(text) });
    });
  });
  const opened = once(socket, 'open').then(() => undefined);
  opened.catch(() => undefined);
  return { socket, stream, refusal: await Promise.race([refused, opened]) };
}

/** What a client can be made to send that no honest one would. */
type Protocol = {
  session(channel: number, window: number, packet: number): void;
  channelData(recipient: number, bytes: Uint8Array): void;
};

/** An SSH client in this process, which may misbehave. */
export async function rawClient(
  at: string,
  options: ConnectConfig & { misbehave?: (protocol: Protocol) => void } = {},
) {
  const { misbehave, ...config } = options;
  const { socket, stream } = await dial(at);
  const client = new ssh2.Client();
  const closed = new Promise<void>((resolve) => client.once('close', resolve));
  const ready = once(client, 'ready');
  ready.catch(() => undefined);
  client.on('error', () => undefined);
  client.connect({ sock: stream, username: 'anybody', ...config });
  const protocolOf = () => (client as unknown as { _protocol: Protocol })._protocol;
  misbehave?.(protocolOf());
  const exec = (command: string) =>
    new Promise<{ channel: ClientChannel; exit: Promise<unknown> }>((resolve, reject) =>
      client.exec(command, (error, channel) => {
        if (error !== undefined) return reject(error);
        const exit = new Promise((ended) => channel.once('exit', ended));
        resolve({ channel, exit });
      }),
    );
  return { client, socket, ready, closed, exec, protocolOf };
}

export const idOf = (channel: ClientChannel) => (channel as unknown as { outgoing: { id: number } }).outgoing.id;
