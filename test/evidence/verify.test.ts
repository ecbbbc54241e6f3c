import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  checkpointEdits,
  type Dice,
  type Edit,
  eventEdits,
  keeperEdits,
  looseOf,
  names,
  recordingEdits,
} from './verify/edits.ts';
import { anHonestTrail, type Honest, verified } from './verify/honest.ts';

const nothing: Honest = { events: [], checkpoints: [], recordings: [] };

let trails: Honest[];
beforeAll(async () => {
  trails = [await anHonestTrail(), await anHonestTrail({ calls: 9 })];
});

describe('an honest trail has no findings', () => {
  test('with a kill, a late outcome, sampled refusals and approvals in it', async () => {
    const [trail = nothing] = trails;

    const report = await verified(trail);

    expect(report.findings).toEqual([]);
    expect(new Set(trail.events.map(({ type }) => type))).toContain('outcome_late');
    expect(report).toMatchObject({ found: 0, unsealed: 0, repeated: 0, notes: [] });
    expect(report).toMatchObject({ events: trail.events.length, checkpoints: trail.checkpoints.length });
  });
});

const runs = Number(process.env['TAMPERINGS'] ?? 10);

describe.each<[string, Record<string, Edit>]>([
  ['the table of events', eventEdits],
  ['the table of checkpoints', checkpointEdits],
  ['the table of recordings', recordingEdits],
  ['the keeper’s key', keeperEdits],
])('whoever has %s is found out, and the place is named, when', (_, edits) => {
  test.each(Object.entries(edits))('%s', async (_, edit) => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(1),
        fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })),
        (index, chances) => isFound(trails[index], edit, () => Number(chances.next().value)),
      ),
      { numRuns: runs },
    );
  });
});

async function isFound(honest: Honest | undefined, edit: Edit, dice: Dice) {
  const trail = looseOf(honest ?? nothing);
  const spots = edit(trail, dice);
  fc.pre(spots !== undefined && JSON.stringify(trail) !== JSON.stringify(honest));

  const { findings } = await verified(trail);

  expect({ spots, findings }).toSatisfy(() => findings.some((finding) => spots?.some((spot) => names(finding, spot))));
}
