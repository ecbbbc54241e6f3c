import { afterAll, beforeAll, expect, test } from 'vitest';
import { type BigQueryEmulator, startBigQuery } from '../../../emulators/bigquery/bigquery.ts';
import { api } from './client.ts';

let emulator: BigQueryEmulator;
const project = '/bigquery/v2/projects/demo-project';
const call = (method: string, path: string, body?: unknown) => api(emulator.url, method, `${project}${path}`, body);
const insert = (query: string, more: object = {}, configuration: object = {}) =>
  call('POST', '/jobs', { configuration: { query: { query, useLegacySql: false, ...more }, ...configuration } });

async function dryRun(query: string, more: object = {}) {
  const { body } = await insert(query, more, { dryRun: true });
  return body.error ?? body.statistics.query;
}

const names = (tables: { datasetId: string; tableId: string }[] = []) =>
  tables.map(({ datasetId, tableId }) => `${datasetId}.${tableId}`);

beforeAll(async () => {
  emulator = await startBigQuery();
  for (const statement of [
    'CREATE SCHEMA ds',
    'CREATE TABLE ds.t (id INT64, name STRING, phones ARRAY<STRUCT<kind STRING, number STRING>>)',
    "INSERT INTO ds.t VALUES (1, 'ann', [STRUCT('home', '11')]), (2, 'bob', [])",
    'CREATE VIEW ds.v AS SELECT id, name FROM `demo-project.ds.t`',
    'CREATE VIEW ds.w AS SELECT name FROM ds.v',
    'CREATE TABLE FUNCTION ds.f(n INT64) AS SELECT id FROM ds.t WHERE t.id = n',
  ])
    await insert(statement);
});
afterAll(() => emulator.stop());

test('a dry run names each table behind views once, and the views not at all', async () => {
  const query = await dryRun(
    'SELECT a.name FROM w AS a JOIN `demo-project.ds.t` b ON a.name = b.name JOIN v c USING (id)',
    {
      defaultDataset: { datasetId: 'ds' },
    },
  );

  expect(names(query.referencedTables)).toEqual(['ds.t']);
});

test('a dry run names the routines of a query and what they read', async () => {
  const query = await dryRun('SELECT id FROM ds.f(1)');

  expect(query.referencedRoutines).toEqual([{ projectId: 'demo-project', datasetId: 'ds', routineId: 'f' }]);
  expect(names(query.referencedTables)).toEqual(['ds.t']);
});

test('a dry run of a query without tables names none', async () => {
  const query = await dryRun('SELECT t.id FROM (SELECT * FROM UNNEST(ARRAY<STRUCT<id INT64>>[])) AS t');

  expect(query).not.toHaveProperty('referencedTables');
  expect(query.totalBytesProcessed).toBe('0');
});

test('a dry run tells the nested columns of the result, and runs nothing of it', async () => {
  const query = await dryRun('SELECT phones, 1 / (id - id) AS ratio FROM ds.t');

  expect(query.schema.fields).toEqual([
    {
      name: 'phones',
      type: 'RECORD',
      mode: 'REPEATED',
      fields: [
        { name: 'kind', type: 'STRING', mode: 'NULLABLE' },
        { name: 'number', type: 'STRING', mode: 'NULLABLE' },
      ],
    },
    { name: 'ratio', type: 'FLOAT', mode: 'NULLABLE' },
  ]);
});

test.each([
  ['SELECT 1 AS x', 'SELECT'],
  ['INSERT INTO ds.t (id) SELECT id FROM ds.v', 'INSERT'],
  ['UPDATE ds.t SET id = 3 WHERE TRUE', 'UPDATE'],
  ['DELETE FROM ds.t WHERE TRUE', 'DELETE'],
  ['MERGE ds.t t USING ds.v v ON t.id = v.id WHEN MATCHED THEN DELETE', 'MERGE'],
  ['TRUNCATE TABLE ds.t', 'TRUNCATE_TABLE'],
  ['CREATE TABLE ds.n AS SELECT * FROM ds.v', 'CREATE_TABLE_AS_SELECT'],
  ['CREATE VIEW ds.n AS SELECT * FROM ds.t', 'CREATE_VIEW'],
  ["EXPORT DATA OPTIONS(uri = 'gs://b/*') AS SELECT * FROM ds.t", 'EXPORT_DATA'],
  ['ALTER TABLE ds.t ADD COLUMN x INT64', 'ALTER_TABLE'],
])('%s is told to be %s over the table it reads or changes', async (sql, statementType) => {
  const query = await dryRun(sql);

  expect(query.statementType).toBe(statementType);
  expect(names(query.referencedTables)).toEqual(sql.startsWith('SELECT') ? [] : ['ds.t']);
});

test.each([
  'DECLARE x INT64 DEFAULT 1; SELECT x',
  'SELECT 1; SELECT 2',
  "EXECUTE IMMEDIATE 'SELECT 1'",
  'BEGIN SELECT name FROM ds.t; END',
  'IF TRUE THEN SELECT 1; END IF',
  'SET x = 1',
])('%s is told to be a script, without its tables', async (sql) => {
  const query = await dryRun(sql);

  expect(query.statementType).toBe('SCRIPT');
  expect(query).not.toHaveProperty('referencedTables');
});

test.each([
  ['SELECT nope FROM ds.t', 'invalidQuery', 'Unrecognized name: nope at [1:8]'],
  ['SELECT 1 FROM ds.nope', 'notFound', 'Not found: Table demo-project:ds.nope was not found in location US'],
  ['SELECT\n  name,, FROM ds.t', 'invalidQuery', 'Syntax error: Unexpected "," at [2:8]'],
])('a dry run of %j is refused for %s', async (sql, reason, message) => {
  expect(await dryRun(sql)).toMatchObject({ message, errors: [{ reason }] });
});

test('a dry run that would be billed above its limit is refused', async () => {
  const error = await dryRun('SELECT name FROM ds.t', { maximumBytesBilled: '1' });

  expect(error).toMatchObject({ code: 400, errors: [{ reason: 'bytesBilledLimitExceeded' }] });
});

test('policy tags stay with their columns, and a change of them changes the etag', async () => {
  const tagged = (names: string[]) => ({
    schema: { fields: [{ name: 'ssn', type: 'STRING', policyTags: { names } }] },
  });
  const made = await call('POST', '/datasets/ds/tables', { tableReference: { tableId: 'tagged' }, ...tagged(['a/b']) });

  const before = await call('GET', '/datasets/ds/tables/tagged');
  const after = await call('PATCH', '/datasets/ds/tables/tagged', tagged(['a/c']));

  expect(before.body.schema.fields).toEqual([
    { name: 'ssn', type: 'STRING', mode: 'NULLABLE', policyTags: { names: ['a/b'] } },
  ]);
  expect(before.body.etag).toBe(made.body.etag);
  expect(after.body.schema.fields[0].policyTags).toEqual({ names: ['a/c'] });
  expect(after.body.etag).not.toBe(before.body.etag);
});

test('rows and schemas can be had by the fields selected, nested ones too', async () => {
  const rows = await call('GET', '/datasets/ds/tables/t/data?selectedFields=phones.number,id&maxResults=1');
  const table = await call('GET', '/datasets/ds/tables/t?selectedFields=phones.number');
  const missing = await call('GET', '/datasets/ds/tables/t/data?selectedFields=phones.nope');

  expect(rows.body).toMatchObject({
    totalRows: '2',
    pageToken: expect.any(String),
    rows: [{ f: [{ v: '1' }, { v: [{ v: { f: [{ v: '11' }] } }] }] }],
  });
  expect(table.body.schema.fields).toMatchObject([{ name: 'phones', fields: [{ name: 'number' }] }]);
  expect(missing.body.error).toMatchObject({ code: 400, message: 'No such field: phones.nope.' });
});

test('jobs are listed by state and time, and found in their own location alone', async () => {
  const { body: job } = await insert('SELECT 1 AS x');
  const { jobId } = job.jobReference;
  const later = Number(job.statistics.creationTime) + 1;
  const ids = async (query: string) =>
    ((await call('GET', `/jobs?${query}`)).body.jobs ?? []).map(
      (one: { jobReference: { jobId: string } }) => one.jobReference.jobId,
    );

  const found = [
    await ids('stateFilter=done'),
    await ids('stateFilter=running'),
    await ids(`minCreationTime=${later}`),
  ];
  const elsewhere = await call('GET', `/jobs/${jobId}?location=EU`);

  expect(found.map((list) => list.includes(jobId))).toEqual([true, false, false]);
  expect(elsewhere.status).toBe(404);
});
