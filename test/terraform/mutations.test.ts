import { describe, expect, test } from 'vitest';
import { batches, mutants } from './mutations.ts';
import { isThere, planOf, withMutations } from './offline.ts';
import { rules } from './rules/rules.ts';

/** `TERRAFORM_MUTATIONS=each` plans each by itself (some minutes); otherwise those that do not get in each other's way are planned together. */
const together = process.env['TERRAFORM_MUTATIONS'] === 'each' ? mutants.map((mutant) => [mutant]) : batches(mutants);

describe.skipIf(!isThere)('a module that somebody made worse', () => {
  test.each(together.map((batch, number) => ({ batch, number: number + 1 })))(
    'is found out, line by line: $number',
    async ({ batch }) => {
      const plan = await withMutations(batch, (at) => planOf('complete', at));

      const missed = batch.filter(({ rule, where }) => {
        const broken = rules.find(({ says }) => says.startsWith(rule))?.broken(plan) ?? [];
        return !broken.some((address) => address.includes(where));
      });
      expect(missed.map(({ file, to, rule }) => `${file}: ${to} (${rule})`)).toEqual([]);
    },
    300_000,
  );
});
