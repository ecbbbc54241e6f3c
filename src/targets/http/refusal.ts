import { Problem } from '../../model/problem.ts';

/** By which rule of this target a request or an answer is refused; for the trail. */
export type Rule =
  | 'path'
  | 'query'
  | 'method'
  | 'header'
  | 'body'
  | 'media-type'
  | 'masked-value'
  | 'upgrade'
  | 'unknown-operation'
  | 'content'
  | 'framing'
  | 'credential';

/** What cannot be read in one way only, or is not what the operation takes. `detail` says what to write instead, and repeats nothing of the data. */
export function unreadable(rule: Rule, detail: string): Problem {
  return new Problem('operation-unreadable', { detail, reason: `http:${rule}` });
}

/** What is understood, and never passes whatever the policy. */
export function never(rule: Rule, detail: string): Problem {
  return new Problem('denied', { detail, reason: `http:${rule}` });
}

/** The service answered, and nothing of what it said can be shown. */
export function withheld(rule: Rule, detail: string): Problem {
  return new Problem('answer-unreadable', { detail, reason: `http:${rule}` });
}
