import { beforeAll, describe, expect, test } from 'vitest';
import { createDocuments } from '../../src/connections/connections.ts';
import { applyTo, read } from '../../src/roles/apply.ts';
import { whyUnusable } from '../../src/roles/usable.ts';
import { createFakeStore } from '../fakes/store.ts';
import { type Example, isThere, planOf } from './offline.ts';
import { of, type Plan, text } from './plan.ts';
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

    test('has documents that the product writes', async () => {
      const [file] = of(planned(example), 'storage_bucket_object');
      const documents = createDocuments({ store: createFakeStore(), whyUnusable });

      const lines = await applyTo(documents, read(file === undefined ? '' : text(file, 'content')));

      expect(lines.at(-1)).toMatch(/^\d+ documents are in place, 0 of them as they were\.$/);
    });
  });

  test.each(rules)('that breaks it is found out: $says', ({ broken, planted }) => {
    expect(broken(planted(planned('complete')))).not.toEqual([]);
  });
});
