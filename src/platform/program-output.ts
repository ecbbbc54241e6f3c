import { channels, frame } from '../model/program.ts';
import type { Transcript } from '../model/transcript.ts';

const names: Readonly<Record<number, string>> = { [channels.stdout]: 'stdout', [channels.stderr]: 'stderr' };

export type ProgramOutput = {
  /** What may leave of what was said on a channel, as a message; undefined where that is nothing, or it is no output. */
  take(channel: number, payload: Uint8Array): Uint8Array | undefined;
  /** There was more than is allowed. */
  isCut(): boolean;
  /** What is still held, once nothing more comes. Nothing of output that was cut: half a value may not be known for what it is. */
  rest(): Uint8Array[];
};

/** What a program says on its way to the caller: masked and recorded by the transcript, and no more than so many bytes. */
export function createProgramOutput(transcript: Transcript, most = Number.POSITIVE_INFINITY): ProgramOutput {
  let size = 0;
  const isCut = () => size > most;
  return {
    isCut,
    take(channel, payload) {
      const name = names[channel];
      if (name === undefined || isCut()) return undefined;
      const fitting = payload.subarray(0, most - size);
      size += payload.byteLength;
      return framed(channel, transcript.output(name, fitting));
    },
    rest() {
      if (isCut()) return [];
      const held = Object.entries(names).map(([channel, name]) => framed(Number(channel), transcript.flush(name)));
      return held.filter((message) => message !== undefined);
    },
  };
}

/** Nothing leaves where nothing is left. */
function framed(channel: number, bytes: Uint8Array): Uint8Array | undefined {
  return bytes.byteLength === 0 ? undefined : frame(channel, bytes);
}
