import { expect, test } from 'vitest';
import { WriteConflict, WriteUncertain } from '../../src/platform/store.ts';
import { createFakeStore } from '../fakes/store.ts';
import { storeContract } from './store-contract.ts';

let collections = 0;
storeContract(
  'the fake store',
  async () => createFakeStore(),
  () => `collection${++collections}`,
);

test('an uncertain commit of the fake store may or may not have been applied, as was asked', async () => {
  const store = createFakeStore();
  store.failNext('uncertain-applied');
  store.failNext('uncertain-lost');

  const applied = store.commit([{ op: 'create', path: 'c/applied', data: {} }]);
  const lost = store.commit([{ op: 'create', path: 'c/lost', data: {} }]);

  await expect(applied).rejects.toBeInstanceOf(WriteUncertain);
  await expect(lost).rejects.toBeInstanceOf(WriteUncertain);
  expect(Object.keys(store.contents())).toEqual(['c/applied']);
});

test('an injected conflict of the fake store writes nothing', async () => {
  const store = createFakeStore();
  store.failNext('conflict');

  const commit = store.commit([{ op: 'create', path: 'c/one', data: {} }]);

  await expect(commit).rejects.toBeInstanceOf(WriteConflict);
  expect(store.contents()).toEqual({});
});

test('an offline fake store fails reads, writes and listeners until it is online again', async () => {
  const store = createFakeStore();
  const seen: number[] = [];
  const errors: unknown[] = [];
  store.listen(
    'c',
    (documents) => seen.push(documents.length),
    (error) => errors.push(error),
  );
  await Promise.resolve();

  store.offline();
  const read = store.get('c/one');
  const write = store.commit([{ op: 'set', path: 'c/one', data: {} }]);

  await expect(read).rejects.toThrow('UNAVAILABLE');
  await expect(write).rejects.toBeInstanceOf(WriteUncertain);
  store.online();
  expect({ seen, errors: errors.length }).toEqual({ seen: [0, 0], errors: 1 });
});
