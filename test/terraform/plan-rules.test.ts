import { beforeAll, describe, expect, test } from 'vitest';
import { type Example, isThere, planOf } from './offline.ts';
import type { Plan } from './plan.ts';
import { rules } from './rules/rules.ts';

describe.skipIf(!isThere)('a planned deployment', () => {
  const plans: Partial<Record<Example, Plan>> = {};
  const planned = (example: Example) => {
    const plan = plans[example];
    if (plan === undefined) throw new Error(`${example} was not planned.`);
    return plan;
  };

  beforeAll(async () => {
    for (const example of ['minimal', 'complete'] as const) plans[example] = await planOf(example);
  }, 300_000);

  describe.each(['minimal', 'complete'] as const)('of the %s example', (example) => {
    test.each(rules)('holds that $says', ({ broken }) => {
      expect(broken(planned(example))).toEqual([]);
    });
  });

  test.each(rules)('that breaks it is found out: $says', ({ broken, planted }) => {
    expect(broken(planted(planned('complete')))).not.toEqual([]);
  });
});
