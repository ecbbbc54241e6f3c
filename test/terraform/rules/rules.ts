import type { Rule } from '../plan.ts';
import { accessRules } from './access.ts';
import { aroundRules } from './around.ts';
import { dataRules } from './data.ts';
import { productRules } from './product.ts';
import { rightsRules } from './rights.ts';
import { serviceRules } from './services.ts';
import { watchingRules } from './watching.ts';

export const rules: readonly Rule[] = [
  ...accessRules,
  ...rightsRules,
  ...serviceRules,
  ...productRules,
  ...aroundRules,
  ...dataRules,
  ...watchingRules,
];
