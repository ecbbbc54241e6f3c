import { describe, expect, test } from 'vitest';
import { benign } from './clinic/benign.ts';
import { reads } from './clinic/reads.ts';
import { classification, setUp } from './clinic/schema.ts';
import { writes } from './clinic/writes.ts';
import { compare, observe, useTwoDatabases } from './two-databases.ts';

const attacks = [...reads, ...writes];

/** By hand every statement with both roles: `SALLYPORT_BOTH_ROLES=yes`. Otherwise each role has every other one, and the two all of them. */
const both = process.env['SALLYPORT_BOTH_ROLES'] !== undefined;

for (const [turn, role] of ['broad', 'narrow'].entries()) {
  describe(`databases full of misleading names, asked by the role ${role}`, () => {
    const { agents } = useTwoDatabases({
      setUp,
      classification,
      login: (database) => ({ user: `${role}_${database}`, password: 'clinic' }),
    });

    const own = attacks.filter((_, index) => both || index % 2 === turn);

    test(`answer ${own.length} statements of an attacker alike`, { timeout: 120_000 }, async () => {
      const leaks: string[] = [];
      let answered = 0;

      for (const statement of own) {
        const { a, b, leak } = await compare(agents(), statement);
        if (leak) leaks.push(`${statement}: ${JSON.stringify(a.seen)} ≠ ${JSON.stringify(b.seen)}`);
        if (a.refused === undefined) answered += 1;
      }

      expect(leaks).toEqual([]);
      // Refusing everything would pass the line above.
      expect(answered).toBeGreaterThan(own.length / 3);
    });

    test('answer what speaks of nothing hidden', { timeout: 60_000 }, async () => {
      const refused: string[] = [];

      for (const statement of benign) {
        const answer = await observe(agents()[0], statement);
        if (answer.refused !== undefined) refused.push(`${statement}: ${answer.refused}`);
      }

      expect(refused).toEqual([]);
    });
  });
}
