import { Problem } from '../../model/problem.ts';

/** By which rule of this target a request is refused; for the trail. */
export type Rule =
  | 'path'
  | 'query'
  | 'method'
  | 'header'
  | 'body'
  | 'media-type'
  | 'patch'
  | 'sentinel'
  | 'proxy'
  | 'unknown-path'
  | 'unknown-resource'
  | 'unknown-verb'
  | 'scope'
  | 'upgrade';

/** What cannot be read in one way only. `detail` says what to write instead, and repeats nothing of the data. */
export function unreadable(rule: Rule, detail: string): Problem {
  return new Problem('operation-unreadable', { detail, reason: `kubernetes:${rule}` });
}

/** What is understood, and never passes whatever the policy. */
export function never(rule: Rule, detail: string): Problem {
  return new Problem('denied', { detail, reason: `kubernetes:${rule}` });
}
