import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';
import { expect, onTestFinished, test } from 'vitest';
import { startFirestore } from '../../emulators/firestore/firestore.ts';
import { createFirestoreStore } from '../../src/platform/firestore.ts';

const database = { projectId: 'sallyport-test', databaseId: '(default)' };

test('a listener finds its way back after the database was away, and sees what changed meanwhile', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-listen-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'firestore.db');
  const first = await startFirestore({ file });
  const port = Number(first.address.split(':')[1]);
  const store = await createFirestoreStore({ ...database, emulatorHost: first.address });
  const seen = aMeter();
  const stop = store.listen('c', (documents) => seen.reach(documents.length), seen.fail);
  await seen.until(0);

  first.stop();
  const second = await startFirestore({ file, port });
  onTestFinished(async () => {
    stop();
    await store.close();
    second.stop();
  });
  const other = await createFirestoreStore({ ...database, emulatorHost: second.address });
  await other.commit([{ op: 'create', path: 'c/one', data: {} }]);
  await other.close();

  await expect(seen.until(1)).resolves.toBe(1);
});

test('a listener that is refused is reported and tries again, until it is stopped', async () => {
  let calls = 0;
  const refuse = (call: ServerDuplexStream<Buffer, Buffer>) => {
    calls++;
    call.on('data', () => call.write(targetRemoved));
    call.on('end', () => call.end());
  };
  const { address, shutdown } = await aServerThatListens(refuse);
  const store = await createFirestoreStore({ ...database, emulatorHost: address });
  const errors = aMeter();
  let reported = 0;

  const stop = store.listen(
    'c',
    () => {},
    () => errors.reach(++reported),
  );
  await errors.until(2);
  stop();
  await store.close();
  shutdown();

  expect(calls).toBeGreaterThanOrEqual(2);
});

/** A ListenResponse whose target_change removes target 1, because of PERMISSION_DENIED. */
const targetRemoved = Buffer.from('120908021201011a020807', 'hex');

/** Remembers the last count that was reached, and waits for one. */
function aMeter() {
  let [last, wake]: [number | undefined, () => void] = [undefined, () => {}];
  return {
    reach(count: number) {
      last = count;
      wake();
    },
    fail(error: unknown) {
      throw error;
    },
    async until(count: number) {
      while (last !== count) await new Promise<void>((resolve) => (wake = resolve));
      return last;
    },
  };
}

async function aServerThatListens(listen: (call: ServerDuplexStream<Buffer, Buffer>) => void) {
  const bytes = (buffer: Buffer) => buffer;
  const server = new Server();
  server.addService(
    {
      listen: {
        path: '/google.firestore.v1.Firestore/Listen',
        requestStream: true,
        responseStream: true,
        requestSerialize: bytes,
        requestDeserialize: bytes,
        responseSerialize: bytes,
        responseDeserialize: bytes,
      },
    },
    { listen },
  );
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  return { address: `127.0.0.1:${port}`, shutdown: () => server.forceShutdown() };
}
