import { expect, test } from 'vitest';
import { createExpiry } from '../../src/approvals/approvals.ts';
import type { Approval } from '../../src/model/approval.ts';
import { Problem } from '../../src/model/problem.ts';
import { type Write, WriteConflict } from '../../src/platform/store.ts';
import { aFixture, aHuman, aPassage } from './passages.ts';

/** Seconds. */
const halfAnHour = 30 * 60;

/** Approvals with a keeper that says which are over, as the trail does it: the event and the change in one commit. */
function aKeptFixture() {
  const fixture = aFixture();
  const said: string[] = [];
  const unreadable: unknown[] = [];
  async function record({ id, state }: Approval, writes: readonly Write[]) {
    await fixture.store.commit(writes).catch((cause: unknown) => {
      throw cause instanceof WriteConflict ? new Problem('approval-conflict', { cause }) : cause;
    });
    said.push(`${id} ${state}`);
  }
  const { store, clock } = fixture;
  const aKeeper = () => createExpiry({ store, clock, record, onCorrupt: (error) => unreadable.push(error) });
  return { ...fixture, said, unreadable, aKeeper, expire: aKeeper() };
}

test('an approval that nobody decided on, and one that nobody came back for, are said to be over, once', async () => {
  const { settle, vote, clock, expire, said, store } = aKeptFixture();
  const { approval: forgotten } = await settle(aPassage());
  const { approval: unused } = await settle(aPassage({ operation: { statement: 'DROP TABLE public.orders' } }));
  await vote(unused, aHuman('dba'));
  clock.forward(halfAnHour);

  const counts = [await expire(), await expire()];

  expect(counts).toEqual([2, 0]);
  expect(said.sort()).toEqual([`${forgotten.id} expired`, `${unused.id} expired`].sort());
  expect(Object.values(store.contents('approvals')).map(({ state }) => state)).toEqual(['expired', 'expired']);
});

test('an approval whose time is not over is left alone, and so is one that was denied', async () => {
  const { settle, vote, clock, expire } = aKeptFixture();
  await vote((await settle(aPassage())).approval, aHuman('dba'), 'deny');
  clock.forward(halfAnHour - 1);
  await settle(aPassage({ operation: { statement: 'DROP TABLE public.orders' } }));
  clock.forward(2);

  expect(await expire()).toBe(0);
});

test('two keepers at once say it once', async () => {
  const { settle, clock, aKeeper, said } = aKeptFixture();
  await settle(aPassage());
  clock.forward(halfAnHour);

  const counts = await Promise.all([aKeeper()(), aKeeper()()]);

  expect(counts.sort()).toEqual([0, 1]);
  expect(said).toHaveLength(1);
});

test('what is asked again at that very moment is asked anew, and not lost', async () => {
  const { settle, clock, expire } = aKeptFixture();
  const first = await settle(aPassage());
  clock.forward(halfAnHour);
  await expire();

  const again = await settle(aPassage());

  expect(again).toMatchObject({ state: 'waiting', asked: true });
  expect(again.approval.id).not.toBe(first.approval.id);
});

test('one that cannot be read keeps no other from being said to be over', async () => {
  const { settle, clock, expire, store, unreadable } = aKeptFixture();
  await settle(aPassage());
  store.seed('approvals/apr_0', { state: 'pending', expires_at: '2026-03-01T10:00:00.000Z' });
  clock.forward(halfAnHour);

  expect(await expire()).toBe(1);
  expect(unreadable).toHaveLength(1);
});
