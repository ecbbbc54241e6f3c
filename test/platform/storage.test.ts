import { afterAll, beforeAll, expect, test } from 'vitest';
import { createBucket } from '../../src/platform/storage.ts';
import { type FakeBucket, startFakeBucket } from '../fakes/bucket.ts';

let fake: FakeBucket;
let bucket: ReturnType<typeof createBucket>;

beforeAll(async () => {
  fake = await startFakeBucket('evidence');
  bucket = createBucket({ bucket: 'evidence', emulatorHost: fake.address });
});
afterAll(() => fake.stop());

test('a text is kept under its name, and kept again as often as one likes', async () => {
  await bucket.keep('checkpoints/a b.json', '{"é":1}');
  await bucket.keep('checkpoints/a b.json', '{"é":1}');

  expect([...fake.objects]).toEqual([['checkpoints/a b.json', '{"é":1}']]);
});

test('another text under a name that is taken is refused', async () => {
  await bucket.keep('taken', 'one');

  await expect(bucket.keep('taken', 'two')).rejects.toThrow('Something else is kept as taken.');
  expect(fake.objects.get('taken')).toBe('one');
});

test('what the bucket refuses is told by its status', async () => {
  fake.failures.push(503);

  await expect(bucket.keep('later', 'text')).rejects.toThrow('Cloud Storage answered 503 to an upload.');
  expect(fake.objects.has('later')).toBe(false);
});

test('a bucket that cannot be reached is an error', async () => {
  const nowhere = createBucket({ bucket: 'evidence', emulatorHost: '127.0.0.1:1' });

  await expect(nowhere.keep('name', 'text')).rejects.toThrow();
});
