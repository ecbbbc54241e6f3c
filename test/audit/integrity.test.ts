import { describe, expect, test } from 'vitest';
import { createCheckpointWatch, createIntegrity } from '../../src/audit/audit.ts';
import { aKeeper, verifies } from './keeper.ts';
import { aPassage, aTrail, type Trail } from './trail.ts';

const minute = 60_000;
const integrityOf = ({ store, clock }: Trail, verify = verifies) => createIntegrity({ store, clock, verify })();

async function aCheckedTrail() {
  const trail = aTrail();
  await trail.audit.open();
  await expect.poll(() => trail.store.contents('outbox')).toEqual({});
  const keeper = aKeeper(trail);
  await keeper.make();
  return { ...trail, keeper };
}

describe('the state of the trail', () => {
  test('is in order while every chain is covered by a signed checkpoint of the last two minutes', async () => {
    const trail = await aCheckedTrail();
    trail.clock.advance(minute);

    const integrity = await integrityOf(trail);

    expect(integrity).toMatchObject({
      state: 'ok',
      why: [],
      checkpoint: { number: 0, age: 60, signature: 'valid', heads: 1, events: 1, retained_from: null },
      chains: { open: 1, taken: 0, closing: 0 },
      outbox: { events: 0, running: 0, dead: 0, oldest: null, checkpoints: 0 },
    });
  });

  test('is late without a checkpoint of the last two minutes', async () => {
    const trail = await aCheckedTrail();
    trail.clock.advance(2 * minute + 1000);

    const integrity = await integrityOf(trail);

    expect(integrity).toMatchObject({ state: 'late', why: ['The last checkpoint is not of the last two minutes.'] });
    expect(await integrityOf(aTrail())).toMatchObject({ state: 'late', why: ['There is no checkpoint yet.'] });
  });

  test.each([
    ['the text of the last checkpoint', { body: '{}' }],
    ['its signature', { signature: 'AAAA' }],
    ['its time', { time: '2026-01-05T09:00:30.000Z' }],
  ])('is failing where %s was changed', async (_name, change) => {
    const trail = await aCheckedTrail();
    const latest = trail.store.contents('checkpoints')['checkpoints/latest'];
    const body = { ...JSON.parse(String(latest?.['body'])), events: 7 };
    trail.store.seed('checkpoints/latest', {
      ...latest,
      ...change,
      ...('body' in change && { body: JSON.stringify(body) }),
    });

    const integrity = await integrityOf(trail);

    expect(integrity).toMatchObject({ state: 'failing', checkpoint: { signature: 'invalid' } });
  });

  test('is failing where the last checkpoint cannot be verified', async () => {
    const trail = await aCheckedTrail();

    const integrity = await integrityOf(trail, () => Promise.reject(new Error('KMS is down')));

    expect(integrity).toMatchObject({ state: 'failing', checkpoint: { signature: 'unknown' } });
  });

  test('says what the keeper fails at, until it does no more', async () => {
    const trail = await aCheckedTrail();
    let isDown = true;
    const keeper = aKeeper(trail, {
      append: (table, rows) => (isDown ? Promise.reject(new Error('503')) : trail.table.append(table, rows)),
    });
    await keeper.make().catch(() => undefined);
    const during = await integrityOf(trail);

    isDown = false;
    await keeper.make();
    const after = await integrityOf(trail);

    expect(during).toMatchObject({ state: 'failing', outbox: { checkpoints: 1 } });
    expect(during.why).toEqual(['BigQuery does not take checkpoints (since 2026-01-05T09:00:00.000Z).']);
    expect(after).toMatchObject({ state: 'ok', why: [] });
  });

  test('forgets what a keeper failed at that is dead, once another makes checkpoints', async () => {
    const trail = await aCheckedTrail();
    await aKeeper(trail, { append: () => Promise.reject(new Error('503')) })
      .make()
      .catch(() => undefined);

    await aKeeper(trail, { keeper: 'next' }).make();

    expect(await integrityOf(trail)).toMatchObject({ state: 'ok' });
  });

  test('is failing while something was put aside that cannot be shipped', async () => {
    const trail = await aCheckedTrail();
    trail.store.seed('dead/ev_1', { path: 'outbox/ev_1' });

    const integrity = await integrityOf(trail);

    expect(integrity).toMatchObject({ state: 'failing', outbox: { dead: 1 } });
  });

  test('tells how many events wait, and for how long', async () => {
    const trail = aTrail();
    const mute = trail.another('mute', { append: () => new Promise(() => {}) });
    await mute.open();
    await mute.intend(aPassage());
    trail.clock.advance(6 * minute);
    await mute.note('denied', {});
    await aKeeper(trail).make();

    const integrity = await integrityOf(trail);

    expect(integrity).toMatchObject({
      state: 'failing',
      why: ['Events wait to be shipped.'],
      outbox: { events: 2, running: 1, oldest: { time: '2026-01-05T09:00:00.000Z', age: 360 } },
    });
  });
});

test('another role than the keeper raises the alarm when there is no keeper any more, and says when there is', async () => {
  const trail = await aCheckedTrail();
  const late: string[] = [];
  const watch = createCheckpointWatch({ ...trail, onLate: (checkpoint) => void late.push(checkpoint) });
  await watch();

  trail.clock.advance(2 * minute + 1);
  await watch();
  await watch();
  await trail.keeper.make();
  await watch();

  expect(late).toEqual(['cp_0000000000']);
  expect(trail.alerts.filter((message) => message.includes('two minutes'))).toHaveLength(2);
});

test('a first checkpoint that never comes is an alarm, too', async () => {
  const trail = aTrail();
  const watch = createCheckpointWatch(trail);
  await watch();

  trail.clock.advance(2 * minute + 1);
  await watch();

  expect(trail.alerts).toEqual(['The last checkpoint is not of the last two minutes.']);
});
