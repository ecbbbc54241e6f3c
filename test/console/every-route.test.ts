import { describe, expect, test } from 'vitest';
import { known } from './fake-replay.ts';
import { aConsole, origin } from './fixture.ts';
import { aRunningSession } from './live-session.ts';

/** Whoever reads or changes anything at the console is in the trail: one event for each request, and nothing of the answer in it. */

const day = '2026-03-01';
const documents: Record<string, Record<string, unknown>> = {
  connections: {
    kind: 'postgres',
    settings: { host: 'planted-answer' },
    credential: { secret: 'projects/p/secrets/s' },
  },
  policies: {
    principals: ['*'],
    connections: ['crm'],
    verbs: ['read'],
    effect: 'allow',
    description: 'planted-answer',
  },
  groups: { members: ['user:planted-answer@example.com'] },
  classifications: { 'public.users': { email: 'EMAIL_ADDRESS' } },
  agents: { member: 'serviceAccount:planted-answer@p.iam.gserviceaccount.com', owner: 'user:o@example.com' },
};
const kinds = Object.keys(documents);
const alert = `alr_${'0'.repeat(32)}`;
const planted = 'planted-answer';

/** How each route is asked, by whom, and which events that leaves. Routes that read nothing leave none. */
type Asked = {
  by?: string;
  path?: string;
  body?: unknown;
  form?: Record<string, string>;
  headers?: Record<string, string>;
  leaves?: string[];
};

const routes: Record<string, Asked> = {
  'GET /healthz': { leaves: [] },
  'GET /style.css': { leaves: [] },
  'GET /player.js': { leaves: [] },
  'GET /player.css': { leaves: [] },
  'GET /play.js': { leaves: [] },
  'GET /': { leaves: [] },
  'GET /sign-in': { leaves: [] },
  'POST /sign-in': { form: { token: 'admin', to: '/' }, leaves: ['console_access'] },
  // The page was too old.
  'POST /sign-out': { by: 'admin', form: { csrf: '' }, leaves: ['denied'] },
  'GET /api/approvals': { by: 'dba' },
  'GET /api/approvals/:id': { by: 'dba' },
  'POST /api/approvals/:id/decision': { by: 'dba', leaves: ['approved'] },
  'GET /approvals': { by: 'dba' },
  'GET /approvals/:id': { by: 'dba' },
  'POST /approvals/:id/decision': {
    by: 'dba',
    form: { csrf: '', decision: 'deny', reason: 'no' },
    leaves: ['approval_denied'],
  },
  'GET /documents': { by: 'admin' },
  ...Object.fromEntries(
    kinds.flatMap((kind): [string, Asked][] => [
      [`GET /api/${kind}`, { by: 'admin' }],
      [`GET /api/${kind}/:name`, { by: 'admin', path: `/api/${kind}/one` }],
      [
        `GET /api/${kind}/:name/history`,
        { by: 'auditor', path: `/api/${kind}/one/history`, leaves: ['evidence_exported'] },
      ],
      [
        `PUT /api/${kind}/:name`,
        {
          by: 'admin',
          path: `/api/${kind}/new`,
          body: documents[kind],
          headers: { 'If-None-Match': '*' },
          leaves: ['policy_changed'],
        },
      ],
      [
        `DELETE /api/${kind}/:name`,
        { by: 'admin', path: `/api/${kind}/one`, headers: { 'If-Match': '*' }, leaves: ['policy_changed'] },
      ],
    ]),
  ),
  ...Object.fromEntries(
    kinds.flatMap((kind): [string, Asked][] => [
      [`GET /history/${kind}/:name`, { by: 'auditor', path: `/history/${kind}/one`, leaves: ['evidence_exported'] }],
      [`GET /documents/${kind}/:name`, { by: 'admin', path: `/documents/${kind}/one` }],
      [
        `POST /documents/${kind}/:name`,
        {
          by: 'admin',
          path: `/documents/${kind}/new`,
          form: { csrf: '', draft: JSON.stringify(documents[kind]), etag: '', act: 'save' },
          leaves: ['policy_changed'],
        },
      ],
    ]),
  ),
  'GET /history': { by: 'auditor', leaves: ['evidence_exported'] },
  'GET /simulate': { by: 'admin' },
  'POST /simulate': { by: 'admin', form: { csrf: '', draft: '{}', from: day, to: '2026-03-02' } },
  'GET /api/integrity': { by: 'auditor' },
  'GET /integrity': { by: 'auditor' },
  'GET /api/history': { by: 'auditor', leaves: ['evidence_exported'] },
  'POST /api/policies:simulate': { by: 'admin', body: { documents: {} } },
  'GET /api/evidence': { by: 'auditor' },
  'GET /api/evidence/:name': { by: 'auditor', path: '/api/evidence/failed_access', leaves: ['evidence_exported'] },
  'GET /evidence': { by: 'auditor' },
  'GET /evidence/:name': { by: 'auditor', path: '/evidence/failed_access', leaves: ['evidence_exported'] },
  'POST /api/evidence:export': {
    by: 'auditor',
    body: { from: day, to: '2026-03-02' },
    leaves: ['console_access', 'evidence_exported'],
  },
  'POST /evidence/export': {
    by: 'auditor',
    form: { csrf: '', from: day, to: '2026-03-02' },
    leaves: ['console_access', 'evidence_exported'],
  },
  'GET /api/sessions': { by: 'auditor' },
  'GET /api/sessions/:id': { by: 'auditor' },
  'GET /api/operations/:id/recording': { by: 'auditor', path: `/api/operations/${known.intact}/recording` },
  'GET /sessions': { by: 'auditor' },
  'GET /sessions/:id': { by: 'auditor' },
  'GET /operations/:id': { by: 'auditor', path: `/operations/${known.intact}` },
  'GET /api/live': { by: 'admin' },
  'GET /live': { by: 'admin' },
  'POST /api/operations/:id/end': {
    by: 'admin',
    path: '/api/operations/op_live/end',
    body: { reason: 'x' },
    leaves: ['ending_requested'],
  },
  'POST /operations/:id/end': {
    by: 'admin',
    path: '/operations/op_live/end',
    form: { csrf: '', reason: 'x' },
    leaves: ['ending_requested'],
  },
  'GET /api/alerts': { by: 'auditor' },
  'GET /api/alerts/:id': { by: 'auditor', path: `/api/alerts/${alert}` },
  'POST /api/alerts/:id/acknowledge': {
    by: 'admin',
    path: `/api/alerts/${alert}/acknowledge`,
    body: { reason: 'x' },
    leaves: ['alert_acknowledged'],
  },
  'POST /api/alerts/:id/close': {
    by: 'admin',
    path: `/api/alerts/${alert}/close`,
    body: { reason: 'x' },
    leaves: ['alert_closed'],
  },
  'GET /alerts': { by: 'auditor' },
  'GET /alerts/:id': { by: 'auditor', path: `/alerts/${alert}` },
  'POST /alerts/:id/answer': {
    by: 'admin',
    path: `/alerts/${alert}/answer`,
    form: { csrf: '', act: 'close', reason: 'x' },
    leaves: ['alert_closed'],
  },
  'GET /api/reviews': { by: 'auditor' },
  'POST /api/reviews': {
    by: 'admin',
    body: { kind: 'policies', name: 'one', decision: 'keep', reason: 'x' },
    leaves: ['access_reviewed'],
  },
  'GET /reviews': { by: 'auditor' },
  'POST /reviews': {
    by: 'admin',
    form: { csrf: '', kind: 'policies', name: 'one', decision: 'keep', reason: 'x' },
    leaves: ['access_reviewed'],
  },
};

const nobodys = new Set(Object.entries(routes).flatMap(([route, { leaves }]) => (leaves?.length === 0 ? [route] : [])));

/** A console with something at every address, and one request to it. */
async function request(route: string, by: string | undefined) {
  const fixture = aConsole();
  for (const [kind, document] of Object.entries(documents)) fixture.policies.seed(`${kind}/one`, document);
  fixture.store.seed(`alerts/${alert}`, {
    ...{
      id: alert,
      kind: 'checkpoint-late',
      severity: 'high',
      state: 'open',
      detail: planted,
      parties: [],
      answers: [],
    },
    about: { session: null, operation: null, connection: null, target_kind: null, verb: null, member: null },
    raised_at: '2026-03-01T09:00:00.000Z',
  });
  await aRunningSession(fixture.store);
  const approval = await fixture.ask({ operation: { statement: `SELECT '${planted}'` } });
  const [method = '', pattern = ''] = route.split(' ');
  const { path = pattern.replace(':id', pattern.includes('approvals') ? approval.id : 'run-1'), ...asked } =
    routes[route] ?? {};
  const body =
    route === 'POST /api/approvals/:id/decision'
      ? { decision: 'approve', digest: approval.digest, reason: 'x' }
      : asked.body;
  const form = asked.form && {
    ...asked.form,
    ...('decision' in asked.form && pattern.includes('approvals') && { digest: approval.digest }),
  };
  const answer = await fixture.app.request(path, {
    method,
    headers: {
      ...(by !== undefined && { Authorization: `Bearer ${by}` }),
      ...(body !== undefined && { 'Content-Type': 'application/json' }),
      ...(form !== undefined && {
        'Content-Type': 'application/x-www-form-urlencoded',
        Origin: origin,
        'Sec-Fetch-Site': 'same-origin',
      }),
      ...asked.headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...(form !== undefined && { body: new URLSearchParams(form).toString() }),
  });
  const text = await answer.text();
  return { status: answer.status, text, noted: fixture.noted };
}

test('every route of the console is looked at here', () => {
  const served = aConsole()
    .app.routes.filter(({ method }) => method !== 'ALL')
    .map(({ method, path }) => `${method} ${path}`);

  expect([...new Set(served)].sort()).toEqual(Object.keys(routes).sort());
});

describe.each(Object.entries(routes))('%s', (route, { by, leaves = ['console_access'] }) => {
  test('leaves its event, which holds nothing of the answer', async () => {
    const { status, noted } = await request(route, by);

    expect(noted.map(({ type }) => type)).toEqual(leaves);
    expect(status).toBeLessThan(leaves.includes('denied') ? 404 : 400);
    const isChange = leaves.some((type) => ['policy_changed', 'access_reviewed'].includes(type));
    if (!isChange) expect(JSON.stringify(noted.map(({ note }) => note))).not.toContain(planted);
  });

  test.skipIf(nobodys.has(route) || route === 'POST /sign-in')(
    'is refused to strangers and agents, and nobody, each with one event',
    async () => {
      const [stranger, agent, nobody] = [
        await request(route, 'stranger'),
        await request(route, 'bot'),
        await request(route, undefined),
      ];

      expect(stranger.noted).toHaveLength(1);
      expect(agent.noted.map(({ type }) => type)).toEqual(['denied']);
      expect(nobody.noted.map(({ type }) => type)).toEqual(['refused']);
      for (const { text } of [stranger, agent, nobody]) expect(text).not.toContain(planted);
    },
  );
});

describe('the event of a visit', () => {
  test('names what was read, also what was asked for there', async () => {
    const fixture = aConsole();

    await fixture.as('dba', '/api/approvals?state=pending');

    expect(JSON.parse(fixture.noted[0]?.note ?? '')).toEqual({
      method: 'GET',
      path: '/api/approvals',
      query: 'state=pending',
    });
  });

  test('holds nothing personal that stands in an address', async () => {
    const fixture = aConsole();

    await fixture.as('dba', '/api/approvals?of=ada%40people.example');
    await fixture.as('dba', '/api/approvals/ada%40people.example');

    expect(fixture.noted).toHaveLength(2);
    expect(JSON.stringify(fixture.noted.map(({ note }) => note))).not.toContain('people.example');
  });

  test('is there when signing in is refused', async () => {
    const { app, noted } = aConsole();
    const form = { 'Content-Type': 'application/x-www-form-urlencoded' };

    const foreign = await app.request('/sign-in', {
      method: 'POST',
      body: 'token=admin&to=/',
      headers: { ...form, Origin: 'https://evil.example' },
    });
    const forged = await app.request('/sign-in', {
      method: 'POST',
      body: 'token=forged&to=/',
      headers: { ...form, Origin: origin },
    });

    expect([foreign.status, forged.status]).toEqual([403, 401]);
    expect(noted.map(({ type }) => type)).toEqual(['denied', 'refused']);
  });
});
