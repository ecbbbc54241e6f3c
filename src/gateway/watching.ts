import type { Endings } from '../audit/audit.ts';
import type { Decision } from '../model/decision.ts';
import { asProblem, Problem } from '../model/problem.ts';

/** Seconds between two looks at what goes on. */
const RECHECK_SECONDS = 60;

/**
 * What runs is ended as soon as a human wants that. What is `live` is looked at again every minute, also for that: `look` throws where it may
 * not go on; then it is ended, with words that tell nothing of why. Returns how to stop watching.
 */
export function watchOver(watched: {
  endings: Pick<Endings, 'heed' | 'look'>;
  operation: string;
  live: boolean;
  look: () => Promise<void>;
  end: (problem: Problem) => void;
}): () => void {
  const { endings, operation, live, look, end } = watched;
  const check = async () => {
    try {
      await endings.look(operation);
      await look();
    } catch (thrown) {
      const { code } = asProblem(thrown);
      end(new Problem(code, { reason: 'revoked', detail: 'It was allowed when it began, and is not any more.' }));
    }
  };
  const stopHeeding = endings.heed({ operation, live, end });
  const timer = live ? setInterval(() => void check(), RECHECK_SECONDS * 1000) : undefined;
  return () => {
    clearInterval(timer);
    stopHeeding();
  };
}

/** Whether what was allowed would now need a human's yes that was not given, or hide what was shown. */
export function asksMore(now: Decision, begun: Decision): boolean {
  const given = new Set(begun.approvals.map(({ policy }) => policy));
  return (
    now.approvals.some(({ policy }) => !given.has(policy)) || begun.unmask.some((one) => !now.unmask.includes(one))
  );
}
