import { Problem } from './problem.ts';

/** How a kind of target refuses: by a rule of its own, which the trail is told; `detail` says what to write instead, and repeats nothing of the data. */
export function refusalsOf<Rule extends string>(kind: string) {
  return {
    /** What cannot be read in one way only, or is not what is taken. */
    unreadable: (rule: Rule, detail: string) =>
      new Problem('operation-unreadable', { detail, reason: `${kind}:${rule}` }),
    /** What is understood, and never passes whatever the policy. */
    never: (rule: Rule, detail: string) => new Problem('denied', { detail, reason: `${kind}:${rule}` }),
    /** The target answered, and nothing of what it said can be shown. */
    withheld: (rule: Rule, detail: string) => new Problem('answer-unreadable', { detail, reason: `${kind}:${rule}` }),
  };
}
