import { expect, test } from 'vitest';
import type { Integrity } from '../../src/audit/audit.ts';
import { aConsole } from './fixture.ts';

const standing: Integrity = {
  state: 'failing',
  why: ['The signature of the last checkpoint does not hold.'],
  time: '2026-01-05T09:01:00.000Z',
  checkpoint: {
    checkpoint: 'cp_0000000007',
    number: 7,
    time: '2026-01-05T09:00:00.000Z',
    keeper: 'ins_<b>',
    hash: 'a'.repeat(64),
    key: 'projects/p/cryptoKeyVersions/1',
    age: 60,
    signature: 'invalid',
    heads: 3,
    events: 4711,
    retained_from: '2025-01-05',
  },
  chains: { open: 3, taken: 0, closing: 0 },
  outbox: { events: 2, running: 1, dead: 0, oldest: { time: '2026-01-05T09:00:59.000Z', age: 1 }, checkpoints: 1 },
};

test.each(['auditor', 'admin'])('%s sees how the trail stands, as JSON and as a page', async (who) => {
  const { as } = aConsole({ integrity: async () => standing });

  const [json, page] = await Promise.all([as(who, '/api/integrity'), as(who, '/integrity')]);

  expect(await json.json()).toEqual(standing);
  const text = await page.text();
  expect(text).toContain('does not hold');
  expect(text).toContain('4711 events so far');
  expect(text).toContain('2025-01-05');
  expect(text).not.toContain('<b>');
  expect(text).toContain('<a href="/integrity">Integrity</a>');
});

test.each(['dba', 'stranger', 'bot'])('%s does not', async (who) => {
  const { as } = aConsole({ integrity: async () => standing });

  const answers = await Promise.all([as(who, '/api/integrity'), as(who, '/integrity')]);

  expect(answers.map(({ status }) => status)).toEqual([403, 403]);
});

test('a trail without a checkpoint is shown as late', async () => {
  const { as } = aConsole();

  const page = await as('auditor', '/integrity');

  expect(await page.text()).toContain('There is no checkpoint yet.');
});

test('that Firestore does not answer is no state of the trail but an error', async () => {
  const { as, faults } = aConsole({ integrity: () => Promise.reject(new Error('UNAVAILABLE')) });

  const answer = await as('auditor', '/api/integrity');

  expect(answer.status).toBe(500);
  expect(faults).toHaveLength(1);
});
