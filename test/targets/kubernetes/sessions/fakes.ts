import { createTranscript } from '../../../../src/masking/masking.ts';
import type { Duplex, Message } from '../../../../src/model/result.ts';
import type { TranscriptOptions } from '../../../../src/model/transcript.ts';
import type { WebSocketChannel } from '../../../../src/platform/web-socket.ts';
import { openSession, type SessionPlan, type Way } from '../../../../src/targets/kubernetes/sessions/sessions.ts';

/** An API server's end of a session, said by a test. */
export function fakeUpstream(protocol = 'v5.channel.k8s.io') {
  const said: Uint8Array[] = [];
  const heard: Uint8Array[] = [];
  let isClosed = false;
  let broken: Error | undefined;
  let wake = () => {};
  const channel: WebSocketChannel = {
    protocol,
    messages: {
      [Symbol.asyncIterator]: () => ({
        async next() {
          for (;;) {
            const value = said.shift();
            if (value !== undefined) return { done: false, value };
            if (broken !== undefined) throw broken;
            if (isClosed) return { done: true, value: undefined };
            await new Promise<void>((resolve) => {
              wake = resolve;
            });
          }
        },
        async return() {
          isClosed = true;
          return { done: true, value: undefined };
        },
      }),
    },
    async send(message) {
      heard.push(Buffer.from(message));
    },
    close() {
      isClosed = true;
      wake();
    },
  };
  return {
    channel,
    heard,
    isClosed: () => isClosed,
    say(name: number, text: string | Uint8Array) {
      said.push(Buffer.concat([Buffer.of(name), Buffer.from(text)]));
      wake();
    },
    end(status?: object) {
      if (status !== undefined) said.push(Buffer.concat([Buffer.of(3), Buffer.from(JSON.stringify(status))]));
      channel.close();
    },
    breakOff() {
      broken = new Error('reset');
      wake();
    },
  };
}

export const success = { metadata: {}, status: 'Success' };
export const exited = (status: number) => ({
  metadata: {},
  status: 'Failure',
  message: `command terminated with non-zero exit code: exit status ${status}`,
  reason: 'NonZeroExitCode',
  details: { causes: [{ reason: 'ExitCode', message: String(status) }] },
});

const usual: SessionPlan = {
  kind: 'exec',
  to: 'websocket',
  protocols: ['v5.channel.k8s.io'],
  stdin: true,
  stdout: true,
  stderr: true,
  terminal: false,
  command: 'cat',
};

/** A session with an upstream of ours. */
export async function session(plan: Partial<SessionPlan> = {}, way: Partial<Way> = {}, protocol?: string) {
  const upstream = fakeUpstream(protocol ?? 'v5.channel.k8s.io');
  const tape: string[] = [];
  const ending = new AbortController();
  const recorder = {
    open: ({ terminal, command }: TranscriptOptions) => tape.push(`open ${terminal} ${command}`),
    entry: (code: string, data: string) => tape.push(`${code} ${data}`),
    beforeEnd: () => {},
  };
  const offered: (string | readonly string[])[] = [];
  const duplex = await openSession(
    { ...usual, ...plan },
    {
      async webSocket(protocols) {
        offered.push(protocols);
        return upstream.channel;
      },
      async spdy(version) {
        offered.push(version);
        return upstream.channel;
      },
      transcript: (options) => createTranscript(options, { unmask: [], tape: recorder }),
      signal: ending.signal,
      limits: {},
      unmask: [],
      ...way,
    },
  );
  return { upstream, tape, duplex, ending, offered };
}

/** All that leaves, as `channel text`. */
export async function read({ messages }: Duplex): Promise<{ texts: string[]; last: Message | undefined }> {
  const texts: string[] = [];
  let last: Message | undefined;
  for await (const message of messages) {
    texts.push(`${message.bytes[0]} ${Buffer.from(message.bytes.subarray(1)).toString()}`);
    last = message;
  }
  return { texts, last };
}
