import type { Piece } from '../model/result.ts';
import { createMaskStream, type StreamOptions } from './stream.ts';

const over = { done: true, value: undefined } as const;

/**
 * Text that comes in pieces, masked line by line: a line leaves once its end has come, as nothing else tells that no value goes on. Of one
 * that is longer than 64 KiB the beginning leaves before. Who leaves early has left the source, also before anything was read.
 */
export function maskLines(
  pieces: AsyncIterable<Piece>,
  masks: Pick<StreamOptions, 'exempt' | 'found'>,
): AsyncIterable<Uint8Array> {
  return {
    [Symbol.asyncIterator]() {
      const source = pieces[Symbol.asyncIterator]();
      const stream = createMaskStream(masks);
      let ended = false;
      return {
        async next() {
          while (!ended) {
            const step = await source.next();
            ended = step.done === true;
            const { leave } = step.done === true ? stream.end() : stream.push(step.value.bytes);
            if (leave.length > 0) return { done: false, value: leave };
          }
          return over;
        },
        async return() {
          ended = true;
          await source.return?.();
          return over;
        },
      };
    },
  };
}
