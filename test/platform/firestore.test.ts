import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FirestoreEmulator, startFirestore } from '../../emulators/firestore/firestore.ts';
import { createFirestoreStore } from '../../src/platform/firestore.ts';
import { storeContract } from './store-contract.ts';

/** Against our emulator, or the one that FIRESTORE_EMULATOR_HOST names. */
const named = process.env['FIRESTORE_EMULATOR_HOST'];
const run = Math.random().toString(36).slice(2);
let emulator: FirestoreEmulator | undefined;
let store: Awaited<ReturnType<typeof createFirestoreStore>>;
let collections = 0;
const collection = () => `run-${run}-${++collections}`;

beforeAll(async () => {
  if (!named) emulator = await startFirestore();
  const emulatorHost = named ?? emulator?.address ?? '';
  store = await createFirestoreStore({
    projectId: 'sallyport-test',
    databaseId: '(default)',
    emulatorHost,
    deadline: 15_000,
  });
});

afterAll(async () => {
  await store.close();
  emulator?.stop();
});

storeContract('the Firestore store', async () => store, collection);

test('dates come back as dates and text keeps every character', async () => {
  const path = `${collection()}/one`;
  const data = {
    at: new Date('2026-01-02T03:04:05.678Z'),
    text: 'a\u0000b\u202e👩‍💻',
    big: 2 ** 60,
    half: 0.5,
    minus: -7,
  };

  await store.commit([{ op: 'create', path, data }]);

  expect((await store.get(path))?.data).toEqual(data);
});
