import { describe, expect, test } from 'vitest';
import { approvalNoteSchema } from '../../src/model/approval.ts';
import { policyChangeSchema } from '../../src/model/policy-change.ts';
import { aHuman } from '../approvals/passages.ts';
import { aConsole } from './fixture.ts';

const approve = (digest: string) => ({ decision: 'approve', digest, reason: 'ticket 4711' });

describe('approvals', () => {
  test('an approver sees what waits, with the exact bytes and their digest', async () => {
    const { as, ask } = aConsole();
    const approval = await ask();

    const answer = await as('dba', '/api/approvals?state=pending');

    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({ approvals: [{ ...approval, may_decide: true }] });
  });

  test('one approval is at its id, and looking at it is in the trail', async () => {
    const { as, ask, noted } = aConsole();
    const approval = await ask();

    const answer = await as('dba', `/api/approvals/${approval.id}`);

    expect(await answer.json()).toMatchObject({ id: approval.id, digest: approval.digest, may_decide: true });
    expect(noted).toMatchObject([{ type: 'console_access', subject: { identity: { subject: 'human-dba' } } }]);
    expect(JSON.parse(noted[0]?.note ?? '')).toEqual({ method: 'GET', path: `/api/approvals/${approval.id}` });
  });

  test('approving records the event in the same commit as the decision', async () => {
    const { send, ask, noted, store, approvals } = aConsole();
    const { id, digest } = await ask();
    const before = store.commits.length;

    const answer = await send('dba', 'POST', `/api/approvals/${id}/decision`, approve(digest));

    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ id, state: 'approved', may_decide: false });
    expect(noted.map(({ type }) => type)).toEqual(['approved']);
    expect(noted[0]?.subject).toMatchObject({ operationId: 'op_0001', approval: { id, state: 'approved' } });
    expect(store.commits.length).toBe(before + 1);
    expect((await approvals.get(id))?.state).toBe('approved');
  });

  test('the trail holds the decision with its signature', async () => {
    const { send, ask, noted, approvals } = aConsole();
    const { id, digest } = await ask();

    await send('dba', 'POST', `/api/approvals/${id}/decision`, approve(digest));

    const [decision] = (await approvals.get(id))?.decisions ?? [];
    expect(approvalNoteSchema.parse(JSON.parse(noted[0]?.note ?? ''))).toEqual({ decision, more: false });
  });

  test('the first of two approvals is recorded as one, and the approval still waits', async () => {
    const { send, ask, noted } = aConsole();
    const { id, digest } = await ask({
      decision: { approvals: [{ policy: 'p', approvers: ['group:dba'], count: 2, expires: 1800 }] },
    });

    const answer = await send('dba', 'POST', `/api/approvals/${id}/decision`, approve(digest));

    expect(await answer.json()).toMatchObject({ state: 'pending', objection: 'You have already decided.' });
    expect(noted).toMatchObject([{ type: 'approved' }]);
    expect(JSON.parse(noted[0]?.note ?? '')).toMatchObject({ more: true });
  });

  test('denying is recorded as a denial', async () => {
    const { send, ask, noted } = aConsole();
    const { id, digest } = await ask();

    const answer = await send('dba', 'POST', `/api/approvals/${id}/decision`, { ...approve(digest), decision: 'deny' });

    expect(await answer.json()).toMatchObject({ state: 'denied' });
    expect(noted.map(({ type }) => type)).toEqual(['approval_denied']);
  });

  test('when the trail cannot be written nothing is decided and nothing is shown', async () => {
    const { send, as, ask, trail, approvals } = aConsole();
    const { id, digest } = await ask();
    trail.fails = true;

    const deciding = await send('dba', 'POST', `/api/approvals/${id}/decision`, approve(digest));
    const looking = await as('dba', `/api/approvals/${id}`);

    expect([deciding.status, looking.status]).toEqual([503, 503]);
    expect(await deciding.json()).toMatchObject({ code: 'audit-unavailable' });
    expect((await approvals.get(id))?.state).toBe('pending');
  });

  test.each([
    ['another digest', { ...approve('0'.repeat(64)) }, 409, 'approval-conflict'],
    ['no digest', { decision: 'approve', reason: 'x' }, 400, 'bad-request'],
    ['no reason', { decision: 'approve', digest: '0'.repeat(64) }, 400, 'bad-request'],
    ['an empty reason', { ...approve('0'.repeat(64)), reason: '  ' }, 400, 'bad-request'],
    ['an unknown decision', { ...approve('0'.repeat(64)), decision: 'maybe' }, 400, 'bad-request'],
    ['a field too many', { ...approve('0'.repeat(64)), force: true }, 400, 'bad-request'],
  ])('a decision with %s is refused', async (_, body, status, code) => {
    const { send, ask, noted, approvals } = aConsole();
    const { id } = await ask();

    const answer = await send('dba', 'POST', `/api/approvals/${id}/decision`, body);

    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(await answer.json()).toMatchObject({ code, status });
    expect(noted.map(({ type }) => type)).toEqual(['refused']);
    expect((await approvals.get(id))?.state).toBe('pending');
  });

  test.each(['bot', 'admin', 'auditor', 'stranger'])('%s cannot decide, and the attempt is recorded', async (who) => {
    const { send, ask, noted, approvals } = aConsole();
    const { id, digest } = await ask();

    const answer = await send(who, 'POST', `/api/approvals/${id}/decision`, approve(digest));

    expect(answer.status).toBe(403);
    expect(await answer.json()).toMatchObject({ code: 'denied' });
    expect(noted).toMatchObject([{ type: 'denied' }]);
    expect(noted[0]?.note).toContain(`at POST /api/approvals/${id}/decision`);
    expect((await approvals.get(id))?.state).toBe('pending');
  });

  test('a human who asked for something cannot approve it, and may look at it', async () => {
    const { send, as, ask } = aConsole();
    const { id, digest } = await ask({ identity: aHuman('dba') });

    const answer = await send('dba', 'POST', `/api/approvals/${id}/decision`, approve(digest));

    expect(answer.status).toBe(403);
    expect(await (await as('dba', `/api/approvals/${id}`)).json()).toMatchObject({ may_decide: false });
  });

  test('an approval that is decided or over is not decided again', async () => {
    const { send, ask, clock } = aConsole();
    const [first, second] = [await ask(), await ask({ operation: { statement: 'another' } })];
    await send('dba', 'POST', `/api/approvals/${first.id}/decision`, approve(first.digest));

    const again = await send('second', 'POST', `/api/approvals/${first.id}/decision`, approve(first.digest));
    clock.forward(1801);
    const late = await send('dba', 'POST', `/api/approvals/${second.id}/decision`, approve(second.digest));

    expect([again.status, late.status]).toEqual([409, 410]);
  });

  test('an approval of others looks like one that does not exist', async () => {
    const { as, ask } = aConsole();
    const { id } = await ask();

    const [others, none] = [await as('stranger', `/api/approvals/${id}`), await as('stranger', '/api/approvals/apr_x')];

    expect(others.status).toBe(404);
    expect(await others.text()).toBe(await none.text());
    expect(await (await as('stranger', '/api/approvals')).json()).toEqual({ approvals: [] });
  });
});

describe('who comes in', () => {
  test.each([
    ['nobody', {}],
    ['a bad token', { Authorization: 'Bearer forged' }],
    ['no bearer', { Authorization: 'Basic ZGJhOmRiYQ==' }],
  ])('%s is turned away with one answer, and recorded', async (_, headers) => {
    const { app, noted } = aConsole();

    const answer = await app.request('/api/approvals', { headers });

    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
    expect(await answer.json()).toMatchObject({ code: 'unauthenticated' });
    expect(noted).toMatchObject([{ type: 'refused', subject: { problem: { code: 'unauthenticated' } } }]);
  });

  test('a human comes in by the assertion of Identity-Aware Proxy', async () => {
    const { app } = aConsole();

    const answer = await app.request('/api/approvals', { headers: { 'X-Goog-IAP-JWT-Assertion': 'iap-dba' } });

    expect(answer.status).toBe(200);
  });

  test('a token in a URL is refused', async () => {
    const { app } = aConsole();

    const answer = await app.request('/api/approvals?access_token=dba');

    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ code: 'token-in-url' });
  });

  test.each(['/api/approvals', '/api/policies', '/api/evidence', '/approvals', '/documents', '/evidence'])(
    'an agent may not even look at %s',
    async (path) => {
      const { as, noted } = aConsole();

      const answer = await as('bot', path);

      expect(answer.status).toBe(403);
      expect(noted).toMatchObject([{ type: 'denied', subject: { identity: { kind: 'agent' } } }]);
    },
  );

  test('what does not exist is a problem too', async () => {
    const { as } = aConsole();

    const answer = await as('dba', '/api/nothing');

    expect(answer.status).toBe(404);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
  });

  test('it says that it is alive', async () => {
    expect((await aConsole().app.request('/healthz')).status).toBe(200);
  });

  test('every answer forbids scripts, frames, sniffing, referrers and caches', async () => {
    const { as, app } = aConsole();

    for (const answer of [
      await as('dba', '/approvals'),
      await as('dba', '/api/approvals'),
      await app.request('/x'),
      await app.request('/api/x'),
      await app.request('/style.css'),
    ]) {
      expect(answer.headers.get('content-security-policy')).toBe(
        "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
      );
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
      expect(answer.headers.get('referrer-policy')).toBe('no-referrer');
      expect(answer.headers.get('cache-control')).toBe('no-store');
    }
  });
});

describe('documents', () => {
  const group = { members: ['user:dba@example.com'] };

  test('an admin creates, reads, changes and removes a document, each with its etag', async () => {
    const { send, as, policies } = aConsole();

    const created = await send('admin', 'PUT', '/api/groups/dba', group, { 'If-None-Match': '*' });
    const etag = created.headers.get('etag') ?? '';
    const changed = await send('admin', 'PUT', '/api/groups/dba', { members: [] }, { 'If-Match': etag });
    const read = await as('admin', '/api/groups/dba');
    const listed = await as('admin', '/api/groups');
    const removed = await as('admin', '/api/groups/dba', {
      method: 'DELETE',
      headers: { 'If-Match': changed.headers.get('etag') ?? '' },
    });

    expect([created.status, changed.status, read.status, removed.status]).toEqual([201, 200, 200, 204]);
    expect(await created.json()).toEqual({ name: 'dba', etag });
    expect(await read.json()).toEqual({ name: 'dba', document: { members: [] }, etag: read.headers.get('etag') });
    expect(await listed.json()).toMatchObject({ documents: [{ name: 'dba', document: { members: [] } }] });
    expect(policies.contents()).toEqual({});
  });

  test('every change is in the trail with what was before and what shall be, before it is made', async () => {
    const { send, noted, policies } = aConsole();
    policies.seed('groups/dba', { members: [] });

    await send('admin', 'PUT', '/api/groups/dba', group, { 'If-Match': '*' });

    expect(noted.map(({ type }) => type)).toEqual(['policy_changed']);
    expect(policyChangeSchema.parse(JSON.parse(noted[0]?.note ?? ''))).toMatchObject({
      id: 'pc_1',
      kind: 'groups',
      name: 'dba',
      change: 'changed',
      source: 'console',
      before: { members: [] },
      after: group,
    });
  });

  test('when the trail cannot be written nothing is changed', async () => {
    const { send, trail, policies } = aConsole();
    trail.fails = true;

    const answer = await send('admin', 'PUT', '/api/groups/dba', group, { 'If-None-Match': '*' });

    expect(answer.status).toBe(503);
    expect(policies.contents()).toEqual({});
  });

  test('a change that failed is said to have failed', async () => {
    const { send, noted, policies } = aConsole();
    policies.failNext('uncertain-lost');

    const answer = await send('admin', 'PUT', '/api/groups/dba', group, { 'If-None-Match': '*' });

    expect(answer.status).toBe(500);
    expect(noted.map(({ type }) => type)).toEqual(['policy_changed', 'policy_changed', 'refused']);
    expect(noted[1]?.subject.problem?.code).toBe('internal');
  });

  test.each<[string, Record<string, string>, number]>([
    ['without a condition', {}, 400],
    ['with an etag of before', { 'If-Match': '"old"' }, 412],
    ['as new though it is there', { 'If-None-Match': '*' }, 412],
    ['with both conditions', { 'If-None-Match': '*', 'If-Match': '*' }, 400],
  ])('nobody writes over a document %s', async (_, headers, status) => {
    const { send, policies, noted } = aConsole();
    policies.seed('groups/dba', { members: [] });

    const answer = await send('admin', 'PUT', '/api/groups/dba', group, headers);

    expect(answer.status).toBe(status);
    expect(noted.map(({ type }) => type)).toEqual(['refused']);
    expect(policies.contents()).toEqual({ 'groups/dba': { members: [] } });
  });

  test('a document with an unknown field is refused and nothing of it is recorded as changed', async () => {
    const { send, noted } = aConsole();

    const answer = await send('admin', 'PUT', '/api/groups/dba', { ...group, more: 1 }, { 'If-None-Match': '*' });

    expect(answer.status).toBe(400);
    expect(noted.map(({ type }) => type)).toEqual(['refused']);
  });

  test.each(['dba', 'auditor', 'stranger'])('%s may neither read nor write documents', async (who) => {
    const { as, send, policies } = aConsole();

    const answers = [
      await as(who, '/api/policies'),
      await as(who, '/documents'),
      await send(who, 'PUT', '/api/groups/dba', group, { 'If-None-Match': '*' }),
      await as(who, '/api/groups/dba', { method: 'DELETE', headers: { 'If-Match': '*' } }),
    ];

    expect(answers.map(({ status }) => status)).toEqual([403, 403, 403, 403]);
    expect(policies.contents()).toEqual({});
  });

  test('a name that is a path is refused', async () => {
    const { send } = aConsole();

    const answer = await send('admin', 'PUT', '/api/groups/..%2Fpolicies%2Fx', group, { 'If-None-Match': '*' });

    expect([400, 404]).toContain(answer.status);
  });
});

describe('evidence', () => {
  test('an auditor asks a question for a period, and that is recorded', async () => {
    const { as, noted } = aConsole();

    const answer = await as('auditor', '/api/evidence/failed_access?from=2026-02-01&to=2026-03-01T00:00:00Z');

    expect(await answer.json()).toEqual({
      name: 'failed_access',
      question: 'Who was refused?',
      from: '2026-02-01T00:00:00.000Z',
      to: '2026-03-01T00:00:00.000Z',
      criteria: ['CC6.6'],
      parameters: { from: '2026-02-01T00:00:00.000Z', to: '2026-03-01T00:00:00.000Z' },
      sql_sha256: 'a'.repeat(64),
      population: { events: 7, first_at: null, last_at: null, missing: 0, status: 'whole', chains: [] },
      columns: ['who', 'times', 'since'],
      rows: [['=HYPERLINK("http://x")', 3, '2026-02-01T00:00:00.000Z']],
      row_count: 1,
    });
    expect(noted).toMatchObject([{ type: 'evidence_exported' }]);
  });

  test.each([
    ['/api/evidence/failed_access?from=2026-02-01&to=2026-03-01&format=csv', {}],
    ['/api/evidence/failed_access?from=2026-02-01&to=2026-03-01', { Accept: 'text/csv' }],
  ])('the answer comes as CSV that no spreadsheet runs: %s', async (path, headers: Record<string, string>) => {
    const { as } = aConsole();

    const answer = await as('auditor', path, { headers });

    expect(answer.headers.get('content-type')).toMatch(/^text\/csv/);
    expect(answer.headers.get('content-disposition')).toContain('failed_access.csv');
    expect(JSON.parse(answer.headers.get('sallyport-evidence') ?? '')).toMatchObject({
      sql_sha256: 'a'.repeat(64),
      row_count: 1,
      population: { events: 7, status: 'whole', chains: 0 },
    });
    expect(await answer.text()).toBe('who,times,since\r\n"\'=HYPERLINK(""http://x"")",3,2026-02-01T00:00:00.000Z\r\n');
  });

  test('the questions are listed', async () => {
    expect(await (await aConsole().as('auditor', '/api/evidence')).json()).toMatchObject({
      evidence: [
        {
          name: 'failed_access',
          question: 'Who was refused?',
          criteria: ['CC6.6'],
          parameters: ['from', 'to'],
          columns: [{ name: 'who', meaning: 'Who' }],
        },
        { name: 'sample', parameters: ['from', 'to', 'seed', 'n'] },
        { name: 'entitlements', parameters: ['as_of'] },
      ],
    });
  });

  test('a question takes what it is asked with, and that is recorded', async () => {
    const { as, noted } = aConsole();

    const [sample, entitlements] = [
      await as('auditor', '/api/evidence/sample?from=2026-02-01&to=2026-03-01&seed=may&n=7'),
      await as('auditor', '/api/evidence/entitlements?as_of=2026-02-01'),
    ];

    expect(await sample.json()).toMatchObject({ parameters: { seed: 'may', n: 7 } });
    expect(await entitlements.json()).toMatchObject({ parameters: { as_of: '2026-02-01T00:00:00.000Z' } });
    expect(noted.map(({ note }) => JSON.parse(note ?? ''))).toMatchObject([
      { name: 'sample', seed: 'may', n: '7' },
      { name: 'entitlements', as_of: '2026-02-01' },
    ]);
  });

  test.each([
    ['/api/evidence/none', 404],
    ['/api/evidence/failed_access?from=yesterday', 400],
    ['/api/evidence/failed_access?from=2026-03-01&to=2026-02-01', 400],
    ['/api/evidence/failed_access?from=0000-01-01', 400],
    ['/api/evidence/failed_access?to=0001-01-02', 400],
    ['/api/evidence/failed_access?format=xlsx', 400],
    ['/api/evidence/sample?n=0', 400],
    ['/api/evidence/sample?n=1001', 400],
    ['/api/evidence/sample?n=many', 400],
    ['/api/evidence/sample?seed=', 400],
    ['/api/evidence/entitlements?as_of=then', 400],
    ['/api/evidence/entitlements?as_of=0000-01-01', 400],
  ])('%s is refused', async (path, status) => {
    expect((await aConsole().as('auditor', path)).status).toBe(status);
  });

  test.each(['dba', 'admin', 'stranger'])('%s may not read evidence', async (who) => {
    const { as } = aConsole();

    expect((await as(who, '/api/evidence')).status).toBe(403);
    expect((await as(who, '/evidence/failed_access')).status).toBe(403);
  });
});
