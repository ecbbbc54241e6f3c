import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startBigQuery } from '../../../emulators/bigquery/bigquery.ts';
import { clientOf } from './client.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bigquery-'));
});
afterAll(() => rm(folder, { recursive: true }));

test('datasets, tables, views, functions and rows survive a restart', async () => {
  const file = join(folder, 'kept.duckdb');
  const first = await startBigQuery({ file });
  const before = clientOf(first.url);
  await before.query('CREATE SCHEMA ds');
  await before.query(
    'CREATE TABLE ds.t (x INT64, time TIMESTAMP) PARTITION BY DATE(time) OPTIONS(require_partition_filter=true)',
  );
  await before.query('CREATE VIEW ds.v AS SELECT x * 2 AS y FROM ds.t WHERE time IS NOT NULL');
  await before.query('CREATE TABLE FUNCTION ds.f(smallest INT64) AS SELECT y FROM ds.v WHERE y >= smallest');
  await before
    .dataset('ds')
    .table('t')
    .insert([{ json: { x: 21, time: '2026-01-01' } }], { raw: true });
  await first.stop();

  const second = await startBigQuery({ file });
  const after = clientOf(second.url);
  const [rows] = await after.query('SELECT y FROM ds.f(1)');
  const unfiltered = await after.query('SELECT x FROM ds.t').catch((error: unknown) => error);
  await second.stop();

  expect(rows).toEqual([{ y: 42 }]);
  expect(String(unfiltered)).toMatch(/partition elimination/);
});

test('a row is in the file once its sender hears that it was taken', async () => {
  const [file, copy] = [join(folder, 'streamed.duckdb'), join(folder, 'copy.duckdb')];
  const emulator = await startBigQuery({ file });
  const bigquery = clientOf(emulator.url);
  await bigquery.query('CREATE SCHEMA ds');
  await bigquery.query('CREATE TABLE ds.t (x INT64)');

  await bigquery
    .dataset('ds')
    .table('t')
    .insert([{ json: { x: 1 } }], { raw: true });
  for (const part of ['', '.wal']) await copyFile(`${file}${part}`, `${copy}${part}`);
  const killed = await startBigQuery({ file: copy });
  const [rows] = await clientOf(killed.url).query('SELECT x FROM ds.t');
  await Promise.all([emulator.stop(), killed.stop()]);

  expect(rows).toEqual([{ x: 1 }]);
});

test('nothing is shared between two emulators in memory', async () => {
  const [one, two] = await Promise.all([startBigQuery(), startBigQuery()]);

  await clientOf(one.url).createDataset('only_here');
  const [datasets] = await clientOf(two.url).getDatasets();
  await Promise.all([one.stop(), two.stop()]);

  expect(datasets).toEqual([]);
});

test('a deduplication window ends after a minute', async () => {
  let now = Date.parse('2026-01-01T00:00:00Z');
  const emulator = await startBigQuery({ clock: () => now });
  const bigquery = clientOf(emulator.url);
  const [dataset] = await bigquery.createDataset('ds');
  const [table] = await dataset.createTable('t', { schema: [{ name: 'x', type: 'INTEGER' }] });
  const rows = [{ insertId: 'a', json: { x: 1 } }];

  await table.insert(rows, { raw: true });
  now += 59_000;
  await table.insert(rows, { raw: true });
  now += 2_000;
  await table.insert(rows, { raw: true });
  const [counted] = await bigquery.query('SELECT COUNT(*) AS n FROM ds.t');
  await emulator.stop();

  expect(counted).toEqual([{ n: 2 }]);
});
