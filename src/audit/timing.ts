import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds. The defaults are the product's promises; tests shorten them. */
export type Timing = {
  /** An instance that did not renew its lease for this long is taken for dead. */
  lease: number;
  renew: number;
  /** How long after the end of a lease the keeper still waits, for clocks that differ. */
  grace: number;
  /** How long a caller waits for an intent or a fact to be durable. */
  patience: number;
  /** How long what a session says may wait before it is written. */
  tape: number;
  /** How long a caller waits for its outcome to be durable. */
  outcomePatience: number;
  /** The longest `close` may take. */
  drain: number;
  /** Between two tries of something that failed: from the first, doubled up to the second. */
  pause: readonly [first: number, longest: number];
  /** As `pause`, for shipping: nobody waits for it, and a quota may be used up. */
  shippingPause: readonly [first: number, longest: number];
  /** How long rows are collected before they are shipped. */
  linger: number;
  /** How often counts of refusals are recorded: as much of them is lost when an instance is killed. */
  sampling: number;
  /** A document whose commit was in doubt is kept this long, so that a late copy of that commit still meets it. */
  doubt: number;
};

export const defaultTiming: Timing = {
  lease: 30_000,
  renew: 10_000,
  grace: 15_000,
  patience: 5_000,
  tape: 1_500,
  outcomePatience: 10_000,
  drain: 8_000,
  pause: [50, 2_000],
  shippingPause: [200, 30_000],
  linger: 1_000,
  sampling: 2_000,
  doubt: 120_000,
};

/** Pauses that grow, with some chance in them; `reset` after a success. A stop ends the one that is under way. */
export function createPauses([first, longest]: Timing['pause'], stop: AbortSignal) {
  let next = first;
  return {
    async wait() {
      const pause = next * (0.75 + Math.random() / 2);
      next = Math.min(next * 2, longest);
      await pauseFor(pause, stop);
    },
    reset() {
      next = first;
    },
  };
}

/** Resolves after so many milliseconds, or at once when stopped. */
export async function pauseFor(milliseconds: number, stop: AbortSignal): Promise<void> {
  try {
    await sleep(milliseconds, undefined, { signal: stop });
  } catch (error) {
    if (!stop.aborted) throw error;
  }
}

/** What the work gives, or `late` when it takes longer. The work goes on. */
export async function atMost<T>(milliseconds: number, work: Promise<T>): Promise<T | 'late'> {
  const { promise: over, resolve } = Promise.withResolvers<'late'>();
  const timer = setTimeout(() => resolve('late'), milliseconds);
  try {
    return await Promise.race([work, over]);
  } finally {
    clearTimeout(timer);
  }
}
