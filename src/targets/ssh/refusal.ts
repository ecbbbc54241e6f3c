import { refusalsOf } from '../../model/refusals.ts';

/** What a refusal is about. */
type Rule = 'environment' | 'command' | 'input' | 'destination';

export const { unreadable } = refusalsOf<Rule>('ssh');
