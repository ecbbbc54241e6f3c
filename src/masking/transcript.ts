import type { Tape, Transcript, TranscriptOptions } from '../model/transcript.ts';
import { createCounter } from './counter.ts';

export type TranscriptDeps = {
  /** Classes that stay in the clear for this identity; they are not counted. */
  unmask: readonly string[];
  /** Where it is kept; undefined where it may not be. */
  tape: Tape | undefined;
};

type Channel = { decoder: InstanceType<typeof TextDecoder>; held: string };

/** The transcript of a session: what detectors recognise is replaced by `[CLASS]` before it leaves, and before it is kept. */
export function createTranscript(options: TranscriptOptions, { unmask, tape }: TranscriptDeps): Transcript {
  const { mask, findings } = createCounter(unmask);
  const channels = new Map<string, Channel>();
  tape?.open(options);

  function channelOf(name: string): Channel {
    const known = channels.get(name) ?? { decoder: new TextDecoder(), held: '' };
    channels.set(name, known);
    return known;
  }

  function leave(text: string): Uint8Array {
    const masked = mask(text);
    if (masked !== '') tape?.entry('o', masked);
    return Buffer.from(masked);
  }

  return {
    output(name, bytes) {
      const channel = channelOf(name);
      const text = channel.held + channel.decoder.decode(bytes, { stream: true });
      const whole = text.lastIndexOf('\n') + 1;
      channel.held = text.slice(whole);
      return leave(text.slice(0, whole));
    },
    flush(name) {
      const channel = channelOf(name);
      const text = channel.held + channel.decoder.decode();
      channel.held = '';
      return leave(text);
    },
    input(bytes) {
      tape?.entry('i', mask(Buffer.from(bytes).toString()));
    },
    resize: (columns, rows) => tape?.entry('r', `${columns}x${rows}`),
    exit: (status) => tape?.entry('x', String(status)),
    findings,
  };
}
