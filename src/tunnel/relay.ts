import type { ServerChannel } from 'ssh2';
import type { DuplexAnswer } from '../gateway.ts';
import { channels, frame, type ProgramEnding, readEnding } from '../model/program.ts';
import type { Outlet } from './outlet.ts';

/** Both ways until the program ends. Resolves with how it ended; undefined where its caller left first, which ends it. */
export async function relay(
  answer: DuplexAnswer,
  { channel, outlet, gone }: { channel: ServerChannel; outlet: Outlet; gone: AbortSignal },
): Promise<ProgramEnding | undefined> {
  const leave = () => void answer.cancel().catch(() => undefined);
  gone.addEventListener('abort', leave, { once: true });
  if (gone.aborted) leave();
  const stop = feed(channel, answer, leave);
  let ending: ProgramEnding | undefined;
  try {
    for await (const message of answer.messages) {
      const payload = message.subarray(1);
      if (message[0] === channels.stdout) await outlet.write('stdout', payload);
      else if (message[0] === channels.stderr) await outlet.write('stderr', payload);
      else if (message[0] === channels.status) ending = readEnding(payload);
    }
    return ending;
  } finally {
    stop();
    gone.removeEventListener('abort', leave);
  }
}

/** What the caller sends, as fast as the target takes it. Returns how to stop. */
function feed(channel: ServerChannel, answer: DuplexAnswer, leave: () => void): () => void {
  const onData = (chunk: Uint8Array) => {
    channel.pause();
    answer.send(frame(channels.stdin, chunk)).then(() => channel.resume(), leave);
  };
  const onEnd = () => void answer.send(frame(channels.close, Uint8Array.of(channels.stdin))).catch(leave);
  channel.on('data', onData);
  channel.once('end', onEnd);
  return () => {
    channel.off('data', onData);
    channel.off('end', onEnd);
    // What comes too late is for nobody, and must not hold up the channel's end.
    channel.resume();
  };
}
