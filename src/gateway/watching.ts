import type { Decision } from '../model/decision.ts';
import { asProblem, Problem } from '../model/problem.ts';

/** Seconds between two looks at what goes on. */
const RECHECK_SECONDS = 60;

/**
 * What goes on is looked at again every minute. `look` throws where it may not go on; then it is ended, with words that tell nothing of
 * why. Returns how to stop looking.
 */
export function watchOver(look: () => Promise<void>, end: (problem: Problem) => void): () => void {
  const check = async () => {
    try {
      await look();
    } catch (thrown) {
      const { code } = asProblem(thrown);
      end(new Problem(code, { reason: 'revoked', detail: 'It was allowed when it began, and is not any more.' }));
    }
  };
  const timer = setInterval(() => void check(), RECHECK_SECONDS * 1000);
  return () => clearInterval(timer);
}

/** Whether what was allowed would now need a human's yes that was not given, or hide what was shown. */
export function asksMore(now: Decision, begun: Decision): boolean {
  const given = new Set(begun.approvals.map(({ policy }) => policy));
  return (
    now.approvals.some(({ policy }) => !given.has(policy)) || begun.unmask.some((one) => !now.unmask.includes(one))
  );
}
