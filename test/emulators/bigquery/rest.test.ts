import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type BigQueryEmulator, startBigQuery } from '../../../emulators/bigquery/bigquery.ts';
import { api, clientOf } from './client.ts';

let emulator: BigQueryEmulator;

beforeAll(async () => {
  emulator = await startBigQuery();
  const [dataset] = await clientOf(emulator.url).createDataset('ds');
  await dataset.createTable('t', { schema: [{ name: 'x', type: 'INTEGER' }] });
});
afterAll(() => emulator.stop());

const project = '/bigquery/v2/projects/demo-project';
const call = (method: string, path: string, body?: unknown) => api(emulator.url, method, `${project}${path}`, body);
const query = (sql: string, more: object = {}) =>
  call('POST', '/queries', { query: sql, useLegacySql: false, ...more });

test.each([
  ['malformed JSON', 'POST', '/datasets', '{"a":', 400, 'parseError'],
  ['a body that is no object', 'POST', '/datasets', [], 400, 'invalid'],
  ['a missing body', 'POST', '/queries', undefined, 400, 'invalid'],
  ['a query that is no string', 'POST', '/queries', { query: 7, useLegacySql: false }, 400, 'invalid'],
  ['a bad dataset name', 'POST', '/datasets', { datasetReference: { datasetId: 'a-b' } }, 400, 'invalid'],
  ['an existing dataset', 'POST', '/datasets', { datasetReference: { datasetId: 'ds' } }, 409, 'duplicate'],
  ['an unknown dataset', 'GET', '/datasets/nope', undefined, 404, 'notFound'],
  ['an unknown table', 'GET', '/datasets/ds/tables/nope', undefined, 404, 'notFound'],
  ['a dataset in use', 'DELETE', '/datasets/ds', undefined, 400, 'resourceInUse'],
  [
    'an unknown type',
    'POST',
    '/datasets/ds/tables',
    { tableReference: { tableId: 'a' }, schema: { fields: [{ name: 'x', type: 'VARCHAR2' }] } },
    400,
    'invalid',
  ],
  [
    'a field named twice',
    'POST',
    '/datasets/ds/tables',
    {
      tableReference: { tableId: 'a' },
      schema: {
        fields: [
          { name: 'x', type: 'STRING' },
          { name: 'X', type: 'STRING' },
        ],
      },
    },
    400,
    'invalid',
  ],
  [
    'partitioning by an unknown field',
    'POST',
    '/datasets/ds/tables',
    { tableReference: { tableId: 'a' }, timePartitioning: { type: 'DAY', field: 'x' } },
    400,
    'invalid',
  ],
  [
    'a view that is no query',
    'POST',
    '/datasets/ds/tables',
    { tableReference: { tableId: 'a' }, view: { query: 'SELEC 1', useLegacySql: false } },
    400,
    'invalidQuery',
  ],
  [
    'an external table',
    'POST',
    '/datasets/ds/tables',
    { tableReference: { tableId: 'a' }, externalDataConfiguration: { sourceUris: ['file:///etc/passwd'] } },
    501,
    'notImplemented',
  ],
  ['rows without rows', 'POST', '/datasets/ds/tables/t/insertAll', { rows: [] }, 400, 'invalid'],
  [
    'rows for an unknown table',
    'POST',
    '/datasets/ds/tables/nope/insertAll',
    { rows: [{ json: {} }] },
    404,
    'notFound',
  ],
  ['an unknown job', 'GET', '/jobs/nope', undefined, 404, 'notFound'],
  ['results of an unknown job', 'GET', '/queries/nope', undefined, 404, 'notFound'],
  ['a job that is no query', 'POST', '/jobs', { configuration: { load: {} } }, 501, 'notImplemented'],
  ['legacy SQL', 'POST', '/queries', { query: 'SELECT 1' }, 400, 'invalid'],
  ['an unknown path', 'GET', '/unicorns', undefined, 404, 'notFound'],
  ['another method', 'PUT', '/queries', {}, 405, 'methodNotAllowed'],
  ['a page token of another', 'GET', '/datasets?pageToken=zzz', undefined, 400, 'invalid'],
  ['a percent sign alone', 'GET', '/datasets/%', undefined, 400, 'invalid'],
])('%s is answered as the service does', async (_name, method, path, body, status, reason) => {
  const answer = await call(method, path, body);

  expect(answer.status).toBe(status);
  expect(answer.body.error).toMatchObject({
    code: status,
    message: expect.any(String),
    errors: [{ reason, domain: 'global' }],
  });
});

test('a syntax error says where it is', async () => {
  const { body } = await query('SELECT\n  1 +');

  expect(body.error).toMatchObject({
    code: 400,
    status: 'INVALID_ARGUMENT',
    message: 'Syntax error: Unexpected end of script at [2:6]',
    errors: [{ reason: 'invalidQuery', location: 'query' }],
  });
});

test('requests are understood with and without the prefix, plain and gzipped', async () => {
  const body = gzipSync(JSON.stringify({ query: 'SELECT 7 AS x', useLegacySql: false }));

  const bare = await api(emulator.url, 'GET', '/projects/demo-project/datasets');
  const zipped = await fetch(`${emulator.url}${project}/queries`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
    body,
  });

  expect(bare.body.datasets).toMatchObject([{ id: 'demo-project:ds' }]);
  expect(await zipped.json()).toMatchObject({ rows: [{ f: [{ v: '7' }] }] });
});

test('timestamps are floating point seconds unless the caller asks for more', async () => {
  const sql = "SELECT TIMESTAMP '2026-01-01 10:00:00.123456+00' AS t, TIMESTAMP '1970-01-01 00:00:01+00' AS u";
  const cells = async (formatOptions?: object) =>
    (await query(sql, { formatOptions })).body.rows[0].f.map(({ v }: { v: string }) => v);

  const plain = await cells();
  const micros = await cells({ useInt64Timestamp: true });
  const text = await cells({ timestampOutputFormat: 'ISO8601_STRING' });

  expect(plain).toEqual(['1.767261600123456E9', '1.0']);
  expect(micros).toEqual(['1767261600123456', '1000000']);
  expect(text).toEqual(['2026-01-01T10:00:00.123456Z', '1970-01-01T00:00:01.000000Z']);
});

test('the discovery document names every method it serves at this address', async () => {
  const { body } = await api(emulator.url, 'GET', '/$discovery/rest?version=v2');
  const other = await api(emulator.url, 'GET', '/discovery/v1/apis/bigquery/v2/rest');

  expect(body.rootUrl).toBe(`${emulator.url}/`);
  expect(body.resources.tabledata.methods.insertAll).toMatchObject({
    id: 'bigquery.tabledata.insertAll',
    httpMethod: 'POST',
  });
  expect(other.body).toEqual(body);
});

test('projects are those that have datasets', async () => {
  const { body } = await api(emulator.url, 'GET', '/bigquery/v2/projects');

  expect(body.projects).toMatchObject([{ id: 'demo-project' }]);
});

/** A JSON value of any shape at each place of a valid request. */
const ODD = [null, true, -1, '', 'x', [], [[]], {}, { a: null }, '\0', '🙂'];

test('no request body makes the emulator fail', async () => {
  const statuses = new Set<number>();
  for (const odd of ODD) {
    const bodies: [string, unknown][] = [
      ['/datasets', { datasetReference: odd }],
      ['/datasets', { datasetReference: { datasetId: odd } }],
      ['/datasets/ds/tables', { tableReference: { tableId: 'odd' }, schema: odd }],
      ['/datasets/ds/tables', { tableReference: { tableId: 'odd' }, schema: { fields: [odd] } }],
      [
        '/datasets/ds/tables',
        { tableReference: { tableId: 'odd' }, schema: { fields: [{ name: odd, type: odd, mode: odd }] } },
      ],
      [
        '/datasets/ds/tables',
        { tableReference: { tableId: 'odd' }, view: odd, timePartitioning: odd, clustering: odd },
      ],
      ['/datasets/ds/tables/t/insertAll', { rows: odd }],
      ['/datasets/ds/tables/t/insertAll', { rows: [{ insertId: odd, json: odd }] }],
      ['/datasets/ds/tables/t/insertAll', { rows: [{ json: { x: odd, y: odd } }] }],
      ['/jobs', { jobReference: odd, configuration: odd }],
      ['/jobs', { jobReference: { jobId: odd }, configuration: { query: odd } }],
      ['/queries', { query: odd, useLegacySql: false, defaultDataset: odd, queryParameters: odd, maxResults: odd }],
      [
        '/queries',
        {
          query: 'SELECT @p',
          useLegacySql: false,
          queryParameters: [{ name: 'p', parameterType: odd, parameterValue: odd }],
        },
      ],
      [
        '/queries',
        {
          query: 'SELECT @p',
          useLegacySql: false,
          queryParameters: [{ name: 'p', parameterType: { type: 'STRING' }, parameterValue: { value: odd } }],
        },
      ],
    ];
    for (const [path, body] of bodies) {
      const answer = await call('POST', path, body);
      statuses.add(answer.status);
      await call('DELETE', '/datasets/ds/tables/odd');
    }
  }

  expect([...statuses].filter((status) => status >= 500)).toEqual([]);
});
