import type { Rule } from '../plan.ts';
import { accessRules } from './access.ts';
import { dataRules } from './data.ts';
import { serviceRules } from './services.ts';
import { watchingRules } from './watching.ts';

export const rules: readonly Rule[] = [...accessRules, ...serviceRules, ...dataRules, ...watchingRules];
