import type { ServerChannel } from 'ssh2';
import type { DuplexAnswer } from '../gateway.ts';
import { channels, frame, type ProgramEnding, readEnding } from '../model/program.ts';
import type { Outlet } from './outlet.ts';

type Sides = {
  channel: ServerChannel;
  outlet: Outlet;
  /** Aborted when the caller is gone, which ends what runs. */
  gone: AbortSignal;
};

/** Both ways until the program ends. Resolves with how it ended; undefined where its caller left first. */
export async function relayProgram(answer: DuplexAnswer, sides: Sides): Promise<ProgramEnding | undefined> {
  const { outlet } = sides;
  let ending: ProgramEnding | undefined;
  await relay(answer, sides, {
    input: (bytes) => frame(channels.stdin, bytes),
    end: () => frame(channels.close, Uint8Array.of(channels.stdin)),
    async output(message) {
      const payload = message.subarray(1);
      if (message[0] === channels.stdout) await outlet.write('stdout', payload);
      else if (message[0] === channels.stderr) await outlet.write('stderr', payload);
      else if (message[0] === channels.status) ending = readEnding(payload);
    },
  });
  return ending;
}

/** Bytes both ways, as they are; a message of none says that the caller has said all. */
export function relayBytes(answer: DuplexAnswer, sides: Sides): Promise<void> {
  return relay(answer, sides, {
    input: (bytes) => bytes,
    end: () => new Uint8Array(),
    output: (bytes) => sides.outlet.write('stdout', bytes),
  });
}

/** What stands between SSH and the messages of an answer. */
type Words = {
  input(bytes: Uint8Array): Uint8Array;
  end(): Uint8Array;
  output(message: Uint8Array): Promise<void>;
};

async function relay(answer: DuplexAnswer, { channel, gone }: Sides, words: Words): Promise<void> {
  const leave = () => void answer.cancel().catch(() => undefined);
  gone.addEventListener('abort', leave, { once: true });
  if (gone.aborted) leave();
  const stop = feed(channel, answer, words, leave);
  try {
    for await (const message of answer.messages) await words.output(message);
  } finally {
    stop();
    gone.removeEventListener('abort', leave);
  }
}

/** What the caller sends, as fast as the target takes it. Returns how to stop. */
function feed(channel: ServerChannel, answer: DuplexAnswer, { input, end }: Words, leave: () => void): () => void {
  const onData = (chunk: Uint8Array) => {
    channel.pause();
    answer.send(input(chunk)).then(() => channel.resume(), leave);
  };
  const onEnd = () => void answer.send(end()).catch(leave);
  channel.on('data', onData);
  channel.once('end', onEnd);
  return () => {
    channel.off('data', onData);
    channel.off('end', onEnd);
    // What comes too late is for nobody, and must not hold up the channel's end.
    channel.resume();
  };
}
