import { refusalsOf } from '../../../model/refusals.ts';

/** By which rule of this target's surface a request or an answer is refused; for the trail. */
export type Rule =
  | 'path'
  | 'query'
  | 'body'
  | 'unsupported'
  | 'dataset'
  | 'anonymous'
  | 'legacy'
  | 'answer'
  | 'job'
  | 'tables';

export const { unreadable, never, withheld } = refusalsOf<Rule>('bigquery');
