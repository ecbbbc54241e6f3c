import { describe, expect, test } from 'vitest';
import { createApi } from '../../src/api/api.ts';
import { createLookups } from '../../src/api/lookups.ts';
import { sha256 } from '../../src/model/canonical.ts';
import { Problem } from '../../src/model/problem.ts';
import { anAllow, anApproval, type FakeOptions, fakeGateway } from '../fakes/gateway.ts';

const guarded = { ...anAllow, approvals: [{ policy: 'guard', approvers: ['group:dba'], count: 1, expires: 1800 }] };

function anApi({ ready = true, ...options }: FakeOptions & { ready?: boolean } = {}) {
  const fake = fakeGateway(options);
  const faults: unknown[] = [];
  const app = createApi({
    gateway: fake,
    lookups: createLookups(fake.steps),
    consoleUrl: 'https://console.test',
    ready: () => ready,
    onFault: (error) => faults.push(error),
  });
  return { ...fake, app, faults };
}

const path = '/v1/connections/crm/operations';

function post(body: unknown, headers: Record<string, string> = {}) {
  return {
    method: 'POST',
    headers: { Authorization: 'Bearer a-token', 'Content-Type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  };
}

describe('an operation over HTTP', () => {
  test('answers with the decision, the columns, the rows and a hash that the caller can compute', async () => {
    const { app } = anApi();

    const response = await app.request(path, post({ statement: 'select email from users' }));

    expect(response.status).toBe(200);
    expect(response.headers.get('sallyport-operation')).toBe('op_1');
    expect(await response.json()).toEqual({
      operation: 'op_1',
      state: 'done',
      verb: 'read',
      decision: { effect: 'allow', policies: ['analysts-read'], policy_version: 'p1' },
      result: {
        columns: [{ name: 'email', type: 'text' }],
        rows: [['[EMAIL_ADDRESS]']],
        row_count: 1,
        truncated: false,
        sha256: sha256('["[EMAIL_ADDRESS]"]\n'),
      },
      warnings: [],
    });
  });

  test.each(['application/json', 'application/x-ndjson'])(
    'tells beforehand and afterwards what the caller should know, as %s',
    async (Accept) => {
      const summary = () => ({ truncated: false, warnings: ['known once it had run'] });
      const { app } = anApi({
        operation: { warnings: ['known before'] },
        execute: async () => ({ form: 'rows', columns: [], batches: (async function* () {})(), summary }),
      });

      const response = await app.request(path, post({ statement: 's' }, { Accept }));

      expect(await response.text()).toContain('"warnings":["known before","known once it had run"]');
    },
  );

  test('streams a line a row when asked to: columns first, summary last', async () => {
    const { app } = anApi();

    const response = await app.request(path, post({ statement: 's' }, { Accept: 'application/x-ndjson' }));

    expect(response.headers.get('content-type')).toBe('application/x-ndjson');
    const lines = (await response.text())
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).toMatchObject([
      { columns: [{ name: 'email' }] },
      ['[EMAIL_ADDRESS]'],
      { summary: { row_count: 1, state: 'done' } },
    ]);
  });

  test.each(['application/json', 'application/x-ndjson;q=0', 'application/json, application/x-ndjson; q=0.0', '*/*'])(
    'is one document for whoever accepts %s',
    async (Accept) => {
      const { app } = anApi();

      const response = await app.request(path, post({ statement: 's' }, { Accept }));

      expect(response.headers.get('content-type')).toBe('application/json');
    },
  );

  test('ends a stream with the problem instead of a summary when the outcome cannot be recorded', async () => {
    const { app } = anApi({ failOn: 'outcome' });

    const response = await app.request(path, post({ statement: 's' }, { Accept: 'application/x-ndjson' }));

    const lines = (await response.text())
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.at(-1)).toMatchObject({ problem: { code: 'outcome-unrecorded', operation: 'op_1' } });
  });

  test('withholds the whole document when the outcome cannot be recorded', async () => {
    const { app } = anApi({ failOn: 'outcome' });

    const response = await app.request(path, post({ statement: 's' }));

    expect(response.status).toBe(500);
    expect(await response.json()).toMatchObject({ code: 'outcome-unrecorded' });
  });

  test('that a human must decide answers 202 with where to look and when to come again', async () => {
    const { app } = anApi({
      decision: guarded,
      settlements: [{ state: 'waiting', approval: anApproval(), writes: [], asked: true }],
    });

    const response = await app.request(path, post({ statement: 's' }));

    expect(response.status).toBe(202);
    expect(response.headers.get('location')).toBe('/v1/approvals/apr_1');
    expect(response.headers.get('retry-after')).toBe('5');
    expect(await response.json()).toEqual({
      operation: 'op_1',
      state: 'waiting',
      approval: {
        id: 'apr_1',
        expires_at: '2026-01-01T00:30:00Z',
        approvers: ['group:dba'],
        url: 'https://console.test/approvals/apr_1',
      },
    });
  });

  test('in a dry run says what would happen, and nothing runs', async () => {
    const { app, happened } = anApi({ decision: guarded });

    const response = await app.request(`${path}?dry_run=true`, post({ statement: 's' }));

    expect(await response.json()).toMatchObject({ state: 'simulated', approvals: [{ policy: 'guard' }] });
    expect(happened).not.toContain('execute');
  });

  test('carries what the agent says of itself from baggage, and from the body over it', async () => {
    const { app, noted } = anApi({ decision: { ...anAllow, effect: 'deny' } });
    const baggage = 'gen_ai.agent.name=crm%2Dbot;p=1, gen_ai.request.model=gemini-3-flash,other=x';
    const agent = { 'gen_ai.request.model': 'gemini-3-pro' };

    await app.request(
      path,
      post({ statement: 's', agent, reason: 'ticket 4711' }, { baggage, 'Sallyport-Session': 'run-7' }),
    );

    expect(noted[0]?.subject).toMatchObject({
      agent: { name: 'crm-bot', model: 'gemini-3-pro', attested: false },
      session: 'run-7',
      call: { reason: 'ticket 4711' },
    });
  });

  test('keeps of what the agent says only text that can be stored, wherever it was cut', async () => {
    const { app, noted } = anApi({ decision: { ...anAllow, effect: 'deny' } });
    const baggage = `gen_ai.agent.name=x${encodeURIComponent('😀'.repeat(100))}`;

    await app.request(path, post('{"statement":"s","reason":"\\ud800"}', { baggage }));

    expect(noted[0]?.subject).toMatchObject({
      agent: { name: `x${'😀'.repeat(99)}\ufffd` },
      call: { reason: '\ufffd' },
    });
  });
});

describe('a bad request', () => {
  test.each<[string, unknown, Record<string, string>, number, string]>([
    ['not JSON', '{"statement": ', {}, 400, 'bad-request'],
    ['a list', '[]', {}, 400, 'bad-request'],
    ['no object', 'null', {}, 400, 'bad-request'],
    ['empty', '', {}, 400, 'bad-request'],
    ['a wrong type', { statement: 7 }, {}, 400, 'bad-request'],
    ['an unknown field', { statement: 's', surprise: 1 }, {}, 400, 'bad-request'],
    ['an unknown agent key', { statement: 's', agent: { name: 'x' } }, {}, 400, 'bad-request'],
    ['limits below one', { statement: 's', limits: { rows: 0 } }, {}, 400, 'bad-request'],
    ['too deep', `${'['.repeat(65)}${']'.repeat(65)}`, {}, 400, 'bad-request'],
    ['a prototype', '{"statement": "s", "__proto__": {"a": 1}}', {}, 400, 'bad-request'],
    ['a prototype in other letters', '{"statement": "s", "\\u005f_proto__": {"a": 1}}', {}, 400, 'bad-request'],
    ['too large', { statement: 'x'.repeat(1024 * 1024) }, {}, 413, 'too-large'],
    ['another content type', { statement: 's' }, { 'Content-Type': 'text/plain' }, 400, 'bad-request'],
    ['compressed', { statement: 's' }, { 'Content-Encoding': 'gzip' }, 400, 'bad-request'],
    ['a session of odd characters', { statement: 's' }, { 'Sallyport-Session': 'a b' }, 400, 'bad-request'],
  ])(
    'that is %s is refused as a problem, and the refusal is in the trail',
    async (_name, body, headers, status, code) => {
      const { app, noted, happened } = anApi();

      const response = await app.request(path, post(body, headers));

      expect(response.status).toBe(status);
      expect(response.headers.get('content-type')).toBe('application/problem+json');
      expect(await response.json()).toMatchObject({ status, code, operation: 'op_1' });
      expect(noted).toMatchObject([{ type: 'refused' }]);
      expect(happened).not.toContain('execute');
    },
  );

  test('that is not UTF-8 is refused', async () => {
    const { app } = anApi();

    const response = await app.request(path, { ...post(''), body: Buffer.from([0x7b, 0xff, 0x7d]) });

    expect(await response.json()).toMatchObject({ code: 'bad-request', detail: 'The body is not well-formed UTF-8.' });
  });

  test('of somebody who cannot say who it is hears of that first', async () => {
    const authenticate = () => Promise.reject(new Problem('unauthenticated', { reason: 'no-token' }));
    const { app } = anApi({ authenticate });

    const response = await app.request(path, post('{'));

    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toContain('Bearer');
    expect(await response.json()).toEqual({
      type: 'https://sallyport.dev/problems/unauthenticated',
      title: 'The token is missing or not accepted.',
      status: 401,
      code: 'unauthenticated',
      operation: 'op_1',
    });
  });

  test.each(['access_token=x', 'token=x', 'q=eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln', 'q=Bearer%20eyJh.eyJh.c2ln'])(
    'with a token in its URL is refused whatever the token: %s',
    async (query) => {
      const { app } = anApi();

      const response = await app.request(`/v1/connections?${query}`, { headers: { Authorization: 'Bearer a-token' } });

      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ code: 'token-in-url' });
    },
  );

  test.each([
    ['GET', '/v1/anything'],
    ['PUT', path],
    ['DELETE', '/v1/connections/crm'],
  ])('for what the API does not have is not found, and is in the trail: %s %s', async (method, unknown) => {
    const { app, noted } = anApi();

    const response = await app.request(unknown, { method, headers: { Authorization: 'Bearer a-token' } });

    expect(response.status).toBe(404);
    expect(response.headers.get('sallyport-operation')).toBe('op_1');
    expect(noted).toMatchObject([{ type: 'refused' }]);
  });

  test.each([
    'dry_run=1',
    'dry_run=',
    'dry_run=false&dry_run=true',
    'dry-run=true',
    'DRY_RUN=true',
    'dry_run=true&x=1',
  ])('whose query is not exactly one dry_run runs nothing: %s', async (query) => {
    const { app, happened } = anApi();

    const response = await app.request(`${path}?${query}`, post({ statement: 's' }));

    expect(await response.json()).toMatchObject({ code: 'bad-request' });
    expect(happened).not.toContain('execute');
  });

  test.each(['/v1/connections/eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln', '/elsewhere?token=x'])(
    'with a token anywhere in its URL is refused: %s',
    async (leaking) => {
      const { app } = anApi();

      const response = await app.request(leaking, { headers: { Authorization: 'Bearer a-token' } });

      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ code: 'token-in-url' });
    },
  );

  test('for a path that is not served is not found', async () => {
    const { app } = anApi();

    const response = await app.request('/v2/anything');

    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ code: 'not-found' });
  });

  test('that breaks something of ours says nothing of it, and is reported', async () => {
    const { app, faults } = anApi({ authenticate: () => Promise.reject(new Error('secret words')) });

    const response = await app.request(path, post({ statement: 's' }));

    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('secret words');
    expect(faults).toHaveLength(1);
  });
});

test.each([
  [true, 200],
  [false, 503],
])('says under a path that Cloud Run lets through whether it is ready: %s is %i', async (ready, status) => {
  const { app } = anApi({ ready });

  const [within, outside] = await Promise.all(['/readyz', '/ready'].map(async (at) => (await app.request(at)).status));

  expect([within, outside]).toEqual([status, status]);
});

describe('looking things up', () => {
  test('lists the connections one can reach, with what is masked there', async () => {
    const { app } = anApi();

    const response = await app.request('/v1/connections/crm', { headers: { Authorization: 'Bearer a-token' } });

    expect(response.headers.get('sallyport-operation')).toBe('op_1');
    expect(await response.json()).toMatchObject({ name: 'crm', kind: 'postgres', verbs: ['read'], approvals: [] });
  });

  test("shows nobody else's approval", async () => {
    const { app } = anApi();

    const response = await app.request('/v1/approvals/apr_1', { headers: { Authorization: 'Bearer a-token' } });

    expect(response.status).toBe(404);
  });

  test('describes itself in OpenAPI 3.1, from the schemas that check the requests', async () => {
    const { app } = anApi();

    const document: { paths: object } = JSON.parse(await (await app.request('/openapi.json')).text());

    expect(document).toMatchObject({ openapi: '3.1.0' });
    expect(Object.keys(document.paths)).toContain('/v1/connections/{connection}/operations');
  });

  test('refers in its description only to schemas that are there', async () => {
    const { app } = anApi();

    const text = await (await app.request('/openapi.json')).text();

    const { components }: { components: { schemas: object } } = JSON.parse(text);
    const referred = [...text.matchAll(/"\$ref":"([^"]*)"/g)].map(([, reference]) => reference);
    const present = Object.keys(components.schemas).map((name) => `#/components/schemas/${name}`);
    expect([...new Set(referred)].sort()).toEqual(present.sort());
  });
});

describe('the structure of a target over HTTP', () => {
  const get = (query: string) =>
    anApi().app.request(`/v1/connections/crm/schema${query}`, { headers: { Authorization: 'Bearer a-token' } });

  test('is asked for by the page, and by name', async () => {
    const response = await get('?match=public.*&page_size=7');

    expect(await response.json()).toMatchObject({ asked: { match: 'public.*', page_size: 7 } });
  });

  test.each(['?pagesize=7', '?page_size=0', '?page_size=7&page_size=8', '?table='])('refuses %s', async (query) => {
    const response = await get(query);

    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: 'bad-request' });
  });
});
