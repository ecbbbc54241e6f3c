import { describe, expect, test } from 'vitest';
import type { Bundles } from '../../src/evidence/evidence.ts';
import { aConsole, aManifest, origin } from './fixture.ts';

const period = { from: '2026-01-01', to: '2026-02-01' };
const path = '/api/evidence:export';

/** Bundles that say what was asked of them, and a way to let them go on. */
function someBundles(change: (piece: number) => void = () => {}) {
  const asked: Parameters<Bundles['export']>[0][] = [];
  const bundles: Bundles = {
    async *export(request) {
      asked.push(request);
      yield Buffer.from('remark ');
      await request.onReady({ manifest: aManifest, sha256: 'c'.repeat(64) });
      change(1);
      yield Buffer.from('evidence');
    },
  };
  return { bundles, asked };
}

describe('an export', () => {
  test('is recorded with its period and the hash of its manifest before any evidence leaves', async () => {
    const { bundles, asked } = someBundles();
    const { send, noted } = aConsole({ bundles });

    const answer = await send('auditor', 'POST', path, { ...period, recordings: true });
    const before = noted.map(({ type }) => type);
    const text = await answer.text();

    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/x-tar');
    expect(text).toBe('remark evidence');
    expect(asked).toMatchObject([
      { period: { from: new Date('2026-01-01'), to: new Date('2026-02-01') }, recordings: true },
    ]);
    expect(before).toEqual(['console_access']);
    expect(noted.map(({ type }) => type)).toEqual(['console_access', 'evidence_exported']);
    expect(JSON.parse(noted[1]?.note ?? '')).toEqual({
      name: 'bundle',
      from: '2026-01-01T00:00:00.000Z',
      to: '2026-02-01T00:00:00.000Z',
      recordings: true,
      manifest_sha256: 'c'.repeat(64),
    });
  });

  test('breaks off without evidence where it cannot be recorded', async () => {
    const { bundles } = someBundles();
    const { send, trail } = aConsole({ bundles });

    const answer = await send('auditor', 'POST', path, period);
    trail.fails = true;

    await expect(answer.text()).rejects.toThrow();
  });

  test('breaks off where it fails on the way, and that is told to who runs the console', async () => {
    const { bundles } = someBundles(() => {
      throw new Error('BigQuery is gone');
    });
    const { send, faults } = aConsole({ bundles });

    const answer = await send('auditor', 'POST', path, period);

    await expect(answer.text()).rejects.toThrow();
    expect(faults).toEqual([new Error('BigQuery is gone')]);
  });

  test.each(['stranger', 'dba', 'admin'])('is for auditors, not for %s', async (name) => {
    const { bundles, asked } = someBundles();
    const { send, noted } = aConsole({ bundles });

    const answer = await send(name, 'POST', path, period);

    expect(answer.status).toBe(403);
    expect(asked).toEqual([]);
    expect(noted).toMatchObject([{ type: 'denied' }]);
  });

  test.each([
    [{ from: '2026-02-01', to: '2026-01-01' }],
    [{ from: '2026-02-01', to: '2026-02-01' }],
    [{ from: '2026-02-01' }],
    [{ ...period, extra: 1 }],
    [{ ...period, from: 'yesterday' }],
    [{ ...period, from: '0000-01-01' }],
  ])('is refused for %j', async (body) => {
    const { send } = aConsole(someBundles());

    expect((await send('auditor', 'POST', path, body)).status).toBe(400);
  });

  test('waits for others where two run already', async () => {
    const { send } = aConsole(someBundles());
    const running = await Promise.all([1, 2].map(() => send('auditor', 'POST', path, period)));
    const readers = running.map(({ body }) => body?.getReader());
    await Promise.all(readers.map((reader) => reader?.read()));

    const third = await send('auditor', 'POST', path, period);
    await Promise.all(readers.map((reader) => reader?.cancel()));
    const fourth = await send('auditor', 'POST', path, period);

    expect(third.status).toBe(429);
    expect(fourth.status).toBe(200);
  });
});

describe('the form for an export', () => {
  const form = (fields: Record<string, string>) => ({
    method: 'POST',
    body: new URLSearchParams(fields),
    headers: { Origin: origin, Cookie: '' },
  });

  test('stands on the page of evidence, and gives what was asked for', async () => {
    const { bundles, asked } = someBundles();
    const { app, as } = aConsole({ bundles });
    const page = await as('auditor', '/evidence', {
      headers: { Authorization: '', Cookie: 'sallyport-token=auditor' },
    });
    const cookies = page.headers.getSetCookie().map((cookie) => cookie.split(';')[0]);
    const csrf = /name="csrf" value="([^"]+)"/.exec((await page.text()).split('id="bundle"')[1] ?? '')?.[1] ?? '';
    const Cookie = ['sallyport-token=auditor', ...cookies].join('; ');

    const answer = await app.request('/evidence/export', {
      ...form({ csrf, ...period, recordings: 'on' }),
      headers: { Origin: origin, Cookie },
    });

    expect(answer.headers.get('content-disposition')).toBe(
      'attachment; filename="sallyport-evidence-2026-01-01-to-2026-02-01.tar"',
    );
    expect(await answer.text()).toBe('remark evidence');
    expect(asked).toMatchObject([{ recordings: true, by: 'user:auditor@example.com' }]);
  });

  test('is refused without its own token, and from another site', async () => {
    const { bundles, asked } = someBundles();
    const { app } = aConsole({ bundles });
    const headers = { Cookie: 'sallyport-token=auditor', Origin: origin };

    const forged = await app.request('/evidence/export', { ...form({ csrf: 'x', ...period }), headers });
    const foreign = await app.request('/evidence/export', {
      ...form({ csrf: 'x', ...period }),
      headers: { ...headers, Origin: 'https://evil.example' },
    });

    expect([forged.status, foreign.status]).toEqual([403, 403]);
    expect(asked).toEqual([]);
  });
});
