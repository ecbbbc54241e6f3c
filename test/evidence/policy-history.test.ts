import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BigQueryEmulator, startBigQuery } from '../../emulators/bigquery/bigquery.ts';
import { type Audit, installAudit } from '../../src/audit/audit.ts';
import { createPolicyHistory, installEvidence, type PolicyHistory } from '../../src/evidence/evidence.ts';
import { contentOf } from '../../src/model/document-content.ts';
import type { PolicyChange, PolicyChangeEnd } from '../../src/model/policy-change.ts';
import { createBigQuery } from '../../src/platform/bigquery.ts';
import { aHuman } from '../approvals/passages.ts';
import { aPassage, aTrail, type Trail } from '../audit/trail.ts';

const datasets = { audit: 'sallyport_audit', evidence: 'sallyport_evidence' };

let emulator: BigQueryEmulator;
let history: PolicyHistory;
let trail: Trail;
let audit: Audit;

beforeAll(async () => {
  emulator = await startBigQuery();
  const bigquery = createBigQuery({ projectId: 'demo-project', emulatorHost: new URL(emulator.url).host });
  await installAudit(bigquery, datasets.audit);
  await installEvidence(bigquery, datasets);
  history = createPolicyHistory({ query: bigquery.query, project: 'demo-project', dataset: datasets.audit });
  trail = aTrail({ append: (table, rows) => bigquery.append(`${datasets.audit}.${table}`, rows) });
  audit = trail.audit;
  await tellTheStory();
});
afterAll(() => emulator.stop());

type Document = Record<string, unknown> | null;

/** Version n is what the n-th change made of it all. */
function aChange(
  version: number,
  name: string,
  [before, after]: [Document, Document],
  more: Partial<PolicyChange> = {},
): PolicyChange {
  return {
    id: `pc_${version}`,
    kind: 'groups',
    name,
    change: before === null ? 'created' : after === null ? 'removed' : 'changed',
    source: 'console',
    before,
    after,
    before_sha256: before && contentOf(before, '').sha256,
    after_sha256: after && contentOf(after, '').sha256,
    omitted: false,
    etag_before: null,
    written_at: null,
    policy_version_before: `v${version - 1}`,
    policy_version: `v${version}`,
    approver: null,
    ...more,
  };
}

const admin = { identity: aHuman('admin') };
const [none, some, all] = [
  { members: [] },
  { members: ['user:ann@example.com'] },
  { members: ['user:bob@example.com'] },
];

/** Each at a minute of its own from 09:00 on. */
async function tellTheStory() {
  await audit.open();
  const steps: (PolicyChange | PolicyChangeEnd | string)[] = [
    aChange(1, 'dba', [null, none]), //                                                              09:01
    aChange(2, 'ops', [null, none]), //                                                              09:02
    'v2', //                                                                                         09:03
    aChange(3, 'dba', [none, some]), //                                                              09:04
    aChange(4, 'dba', [some, all]), //                                                               09:05
    { id: 'pc_4', kind: 'groups', name: 'dba', outcome: 'not made', code: 'precondition-failed' }, // 09:06
    'v3', //                                                                                         09:07
    'v3', //                                                                                         09:08
    aChange(5, 'dba', [some, null], {
      source: 'outside',
      policy_version: 'v2',
      written_at: '2026-01-05T09:09:30.000Z',
    }), //                                                                                           09:09
    aChange(6, 'ops', [none, all]), //                                                               09:10
    { id: 'pc_6', kind: 'groups', name: 'ops', outcome: 'not known', code: 'internal' }, //          09:11
  ];
  for (const step of steps) {
    trail.clock.advance(60_000);
    if (typeof step === 'string') await decide(step);
    else if ('source' in step && step.source === 'outside') await tell(step, {});
    else await tell(step, admin);
  }
  await audit.close();
}

const tell = (note: PolicyChange | PolicyChangeEnd, subject: Partial<typeof admin>) =>
  audit.note('policy_changed', subject, { note: JSON.stringify(note) });

async function decide(policyVersion: string) {
  const { decision } = aPassage();
  if (!decision) throw new Error('A passage has one.');
  await audit.note('denied', aPassage({ decision: { ...decision, policyVersion } }));
}

const at = (time: string) => `2026-01-05T${time}.000Z`;

describe('the history of the documents', () => {
  test('says of each change who, what it was, and what it became, the newest first', async () => {
    const changes = await history({ kind: 'groups', name: 'dba', limit: 10 });

    expect(changes.map(({ id }) => id)).toEqual(['pc_5', 'pc_4', 'pc_3', 'pc_1']);
    expect(changes[2]).toMatchObject({
      change: 'changed',
      author: 'user:admin@example.com',
      approver: null,
      before: none,
      after: some,
      policy_version_before: 'v2',
      policy_version: 'v3',
    });
  });

  test('a change is in force from the first decision under a version that holds it, until that of the next', async () => {
    const [, , third, first] = await history({ name: 'dba', limit: 10 });

    expect(first).toMatchObject({
      in_force_from: at('09:03:00'),
      in_force_by: 'decision',
      in_force_to: at('09:07:00'),
    });
    expect(third).toMatchObject({ in_force_from: at('09:07:00'), in_force_to: at('09:09:30') });
  });

  test('a change under which nothing was decided yet is said to be in force from its writing', async () => {
    const [removed] = await history({ name: 'dba', limit: 1 });

    expect(removed).toMatchObject({ in_force_from: at('09:09:30'), in_force_by: 'write', in_force_to: null });
  });

  test('a change that was not made was never in force and ends no other', async () => {
    const [, failed] = await history({ name: 'dba', limit: 10 });

    expect(failed).toMatchObject({ id: 'pc_4', outcome: 'not made', in_force_from: null, in_force_to: null });
  });

  test('a change of which nobody knows whether it was made says so', async () => {
    expect(await history({ name: 'ops', limit: 1 })).toMatchObject([{ id: 'pc_6', outcome: 'not known' }]);
  });

  test('a change outside the console has no author', async () => {
    const [removed] = await history({ name: 'dba', limit: 1 });

    expect(removed).toMatchObject({ source: 'outside', author: null, change: 'removed', before: some, after: null });
  });

  test('is asked for by kind, name, and time', async () => {
    const ids = async (filter: Partial<Parameters<PolicyHistory>[0]>) =>
      (await history({ limit: 10, ...filter })).map(({ id }) => id);

    expect(await ids({ kind: 'policies' })).toEqual([]);
    expect(await ids({ from: new Date(at('09:05:00')), to: new Date(at('09:10:00')) })).toEqual(['pc_5', 'pc_4']);
    expect(await ids({ limit: 1 })).toEqual(['pc_6']);
  });
});
