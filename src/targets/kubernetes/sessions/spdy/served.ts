import { channels, frame } from '../../../../model/program.ts';
import type { Duplex, Message } from '../../../../model/result.ts';
import { unreadable } from '../../refusal.ts';
import { V4, V5 } from '../channels.ts';
import { openRemoteCommand } from '../remote-command.ts';
import { handshake, type SessionPlan, type Way } from '../sessions.ts';
import { broken, createFrameReader, dataFrame, type Frame, pingFrame, replyFrame } from './frames.ts';
import { createHeaderReader, createHeaderWriter } from './headers.ts';

/** What is spoken in it: the oldest version that can tell an exit status. */
const VERSION = V4;
const kinds: Readonly<Record<string, number>> = {
  error: channels.status,
  stdin: channels.stdin,
  stdout: channels.stdout,
  stderr: channels.stderr,
  resize: channels.resize,
};
/** Seconds that a caller has to open its streams; the kubelet gives as many. */
const SECONDS_TO_OPEN = 30;

/**
 * A program for a caller that speaks what Kubernetes spoke before it knew WebSockets (kubectl up to 1.28, and any that is told to): its
 * streams are the channels of the session. Throws as that does.
 */
export async function openOverSpdy(plan: SessionPlan, way: Way): Promise<Duplex> {
  if (!plan.protocols.includes(VERSION)) throw unreadable('upgrade', `Offer ${VERSION} as X-Stream-Protocol-Version.`);
  const session = await openRemoteCommand({ ...plan, protocols: [V5] }, way);
  const streams = new Map<number, number>();
  const answers: Uint8Array[] = [];
  const readHeaders = createHeaderReader();
  const writeHeaders = createHeaderWriter();
  const frames = createFrameReader();
  // All that it will open: one that ends while the last is on its way would leave the caller without a reply to that.
  const needed = [
    channels.status,
    ...(plan.stdin ? [channels.stdin] : []),
    ...(plan.stdout ? [channels.stdout] : []),
    ...(plan.stderr ? [channels.stderr] : []),
    ...(plan.terminal ? [channels.resize] : []),
  ];
  let wake = () => {};
  let isOpen = () => {};
  const opened = new Promise<void>((resolve) => {
    isOpen = resolve;
    const timer = setTimeout(resolve, SECONDS_TO_OPEN * 1000);
    timer.unref();
  });

  function answer(bytes: Uint8Array) {
    answers.push(bytes);
    wake();
  }

  async function take(given: Frame): Promise<void> {
    switch (given.type) {
      case 'open':
        return open(given.stream, given.headers);
      case 'ping':
        if (answers.length < 100) answer(pingFrame(given.id));
        return;
      case 'data':
        return pass(given);
      default:
        return;
    }
  }

  function open(stream: number, packed: Uint8Array) {
    const channel = kinds[readHeaders(packed).get('streamtype') ?? ''];
    if (channel === undefined || stream === 0 || streams.has(stream) || [...streams.values()].includes(channel))
      throw broken();
    streams.set(stream, channel);
    answer(replyFrame(stream, writeHeaders([])));
    const there = [...streams.values()];
    if (needed.every((each) => there.includes(each))) isOpen();
  }

  async function pass({ stream, payload, isLast }: Extract<Frame, { type: 'data' }>): Promise<void> {
    const channel = streams.get(stream);
    if (channel !== channels.stdin && channel !== channels.resize) return;
    if (payload.byteLength > 0) await session.send(frame(channel, payload));
    if (isLast && channel === channels.stdin) await session.send(frame(channels.close, Buffer.of(channels.stdin)));
  }

  /** The streams of output end before the one that tells how the program ended. */
  function framed({ bytes, ...rest }: Message): Message {
    const isEnd = rest.last === true;
    const ends = isEnd
      ? [channels.stdout, channels.stderr].map((channel) => written(channel, Buffer.alloc(0), true))
      : [];
    return { ...rest, bytes: Buffer.concat([...ends, written(bytes[0] ?? 0, bytes.subarray(1), isEnd)]) };
  }

  function written(channel: number, payload: Uint8Array, isLast: boolean): Uint8Array {
    const stream = [...streams].find(([, each]) => each === channel)?.[0];
    return stream === undefined ? Buffer.alloc(0) : dataFrame(stream, payload, { isLast });
  }

  async function* said(source: AsyncIterator<Message>): AsyncGenerator<Message, undefined> {
    let next: Promise<IteratorResult<Message>> | undefined;
    for (;;) {
      for (let bytes = answers.shift(); bytes !== undefined; bytes = answers.shift()) yield { bytes };
      const called = new Promise<undefined>((resolve) => {
        wake = () => resolve(undefined);
      });
      next ??= opened.then(() => source.next());
      const step = answers.length > 0 ? undefined : await Promise.race([next, called]);
      if (step === undefined) continue;
      if (step.done === true) return;
      next = undefined;
      yield framed(step.value);
    }
  }

  return {
    ...session,
    protocol: VERSION,
    upgrade: handshake(VERSION),
    messages: {
      [Symbol.asyncIterator]() {
        const source = session.messages[Symbol.asyncIterator]();
        const messages = said(source);
        return {
          next: () => messages.next(),
          async return() {
            isOpen();
            await source.return?.();
            return messages.return(undefined);
          },
        };
      },
    },
    async send(bytes) {
      for (const each of frames(bytes)) await take(each);
    },
  };
}
