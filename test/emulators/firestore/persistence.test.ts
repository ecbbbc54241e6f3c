import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Firestore } from '@google-cloud/firestore';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startFirestore } from '../../../emulators/firestore/firestore.ts';
import { createRawClient } from './raw-client.ts';
import { connect, DATABASE, ROOT } from './subject.ts';

let folder: string;
let clients: Firestore[];
let children: ChildProcess[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'firestore-'));
  clients = [];
  children = [];
});

afterEach(async () => {
  await Promise.all(clients.map((client) => client.terminate()));
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

const file = () => join(folder, 'documents.sqlite');

function client(address: string): Firestore {
  const made = connect(address);
  clients.push(made);
  return made;
}

/** The emulator in a process of its own, and its address once it listens. */
async function spawnFirestore(): Promise<{ child: ChildProcess; address: string }> {
  const module = new URL('../../../emulators/firestore/firestore.ts', import.meta.url).href;
  const script = `const { startFirestore } = await import(${JSON.stringify(module)});
    console.log((await startFirestore({ file: ${JSON.stringify(file())} })).address);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const [line] = await once(child.stdout, 'data');
  return { child, address: String(line).trim() };
}

test('documents, their times and their preconditions outlive a restart', async () => {
  const first = await startFirestore({ file: file() });
  const { writeTime } = await client(first.address).doc('a/b').set({ v: 1 });
  first.stop();

  const second = await startFirestore({ file: file() });
  const ref = client(second.address).doc('a/b');
  const before = await ref.get();
  const { writeTime: later } = await ref.update({ v: 2 }, { lastUpdateTime: writeTime });
  second.stop();

  expect(before.data()).toEqual({ v: 1 });
  expect(before.updateTime).toEqual(writeTime);
  expect(later.valueOf() > writeTime.valueOf()).toBe(true);
});

test('queries find what an earlier run left in the file, whatever they look at', async () => {
  const first = await startFirestore({ file: file() });
  const before = client(first.address);
  for (const [path, v] of [
    ['a/1', 1],
    ['a/2', 2],
    ['a/1/b/3', 3],
    ['c/4/b/5', 5],
  ] as const)
    await before.doc(path).set({ v });
  await before.doc('a/2').delete();
  first.stop();

  const second = await startFirestore({ file: file() });
  const after = client(second.address);
  const [group, collection, collections] = await Promise.all([
    after.collectionGroup('b').where('v', '>', 0).get(),
    after.collection('a').where('v', '>', 0).get(),
    after.doc('a/1').listCollections(),
  ]);
  second.stop();

  expect(group.docs.map(({ ref }) => ref.path)).toEqual(['a/1/b/3', 'c/4/b/5']);
  expect(collection.docs.map((found) => found.data())).toEqual([{ v: 1 }]);
  expect(collections.map(({ id }) => id)).toEqual(['b']);
});

test('every acknowledged write outlives a kill -9 in the middle of writing', async () => {
  const { child, address } = await spawnFirestore();
  const raw = createRawClient(address);
  const acknowledged: string[] = [];
  const writer = async (lane: number) => {
    for (let i = 0; ; i++) {
      const id = `${lane}-${i}`;
      const writes = [{ update: { name: `${ROOT}/writes/${id}`, fields: { i: { integerValue: i } } } }];
      await raw.call('Commit', { database: DATABASE, writes });
      if (acknowledged.push(id) === 100) child.kill('SIGKILL');
    }
  };
  const ends = await Promise.allSettled([1, 2, 3, 4].map(writer));
  raw.close();

  const again = await startFirestore({ file: file() });
  const found = new Set((await client(again.address).collection('writes').get()).docs.map(({ id }) => id));
  again.stop();

  expect(ends.every(({ status }) => status === 'rejected')).toBe(true);
  expect(acknowledged.length).toBeGreaterThanOrEqual(100);
  expect(acknowledged.filter((id) => !found.has(id))).toEqual([]);
});

test('update times go on rising when the clock of the machine is set back', async () => {
  const ahead = await startFirestore({ file: file(), wallClock: () => Date.now() + 3_600_000 });
  const early = await client(ahead.address).doc('a/b').set({ v: 1 });
  ahead.stop();

  const behind = await startFirestore({ file: file() });
  const late = await client(behind.address).doc('a/b').set({ v: 2 });
  behind.stop();

  expect(late.writeTime.valueOf() > early.writeTime.valueOf()).toBe(true);
});

test('a second emulator on the same file is refused', async () => {
  const first = await startFirestore({ file: file() });

  await expect(startFirestore({ file: file() })).rejects.toThrow('locked');

  first.stop();
});

test('a port in use is refused', async () => {
  const first = await startFirestore();

  await expect(startFirestore({ port: Number(first.address.split(':')[1]) })).rejects.toThrow('EADDRINUSE');

  first.stop();
});

test('clearing forgets every document of every database, and listeners hear it', async () => {
  const emulator = await startFirestore();
  const policy = client(emulator.address);
  const runtime = connect(emulator.address, 'runtime');
  clients.push(runtime);
  await policy.doc('a/b').set({});
  await runtime.doc('a/b').set({});
  const gone = new Promise<void>((resolve) => {
    const unsubscribe = policy.doc('a/b').onSnapshot((snapshot) => {
      if (snapshot.exists) return emulator.clear();
      unsubscribe();
      resolve();
    });
  });

  await gone;

  expect((await policy.doc('a/b').get()).exists).toBe(false);
  expect((await runtime.doc('a/b').get()).exists).toBe(false);
  emulator.stop();
});

test('a transaction left idle for more than a minute has expired', async () => {
  let now = 1_800_000_000_000;
  const emulator = await startFirestore({ wallClock: () => now });
  const db = client(emulator.address);

  const late = db.runTransaction(
    async (tx) => {
      await tx.get(db.doc('a/b'));
      now += 61_000;
      tx.set(db.doc('a/b'), {});
    },
    { maxAttempts: 1 },
  );

  await expect(late).rejects.toMatchObject({ code: 3 });
  emulator.stop();
});

test('stopping right after a write, with a listener open, breaks nothing', async () => {
  const emulator = await startFirestore();
  const raw = createRawClient(emulator.address);
  const addTarget = { targetId: 2, documents: { documents: [`${ROOT}/a/b`] } };
  const listening = raw
    .listen([{ database: DATABASE, addTarget }], (seen) => seen.length > 50)
    .catch(({ code }) => code);
  await raw.call('Commit', { database: DATABASE, writes: [{ update: { name: `${ROOT}/a/b`, fields: {} } }] });

  emulator.stop();

  expect(await listening).toBeGreaterThan(0);
  raw.close();
});
