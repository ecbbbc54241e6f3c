import { afterAll, beforeAll, expect, test } from 'vitest';
import { type BigQueryEmulator, startBigQuery } from '../../../emulators/bigquery/bigquery.ts';
import { api, clientOf } from './client.ts';

let emulator: BigQueryEmulator;
let bigquery: ReturnType<typeof clientOf>;

beforeAll(async () => {
  emulator = await startBigQuery();
  bigquery = clientOf(emulator.url);
  const [dataset] = await bigquery.createDataset('ds');
  await dataset.createTable('t', {
    schema: [
      { name: 'x', type: 'INTEGER' },
      { name: 'name', type: 'STRING' },
    ],
  });
});
afterAll(() => emulator.stop());

test('results come in pages and whole', async () => {
  const [job] = await bigquery.createQueryJob('SELECT x FROM UNNEST(GENERATE_ARRAY(1, 25)) AS x ORDER BY x');

  const [page, next] = await job.getQueryResults({ maxResults: 10, autoPaginate: false });
  const [second] = await job.getQueryResults({ ...next, autoPaginate: false });
  const [all] = await job.getQueryResults();

  expect(page.map(({ x }: { x: number }) => x)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  expect(second[0]).toEqual({ x: 11 });
  expect(all).toHaveLength(25);
});

test('named parameters keep their types, arrays and records included', async () => {
  const [rows] = await bigquery.query({
    query: `SELECT @text AS t, @n + 1 AS n, @f AS f, @yes AS yes, @at AS moment, @day AS day, @raw AS raw,
      2 IN UNNEST(@list) AS has, @person.name AS name, @person.age AS age, @none IS NULL AS none`,
    params: {
      text: "it's \0 \\ 'x'",
      n: 41,
      f: 1.5,
      yes: true,
      at: bigquery.timestamp('2026-01-01T10:00:00.123456Z'),
      day: bigquery.date('2026-01-01'),
      raw: 'AP8=',
      list: [1, 2],
      person: { name: 'ann', age: 7 },
      none: null,
    },
    types: { none: 'STRING', raw: 'BYTES' },
  });

  expect(rows[0]).toMatchObject({
    t: "it's \0 \\ 'x'",
    n: 42,
    f: 1.5,
    yes: true,
    day: { value: '2026-01-01' },
    raw: Buffer.from([0, 255]),
    has: true,
    name: 'ann',
    age: 7,
    none: true,
  });
  expect(rows[0].moment.value).toContain('2026-01-01T10:00:00.123456');
});

test('positional parameters are taken in the order of the text', async () => {
  const [rows] = await bigquery.query({
    query: 'SELECT ? AS a, x FROM UNNEST([?, ?]) AS x WHERE x > ? ORDER BY x LIMIT ?',
    params: ['first', 1, 2, 0, 1],
  });

  expect(rows).toEqual([{ a: 'first', x: 1 }]);
});

test.each([
  ['a missing parameter', { query: 'SELECT @nope' }, /Query parameter 'nope' not found/],
  [
    'a parameter of another type',
    { query: 'SELECT @n', params: { n: 'x' }, types: { n: 'INT64' } },
    /Invalid value for query parameter n/,
  ],
])('%s is refused', async (_name, options, expected) => {
  await expect(bigquery.query(options)).rejects.toThrow(expected);
});

test('a dry run tells type, columns and tables, and runs nothing', async () => {
  const [select] = await bigquery.createQueryJob({
    query: 'SELECT name, COUNT(*) AS n FROM ds.t GROUP BY name',
    dryRun: true,
  });
  const [insert] = await bigquery.createQueryJob({ query: 'INSERT INTO ds.t (x) VALUES (1)', dryRun: true });
  const [drop] = await bigquery.createQueryJob({ query: 'DROP TABLE ds.t', dryRun: true });
  const [rows] = await bigquery.query('SELECT COUNT(*) AS n FROM ds.t');

  expect(select.metadata.statistics.query).toMatchObject({
    statementType: 'SELECT',
    referencedTables: [{ projectId: 'demo-project', datasetId: 'ds', tableId: 't' }],
    schema: {
      fields: [
        { name: 'name', type: 'STRING' },
        { name: 'n', type: 'INTEGER' },
      ],
    },
  });
  expect(insert.metadata.statistics.query.statementType).toBe('INSERT');
  expect(drop.metadata.statistics.query.statementType).toBe('DROP_TABLE');
  expect(rows).toEqual([{ n: 0 }]);
});

test('a dry run of what cannot run is refused', async () => {
  await expect(bigquery.createQueryJob({ query: 'SELECT nope FROM ds.t', dryRun: true })).rejects.toMatchObject({
    code: 400,
  });
});

test('a failed job keeps its error, and its results are that error', async () => {
  const query = 'SELECT 1 / x FROM UNNEST([0]) AS x';

  const failure = await bigquery.createQueryJob({ query, jobId: 'failing' }).catch((error: unknown) => error);
  const [metadata] = await bigquery.job('failing').getMetadata();
  const results = await bigquery
    .job('failing')
    .getQueryResults()
    .catch((error: unknown) => error);

  expect(String(failure)).toContain('division by zero');
  expect(metadata.status).toMatchObject({
    state: 'DONE',
    errorResult: { reason: 'invalidQuery', message: 'division by zero: 1 / 0' },
  });
  expect(String(results)).toContain('division by zero');
});

test('a job keeps its id, labels and limits, and an id is used once', async () => {
  const options = { query: 'SELECT 1 AS x', jobId: 'my-job', labels: { run: 'r1' }, maximumBytesBilled: '100000000' };

  await bigquery.createQueryJob(options);
  const [metadata] = await bigquery.job('my-job').getMetadata();
  const [jobs] = await bigquery.getJobs();

  expect(metadata.configuration).toMatchObject({ labels: { run: 'r1' }, query: { maximumBytesBilled: '100000000' } });
  expect(jobs.map(({ id }) => id)).toContain('my-job');
  await expect(bigquery.createQueryJob(options)).rejects.toMatchObject({ code: 409 });
});

test('a query that would be billed above its limit is refused', async () => {
  const billing = bigquery.query({ query: 'SELECT x FROM ds.t', maximumBytesBilled: '1' });

  await expect(billing).rejects.toThrow(/Query exceeded limit for bytes billed: 1. 10485760 or higher required/);
});

test('a default dataset completes bare table names', async () => {
  const [rows] = await bigquery.query({ query: 'SELECT COUNT(*) AS n FROM t', defaultDataset: { datasetId: 'ds' } });

  expect(rows).toEqual([{ n: 0 }]);
});

test('DDL tells what it did', async () => {
  const run = async (query: string) => (await bigquery.createQueryJob(query))[0].metadata.statistics.query;

  const made = await run(
    'CREATE TABLE ds.made (a INT64 NOT NULL OPTIONS(description="an a"), b ARRAY<STRUCT<k STRING>>) CLUSTER BY a',
  );
  const again = await run('CREATE TABLE IF NOT EXISTS ds.made (a INT64)');
  const [metadata] = await bigquery.dataset('ds').table('made').getMetadata();
  const dropped = await run('DROP TABLE ds.made');
  const missing = await run('DROP TABLE IF EXISTS ds.made');

  expect([made, again, dropped, missing].map((query) => query.ddlOperationPerformed)).toEqual([
    'CREATE',
    'SKIP',
    'DROP',
    'SKIP',
  ]);
  expect(made).toMatchObject({ statementType: 'CREATE_TABLE', ddlTargetTable: { datasetId: 'ds', tableId: 'made' } });
  expect(metadata.schema.fields).toMatchObject([
    { name: 'a', type: 'INTEGER', mode: 'REQUIRED', description: 'an a' },
    { name: 'b', type: 'RECORD', mode: 'REPEATED', fields: [{ name: 'k', type: 'STRING' }] },
  ]);
});

test('a view in a circle is refused', async () => {
  await bigquery.query('CREATE VIEW ds.one AS SELECT 1 AS x');
  await bigquery.query('CREATE VIEW ds.two AS SELECT x FROM ds.one');

  const closing = bigquery
    .query('CREATE OR REPLACE VIEW ds.one AS SELECT x FROM ds.two')
    .then(() => bigquery.query('SELECT x FROM ds.one'));

  await expect(closing).rejects.toThrow(/nesting|not found/i);
});

test('requests at the same time are all answered', async () => {
  const answers = await Promise.all(
    Array.from({ length: 30 }, (_, x) =>
      x % 3 === 0
        ? api(emulator.url, 'POST', '/projects/demo-project/datasets/ds/tables/t/insertAll', {
            rows: [{ json: { x } }],
          })
        : api(emulator.url, 'POST', '/projects/demo-project/queries', {
            query: x % 3 === 1 ? 'SELECT COUNT(*) FROM ds.t' : 'SELEC',
            useLegacySql: false,
          }),
    ),
  );
  const [rows] = await bigquery.query('SELECT COUNT(*) AS n FROM ds.t');

  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 400]));
  expect(rows).toEqual([{ n: 10 }]);
});
