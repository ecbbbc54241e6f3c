import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Evidence, judge, keyOf } from './judge.ts';
import { killAll, kills } from './kills.ts';
import { type FaultStand, startFaultStand } from './stand.ts';

/** The kill matrix: every row of it on the whole product, then all of them judged by what the target and the stores logged. */

const FIRST = 1_000_000;
const named = kills.map((kill, index) => [`${kill.point}, ${kill.kind}`, kill, FIRST + index] as const);

let stand: FaultStand;
let evidence: Evidence;

describe.skipIf(process.env['FAULTS'] === undefined)('on the whole product', () => {
  beforeAll(async () => {
    stand = await startFaultStand();
    await killAll(stand, FIRST);
    await stand.settle();
    evidence = await stand.evidence();
  }, 600_000);

  afterAll(() => stand?.stop());

  describe('wherever the gateway is killed, and the keeper that tidies up after it', () => {
    test('nothing runs unrecorded, nothing twice, no approval is spent twice, and every event arrives', () => {
      expect(judge(evidence)).toEqual([]);
    });

    test.each(named)('%s', (_, kill, key) => {
      const ran = evidence.ran.filter((one) => one.key === key).length;
      const outcome = evidence.events.find((event) => event.phase === 'outcome' && keyOf(event) === key)?.type;
      const told = evidence.answers.findLast((answer) => answer.key === key);

      expect({ ran, outcome: outcome ?? 'nothing', told: told?.status }).toEqual({
        ran: kill.ran ? 1 : 0,
        outcome: kill.outcome,
        told: kill.told,
      });
    });
  });
});
