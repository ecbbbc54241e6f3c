import type { Clock } from '../platform/clock.ts';

const most = { singly: 20, reasons: 32 };
const minute = 60_000;

/**
 * Refusals of callers nobody knows, of which there may be any number. The first 20 of a minute are recorded one by one;
 * the rest are counted by reason, exactly, for one event each time the counts are taken. Holds at most 32 reasons.
 */
export function createSampling(clock: Clock) {
  let counts = new Map<string, number>();
  let windowEnds = 0;
  let singly = 0;

  return {
    /** True when this one is to be recorded by itself; else it is counted. */
    admits(reason: string): boolean {
      const now = clock.now().getTime();
      if (now >= windowEnds) {
        windowEnds = now + minute;
        singly = 0;
      }
      if (singly < most.singly) {
        singly++;
        return true;
      }
      const key = counts.has(reason) || counts.size < most.reasons ? reason : 'other';
      counts.set(key, (counts.get(key) ?? 0) + 1);
      return false;
    },
    /** What was counted since the last time. */
    take(): ReadonlyMap<string, number> {
      const taken = counts;
      counts = new Map();
      return taken;
    },
    /** Counts that could not be recorded. */
    putBack(reason: string, count: number) {
      counts.set(reason, (counts.get(reason) ?? 0) + count);
    },
  };
}
