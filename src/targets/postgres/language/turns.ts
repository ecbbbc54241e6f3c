import { setTimeout } from 'node:timers/promises';
import { Problem } from '../../../model/problem.ts';

/** Does one piece of work at a time, in the order asked. Throws `rate-limited` where too many wait already. */
export type Turns = <T>(work: () => Promise<T>) => Promise<T>;

/** Works at most half of the time, so that what is done beside it, on the same thread, is not kept waiting for long. */
export function createTurns({ room = 50, now = Date.now }: { room?: number; now?: () => number } = {}): Turns {
  let waiting = 0;
  let free: Promise<unknown> = Promise.resolve();
  return async (work) => {
    if (waiting >= room) {
      throw new Problem('rate-limited', { detail: 'Too many large statements wait to be read.', retryAfter: 1 });
    }
    waiting += 1;
    const before = free;
    let leave: (value: unknown) => void = () => {};
    free = new Promise((resolve) => {
      leave = resolve;
    });
    await before;
    waiting -= 1;
    const start = now();
    return await work().finally(() => leave(setTimeout(now() - start, undefined, { ref: false })));
  };
}
