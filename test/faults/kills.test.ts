import { expect, test } from 'vitest';
import { type Aftermath, type Chaos, wreak } from './chaos.ts';
import { judge } from './judge.ts';

/** By hand: FAULTS_KILLS=200 vitest run test/faults */
const kills = Number(process.env['FAULTS_KILLS'] ?? 4);
const deadly: Chaos = { approvals: kills * 40, instances: 2, lifetime: 30, deaths: 50, kills, sabotage: 'none' };
const limit = 120_000 + kills * 5000;

test(
  'whatever is killed, whenever: nothing runs unrecorded, nothing twice, and every event arrives',
  async () => {
    const aftermath = await wreak(deadly);

    tell(aftermath);
    expect(judge(aftermath)).toEqual([]);
    expect(aftermath.ran.length).toBeGreaterThan(kills);
  },
  limit,
);

test.each(['run-before-the-intent-is-durable', 'spend-without-precondition'] as const)(
  'the judge finds it when instances %s',
  async (sabotage) => {
    // What goes wrong is a matter of chance, each time.
    for (let tries = 0; tries < 5; tries++) {
      const aftermath = await wreak({ ...deadly, approvals: 40, lifetime: 0, deaths: 0, sabotage });
      if (judge(aftermath).length > 0) return;
    }
    expect.unreachable('The judge found nothing.');
  },
  limit,
);

function tell({ events, ran, rawRows, kills: killed, acknowledged }: Aftermath) {
  const unknown = events.filter(({ type }) => type === 'unknown').length;
  const rows = { rows: rawRows, duplicates: rawRows - events.length };
  const numbers = {
    killed,
    ran: ran.length,
    acknowledged: acknowledged.length,
    unknown,
    events: events.length,
    ...rows,
  };
  process.stdout.write(`${JSON.stringify(numbers)}\n`);
}
