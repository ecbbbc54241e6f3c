import { afterAll, beforeAll, expect, test } from 'vitest';
import { type BigQueryEmulator, startBigQuery } from '../../../emulators/bigquery/bigquery.ts';
import { clientOf } from './client.ts';
import { CONSTRUCTS, REFUSED, SETUP } from './constructs.ts';

let emulator: BigQueryEmulator;
let bigquery: ReturnType<typeof clientOf>;

beforeAll(async () => {
  emulator = await startBigQuery();
  bigquery = clientOf(emulator.url);
  await bigquery.query('CREATE SCHEMA ds');
  await bigquery.query(
    `CREATE TABLE ds.ev (id STRING, ts TIMESTAMP, actor STRING, ok BOOL, n INT64, j JSON, tags ARRAY<STRING>,
     st STRUCT<a INT64, b STRING>, steps ARRAY<STRUCT<k STRING, v INT64>>, prev STRING, day DATE)`,
  );
  await bigquery.query(SETUP);
});
afterAll(() => emulator.stop());

/** The client's value classes as their text. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (Buffer.isBuffer(value)) return value.toString('base64');
  if (typeof value !== 'object' || value === null) return value;
  if ('value' in value && value.constructor !== Object) return value.value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]));
}

async function rowsOf(sql: string): Promise<unknown[][]> {
  const [rows] = await bigquery.query({ query: sql, wrapIntegers: { integerTypeCastFunction: integer } });
  return rows.map((row: object) => Object.values(row).map(plain));
}

function integer(value: string): number | string {
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

test.each(CONSTRUCTS)('answers as BigQuery does: %s', async (_name, sql, expected) => {
  expect(await rowsOf(sql)).toEqual(expected);
});

test.each(REFUSED)('refuses rather than guesses: %s', async (_name, sql, expected) => {
  await expect(rowsOf(sql)).rejects.toThrow(expected);
});

test('columns without a name are called f0_, f1_ and so on', async () => {
  const [rows] = await bigquery.query("SELECT 1, 'a' AS named, 2");

  expect(rows).toEqual([{ f0_: 1, named: 'a', f1_: 2 }]);
});

test('the emulator still answers after every refused query', async () => {
  expect(await rowsOf('SELECT COUNT(*) FROM ds.ev')).toEqual([[4]]);
});
