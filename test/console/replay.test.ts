import { describe, expect, test } from 'vitest';
import { aConsole } from './fixture.ts';

const paths = [
  '/api/sessions',
  '/api/sessions/run-1',
  '/api/operations/op_1/recording',
  '/api/operations/op_1/recording?format=csv',
  '/sessions',
  '/sessions/~run-1',
  '/operations/op_1',
];

describe('what agents did and were sent', () => {
  test.each(paths)('is for auditors alone: %s', async (path) => {
    const { as, noted } = aConsole();

    for (const who of ['admin', 'dba', 'stranger', 'bot']) expect((await as(who, path)).status).toBe(403);

    expect(noted.map(({ type }) => type)).toEqual(Array(4).fill('denied'));
  });

  test.each([
    [
      '/api/sessions?principal=user:a@x.example&text=4111111111111111',
      { read: 'sessions', principal: 'user:a@x.example', text: '16 characters' },
    ],
    [
      '/sessions/~run-1?principal=user:a@x.example',
      { read: 'session', session: 'run-1', principal: 'user:a@x.example' },
    ],
    ['/api/operations/op_1/recording?format=csv', { read: 'recording', operation: 'op_1' }],
    ['/operations/op_1', { read: 'recording', operation: 'op_1' }],
  ])('is read with an event that names what was read: %s', async (path, said) => {
    const { as, noted } = aConsole();

    expect((await as('auditor', path)).status).toBe(200);

    expect(noted.map(({ type }) => type)).toEqual(['console_access']);
    expect(JSON.parse(noted[0]?.note ?? '')).toMatchObject(said);
    expect(noted[0]?.note).not.toContain('4111');
  });

  test.each(paths)('is not shown where the reading cannot be recorded: %s', async (path) => {
    const { as, trail } = aConsole();
    trail.fails = true;

    const answer = await as('auditor', path);

    expect(answer.status).toBe(503);
    expect(await answer.text()).not.toContain('EMAIL_ADDRESS');
  });
});

describe('the API', () => {
  test('lists sessions a page at a time', async () => {
    const { as } = aConsole();

    const { sessions, next } = JSON.parse(await (await as('auditor', '/api/sessions')).text());
    const last = JSON.parse(await (await as('auditor', `/api/sessions?after=${next}`)).text());

    expect(sessions).toMatchObject([{ session: '..', operations: 3 }]);
    expect(last.next).toBeUndefined();
  });

  test.each(['verb=drop', 'outcome=fine', 'from=yesterday', 'from=2026-01-02&to=2026-01-01'])(
    'refuses a filter that it does not know: %s',
    async (query) => {
      const { as } = aConsole();

      expect((await as('auditor', `/api/sessions?${query}`)).status).toBe(400);
    },
  );

  test.each([
    ['..', '/api/sessions/~..%2f..'],
    ['a/b?c#d', `/api/sessions/~${encodeURIComponent('a/b?c#d')}`],
    ['~x', '/api/sessions/~~x'],
    ['run-1', '/api/sessions/run-1'],
  ])('finds a session whatever its name: %s', async (name, path) => {
    const { as } = aConsole();

    const { session } = JSON.parse(await (await as('auditor', path)).text());

    expect(session).toBe(name === '..' ? '../..' : name);
  });

  test('gives a recording with every digit as it was', async () => {
    const { as } = aConsole();

    const text = await (await as('auditor', '/api/operations/op_1/recording')).text();

    expect(text).toContain('[3,"xxx');
    expect(text).toContain('{"n": 12345678901234567890.10}');
    expect(JSON.parse(text)).toMatchObject({
      operation: { operation: 'op_1' },
      recording: { state: 'intact', columns: [{ name: 'id' }, { masked: 'EMAIL_ADDRESS' }, {}] },
    });
  });

  test('hands out NDJSON as it was sent and CSV that no spreadsheet runs', async () => {
    const { as } = aConsole();

    const ndjson = await as('auditor', '/api/operations/op_1/recording?format=ndjson');
    const csv = await as('auditor', '/api/operations/op_1/recording?format=csv');

    expect((await ndjson.text()).split('\n')[0]).toContain('"columns"');
    expect(csv.headers.get('content-disposition')).toBe('attachment; filename="op_1.csv"');
    const lines = (await csv.text()).split('\r\n');
    expect(lines[0]).toContain(`"'=HYPERLINK(`);
    expect(lines[4]).toContain(`"'=HYPERLINK(`);
    expect(lines[2]).toMatch(/^-2,,/);
  });

  test('names a download of a changed recording so, and has none of what was not recorded', async () => {
    const { as } = aConsole();

    const changed = await as('auditor', '/api/operations/op_changed/recording?format=csv');
    const exempt = await as('auditor', '/api/operations/op_exempt/recording?format=csv');

    expect(changed.headers.get('content-disposition')).toContain('op_changed-changed.csv');
    expect(exempt.status).toBe(404);
    expect(JSON.parse(await exempt.text()).detail).toContain('in the clear');
  });

  test('knows no operation that the trail does not tell of', async () => {
    const { as } = aConsole();

    expect((await as('auditor', '/api/operations/op_none/recording')).status).toBe(404);
  });
});

describe('the pages', () => {
  test.each(['/sessions', '/sessions/~run-1', '/operations/op_1'])(
    'run nothing that an agent wrote: %s',
    async (path) => {
      const { as } = aConsole();

      const page = await (await as('auditor', path)).text();

      expect(page).not.toContain('<script');
      expect(page).not.toContain('<img');
      expect(page).not.toContain('\u001b');
      expect(page).not.toContain('\u202e');
    },
  );

  test('show a session under its name, whatever that is, and every identity that used it', async () => {
    const { as } = aConsole();

    const list = await (await as('auditor', '/sessions')).text();
    const [, href = ''] = /href="(\/sessions\/~[^"]*)"/.exec(list) ?? [];
    const page = await (await as('auditor', href.replaceAll('&amp;', '&'))).text();

    expect(new URL(href, 'http://console.example').pathname).toBe('/sessions/~..');
    expect(page).toContain('2 identities used this name');
  });

  test('mark the cells that were masked, and link the approval and the downloads', async () => {
    const { as } = aConsole();

    const page = await (await as('auditor', '/operations/op_1')).text();

    expect(page).toContain('masked: ');
    expect(page.match(/<td class="masked">/g)).toHaveLength(4);
    expect(page).toContain('href="/approvals/apr_1"');
    expect(page).toContain('href="/api/operations/op_1/recording?format=csv"');
    expect(page).toContain('12345678901234567890.10');
    expect(page).toContain('(3000 characters)');
  });

  test('say plainly that a recording is not what it was, or why there is none', async () => {
    const { as } = aConsole();

    expect(await (await as('auditor', '/operations/op_changed')).text()).toContain('This is not what was recorded.');
    expect(await (await as('auditor', '/operations/op_exempt')).text()).toContain('Policy left it in the clear.');
  });

  test('keep the filter from page to page', async () => {
    const { as } = aConsole();

    const page = await (await as('auditor', '/sessions?verb=read&text=users&to=2026-01-06T00:00')).text();

    expect(page).toContain('<option selected>read</option>');
    expect(page).toMatch(/href="\/sessions\?[^"]*verb=read&amp;text=users&amp;[^"]*after=the-next-page"/);
    expect(page).toContain('value="2026-01-06T00:00:00"');
  });

  test('are offered to auditors', async () => {
    const { as } = aConsole();

    expect(await (await as('auditor', '/evidence')).text()).toContain('href="/sessions"');
    expect(await (await as('admin', '/documents')).text()).not.toContain('href="/sessions"');
  });
});
