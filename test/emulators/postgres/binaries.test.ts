import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { hydrateSymlinks } from '../../../emulators/postgres/binaries.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'links-'));
  await mkdir(join(directory, 'native/lib'), { recursive: true });
  await writeFile(join(directory, 'native/lib/libicuuc.so.60.2'), 'library');
  await writeFile(
    join(directory, 'native/pg-symlinks.json'),
    JSON.stringify([{ source: 'native/lib/libicuuc.so.60.2', target: 'native/lib/libicuuc.so.60' }]),
  );
});
afterEach(() => rm(directory, { recursive: true }));

test('the links that an install script would have made are made', async () => {
  await hydrateSymlinks(directory);

  expect(await readFile(join(directory, 'native/lib/libicuuc.so.60'), 'utf8')).toBe('library');
});

test('many processes may make the links at once, and again', async () => {
  const answers = await Promise.all(Array.from({ length: 8 }, () => hydrateSymlinks(directory)));

  expect(answers).toEqual(Array(8).fill(true));
});

test('a platform without links needs none', async () => {
  await rm(join(directory, 'native/pg-symlinks.json'));

  expect(await hydrateSymlinks(directory)).toBe(true);
});
