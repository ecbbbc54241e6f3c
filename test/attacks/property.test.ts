import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Postgres, startPostgres } from '../../emulators/postgres/postgres.ts';
import { createPostgres } from '../../src/targets/postgres/postgres.ts';
import { type Case, difference, type Ground, newTally, type Tally } from './property/trial.ts';

/** Statements sent; by hand more: `SALLYPORT_PROPERTY_RUNS=10000`, and `SALLYPORT_PROPERTY_SEED` for others. */
const statements = Number(process.env['SALLYPORT_PROPERTY_RUNS'] ?? 450);
const byHand = process.env['SALLYPORT_PROPERTY_RUNS'] !== undefined;
const seed = Number(process.env['SALLYPORT_PROPERTY_SEED'] ?? 20_261_122);

/** On average. */
const perCase = 48;
const numbers = (most: number) => fc.noBias(fc.array(fc.nat(0xffff), { maxLength: most, size: 'max' }));
const lists = (most: number, length: number) => fc.noBias(fc.array(numbers(length), { maxLength: most, size: 'max' }));

const cases: fc.Arbitrary<Case> = fc.record({
  schema: fc.noBias(fc.array(fc.nat(0xffff), { minLength: 0, maxLength: 600, size: 'max' })),
  hostile: fc.boolean(),
  reads: lists(70, 200),
  writes: lists(26, 120),
});

describe('schemas, rows and statements at random', () => {
  // Every schema comes an hour after the one before, so that no snapshot of its catalog is young enough to be used again.
  let hours = 0;
  const target = createPostgres({ allowPlaintext: false, now: () => Date.now() + hours * 3_600_000 });
  let server: Postgres;
  let ground: Omit<Ground, 'tally'>;

  beforeAll(async () => {
    server = await startPostgres({ database: 'a', initSql: "CREATE ROLE agent LOGIN PASSWORD 'agent'" });
    const first = new pg.Client(server.url);
    await first.connect();
    await first.query('CREATE DATABASE b');
    const second = new pg.Client(server.url.replace(/a$/, 'b'));
    await second.connect();
    ground = { server, target, admins: [first, second] };
  }, 60_000);

  afterAll(async () => {
    await target.close();
    for (const admin of ground.admins) await admin.end();
    await server?.stop();
  });

  test(`tell nothing of classified values (seed ${seed})`, { timeout: 24 * 3_600_000 }, async () => {
    const tally = newTally();
    const leaks: string[] = [];
    const property = fc.asyncProperty(cases, async (one) => {
      hours += 1;
      const found = await difference(one, { ...ground, tally });
      if (byHand && tally.cases % 10 === 0)
        console.log(`${tally.statements} statements, ${tally.answered} answered, ${leaks.length} leaks`);
      if (found === undefined) return;
      // By hand all that there are are wanted; otherwise the first, as small as it gets.
      if (!byHand) throw new Error(found);
      leaks.push(found);
      console.log(`LEAK\n${found}`);
    });

    await fc.assert(property, { seed, numRuns: Math.ceil(statements / perCase) });

    report(tally);
    expect(leaks).toEqual([]);
    // A test whose statements are refused proves little.
    expect(tally.answered / tally.statements).toBeGreaterThan(0.5);
  });

  test('are told apart at once where one classified column is left in the clear', { timeout: 120_000 }, async () => {
    const spoil: Ground['spoil'] = (classification) =>
      Object.fromEntries(
        Object.entries(classification).map(([name, columns]) => [
          name,
          Object.fromEntries(Object.entries(columns).slice(1)),
        ]),
      );
    const found: string[] = [];

    for (const one of fc.sample(cases, { seed, numRuns: 6 })) {
      hours += 1;
      const leak = await difference(one, { ...ground, tally: newTally(), spoil });
      if (leak !== undefined) found.push(leak);
    }

    expect(found.length).toBeGreaterThan(2);
  });
});

function report({ cases, statements, answered, refused, failed, reordered, shapes, features, details }: Tally) {
  const share = (part: number) => `${((100 * part) / statements).toFixed(1)} %`;
  console.log(
    `${cases} schemas, ${statements} statements: ${answered} answered (${share(answered)}), ${refused} refused, ${failed} failed at the server; ${reordered} differed in an order that nothing promises.`,
  );
  console.log([...shapes].map(([shape, { sent, answered }]) => `${shape} ${answered}/${sent}`).join(', '));
  console.log([...features].map(([feature, times]) => `${feature} ${times}`).join(', '));
  if (process.env['SALLYPORT_VERBOSE']) console.log([...details].sort((a, b) => b[1] - a[1]).slice(0, 40));
}
