import { refusalsOf } from '../../model/refusals.ts';

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

export const { unreadable, never, withheld } = refusalsOf<Rule>('http');
