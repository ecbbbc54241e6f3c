import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Fault, faults, suffer } from './faults.ts';
import { type Evidence, judge, keyOf } from './judge.ts';
import { type Answer, type FaultStand, startFaultStand } from './stand.ts';

/** Everything the product depends on fails in every way of the table; then all of it is judged. */

const FIRST = 2_000_000;
const named = faults.map((fault, index) => [fault.name, fault, FIRST + index] as const);

const answers = new Map<Fault, Answer>();
let stand: FaultStand;
let evidence: Evidence;

describe.skipIf(process.env['FAULTS'] === undefined)('on the whole product', () => {
  beforeAll(async () => {
    stand = await startFaultStand({ patience: 3000, outcomePatience: 4000 });
    for (const [, fault, key] of named) answers.set(fault, await suffer(stand, fault, key));
    await stand.settle();
    evidence = await stand.evidence();
  }, 900_000);

  afterAll(() => stand?.stop());

  describe('whatever fails', () => {
    test('nothing runs unrecorded, nothing twice, no approval is spent twice, and every event arrives', () => {
      expect(judge(evidence)).toEqual([]);
    });

    test.each(named)('%s', (_, fault, key) => {
      const outcome = evidence.events.find((event) => event.phase === 'outcome' && keyOf(event) === key)?.type;
      const ran = evidence.ran.some((one) => one.key === key);

      expect(fault.told).toContain(answers.get(fault)?.status);
      expect(fault.outcome).toContain(outcome ?? 'nothing');
      expect([ran, 'perhaps']).toContain(fault.ran);
    });
  });
});
