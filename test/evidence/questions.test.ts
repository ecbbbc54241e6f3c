import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { admin, bot, day, dba, forgotten, gone, left, orphan, owner, second, setUp, stray } from './known-data.ts';
import { openKnownData, type Row } from './opened.ts';

let opened: Awaited<ReturnType<typeof openKnownData>>;
let answer: typeof opened.answer;

beforeAll(async () => {
  opened = await openKnownData();
  answer = opened.answer;
});
afterAll(() => opened.stop());

/** The named columns of each row. */
const picked = (rows: readonly Row[], ...names: string[]) => rows.map((row) => names.map((name) => row[name]));

describe('agent_registry', () => {
  test('tells each agent with its owner and its use, registered or not', async () => {
    const rows = await answer('agent_registry');

    expect(picked(rows, 'agent', 'document', 'owner', 'owner_in_a_group', 'disabled')).toEqual([
      [bot, 'reporter', owner, true, false],
      ['serviceAccount:ci@p.iam.gserviceaccount.com', null, null, false, null],
      [forgotten, 'forgotten', left, false, true],
      [orphan, 'orphan', gone, false, false],
      [stray, null, null, false, null],
    ]);
    expect(rows[0]).toMatchObject({
      registered_at: '2026-01-05T09:01:00.000Z',
      first_use: '2026-01-10T09:00:00.000Z',
      last_use: '2026-01-10T18:00:00.000Z',
      refusals: 2,
    });
  });
});

describe('owner_gone', () => {
  test('finds the use of agents whose owner left the groups or the company, and of no other', async () => {
    const rows = await answer('owner_gone');

    expect(picked(rows, 'agent', 'owner', 'gone_since', 'known_by', 'operations')).toEqual([
      ['forgotten', left, '2026-01-08T00:00:00.000Z', 'named as a leaver', 1],
      ['orphan', gone, '2026-01-10T09:03:00.000Z', 'in no group any more', 1],
    ]);
  });
});

describe('entitlements', () => {
  test('tells who could do what on a day, by the documents of that day', async () => {
    const [before, after] = [
      await answer('entitlements', { as_of: new Date('2026-01-06') }),
      await answer('entitlements', { as_of: day.to }),
    ];

    expect(picked(before, 'principal', 'through', 'effect', 'policy', 'approvers')).toEqual([
      ['*', '', 'guard', 'deletes', 'group:dba'],
      [bot, 'group:analysts', 'allow', 'readers', ''],
      [orphan, 'group:analysts', 'allow', 'readers', ''],
    ]);
    expect(after.find(({ policy }) => policy === 'deletes')).toMatchObject({
      approvers: 'group:dba, user:second@example.com',
      changed_by: 'user:second@example.com',
    });
  });

  test('knows nothing of what was removed again, or could not be made', async () => {
    const during = await answer('entitlements', { as_of: new Date('2026-01-05T09:03:30Z') });
    const later = await answer('entitlements', { as_of: day.to });

    expect(new Set(during.map(({ policy }) => policy))).toEqual(new Set(['deletes', 'readers', 'temporary']));
    expect(new Set(later.map(({ policy }) => policy))).toEqual(new Set(['deletes', 'readers']));
  });

  test('gives nobody anything before the first document', async () => {
    expect(await answer('entitlements', { as_of: setUp.from })).toEqual([]);
  });
});

describe('approvals', () => {
  test('finds what ran on an approval that had expired', async () => {
    const rows = await answer('approvals');

    expect(rows.filter((row) => row['not_expired'] === false).map((row) => row['operation'])).toEqual(['op_expired']);
    expect(rows.find((row) => row['operation'] === 'op_honest')).toMatchObject({ in_order: true });
  });
});

describe('segregation_violations', () => {
  test('finds each approval that its approver should not have given, and no other', async () => {
    const rows = await answer('segregation_violations');

    expect(picked(rows, 'approval', 'violation')).toEqual([
      ['bot', 'bot'],
      ['double', 'double'],
      ['owner', 'owner'],
      ['self', 'bot'],
      ['self', 'self'],
      ['self-by-address', 'self'],
      ['policy-author', 'policy-author'],
      ['own-group', 'own-group'],
      ['own-group', 'policy-author'],
    ]);
  });
});

describe('break_glass', () => {
  test('tells each operation past a guard, whether it was told before, and whether somebody else reviewed it', async () => {
    const rows = await answer('break_glass');

    expect(picked(rows, 'operation', 'reason', 'told', 'reviewed_by', 'reviewed_by_another_human')).toEqual([
      ['op_glass-not-reviewed', 'an incident', true, null, false],
      ['op_glass-reviewed', 'an incident', true, dba, true],
      ['op_glass-untold', null, false, null, false],
    ]);
    expect(rows[0]).toMatchObject({ guards_lifted: ['guard-bulk'], outcome: 'completed' });
  });
});

describe('alerts_to_closure', () => {
  test('tells each alert from being raised to being closed, and whether another human answered', async () => {
    const all = await answer('alerts_to_closure');
    const rows = all.filter(({ kind }) => kind === 'break-glass');

    expect(all.filter(({ kind }) => kind === 'unknown-outcome')).toMatchObject([{ state: 'open' }, { state: 'open' }]);
    expect(picked(rows, 'alert', 'state', 'acknowledged_by', 'closed_by', 'answered_by_another_human')).toEqual([
      ['glass-not-reviewed', 'open', null, null, true],
      ['glass-reviewed', 'closed', dba, dba, true],
      ['own', 'closed', null, dba, false],
    ]);
    expect(rows[1]).toMatchObject({ about: bot, minutes_to_answer: 0, minutes_to_close: 2 });
  });

  test('tells in the next period of what was left open', async () => {
    const rows = await answer('alerts_to_closure', { from: day.to, to: new Date('2026-01-12') });

    expect(picked(rows, 'kind', 'state')).toEqual([
      ['break-glass', 'open'],
      ['unknown-outcome', 'open'],
      ['unknown-outcome', 'open'],
    ]);
  });
});

describe('access_reviews', () => {
  test('tells what was kept, what had to go and when it was gone, and what nobody looked at', async () => {
    const rows = await answer('access_reviews');

    const names = ['decision', 'kind', 'name', 'member', 'reviewer', 'reviewed_by_another_human'];
    expect(
      picked(
        rows.filter(({ decision }) => decision !== 'not reviewed'),
        ...names,
      ),
    ).toEqual([
      ['revoke', 'agents', 'orphan', '', admin, true],
      ['revoke', 'groups', 'dba', admin, dba, true],
      ['keep', 'groups', 'dba', dba, admin, true],
      ['keep', 'groups', 'dba', second, second, false],
    ]);
    const left = (name: string) =>
      rows.find((row) => row['decision'] === 'revoke' && row['name'] === name)?.['gone_at'];
    expect([left('dba'), left('orphan')]).toEqual([expect.stringMatching(/^2026-01-10T09:0/), null]);
    expect(
      picked(
        rows.filter(({ decision }) => decision === 'not reviewed'),
        'kind',
        'name',
        'member',
      ),
    ).toEqual([
      ['agents', 'forgotten', ''],
      ['agents', 'reporter', ''],
      ['groups', 'analysts', bot],
      ['groups', 'analysts', orphan],
      ['groups', 'dba', owner],
      ['policies', 'deletes', ''],
      ['policies', 'readers', ''],
    ]);
  });
});

describe('policy_changes', () => {
  test('tells author, before, after and when it was in force, and what was told and not made', async () => {
    const rows = await answer('policy_changes', { from: setUp.from });

    expect(picked(rows, 'kind', 'name', 'change', 'outcome', 'author', 'in_force_from', 'in_force_to')).toContainEqual([
      'policies',
      'deletes',
      'created',
      'made',
      admin,
      expect.stringMatching(/^2026-01-10T09:0/),
      '2026-01-10T09:02:40.000Z',
    ]);
    expect(rows.find(({ name }) => name === 'everything')).toMatchObject({ outcome: 'not made', in_force_from: null });
    const changed = rows.find(({ name, change }) => name === 'deletes' && change === 'changed');
    expect(JSON.parse(String(changed?.['before']))).toMatchObject({ approval: { approvers: ['group:dba'] } });
    expect(JSON.parse(String(changed?.['after']))).toMatchObject({
      approval: { approvers: ['group:dba', 'user:second@example.com'] },
    });
  });
});

describe('decisions_by_policy_version', () => {
  test('counts decisions by a version that had been replaced', async () => {
    const rows = await answer('decisions_by_policy_version');

    expect(picked(rows, 'last_change', 'policy_version', 'stale').filter(([, , stale]) => stale !== 0)).toEqual([
      ['groups/dba', 'v1', 1],
    ]);
    expect(picked(rows, 'last_change', 'policy_version')).toContainEqual(['policies/temporary', 'v2']);
  });
});

describe('agent_versions', () => {
  test('tells when an agent came with another version or model', async () => {
    const rows = await answer('agent_versions');

    expect(picked(rows, 'agent', 'version', 'model', 'version_before', 'model_before', 'changed')).toEqual([
      ['reporter', '1.0', 'gemini-3-pro', null, null, 'first seen'],
      ['reporter', '1.1', 'gemini-3-flash', '1.0', 'gemini-3-pro', 'version and model'],
      ['forgotten', '', '', null, null, 'first seen'],
      ['orphan', '', '', null, null, 'first seen'],
      ['stray', '', '', null, null, 'first seen'],
    ]);
  });
});

describe('sensitive_disclosure', () => {
  test('tells data that policy left in the clear from data that was seen although none did', async () => {
    const rows = await answer('sensitive_disclosure');

    expect(picked(rows, 'operation', 'classes_disclosed', 'exempt')).toEqual([
      ['op_exempt', 'EMAIL_ADDRESS', true],
      ['op_in-the-clear', 'EMAIL_ADDRESS', false],
    ]);
  });
});

describe('masking_failures', () => {
  test('finds what was refused as unprovable, what a detector found, what was cut, and what no mask covered', async () => {
    const rows = await answer('masking_failures');

    expect(picked(rows, 'failure', 'operation', 'class', 'number', 'detail')).toEqual([
      ['unprovable', 'op_unprovable', '', 1, 'R7'],
      ['finding', 'op_new-model', 'IBAN_CODE', 2, ''],
      ['truncated', 'op_new-model', '', 3, ''],
      ['unmasked', 'op_in-the-clear', 'EMAIL_ADDRESS', 3, ''],
    ]);
  });
});

describe('secret_use', () => {
  test('tells the version and its age for each operation, and finds a reading that no call explains', async () => {
    const rows = await answer('secret_use');

    expect(rows.find(({ operation }) => operation === 'op_honest')).toMatchObject({
      verdict: 'used',
      version: 'projects/4711/secrets/crm/versions/2',
      age_days: 10,
    });
    expect(picked(rows, 'verdict', 'principal', 'record_id').filter(([verdict]) => verdict !== 'used')).toEqual([
      ['read-without-a-call', 'mallory@example.com', 'read-alone'],
    ]);
  });
});

describe('completeness', () => {
  test('finds every gap, cut, fork, missing outcome and missing checkpoint, and nothing else', async () => {
    const rows = await answer('completeness');

    expect(picked(rows, 'finding', 'alarm', 'operation', 'detail')).toEqual([
      ['fork', true, 'op_read', '2 events claim this place'],
      ['two-contents', true, 'op_read', '2 contents of one event, phase outcome'],
      ['two-outcomes', true, 'op_read', '2 outcomes'],
      ['missing-checkpoint', true, null, 'checkpoints 7 to 7 are not there'],
      ['broken-link', true, 'op_removed', 'names another predecessor than the one that is there'],
      ['gap', true, 'op_without-outcome', expect.stringMatching(/^events (\d+) to \1 of the chain are not there$/)],
      ['gap', true, null, expect.stringMatching(/^events (\d+) to \1 of the chain are not there$/)],
      ['no-outcome', true, 'op_removed', 'it was to run, and nothing says how it ended'],
      ['no-outcome', true, 'op_without-outcome', 'it was to run, and nothing says how it ended'],
      ['cut', true, null, 'a checkpoint saw this event, and it is not there'],
      ['no-end', false, null, 'its instance did not stop in order'],
      ['late-outcome', false, 'op_late', 'how it ended was recorded after it had been given up as unknown'],
      ['no-end', false, null, 'its instance did not stop in order'],
      ['no-known-outcome', false, 'op_lost', 'its instance ended before it could say how it ended'],
      ['no-end', false, null, 'its instance did not stop in order'],
      ['late-checkpoint', false, null, 'none for 30120 s'],
    ]);
  });

  test('finds nothing in an honest day but that no checkpoint covers it', async () => {
    const rows = await answer('completeness', setUp);

    expect(picked(rows, 'finding', 'alarm')).toEqual([['no-checkpoint', true]]);
  });
});

describe('reconciliation', () => {
  test('finds what went past the gateway, what claims an operation that is not its own, and what left no record', async () => {
    const rows = await answer('reconciliation');

    expect(picked(rows, 'verdict', 'record_id', 'operation').filter(([verdict]) => verdict !== 'matched')).toEqual([
      ['forged', 'log-forged', 'op_never-was'],
      ['bypass', 'log-bypass', null],
      ['elsewhere', 'log-elsewhere', 'op_honest'],
      ['not-to-run', 'log-denied', 'op_no-grant'],
      ['no-record', null, 'op_exempt'],
      ['not-then', 'log-reused', 'op_honest'],
    ]);
  });

  test('matches every record of the gateway’s own, once however often it was loaded', async () => {
    const rows = await answer('reconciliation');

    const ran = (await answer('access_population')).filter(({ outcome }) => outcome === 'completed');
    const operations = new Set(ran.map(({ operation }) => operation));
    const runs = new Set(ran.map(({ event_id }) => event_id));
    // Two outcomes are planted gaps, one operation left no record, and one record is of reading the catalog beforehand.
    expect(operations.size).toBe(runs.size - 1);
    expect(rows.filter(({ verdict }) => verdict === 'matched')).toMatchObject([
      { connection: 'crm', source: 'postgres_log' },
    ]);
    expect(rows.find(({ verdict }) => verdict === 'matched')?.['records']).toBe(runs.size + 2);
  });
});

describe('audit_access', () => {
  test('tells who read the audit tables, and who did more than that', async () => {
    const rows = await answer('audit_access');

    expect(picked(rows, 'through', 'principal', 'action', 'resource', 'changed')).toEqual([
      ['console', second, 'evidence_exported', 'approvals', false],
      ['console', second, 'console_access', 'recording', false],
      ['bigquery', 'auditor@example.com', 'read', 'sallyport_audit.events', false],
      ['bigquery', 'mallory@example.com', 'DELETE', 'sallyport_audit.events', true],
    ]);
  });
});

describe('sample', () => {
  test('draws the same calls for the same seed, and others for another', async () => {
    const drawn = async (seed: string) => picked(await answer('sample', { seed, n: 5 }), 'event_id').flat();

    const [first, again, other] = [await drawn('a'), await drawn('a'), await drawn('b')];

    expect(first).toHaveLength(5);
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
  });

  test('says of how many it was drawn', async () => {
    const rows = await answer('sample', { n: 1000 });

    expect(new Set(rows.map(({ population }) => population))).toEqual(new Set([rows.length]));
  });
});

describe('an answer', () => {
  test('says with what it was asked, by which text', async () => {
    const table = await opened.evidence.ask('sample', { ...day, seed: 'a', n: 1 });

    expect(table).toMatchObject({
      parameters: { from: '2026-01-10T00:00:00.000Z', to: '2026-01-11T00:00:00.000Z', seed: 'a', n: 1 },
      sql_sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  test('is of a population that is told by chain, with what is missing in it', async () => {
    const [honest, planted, none] = [
      await opened.evidence.population(setUp),
      await opened.evidence.population(day),
      await opened.evidence.population({ from: new Date('2025-01-01'), to: new Date('2025-02-01') }),
    ];

    expect(honest).toMatchObject({ status: 'whole', missing: 0, chains: [{ first_seq: 0, missing: 0 }] });
    expect(planted).toMatchObject({ status: 'gaps', missing: 2 });
    expect(none).toMatchObject({ status: 'empty', events: 0, chains: [] });
  });

  test('is the same from the table function that an auditor asks in BigQuery', async () => {
    const rows = await opened.bigquery.query(
      "SELECT approval, violation FROM `sallyport_evidence.segregation_violations`(TIMESTAMP '2026-01-10', TIMESTAMP '2026-01-11') ORDER BY approved_at, approval, violation",
    );

    expect(rows).toEqual(
      (await answer('segregation_violations')).map(({ approval, violation }) => ({ approval, violation })),
    );
  });
});
