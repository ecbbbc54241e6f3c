import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startFirestore } from '../../emulators/firestore/firestore.ts';
import { createEndings, sweepEndings } from '../../src/audit/audit.ts';
import { endingWrite } from '../../src/audit/endings.ts';
import type { Problem } from '../../src/model/problem.ts';
import { createFirestoreStore } from '../../src/platform/firestore.ts';
import { createFakeStore } from '../fakes/store.ts';

const log = { warn: () => {} };
const enough = { by: 'user:dba@example.com', reason: 'enough', at: '2026-01-05T09:00:00.000Z' };

test('what a human ends is heard again after the database was away, by the instance that runs it alone', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'endings-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, 'data.json');
  const first = await startFirestore({ file });
  const port = Number(first.address.split(':')[1]);
  const store = await createFirestoreStore({ projectId: 'p', databaseId: 'runtime', emulatorHost: first.address });
  onTestFinished(() => store.close());
  const ended: string[] = [];
  const [one, other] = [createEndings({ store, log }), createEndings({ store, log })];
  for (const [endings, operation] of [
    [one, 'op_1'],
    [other, 'op_2'],
  ] as const) {
    endings.start();
    onTestFinished(endings.stop);
    endings.heed({ operation, live: true, end: ({ reason }: Problem) => ended.push(`${operation} ${reason}`) });
  }

  first.stop();
  const second = await startFirestore({ file, port });
  onTestFinished(() => second.stop());
  await expect
    .poll(
      () =>
        store.commit([endingWrite('op_1', enough)]).then(
          () => true,
          () => false,
        ),
      { timeout: 15_000 },
    )
    .toBe(true);

  await expect.poll(() => ended, { timeout: 15_000 }).toContain('op_1 ended-by-human: user:dba@example.com: enough');
  expect(ended).toHaveLength(1);
});

test('documents are deleted a day later, and no sooner', async () => {
  const store = createFakeStore();
  await store.commit([endingWrite('op_1', enough), endingWrite('op_2', { ...enough, at: '2026-01-05T12:00:00.000Z' })]);

  const swept = await sweepEndings(store, { now: () => new Date('2026-01-06T10:00:00.000Z') });

  expect(swept).toBe(1);
  expect(Object.keys(store.contents('endings'))).toEqual(['endings/op_2']);
});
