import { afterAll, beforeAll, expect, test } from 'vitest';
import { type BigQueryEmulator, startBigQuery } from '../../emulators/bigquery/bigquery.ts';
import { type BigQueryClient, createBigQuery } from '../../src/platform/bigquery.ts';

let emulator: BigQueryEmulator;
let bigquery: BigQueryClient;

beforeAll(async () => {
  emulator = await startBigQuery();
  bigquery = createBigQuery({ projectId: 'p', emulatorHost: new URL(emulator.url).host });
});
afterAll(() => emulator.stop());

const numbers = 'SELECT n FROM UNNEST(GENERATE_ARRAY(1, @most)) AS n ORDER BY n';

async function sizesAndSum(pages: AsyncIterable<Record<string, unknown>[]>) {
  const sizes: number[] = [];
  let sum = 0;
  for await (const page of pages) {
    sizes.push(page.length);
    for (const { n } of page) sum += Number(n);
  }
  return { sizes, sum };
}

test('a long answer is read in pages, and as often as one likes', async () => {
  const result = await bigquery.open(numbers, { most: 12_000 });

  const first = await sizesAndSum(result.pages());
  const again = await sizesAndSum(result.pages());

  expect(result.count).toBe(12_000);
  expect(first).toEqual({ sizes: [5000, 5000, 2000], sum: 72_006_000 });
  expect(again).toEqual(first);
});

test('an answer without rows has none', async () => {
  const result = await bigquery.open(numbers, { most: 0 });

  expect(result.count).toBe(0);
  expect(await sizesAndSum(result.pages())).toMatchObject({ sum: 0 });
});

test('a whole number that JSON cannot hold exactly comes as text, alone and within a record', async () => {
  const result = await bigquery.open(
    'SELECT 9007199254740993 AS big, STRUCT(9007199254740993 AS big, 7 AS small) AS both',
  );

  const { value } = await result.pages().next();

  expect(value).toEqual([{ big: '9007199254740993', both: { big: '9007199254740993', small: 7 } }]);
});

test('what BigQuery refuses is thrown', async () => {
  await expect(bigquery.open('SELECT nothing')).rejects.toThrow();
});
