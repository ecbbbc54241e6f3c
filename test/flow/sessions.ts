import { expect } from 'vitest';
import { WebSocket } from 'ws';
import { decide, request, stand } from './stand.ts';

/** The approval that somebody waits for, by words of what it is for. */
export async function pending(words: string): Promise<string> {
  let found = '';
  async function look() {
    const { body } = await request('GET', `${stand.console}/api/approvals?state=pending`, { token: stand.tokens.dba });
    const approvals = body['approvals'] as { id: string; bound: string }[];
    found = approvals.find(({ bound }) => bound.includes(words))?.id ?? '';
    return found;
  }
  await expect.poll(look, { timeout: 20_000, interval: 250 }).not.toBe('');
  return found;
}

export type Session = {
  operation: string;
  /** What came on each channel so far. */
  said(channel: number): string;
  /** Resolves when the gateway has closed it. */
  closed: Promise<unknown>;
};

/** A program in a Pod that a human has agreed to, and that runs until somebody ends it. `word` is in its command. */
export async function aSession(
  word: string,
  script: string,
  gateway = `${stand.gateway}/k8s/cluster`,
): Promise<Session> {
  const query = new URLSearchParams({ stdout: 'true', stderr: 'true', stdin: 'true' });
  for (const part of ['sh', '-c', `: ${word}; ${script}`]) query.append('command', part);
  const url = `${gateway.replace('http', 'ws')}/api/v1/namespaces/team-a/pods/worker/exec?${query}`;
  const headers = { Authorization: `Bearer ${stand.tokens.bot}` };
  const socket = new WebSocket(url, ['v5.channel.k8s.io'], { headers });
  socket.on('error', () => {});
  const channels = new Map<number, string>();
  socket.on('message', (message: Buffer) => {
    const [channel = 0] = message;
    channels.set(channel, (channels.get(channel) ?? '') + message.subarray(1).toString());
  });
  const closed = new Promise((resolve) => socket.once('close', resolve));
  const id = await pending(word);
  const { body } = await request('GET', `${stand.console}/api/approvals/${id}`, { token: stand.tokens.dba });
  await decide(id, 'approve');
  return { operation: String(body['operation']), said: (channel) => channels.get(channel) ?? '', closed };
}
