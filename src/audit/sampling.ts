import { Problem, type ProblemCode } from '../model/problem.ts';
import type { Clock } from '../platform/clock.ts';

const most = { singly: 20, reasons: 32 };
const minute = 60_000;

/** So many refusals for one reason. */
export type Counted = { problem: Problem; count: number };

/**
 * Refusals of callers nobody knows, of which there may be any number. The first 20 of a minute are recorded one by one;
 * the rest are counted by reason, exactly, for one event each time the counts are taken. Holds at most 32 reasons; those beyond are `other`.
 */
export function createSampling(clock: Clock) {
  let counts = new Map<string, Counted>();
  let windowEnds = 0;
  let singly = 0;

  function add({ problem, count }: Counted) {
    const key = `${problem.code} ${problem.reason}`;
    const known = counts.get(key);
    if (known) known.count += count;
    else if (counts.size < most.reasons) counts.set(key, { problem, count });
    else others(problem.code, count);
  }

  function others(code: ProblemCode, count: number) {
    const known = counts.get(code);
    if (known) known.count += count;
    else counts.set(code, { problem: new Problem(code, { reason: 'other' }), count });
  }

  return {
    /** True when this one is to be recorded by itself; else it is counted. */
    admits(problem: Problem | undefined): boolean {
      const now = clock.now().getTime();
      if (now >= windowEnds) {
        windowEnds = now + minute;
        singly = 0;
      }
      if (singly < most.singly) {
        singly++;
        return true;
      }
      add({ problem: problem ?? new Problem('unauthenticated'), count: 1 });
      return false;
    },
    /** What was counted since the last time. */
    take(): Counted[] {
      const taken = [...counts.values()];
      counts = new Map();
      return taken;
    },
    /** A count that could not be recorded. */
    putBack: add,
  };
}
