import { once } from 'node:events';
import { WebSocket } from 'ws';

/** What a program in a Pod said, and how it ended, as kubectl would hear it. */
export type Said = { out: string; err: string; status: { status?: string } };

const text = new TextDecoder();

/** Runs a program in a Pod through `gateway` (`https://…/k8s/<connection>`). Waits for as long as the handshake is held for a human. */
export async function exec(
  gateway: string,
  { pod, command, token }: { pod: string; command: readonly string[]; token: string },
): Promise<Said> {
  const query = new URLSearchParams({ stdout: 'true', stderr: 'true' });
  for (const word of command) query.append('command', word);
  const url = `${gateway.replace('http', 'ws')}/api/v1/namespaces/${pod.replace('/', '/pods/')}/exec?${query}`;
  const socket = new WebSocket(url, ['v5.channel.k8s.io', 'v4.channel.k8s.io'], {
    headers: { Authorization: `Bearer ${token}`, 'Sallyport-Session': 'demo' },
  });
  const channels = new Map<number, string>();
  socket.on('message', (message: Buffer) => {
    const [channel = 0] = message;
    channels.set(channel, (channels.get(channel) ?? '') + text.decode(message.subarray(1)));
  });
  await once(socket, 'close');
  return {
    out: channels.get(1) ?? '',
    err: channels.get(2) ?? '',
    status: JSON.parse(channels.get(3) ?? '{}'),
  };
}
