import { Server, ServerCredentials, status } from '@grpc/grpc-js';
import { afterEach, expect, test } from 'vitest';
import { createFirestoreStore } from '../../src/platform/firestore.ts';
import { type Revision, WriteConflict, WriteUncertain } from '../../src/platform/store.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

test.for([
  ['UNAVAILABLE', status.UNAVAILABLE],
  ['DEADLINE_EXCEEDED', status.DEADLINE_EXCEEDED],
  ['CANCELLED', status.CANCELLED],
  ['INTERNAL', status.INTERNAL],
  ['UNKNOWN', status.UNKNOWN],
  ['RESOURCE_EXHAUSTED', status.RESOURCE_EXHAUSTED],
] as const)('a commit answered with %s is sent once and is uncertain', async ([, code]) => {
  const { store, commits } = await aServerThatAnswers(() => code);

  const commit = store.commit([{ op: 'create', path: 'c/one', data: {} }]);

  await expect(commit).rejects.toBeInstanceOf(WriteUncertain);
  expect(commits()).toBe(1);
});

test.for([
  ['ALREADY_EXISTS', status.ALREADY_EXISTS],
  ['FAILED_PRECONDITION', status.FAILED_PRECONDITION],
  ['NOT_FOUND', status.NOT_FOUND],
] as const)('a commit answered with %s is sent once and is a conflict', async ([, code]) => {
  const { store, commits } = await aServerThatAnswers(() => code);

  const commit = store.commit([{ op: 'create', path: 'c/one', data: {} }]);

  await expect(commit).rejects.toBeInstanceOf(WriteConflict);
  expect(commits()).toBe(1);
});

test('a commit that may not be made is neither a conflict nor uncertain', async () => {
  const { store } = await aServerThatAnswers(() => status.PERMISSION_DENIED);

  const commit = store.commit([{ op: 'create', path: 'c/one', data: {} }]);

  await expect(commit).rejects.toMatchObject({ code: status.PERMISSION_DENIED });
});

test('a commit that met contention is sent again', async () => {
  const { store, commits } = await aServerThatAnswers((attempt) => (attempt < 3 ? status.ABORTED : status.OK));

  await store.commit([{ op: 'create', path: 'c/one', data: {} }]);

  expect(commits()).toBe(3);
});

test('a commit that meets nothing but contention ends as uncertain', async () => {
  const { store, commits } = await aServerThatAnswers(() => status.ABORTED);

  const commit = store.commit([{ op: 'create', path: 'c/one', data: {} }]);

  await expect(commit).rejects.toBeInstanceOf(WriteUncertain);
  expect(commits()).toBe(5);
});

test('a commit that is never answered is uncertain once its deadline is over', async () => {
  const { store, commits } = await aServerThatAnswers(() => undefined, 300);

  const commit = store.commit([{ op: 'create', path: 'c/one', data: {} }]);

  await expect(commit).rejects.toBeInstanceOf(WriteUncertain);
  expect(commits()).toBe(1);
});

test('a commit to nobody is uncertain and a read from nobody fails, once the deadline is over', async () => {
  const store = await createFirestoreStore({ ...database, emulatorHost: '127.0.0.1:1', deadline: 300 });

  const [commit, read] = await Promise.allSettled([
    store.commit([{ op: 'create', path: 'c/one', data: {} }]),
    store.get('c/one'),
  ]);

  expect(commit).toMatchObject({ status: 'rejected', reason: expect.any(WriteUncertain) });
  expect(read).toMatchObject({ status: 'rejected', reason: { message: expect.stringContaining('300 ms') } });
});

test('a replace without the revision of a read is never sent', async () => {
  const { store, commits } = await aServerThatAnswers(() => status.OK);

  const commit = store.commit([{ op: 'replace', path: 'c/one', data: {}, revision: '' as Revision }]);

  await expect(commit).rejects.toBeInstanceOf(TypeError);
  expect(commits()).toBe(0);
});

test.for([
  ['a nested array', { a: [[1]] }],
  ['a function', { a: () => 1 }],
  ['an instance of a class', { a: new Map() }],
] as const)('a document that holds %s is never sent', async ([, data]) => {
  const { store, commits } = await aServerThatAnswers(() => status.OK);

  const commit = store.commit([{ op: 'set', path: 'c/one', data }]);

  await expect(commit).rejects.toBeInstanceOf(TypeError);
  expect(commits()).toBe(0);
});

const database = { projectId: 'sallyport-test', databaseId: '(default)' };

/** A gRPC server that knows Commit only and answers it with a code, or never. */
async function aServerThatAnswers(answer: (attempt: number) => status | undefined, deadline = 5000) {
  let attempts = 0;
  const bytes = (buffer: Buffer) => buffer;
  const server = new Server();
  server.addService(
    {
      commit: {
        path: '/google.firestore.v1.Firestore/Commit',
        requestStream: false,
        responseStream: false,
        requestSerialize: bytes,
        requestDeserialize: bytes,
        responseSerialize: bytes,
        responseDeserialize: bytes,
      },
    },
    {
      commit: (_call: unknown, callback: (error: { code: status } | null, response?: Buffer) => void) => {
        const code = answer(++attempts);
        if (code === status.OK) callback(null, Buffer.alloc(0));
        else if (code !== undefined) callback({ code });
      },
    },
  );
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  const store = await createFirestoreStore({ ...database, emulatorHost: `127.0.0.1:${port}`, deadline });
  closers.push(
    () => store.close(),
    () => server.forceShutdown(),
  );
  return { store, commits: () => attempts };
}
