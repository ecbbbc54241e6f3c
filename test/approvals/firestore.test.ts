import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FirestoreEmulator, startFirestore } from '../../emulators/firestore/firestore.ts';
import { createFirestoreStore } from '../../src/platform/firestore.ts';
import { randomIds } from '../../src/platform/ids.ts';
import { WriteConflict } from '../../src/platform/store.ts';
import { aHuman, aPassage, createFixture } from './passages.ts';

let emulator: FirestoreEmulator;
let store: Awaited<ReturnType<typeof createFirestoreStore>>;

beforeAll(async () => {
  emulator = await startFirestore({ indexes: JSON.parse(readFileSync('firestore.indexes.json', 'utf8')) });
  store = await createFirestoreStore({ projectId: 'p', databaseId: 'runtime', emulatorHost: emulator.address });
});
afterAll(async () => {
  await store.close();
  emulator.stop();
});

test('of fifty that race for one approval in Firestore, one is granted', async () => {
  const { settle, vote, approvals } = createFixture(store, { ids: randomIds });
  await vote((await settle(aPassage())).approval, aHuman('dba'));
  const racers = Array.from({ length: 50 }, (_, index) => aPassage({ operationId: `op_${index}` }));

  const commits = await Promise.allSettled(
    racers.map(async (racer) => {
      const { writes, approval, state } = await approvals.settle(racer);
      if (state !== 'granted') return [];
      await store.commit(writes);
      return [approval.spent_by];
    }),
  );

  const winners = commits.flatMap((commit) => (commit.status === 'fulfilled' ? commit.value : []));
  expect(winners).toHaveLength(1);
  for (const commit of commits) if (commit.status === 'rejected') expect(commit.reason).toBeInstanceOf(WriteConflict);
});

test('a waiting request hears of the decision, and every listing has its index', async () => {
  const { settle, vote, approvals } = createFixture(store, { ids: randomIds });
  const passage = aPassage({ operation: { statement: 'another' } });
  const { approval } = await settle(passage);
  const waiting = approvals.wait(approval, 60, new AbortController().signal);

  await vote(approval, aHuman('dba'));
  await waiting;

  expect((await settle(passage)).state).toBe('granted');
  for (const state of [undefined, 'pending', 'approved', 'denied', 'expired', 'spent'] as const)
    await approvals.list({ ...(state !== undefined && { state }), limit: 10 });
});
