import { channels, frame } from '../../../../model/program.ts';
import type { ByteChannel, WebSocketChannel } from '../../../../proxy/proxy.ts';
import { V5 } from '../channels.ts';
import { createFrameReader, dataFrame, type Frame, openFrame, pingFrame } from './frames.ts';
import { createHeaderWriter } from './headers.ts';

/** Which streams a program has; of each the name that Kubernetes gives it. */
export type Streams = { stdin: boolean; stdout: boolean; stderr: boolean; terminal: boolean };

/** Milliseconds for which a program waits for the size of its terminal. */
const MILLISECONDS_FOR_SIZE = 500;

/**
 * A program at an API server that cannot be told by WebSocket that its input has ended (before Kubernetes 1.30): its streams look like the
 * channels of one that can. In a terminal it begins once the caller has told the size, as the last of its streams is opened then: a program
 * that had ended before that came would have its connection reset, and its last words lost.
 */
export async function askOverSpdy(socket: ByteChannel, streams: Streams): Promise<WebSocketChannel> {
  const write = createHeaderWriter();
  const named = [
    ['error', channels.status, true],
    ['stdin', channels.stdin, streams.stdin],
    ['stdout', channels.stdout, streams.stdout],
    ['stderr', channels.stderr, streams.stderr],
    ['resize', channels.resize, streams.terminal],
  ] as const;
  const open = named
    .filter(([, , isThere]) => isThere)
    .map(([name, channel], at) => ({ name, channel, stream: 2 * at + 1 }));
  const start = async ({ name, stream }: (typeof open)[number]) =>
    socket.send(openFrame(stream, write([['streamtype', name]])));
  let withheld = open.find(({ channel }) => channel === channels.resize);
  for (const each of open) if (each !== withheld) await start(each);
  const begin = async () => {
    const last = withheld;
    withheld = undefined;
    if (last !== undefined) await start(last);
  };
  const timer = setTimeout(() => void begin(), MILLISECONDS_FOR_SIZE).unref();
  const streamOf = (channel: number) => open.find((each) => each.channel === channel)?.stream;
  const outputs = open.filter(({ channel }) => channel !== channels.stdin && channel !== channels.resize);
  const running = new Set(outputs.map(({ stream }) => stream));

  /** What of a frame is for who reads; pings are answered here. */
  async function read(given: Frame): Promise<Uint8Array | undefined> {
    if (given.type === 'ping') await socket.send(pingFrame(given.id));
    if (given.type === 'reset') running.delete(given.stream);
    if (given.type !== 'data') return undefined;
    const channel = outputs.find(({ stream }) => stream === given.stream)?.channel;
    if (given.isLast) running.delete(given.stream);
    return channel === undefined || given.payload.byteLength === 0 ? undefined : frame(channel, given.payload);
  }

  async function* said(): AsyncGenerator<Uint8Array, undefined> {
    const frames = createFrameReader();
    for await (const bytes of socket.messages) {
      for (const each of frames(bytes)) {
        const message = await read(each);
        if (message !== undefined) yield message;
      }
      if (running.size === 0) return;
    }
  }

  return {
    protocol: V5,
    messages: { [Symbol.asyncIterator]: said },
    async send(message) {
      const [channel = -1] = message;
      const isEnd = channel === channels.close;
      if (channel === channels.resize) await begin();
      const stream = streamOf(isEnd ? channels.stdin : channel);
      if (stream !== undefined)
        await socket.send(dataFrame(stream, isEnd ? Buffer.alloc(0) : message.subarray(1), { isLast: isEnd }));
    },
    close() {
      clearTimeout(timer);
      socket.close();
    },
  };
}
