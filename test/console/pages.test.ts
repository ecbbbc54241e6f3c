import { describe, expect, test } from 'vitest';
import { aConsole, origin } from './fixture.ts';

const sameOrigin = { 'Sec-Fetch-Site': 'same-origin', Origin: 'null' };

/** A browser: keeps cookies, reads a form's hidden fields. */
function aBrowser(fixture: ReturnType<typeof aConsole>) {
  const jar = new Map<string, string>();
  async function open(path: string, init: RequestInit = {}) {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await fixture.app.request(path, { ...init, headers: { Cookie: cookie, ...init.headers } });
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === '') jar.delete(name);
      else jar.set(name, value);
    }
    return answer;
  }
  const post = (path: string, fields: Record<string, string>, headers: Record<string, string> = sameOrigin) =>
    open(path, { method: 'POST', body: new URLSearchParams(fields), headers });
  return {
    jar,
    open,
    post,
    signIn: (token: string) => post('/sign-in', { token, to: '/approvals' }),
    async hidden(path: string) {
      const text = await (await open(path)).text();
      const fields = [...text.matchAll(/<input type="hidden" name="(csrf|digest)" value="([^"]*)">/g)];
      return Object.fromEntries(fields.map(([, name, value]) => [name, value])) as { csrf: string; digest: string };
    },
  };
}

async function signedIn(who = 'dba') {
  const fixture = aConsole();
  const browser = aBrowser(fixture);
  await browser.signIn(who);
  return { ...fixture, browser };
}

describe('deciding in a page', () => {
  test('a human signs in, reads the bytes, gives a reason and approves, without any script', async () => {
    const { browser, ask, approvals, noted } = await signedIn();
    const { id } = await ask();
    const fields = await browser.hidden(`/approvals/${id}`);

    const answer = await browser.post(`/approvals/${id}/decision`, { ...fields, decision: 'approve', reason: 'fine' });

    expect(answer.status).toBe(303);
    expect(answer.headers.get('location')).toBe(`/approvals/${id}`);
    expect((await approvals.get(id))?.state).toBe('approved');
    expect(noted.map(({ type }) => type)).toEqual(['console_access', 'console_access', 'approved']);
    expect(await (await browser.open(`/approvals/${id}`)).text()).toContain('approved it');
  });

  test.each<[string, Record<string, string>, Record<string, string>]>([
    ['from another site', {}, { 'Sec-Fetch-Site': 'cross-site', Origin: 'https://evil.example' }],
    ['from another site of the same domain', {}, { 'Sec-Fetch-Site': 'same-site', Origin: 'null' }],
    ['from another port of this machine', {}, { Origin: 'http://127.0.0.1:9999' }],
    [
      'that claims our site and another origin',
      {},
      { 'Sec-Fetch-Site': 'same-origin', Origin: 'https://evil.example' },
    ],
    ['from a sandboxed frame', {}, { Origin: 'null' }],
    ['that says nothing of where it comes from', {}, {}],
    ['typed into the address bar', {}, { 'Sec-Fetch-Site': 'none' }],
    ['without a form token', { csrf: '' }, sameOrigin],
    ['with a wrong form token', { csrf: 'A'.repeat(43) }, sameOrigin],
    ['with another digest', { digest: '0'.repeat(64) }, sameOrigin],
    ['without a reason', { reason: ' ' }, sameOrigin],
    ['with a field too many', { more: '1' }, sameOrigin],
  ])('a form %s decides nothing, and is recorded', async (_, changes, headers) => {
    const { browser, ask, approvals, noted } = await signedIn();
    const { id } = await ask();
    const fields = { ...(await browser.hidden(`/approvals/${id}`)), decision: 'approve', reason: 'fine', ...changes };

    const answer = await browser.post(`/approvals/${id}/decision`, fields, headers);

    expect([400, 403, 409]).toContain(answer.status);
    expect((await approvals.get(id))?.state).toBe('pending');
    expect(noted.at(-1)?.type).toMatch(/^(denied|refused)$/);
  });

  test('a human sees how much would change, the most that may, and how the target would go about it', async () => {
    const { browser, ask } = await signedIn();
    const plan = 'Delete on users\n  ->  Seq Scan on users';
    const { id } = await ask({ operation: { risks: ['bulk'], estimates: { changes: 1370, plan }, atMost: 2000 } });

    const page = await (await browser.open(`/approvals/${id}`)).text();

    expect(page).toContain('<strong>1,370 rows</strong>');
    expect(page).toContain('<strong>at most 2,000 rows</strong>');
    expect(page).toContain('Seq Scan on users');
  });

  test('a form token of one human is of no use to another, nor in another browser', async () => {
    const { browser, ask, approvals, ...fixture } = await signedIn('second');
    const { id } = await ask();
    const stolen = await browser.hidden(`/approvals/${id}`);
    const other = aBrowser({ ...fixture, ask, approvals });
    await other.signIn('dba');
    await other.open(`/approvals/${id}`);
    const form = { ...stolen, decision: 'approve', reason: 'fine' };

    const inOtherBrowser = await other.post(`/approvals/${id}/decision`, form);
    await browser.signIn('dba');
    const byOther = await browser.post(`/approvals/${id}/decision`, form);

    expect([inOtherBrowser.status, byOther.status]).toEqual([403, 403]);
    expect((await approvals.get(id))?.state).toBe('pending');
  });

  test('a form is a form: JSON and files are not taken for one', async () => {
    const { browser, ask } = await signedIn();
    const { id } = await ask();
    const fields = await browser.hidden(`/approvals/${id}`);
    const data = new FormData();
    for (const [name, value] of Object.entries({ ...fields, decision: 'approve', reason: 'x' })) data.set(name, value);

    const files = await browser.open(`/approvals/${id}/decision`, { method: 'POST', body: data, headers: sameOrigin });
    const twice = await browser.open(`/approvals/${id}/decision`, {
      method: 'POST',
      body: `csrf=${fields.csrf}&digest=${fields.digest}&decision=deny&decision=approve&reason=x`,
      headers: { ...sameOrigin, 'Content-Type': 'application/x-www-form-urlencoded' },
    });

    expect([files.status, twice.status]).toEqual([400, 400]);
  });

  test('a form that is far too long is not read', async () => {
    const { browser, ask } = await signedIn();
    const { id } = await ask();

    const answer = await browser.post(`/approvals/${id}/decision`, { reason: 'x'.repeat(100_000) });

    expect(answer.status).toBe(413);
  });
});

describe('signing in with a token', () => {
  test('the cookie is for this site alone, unreadable for scripts and short-lived', async () => {
    const browser = aBrowser(aConsole());

    const answer = await browser.signIn('dba');

    expect(answer.status).toBe(303);
    expect(answer.headers.getSetCookie()).toEqual([
      'sallyport-token=dba; Max-Age=28800; Path=/; HttpOnly; SameSite=Strict',
    ]);
  });

  test('over https the cookie is bound to the host', async () => {
    const fixture = aConsole({ origin: 'https://console.example.com' });

    const answer = await aBrowser(fixture).signIn('dba');

    expect(answer.headers.getSetCookie()[0]).toMatch(/^__Host-sallyport-token=.*; Secure/);
    expect(answer.headers.get('strict-transport-security')).toMatch(/max-age/);
  });

  test('a bad token is refused with one answer, and recorded', async () => {
    const fixture = aConsole();

    const answer = await aBrowser(fixture).signIn('forged');

    expect(answer.status).toBe(401);
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect(fixture.noted).toMatchObject([{ type: 'refused' }]);
  });

  test('an agent cannot sign in', async () => {
    const answer = await aBrowser(aConsole()).signIn('bot');

    expect(answer.status).toBe(403);
    expect(answer.headers.getSetCookie()).toEqual([]);
  });

  test('nobody is signed in by another site', async () => {
    const answer = await aBrowser(aConsole()).post(
      '/sign-in',
      { token: 'dba', to: '/' },
      { Origin: 'https://evil.example' },
    );

    expect(answer.status).toBe(403);
    expect(answer.headers.getSetCookie()).toEqual([]);
  });

  test.each(['https://evil.example/', '//evil.example', '/\\evil.example', 'javascript:alert(1)', '/approvals/../x'])(
    'after signing in one goes on to our own pages only, not to %s',
    async (to) => {
      const answer = await aBrowser(aConsole()).post('/sign-in', { token: 'dba', to });

      expect(answer.headers.get('location')).toBe('/approvals');
    },
  );

  test('whoever is not signed in is sent to sign in, and comes back', async () => {
    const browser = aBrowser(aConsole());

    const answer = await browser.open('/approvals/apr_1');

    expect(answer.status).toBe(303);
    expect(answer.headers.get('location')).toBe('/sign-in?to=%2Fapprovals%2Fapr_1');
    expect(await (await browser.open('/sign-in?to=%2Fapprovals%2Fapr_1')).text()).toContain('value="/approvals/apr_1"');
  });

  test('signing out forgets everything', async () => {
    const { browser } = await signedIn();
    const { csrf } = await browser.hidden('/approvals');

    const answer = await browser.post('/sign-out', { csrf });

    expect(answer.status).toBe(303);
    expect([...browser.jar]).toEqual([]);
  });

  test('where the configuration does not allow it there is no such page, and no cookie is read', async () => {
    const fixture = aConsole({ tokenSignIn: false });
    const browser = aBrowser(fixture);
    browser.jar.set('sallyport-token', 'dba');

    const answers = [await browser.open('/sign-in'), await browser.signIn('dba'), await browser.open('/approvals')];

    expect(answers.map(({ status }) => status)).toEqual([404, 404, 401]);
  });

  test('a cookie opens pages and reads the API, but changes nothing there', async () => {
    const { browser, ask, approvals } = await signedIn();
    const { id, digest } = await ask();

    const reading = await browser.open(`/api/approvals/${id}`);
    const deciding = await browser.open(`/api/approvals/${id}/decision`, {
      method: 'POST',
      body: JSON.stringify({ decision: 'approve', digest, reason: 'x' }),
      headers: { 'Content-Type': 'application/json', Origin: origin, 'Sec-Fetch-Site': 'same-origin' },
    });

    expect([reading.status, deciding.status]).toEqual([200, 401]);
    expect((await approvals.get(id))?.state).toBe('pending');
  });
});

describe('behind Identity-Aware Proxy', () => {
  const iap = { 'X-Goog-IAP-JWT-Assertion': 'iap-dba' };

  test('a human decides in a page, whose form is bound to the browser', async () => {
    const fixture = aConsole({ tokenSignIn: false });
    const browser = aBrowser(fixture);
    const { id } = await fixture.ask();
    const text = await (await browser.open(`/approvals/${id}`, { headers: iap })).text();
    const [, csrf = ''] = /name="csrf" value="([^"]+)"/.exec(text) ?? [];
    const [, digest = ''] = /name="digest" value="([^"]+)"/.exec(text) ?? [];
    const form = { csrf, digest, decision: 'approve', reason: 'fine' };

    const foreign = await browser.post(`/approvals/${id}/decision`, form, { ...iap, Origin: 'https://evil.example' });
    const answer = await browser.post(`/approvals/${id}/decision`, form, { ...iap, ...sameOrigin });

    expect([foreign.status, answer.status]).toEqual([403, 303]);
    expect((await fixture.approvals.get(id))?.state).toBe('approved');
  });

  test.each([
    ['another site cannot use the API through a browser', { Origin: 'https://evil.example' }, 403],
    ['nor can another site that hides its origin', { Origin: 'null', 'Sec-Fetch-Site': 'cross-site' }, 403],
    ['a program can', {}, 200],
  ])('%s', async (_, headers: Record<string, string>, status) => {
    const { app, ask } = aConsole({ tokenSignIn: false });
    const { id, digest } = await ask();

    const answer = await app.request(`/api/approvals/${id}/decision`, {
      method: 'POST',
      body: JSON.stringify({ decision: 'approve', digest, reason: 'x' }),
      headers: { 'Content-Type': 'application/json', ...iap, ...headers },
    });

    expect(answer.status).toBe(status);
  });
});

describe('what an agent writes is text, never markup', () => {
  async function pagesWith(payload: string) {
    const { as, ask, policies } = aConsole();
    const { id } = await ask({
      operation: {
        statement: `SELECT '${payload}'`,
        resources: [payload],
        parameters: [payload, { [payload]: payload }],
      },
      call: { reason: payload },
      decision: { unmask: [payload] },
    });
    policies.seed('groups/x', { members: [payload] });
    const pages = [
      await as('dba', '/approvals'),
      await as('dba', `/approvals/${id}`),
      await as('admin', '/documents'),
      await as('dba', `/approvals/${encodeURIComponent(payload)}`),
      await as('auditor', `/evidence/${encodeURIComponent(payload)}`),
    ];
    const text = (await Promise.all(pages.map((page) => page.text()))).join('');
    return { text, markup: text.replaceAll(/ value="[^"]*"/g, '').match(/<[^>]*>/g) };
  }

  test.each([
    '<script>alert(1)</script>',
    '"><img src=x onerror=alert(1)>',
    "' onfocus='alert(1)' autofocus='",
    '</code></li></ol><form action="https://evil.example"><button>Approve</button></form>',
    '&lt;b&gt;&#x3c;script&#x3e;',
    '<!-- ',
    '`{7*7}`',
  ])('%s leaves the markup of every page as it is', async (payload) => {
    const { markup } = await pagesWith('harmless');

    const attacked = await pagesWith(payload);

    expect(attacked.markup).toEqual(markup);
  });

  test('characters that move others about never reach the page as such', async () => {
    const { as, ask } = aConsole();
    const { id } = await ask({
      operation: { statement: 'SELECT 1 \u202e-- \u2066x\u2069', resources: ['a\u202eb'], parameters: ['\u200b'] },
      call: { reason: '\u202dreason' },
    });

    const text = await (await as('dba', `/approvals/${id}`)).text();

    expect(text).not.toMatch(/[\u200b\u202a-\u202e\u2066-\u2069]/);
    expect(text).toContain('U+202E right-to-left override');
  });
});

test('the page shows the digest, the exact bytes and everything an approver must know', async () => {
  const { as, ask } = aConsole();
  const { id, digest } = await ask({
    operation: { parameters: ['7', 7, null, true], protection: 'proven' },
    owner: 'user:owner@example.com',
  });

  const text = (await (await as('dba', `/approvals/${id}`)).text()).replaceAll(/<[^>]+>/g, ' ').replaceAll(/\s+/g, ' ');

  for (const expected of [
    digest,
    'ALTER TABLE public.users DROP COLUMN phone',
    'text, 1 character',
    'number',
    'null',
    'boolean',
    'bot@p.iam.gserviceaccount.com',
    'migrator',
    'gemini-3-pro',
    'self-reported',
    'crm',
    'postgres',
    'define',
    'schema',
    'irreversible',
    'guard-define',
    'group:dba',
    'user:owner@example.com',
    'ticket 4711',
    'the target itself would refuse them to the gateway (proven)',
    '2026-03-01 10:30:00 UTC',
    'public.users',
  ])
    expect(text).toContain(expected);
});

test('whoever may not decide sees why, and no form', async () => {
  const { as, ask, vote } = aConsole();
  const approval = await ask({
    decision: { approvals: [{ policy: 'p', approvers: ['group:dba'], count: 2, expires: 1800 }] },
  });
  const { people } = await import('./fixture.ts');
  if (people['dba'] === undefined) throw new Error('There is no dba.');
  await vote(approval, people['dba'].identity);

  const text = await (await as('dba', `/approvals/${approval.id}`)).text();

  expect(text).toContain('You have already decided.');
  expect(text).not.toContain('name="decision"');
});
