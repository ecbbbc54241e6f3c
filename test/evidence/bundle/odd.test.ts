import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { auditFactsSchema } from '../../../src/model/audit-event.ts';
import { canonicalJson } from '../../../src/model/canonical.ts';
import { aPassage } from '../../audit/trail.ts';
import { aStand, exported, type Stand, sha256 } from './stand.ts';

const day = { from: new Date('2026-01-05T00:00:00Z'), to: new Date('2026-01-06T00:00:00Z') };

const hostile =
  '</script><img src=x onerror=alert(1)>"\'`{{projectId}} \u202Eevil\u202C \u0000 =HYPERLINK("http://x") 日本語 😀';

let stand: Stand;
let made: Awaited<ReturnType<typeof exported>>;

beforeAll(async () => {
  stand = await aStand();
  await stand.audit.open();
  await everyType();
  made = await exported(stand.bundles, day);
}, 120_000);
afterAll(() => stand.stop());

/** One event of each type that there is, with words of an attacker wherever a caller's words may stand. */
async function everyType() {
  const { agent: _, ...known } = aPassage().call;
  const passage = aPassage({
    call: { ...known, agent: { name: hostile, model: hostile, version: hostile }, reason: hostile },
    session: hostile,
    operationId: 'op_hostile',
  });
  for (const type of auditFactsSchema.shape.type.options)
    if (!['intended', 'completed', 'failed', 'chain_opened', 'chain_closed'].includes(type))
      await stand.audit.note(type, passage, { note: hostile });
  for (const type of ['completed', 'failed'] as const)
    await (await stand.audit.intend(passage)).complete({
      type,
      rows: 3,
      affected: 2,
      bytes: 12_345_678_901,
      sha256: sha256(type),
      truncated: true,
      masks: [{ resource: 'public.users.email', class: 'EMAIL_ADDRESS', transform: 'token', values: null }],
      findings: [{ class: 'PHONE_NUMBER', count: 2 }],
      recording: { chunks: 1, bytes: 5, sha256: sha256('x'), truncated: false },
      credential: { secret: 's', version: '1' },
      targetJob: 'job',
      durations: { total: 1.005, queue: 0, target: 0.1, audit: 1e-3 },
    });
  await stand.shipped();
}

describe('a trail without any checkpoint', () => {
  test('comes as it is, every type of event with the hash it was given, and says that nothing seals it', () => {
    const { events, manifest } = made;

    const types = new Set(events.map(({ type }) => type));
    expect(auditFactsSchema.shape.type.options.filter((type) => !types.has(type))).toEqual(['chain_closed']);
    for (const { hash, ...others } of events) expect(sha256(canonicalJson(others))).toBe(hash);
    expect(manifest.trail).toMatchObject({ sealed: false, from_checkpoint: null, to_checkpoint: null, checkpoints: 0 });
    expect(manifest.queries.every(({ chain_status }) => chain_status !== 'complete')).toBe(true);
  });

  test('whose words are an attacker’s makes a page that obeys none of them', () => {
    const page = made.files.get('summary.html') ?? '';

    expect(page).toContain('&lt;img src=x onerror=alert(1)&gt;');
    expect(page).toContain('\\u{202e}evil\\u{202c}');
    expect(page).not.toMatch(/<img|<script|\son\w+=[^(]*\(1\)>"/);
    expect(page).not.toMatch(/[\u202A-\u202E]/);
    const urls = [...page.matchAll(/(?:href|src)="([^"]*)"/g)].map(([, url]) => url);
    expect(urls.every((url) => /^(results|sql)\/\w+\.(csv|json|sql)$/.test(url ?? ''))).toBe(true);
  });
});

describe('a period in which nothing happened', () => {
  test('is a bundle with answers and without events', { timeout: 120_000 }, async () => {
    const { files, manifest } = await exported(stand.bundles, {
      from: new Date('2025-11-01T00:00:00Z'),
      to: new Date('2025-12-01T00:00:00Z'),
    });

    expect(manifest.trail).toMatchObject({ events_in_period: 0, events: 0, findings: 0 });
    expect(manifest.queries.length).toBeGreaterThan(0);
    expect(files.get('results/access_population.csv')?.trim().split('\r\n')).toHaveLength(1);
    expect(JSON.parse(files.get('results/access_population.json') ?? '').rows).toEqual([]);
    expect(files.get('summary.html')).toContain('No call came within the period.');
  });
});

describe('what somebody did to the tables', () => {
  const minutes = { from: new Date('2026-01-05T09:02:00Z'), to: new Date('2026-01-05T09:04:00Z') };

  test('is in the bundle to be seen, and makes its state broken', { timeout: 120_000 }, async () => {
    stand.clock.advance(60_000);
    await stand.checkpoint();
    stand.clock.advance(120_000);
    const intent = await stand.audit.intend(aPassage({ operationId: 'op_changed' }));
    await intent.complete({ type: 'completed', rows: 1 });
    await stand.shipped();
    stand.clock.advance(120_000);
    await stand.checkpoint();
    const [intended] = await stand.bigquery.query(
      "SELECT * FROM `sallyport_audit.events` WHERE time >= @from AND time < @to AND type = 'intended'",
      minutes,
    );

    await stand.append('events', [
      { insertId: 'forged', json: { ...intended, verb: 'delete', occurrences: 9_007_199_254_740_993n.toString() } },
    ]);
    const after = await exported(stand.bundles, minutes);

    expect(after.events.filter(({ seq }) => seq === intended?.['seq'])).toHaveLength(2);
    expect(after.manifest.trail.findings).toBeGreaterThan(0);
    expect(after.manifest.queries.map(({ chain_status }) => chain_status)).not.toContain('complete');
    expect(after.files.get('summary.html')).toContain('The trail does not hold.');
  });
});
