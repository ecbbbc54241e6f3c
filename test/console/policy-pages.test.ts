import { describe, expect, test } from 'vitest';
import { aConsole } from './fixture.ts';
import { anOperation, crm, readers } from './policy-parts.ts';

const yaml = `principals: ["*"]
connections: [crm]
verbs: [read]
effect: deny
`;

/** A console where the bot may read the CRM, and has. */
function withTraffic() {
  const console = aConsole();
  console.policies.seed('connections/crm', crm);
  console.policies.seed('policies/readers', readers);
  console.operations.push(anOperation());
  const submit = (who: string, path: string, fields: Record<string, string>, headers: Record<string, string> = {}) =>
    console.app.request(path, {
      method: 'POST',
      body: new URLSearchParams({ csrf: '', ...fields }),
      headers: { Authorization: `Bearer ${who}`, ...headers },
    });
  const etag = async () => (await console.as('admin', '/api/policies/readers')).headers.get('etag') ?? '';
  return { ...console, submit, etag };
}

const textOf = async (answer: Response) =>
  (await answer.text())
    .replaceAll(/<[^>]+>/g, '')
    .replaceAll('&quot;', '"')
    .replaceAll(/\s+/g, ' ');

describe('changing a document in a page', () => {
  test('an author sees the document as YAML, with the etag of what is shown', async () => {
    const { as, etag } = withTraffic();

    const page = await (await as('admin', '/documents/policies/readers')).text();

    expect(page).toContain('effect: allow\n');
    expect(page).toContain(`name="etag" value="${(await etag()).replaceAll('"', '&quot;')}"`);
  });

  test('what a draft would change is shown before anything is saved, with the draft still there', async () => {
    const { submit, etag, policies, noted } = withTraffic();
    const before = policies.contents();

    const answer = await submit('admin', '/documents/policies/readers', {
      act: 'simulate',
      draft: yaml,
      etag: await etag(),
    });

    const text = await textOf(answer);
    expect(answer.status).toBe(200);
    expect(text).toContain('−effect: allow+effect: deny');
    expect(text).toContain('1 would change');
    expect(text).toContain('1 operation would be denied');
    expect(text).toContain(yaml.replaceAll(/\s+/g, ' '));
    expect(policies.contents()).toEqual(before);
    expect(noted.at(-1)?.note).toContain('"simulated"');
  });

  test('saving records the change, makes it, and shows the document again', async () => {
    const { submit, etag, policies, noted } = withTraffic();

    const answer = await submit('admin', '/documents/policies/readers', {
      act: 'save',
      draft: yaml,
      etag: await etag(),
    });

    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/documents/policies/readers']);
    expect(policies.contents()['policies/readers']).toEqual({ ...readers, effect: 'deny' });
    expect(noted.at(-1)?.type).toBe('policy_changed');
  });

  test('a document that does not exist yet is created', async () => {
    const { submit, as, policies } = withTraffic();

    const page = await textOf(await as('admin', '/documents/groups/dba'));
    await submit('admin', '/documents/groups/dba', { act: 'save', draft: 'members: []', etag: '' });

    expect(page).toContain('does not exist yet');
    expect(policies.contents()['groups/dba']).toEqual({ members: [] });
  });

  test.each([
    ['that is no YAML', { act: 'simulate', draft: 'a: [' }, 400, 'YAML:'],
    ['that names an anchor', { act: 'save', draft: 'a: &x 1' }, 400, 'anchors are not allowed'],
    ['that is a list', { act: 'save', draft: '- a' }, 400, 'expected record'],
    ['with a field that does not exist', { act: 'simulate', draft: `${yaml}more: 1` }, 400, 'policies/readers'],
    [
      'with a field that does not exist, when it is saved',
      { act: 'save', draft: `${yaml}more: 1` },
      400,
      'not known here',
    ],
    ['of a document that was changed meanwhile', { act: 'save', draft: yaml, etag: '"old"' }, 412, 'changed meanwhile'],
  ])(
    'a draft %s changes nothing, is refused in the trail, and stays for its author to mend',
    async (_, fields, status, words) => {
      const { submit, etag, policies, noted } = withTraffic();
      const before = policies.contents();

      const answer = await submit('admin', '/documents/policies/readers', { etag: await etag(), ...fields });

      const page = await answer.text();
      expect(answer.status).toBe(status);
      expect(page).toContain(words);
      expect(page).toContain(fields.draft.replaceAll('&', '&amp;').replaceAll('"', '&quot;'));
      expect(policies.contents()).toEqual(before);
      expect(noted.map(({ type }) => type)).toContain('refused');
    },
  );

  test.each([['simulate'], ['save']])('another site cannot make an author’s browser %s', async (act) => {
    const { app, policies, etag } = withTraffic();
    const before = policies.contents();
    const body = new URLSearchParams({ csrf: 'x', act, draft: yaml, etag: await etag() });

    for (const headers of [{ 'Sec-Fetch-Site': 'cross-site' }, { 'Sec-Fetch-Site': 'same-origin' }, {}]) {
      const iap = { 'X-Goog-IAP-JWT-Assertion': 'iap-admin', ...headers };
      const answer = await app.request('/documents/policies/readers', { method: 'POST', body, headers: iap });

      expect(answer.status).toBe(403);
    }
    expect(policies.contents()).toEqual(before);
  });

  test.each(['bot', 'dba', 'auditor', 'stranger'])('%s can neither open nor send it', async (who) => {
    const { as, submit, policies } = withTraffic();
    const before = policies.contents();

    const answers = [
      await as(who, '/documents/policies/readers'),
      await as(who, '/simulate'),
      await submit(who, '/documents/policies/readers', { act: 'save', draft: yaml, etag: '*' }),
      await submit(who, '/simulate', { draft: 'policies: {}', from: '2026-01-01', to: '2026-02-01' }),
    ];

    expect(answers.map(({ status }) => status)).toEqual([403, 403, 403, 403]);
    expect(policies.contents()).toEqual(before);
  });
});

describe('a draft of several documents', () => {
  test('is tried for a period, and nothing is changed', async () => {
    const { submit, asked, policies } = withTraffic();
    const before = policies.contents();
    const draft = 'policies:\n  readers: null\ngroups:\n  dba: {members: []}\n';

    const answer = await submit('admin', '/simulate', { draft, from: '2026-01-01', to: '2026-02-01' });

    expect(await textOf(answer)).toContain('1 operation would be denied');
    expect(asked).toMatchObject([{ from: new Date('2026-01-01'), to: new Date('2026-02-01') }]);
    expect(policies.contents()).toEqual(before);
  });

  test('that cannot be understood is refused in words', async () => {
    const { submit } = withTraffic();

    const answer = await submit('admin', '/simulate', { draft: 'rules: {}', from: '2026-01-01', to: '2026-02-01' });

    expect(answer.status).toBe(400);
    expect(await textOf(answer)).toContain('documents: holds a field that is not known here');
  });
});

describe('the history as a page', () => {
  test.each(['admin', 'auditor'])('%s reads who changed what, with signs beside the colours', async (who) => {
    const { submit, etag, as } = withTraffic();
    await submit('admin', '/documents/policies/readers', { act: 'save', draft: yaml, etag: await etag() });

    for (const path of ['/history', '/history/policies/readers']) {
      const page = await (await as(who, path)).text();

      expect(page).toMatch(
        /<del><span class="side">−<\/span><code><bdi class="said">effect: allow<\/bdi><\/code><\/del>/,
      );
      expect(page).toMatch(
        /<ins><span class="side">\+<\/span><code><bdi class="said">effect: deny<\/bdi><\/code><\/ins>/,
      );
      expect(page).toContain('admin@example.com');
      expect(page).toContain('In force from');
    }
  });

  test('what an author wrote is text, never markup', async () => {
    const { submit, as } = withTraffic();
    const draft = `${yaml}description: '<img src=x onerror=alert(1)>'\n`;
    await submit('admin', '/documents/policies/evil', { act: 'save', draft, etag: '' });

    const page = await (await as('auditor', '/history/policies/evil')).text();

    expect(page).not.toContain('<img');
    expect(page).toContain('&lt;img src=x onerror=alert(1)&gt;');
  });
});
