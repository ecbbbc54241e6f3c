import { refusalsOf } from '../../model/refusals.ts';

/** By which rule of this target a request is refused; for the trail. */
export type Rule =
  | 'path'
  | 'query'
  | 'method'
  | 'header'
  | 'body'
  | 'media-type'
  | 'accept'
  | 'patch'
  | 'sentinel'
  | 'proxy'
  | 'unknown-path'
  | 'unknown-resource'
  | 'unknown-verb'
  | 'scope'
  | 'upgrade';

export const { unreadable, never } = refusalsOf<Rule>('kubernetes');
