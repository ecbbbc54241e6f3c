import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BigQueryEmulator, startBigQuery } from '../../emulators/bigquery/bigquery.ts';
import { type Audit, installAudit } from '../../src/audit/audit.ts';
import { createEvidence, type Evidence, installEvidence } from '../../src/evidence/evidence.ts';
import { questions } from '../../src/evidence/questions.ts';
import type { Approval, Person } from '../../src/model/approval.ts';
import type { Passage } from '../../src/model/call.ts';
import type { Identity } from '../../src/model/identity.ts';
import { Problem } from '../../src/model/problem.ts';
import { type BigQueryClient, createBigQuery } from '../../src/platform/bigquery.ts';
import { aPassage, aTrail, eventOf, faultsOf, type Trail } from '../audit/trail.ts';

const datasets = { audit: 'sallyport_audit', evidence: 'sallyport_evidence' };
/** The trail's clock starts on 5 January 2026. */
const period = { from: new Date('2026-01-05'), to: new Date('2026-01-06') };
const minute = 60_000;

let emulator: BigQueryEmulator;
let bigquery: BigQueryClient;
let evidence: Evidence;
let trail: Trail;
let audit: Audit;

beforeAll(async () => {
  emulator = await startBigQuery();
  bigquery = createBigQuery({ projectId: 'demo-project', emulatorHost: new URL(emulator.url).host });
  await installAudit(bigquery, datasets.audit);
  await installEvidence(bigquery, datasets);
  evidence = createEvidence({ query: bigquery.query, project: 'demo-project', datasets });
  trail = aTrail({ append: (table, rows) => bigquery.append(`${datasets.audit}.${table}`, rows) });
  audit = trail.audit;
  await tellTheStory();
});
afterAll(() => emulator.stop());

const bot = 'serviceAccount:bot@p.iam.gserviceaccount.com';
const person = (member: string): Person => ({
  issuer: 'https://idp.example',
  subject: member,
  member,
  groups: ['dba'],
});

const human = (member: string, kind: Identity['kind'] = 'human'): Partial<Passage> => ({
  identity: {
    issuer: 'https://idp.example',
    subject: member,
    member,
    groups: ['dba'],
    kind,
    memberships: [],
    claims: {},
    tokenDigest: '',
    expiresAt: 0,
  },
});

function anApproval(id: string, digest = `${id}-digest`): Approval {
  return {
    id,
    state: 'approved',
    digest,
    bound: '',
    operation: `op_${id}`,
    requester: person(bot),
    connection: 'crm',
    policy_version: 'v1',
    kind: 'postgres',
    verb: 'delete',
    risks: [],
    resources: [],
    estimates: {},
    agent: { attested: false },
    requirements: [],
    decisions: [],
    requested_at: '2026-01-05T08:00:00.000Z',
    expires_at: '2026-01-05T18:00:00.000Z',
  };
}

async function run(more: Partial<Passage>, rows = 1) {
  const intent = await audit.intend(aPassage(more));
  await intent.complete({ type: 'completed', rows });
}

const approve = (approval: Approval, by = human('user:dba@example.com')) => audit.note('approved', { ...by, approval });

async function tellTheStory() {
  await audit.open();
  await run({ operationId: 'op_read' }, 3);
  await audit.note(
    'denied',
    aPassage({ operationId: 'op_denied', problem: new Problem('denied', { reason: 'no-grant' }) }),
  );
  await (await audit.intend(aPassage({ operationId: 'op_failed' }))).complete({
    type: 'failed',
    problem: new Problem('target-rejected', { reason: '42P01' }),
  });

  await approve(anApproval('good'));
  await audit.note('approved', { ...human('user:other@example.com'), approval: anApproval('twice') });
  await audit.note('approved', { ...human(bot), approval: anApproval('self') });
  await audit.note('approved', { ...human('serviceAccount:ci@x.example', 'agent'), approval: anApproval('machine') });
  await approve(anApproval('other', 'another-digest'));
  trail.clock.advance(minute);
  for (const id of ['good', 'self', 'machine', 'other', 'nobody', 'after', 'twice', 'twice'])
    await run({ operationId: `op_${id}`, approval: anApproval(id) });
  trail.clock.advance(minute);
  await approve(anApproval('after'));

  const forged = { problem: new Problem('unauthenticated', { reason: 'forged' }) };
  for (let index = 0; index < 35; index++) await audit.note('refused', forged);

  const { decision, operation } = aPassage();
  if (!decision || !operation) throw new Error('A passage has both.');
  const unmasking = { ...decision, unmask: ['EMAIL_ADDRESS', 'PHONE_NUMBER'] };
  await run({ operationId: 'op_clear', decision: unmasking }, 2);
  await run({ operationId: 'op_clear_empty', decision: unmasking }, 0);
  await run({ operationId: 'op_clear_other', decision: unmasking, operation: { ...operation, classes: ['IBAN'] } });
  await audit.close();
}

/** The answer as objects. */
async function answer(name: string, asked = period): Promise<Record<string, unknown>[]> {
  const table = await evidence.ask(name, asked);
  if (!table) throw new Error('No such question.');
  return table.rows.map((row) => Object.fromEntries(table.columns.map((column, index) => [column, row[index]])));
}

describe('every question', () => {
  test.each(questions)('has an answer with its columns, none where nothing happened: $name', async (question) => {
    const table = await evidence.ask(question.name, { from: new Date('2025-01-01'), to: new Date('2025-02-01') });

    expect(table).toMatchObject({ columns: question.columns.map(([column]) => column), rows: [] });
  });

  test('names what it is asked for by the criteria', () => {
    for (const { question, criteria } of evidence.questions) {
      expect(question).toMatch(/\?$/);
      expect(criteria.length).toBeGreaterThan(0);
    }
  });

  test('that nobody knows has no answer', async () => {
    expect(await evidence.ask('events', period)).toBeUndefined();
  });
});

describe('access_population', () => {
  test('lists every call with how it ended, run or not', async () => {
    const rows = await answer('access_population');

    const ended = Object.fromEntries(
      rows.map(({ operation, outcome, error_code }) => [operation, [outcome, error_code]]),
    );
    expect(ended).toMatchObject({
      op_read: ['completed', null],
      op_denied: ['denied', 'denied'],
      op_failed: ['failed', 'target-rejected'],
    });
    expect(rows.find(({ operation }) => operation === 'op_read')).toMatchObject({
      principal: bot,
      verb: 'read',
      resources: ['public.users'],
      rows_returned: 3,
      columns_masked: 1,
      protection: 'proven',
      policies: ['readers'],
    });
    expect(
      rows.filter(({ outcome }) => outcome === 'refused').reduce((sum, row) => sum + Number(row['occurrences']), 0),
    ).toBe(35);
  });

  test('counts each call once however often its rows arrived', async () => {
    const before = await answer('access_population');
    const row = { insertId: 'again', json: await aRawRow('op_read') };
    await bigquery.append('sallyport_audit.events', [row]);

    expect(await answer('access_population')).toEqual(before);
  });
});

describe('approvals', () => {
  test('finds each run whose approval was not in order, and why', async () => {
    const rows = await answer('approvals');

    const faults = [
      'approver_is_not_requester',
      'approver_is_human',
      'approved_before_run',
      'same_digest',
      'used_once',
    ];
    const found = rows.map((row) => [
      row['operation'],
      row['in_order'],
      ...faults.filter((name) => row[name] !== true),
    ]);
    expect(found.sort()).toEqual([
      ['op_after', false, 'approved_before_run'],
      ['op_good', true],
      ['op_machine', false, 'approver_is_human'],
      ['op_nobody', false, 'approver_is_not_requester', 'approver_is_human', 'approved_before_run', 'same_digest'],
      ['op_other', false, 'same_digest'],
      ['op_self', false, 'approver_is_not_requester'],
      ['op_twice', false, 'used_once'],
      ['op_twice', false, 'used_once'],
    ]);
    expect(rows.find(({ operation }) => operation === 'op_good')).toMatchObject({
      requester: bot,
      approvers: 'user:dba@example.com',
      outcome: 'completed',
    });
  });
});

describe('failed_access', () => {
  test('counts refusals by reason, and tells a burst from a single one', async () => {
    const rows = await answer('failed_access');

    expect(rows).toMatchObject([
      { type: 'refused', error_code: 'unauthenticated', reason: 'forged', principal: '', attempts: 35, burst: true },
      { type: 'denied', error_code: 'denied', reason: 'no-grant', principal: bot, attempts: 1, burst: false },
    ]);
  });
});

describe('sensitive_disclosure', () => {
  test('tells what was returned in the clear, to whom and by which policy, and nothing else', async () => {
    const rows = await answer('sensitive_disclosure');

    expect(rows).toMatchObject([
      {
        operation: 'op_clear',
        principal: bot,
        classes_disclosed: 'EMAIL_ADDRESS',
        policies: ['readers'],
        rows_returned: 2,
      },
    ]);
  });
});

describe('the trail in BigQuery', () => {
  test('gives back every event as it was hashed', async () => {
    const rows = await bigquery.query('SELECT * FROM `sallyport_evidence.events`');

    const events = rows.map(eventOf);
    expect(events.length).toBeGreaterThan(40);
    expect(faultsOf(events)).toEqual([]);
  });

  test('cannot be read by accident without a period, and through the view it can', async () => {
    const raw = bigquery.query('SELECT COUNT(*) AS n FROM `sallyport_audit.events`');
    const filtered = bigquery.query('SELECT COUNT(*) AS n FROM `sallyport_evidence.events` WHERE time < @to', {
      to: period.from,
    });

    await expect(raw).rejects.toThrow(/without a filter/);
    expect(await filtered).toEqual([{ n: 0 }]);
  });

  test('raises the alarm for two rows of one id with different content', async () => {
    expect(await bigquery.query('SELECT * FROM `sallyport_evidence.duplicates`')).toEqual([]);
    const forged = { ...(await aRawRow('op_read')), hash: 'f'.repeat(64), statement: 'SELECT 1' };

    await bigquery.append('sallyport_audit.events', [{ insertId: 'forged', json: forged }]);

    const alarms = await bigquery.query(
      'SELECT claimed, contents FROM `sallyport_evidence.duplicates` ORDER BY claimed',
    );
    expect(alarms).toEqual([
      { claimed: 'event', contents: 2 },
      { claimed: 'link', contents: 2 },
    ]);
  });

  test('is installed again without a change', async () => {
    const before = await bigquery.query('SELECT COUNT(*) AS n FROM `sallyport_evidence.events`');

    await installAudit(bigquery, datasets.audit);
    await installEvidence(bigquery, datasets);

    expect(await bigquery.query('SELECT COUNT(*) AS n FROM `sallyport_evidence.events`')).toEqual(before);
  });
});

async function aRawRow(operation: string) {
  const [row] = await bigquery.query(
    "SELECT * FROM `sallyport_audit.events` WHERE time > TIMESTAMP '2026-01-01' AND operation = @operation AND phase = 'intent' LIMIT 1",
    { operation },
  );
  if (!row) throw new Error('The row is there.');
  return row;
}
