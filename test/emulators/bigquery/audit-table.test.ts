import { afterAll, beforeAll, expect, test } from 'vitest';
import { type BigQueryEmulator, startBigQuery } from '../../../emulators/bigquery/bigquery.ts';
import { clientOf } from './client.ts';

let emulator: BigQueryEmulator;
let bigquery: ReturnType<typeof clientOf>;

beforeAll(async () => {
  emulator = await startBigQuery();
  bigquery = clientOf(emulator.url);
});
afterAll(() => emulator.stop());

const schema = [
  { name: 'event_id', type: 'STRING', mode: 'REQUIRED' },
  { name: 'time', type: 'TIMESTAMP', mode: 'REQUIRED' },
  { name: 'seq', type: 'INT64' },
  { name: 'cost', type: 'FLOAT64' },
  { name: 'price', type: 'NUMERIC' },
  { name: 'ok', type: 'BOOL' },
  { name: 'day', type: 'DATE' },
  { name: 'detail', type: 'JSON' },
  { name: 'risks', type: 'STRING', mode: 'REPEATED' },
  {
    name: 'principal',
    type: 'RECORD',
    fields: [
      { name: 'email', type: 'STRING' },
      { name: 'groups', type: 'STRING', mode: 'REPEATED' },
    ],
  },
  {
    name: 'masks',
    type: 'RECORD',
    mode: 'REPEATED',
    fields: [
      { name: 'class', type: 'STRING' },
      { name: 'values', type: 'INT64' },
    ],
  },
  { name: 'raw', type: 'BYTES' },
];

const row = (id: string) => ({
  event_id: id,
  time: '2026-01-01T10:00:00.123456Z',
  seq: 9007199254740993n.toString(),
  cost: 1.5,
  price: '12.340000001',
  ok: true,
  day: '2026-01-01',
  detail: JSON.stringify({ tool: 'sql', n: 5 }),
  risks: ['write', 'schema'],
  principal: { email: 'ann@example.com', groups: ['dba'] },
  masks: [
    { class: 'EMAIL', values: 3 },
    { class: 'PHONE', values: 4 },
  ],
  raw: Buffer.from([1, 2, 255]).toString('base64'),
});

let tables = 0;

async function aTable(metadata: object = {}) {
  tables += 1;
  const [dataset] = await bigquery.createDataset(`audit_${tables}`, { location: 'EU' });
  const [table] = await dataset.createTable('events', { schema, ...metadata });
  return { dataset, table, name: `\`demo-project.audit_${tables}.events\`` };
}

test('a streamed row comes back with every type as it went in', async () => {
  const { table, name } = await aTable();

  await table.insert([{ insertId: 'a', json: row('a') }], { raw: true });
  const [rows] = await bigquery.query({ query: `SELECT * FROM ${name}`, wrapIntegers: true });

  expect(rows).toHaveLength(1);
  expect(rows[0]).toMatchObject({
    event_id: 'a',
    time: { value: '2026-01-01T10:00:00.123456000Z' },
    seq: { value: '9007199254740993' },
    cost: 1.5,
    ok: true,
    day: { value: '2026-01-01' },
    detail: '{"tool":"sql","n":5}',
    risks: ['write', 'schema'],
    principal: { email: 'ann@example.com', groups: ['dba'] },
    raw: Buffer.from([1, 2, 255]),
  });
  expect(String(rows[0].price)).toBe('12.340000001');
  expect(rows[0].masks.map((mask: { class: string }) => mask.class)).toEqual(['EMAIL', 'PHONE']);
});

test('the table tells its schema, partitioning and clustering as they were given', async () => {
  const { table } = await aTable({
    timePartitioning: { type: 'DAY', field: 'time' },
    clustering: { fields: ['event_id'] },
    requirePartitionFilter: true,
    labels: { team: 'audit' },
  });

  const [metadata] = await table.getMetadata();

  expect(metadata).toMatchObject({
    timePartitioning: { type: 'DAY', field: 'time' },
    clustering: { fields: ['event_id'] },
    requirePartitionFilter: true,
    labels: { team: 'audit' },
    location: 'EU',
    type: 'TABLE',
    numRows: '0',
  });
  expect(metadata.schema.fields.map((field: { name: string }) => field.name)).toEqual(
    schema.map((field) => field.name),
  );
  expect(metadata.schema.fields[2].type).toBe('INTEGER');
});

test('a row with the same insertId is kept once', async () => {
  const { table, name } = await aTable();
  const rows = [{ insertId: 'same', json: row('a') }];

  await table.insert(rows, { raw: true });
  await table.insert(rows, { raw: true });
  const [counted] = await bigquery.query(`SELECT COUNT(*) AS n FROM ${name}`);

  expect(counted).toEqual([{ n: 1 }]);
});

test('one bad row stops its whole batch, and each row is told why', async () => {
  const { table, name } = await aTable();
  const rows = [{ json: row('good') }, { json: { ...row('bad'), nope: 1 } }, { json: { event_id: 'late' } }];

  const failure = await table.insert(rows, { raw: true }).catch((error: unknown) => error);
  const [counted] = await bigquery.query(`SELECT COUNT(*) AS n FROM ${name}`);

  expect(failure).toMatchObject({
    name: 'PartialFailureError',
    errors: [
      { errors: [{ reason: 'stopped' }] },
      { errors: [{ reason: 'invalid', message: 'no such field: nope.' }] },
      { errors: [{ reason: 'invalid', message: 'Missing required field: time.' }] },
    ],
  });
  expect(counted).toEqual([{ n: 0 }]);
});

test('skipInvalidRows keeps the good rows and ignoreUnknownValues forgives unknown fields', async () => {
  const { table, name } = await aTable();
  const rows = [{ json: { ...row('extra'), nope: 1 } }, { json: { event_id: 'bad', time: 'yesterday' } }];

  const failure = await table
    .insert(rows, { raw: true, skipInvalidRows: true, ignoreUnknownValues: true })
    .catch((error: unknown) => error);
  const [kept] = await bigquery.query(`SELECT event_id FROM ${name}`);

  expect(failure).toMatchObject({ name: 'PartialFailureError' });
  expect(kept).toEqual([{ event_id: 'extra' }]);
});

test.each([
  ['seq', '1.5'],
  ['seq', '9223372036854775808'],
  ['ok', 'maybe'],
  ['ok', 'constructor'],
  ['cost', 'constructor'],
  ['day', '2026-02-30'],
  ['time', '2026-01-01 25:00:00'],
  ['raw', '***'],
  ['price', '1e400'],
  ['detail', '{bad'],
  ['risks', [null]],
  ['principal', 'text'],
  ['event_id', ['a']],
])('a row whose %s is %j is refused', async (field, value) => {
  const { table } = await aTable();

  const inserting = table.insert([{ json: { ...row('a'), [field]: value } }], { raw: true });

  await expect(inserting).rejects.toMatchObject({
    name: 'PartialFailureError',
    errors: [{ errors: [{ reason: 'invalid' }] }],
  });
});

test('a view hides duplicates and survives the replacement of its table', async () => {
  const { dataset, table, name } = await aTable();
  await table.insert([{ json: row('a') }, { json: row('a') }, { json: row('b') }], { raw: true });

  await bigquery.query(
    `CREATE OR REPLACE VIEW \`${dataset.id}.deduplicated\` AS
     SELECT * FROM ${name} QUALIFY ROW_NUMBER() OVER (PARTITION BY event_id, time ORDER BY seq) = 1`,
  );
  const [rows] = await bigquery.query(
    `SELECT event_id, principal.email FROM ${dataset.id}.deduplicated ORDER BY event_id`,
  );
  await bigquery.query(`CREATE OR REPLACE TABLE ${name} AS SELECT * FROM ${name} WHERE event_id = 'b'`);
  const [after] = await bigquery.query(`SELECT event_id FROM ${dataset.id}.deduplicated`);

  expect(rows).toEqual([
    { event_id: 'a', email: 'ann@example.com' },
    { event_id: 'b', email: 'ann@example.com' },
  ]);
  expect(after).toEqual([{ event_id: 'b' }]);
});

test('a table that requires a partition filter refuses a query without one', async () => {
  const { name } = await aTable({ timePartitioning: { type: 'DAY', field: 'time' }, requirePartitionFilter: true });

  const without = await bigquery.query(`SELECT COUNT(*) FROM ${name}`).catch((error: unknown) => error);
  const [withFilter] = await bigquery.query(`SELECT COUNT(*) AS n FROM ${name} WHERE time >= TIMESTAMP '2026-01-01'`);

  expect(String(without)).toMatch(
    /without a filter over column\(s\) 'time' that can be used for partition elimination/,
  );
  expect(withFilter).toEqual([{ n: 0 }]);
});

test('a partition filter counts through a view only when the view can pass it on', async () => {
  const { dataset, name } = await aTable({
    timePartitioning: { type: 'DAY', field: 'time' },
    requirePartitionFilter: true,
  });
  const view = (id: string, by: string) =>
    bigquery.query(
      `CREATE VIEW ${dataset.id}.${id} AS SELECT * FROM ${name} QUALIFY ROW_NUMBER() OVER (PARTITION BY ${by} ORDER BY seq) = 1`,
    );
  await view('by_id', 'event_id');
  await view('by_id_and_time', 'event_id, time');

  const blocked = await bigquery
    .query(`SELECT * FROM ${dataset.id}.by_id WHERE time > TIMESTAMP '2026-01-01'`)
    .catch((error: unknown) => error);
  const [passed] = await bigquery.query(
    `SELECT * FROM ${dataset.id}.by_id_and_time WHERE time > TIMESTAMP '2026-01-01'`,
  );

  expect(String(blocked)).toMatch(/partition elimination/);
  expect(passed).toEqual([]);
});

test('DML changes rows and says how many', async () => {
  const { table, name } = await aTable();
  await table.insert([{ json: row('a') }, { json: row('b') }], { raw: true });

  const affected = async (query: string) => {
    const [job] = await bigquery.createQueryJob(query);
    return job.metadata.statistics.query.numDmlAffectedRows;
  };
  const updated = await affected(
    `UPDATE ${name} SET principal.email = 'eve@example.com', ok = FALSE WHERE event_id = 'a'`,
  );
  const inserted = await affected(`INSERT INTO ${name} (event_id, time) VALUES ('c', CURRENT_TIMESTAMP())`);
  const deleted = await affected(`DELETE FROM ${name} WHERE event_id = 'b'`);
  const [left] = await bigquery.query(`SELECT event_id, principal.email, ok FROM ${name} ORDER BY event_id`);

  expect([updated, inserted, deleted]).toEqual(['1', '1', '1']);
  expect(left).toEqual([
    { event_id: 'a', email: 'eve@example.com', ok: false },
    { event_id: 'c', email: null, ok: null },
  ]);
});

test('records written by SQL are matched by position, as in BigQuery', async () => {
  const { name } = await aTable();

  await bigquery.query(
    `INSERT INTO ${name} (event_id, time, principal, masks) VALUES
     ('a', CURRENT_TIMESTAMP(), STRUCT('ann@example.com', ['dba']), [STRUCT('EMAIL' AS other, 3 AS name), ('PHONE', 4)])`,
  );
  await bigquery.query(`UPDATE ${name} SET principal = STRUCT('eve' AS g, ['x'] AS email) WHERE event_id = 'a'`);
  const [rows] = await bigquery.query(`SELECT principal, masks FROM ${name}`);

  expect(rows).toEqual([
    {
      principal: { email: 'eve', groups: ['x'] },
      masks: [
        { class: 'EMAIL', values: 3 },
        { class: 'PHONE', values: 4 },
      ],
    },
  ]);
});

test('MERGE inserts what is new and updates what is known', async () => {
  const { table, name } = await aTable();
  await table.insert([{ json: row('a') }], { raw: true });

  await bigquery.query(
    `MERGE ${name} AS t USING (SELECT id FROM UNNEST(['a', 'z']) AS id) AS s ON t.event_id = s.id
     WHEN MATCHED THEN UPDATE SET seq = 0
     WHEN NOT MATCHED THEN INSERT (event_id, time) VALUES (s.id, CURRENT_TIMESTAMP())`,
  );
  const [rows] = await bigquery.query(`SELECT event_id, seq FROM ${name} ORDER BY event_id`);

  expect(rows).toEqual([
    { event_id: 'a', seq: 0 },
    { event_id: 'z', seq: null },
  ]);
});

test('a table function answers by its arguments', async () => {
  const { dataset, table, name } = await aTable();
  await table.insert([{ json: row('a') }, { json: row('b') }], { raw: true });

  await bigquery.query(
    `CREATE OR REPLACE TABLE FUNCTION ${dataset.id}.events_of(id STRING, since TIMESTAMP) AS
     SELECT event_id FROM ${name} WHERE event_id = id AND time >= since`,
  );
  const [rows] = await bigquery.query({
    query: `SELECT * FROM ${dataset.id}.events_of(@id, TIMESTAMP '2025-01-01')`,
    params: { id: 'b' },
  });

  expect(rows).toEqual([{ event_id: 'b' }]);
});

test('stored rows are listed page by page', async () => {
  const { table } = await aTable();
  await table.insert(
    ['a', 'b', 'c'].map((id) => ({ json: row(id) })),
    { raw: true },
  );

  const [first] = await table.getRows({ maxResults: 2, autoPaginate: false });
  const [all] = await table.getRows();

  expect(first.map((found: { event_id: string }) => found.event_id)).toEqual(['a', 'b']);
  expect(all.map((found: { event_id: string }) => found.event_id)).toEqual(['a', 'b', 'c']);
});

test('whatever reads a table or changes it finds every row that was streamed before, in the order they came', async () => {
  const { dataset } = await aTable();
  const [table] = await dataset.createTable('numbers', { schema: [{ name: 'n', type: 'INTEGER' }] });
  const stream = (from: number, count: number) =>
    table.insert(
      Array.from({ length: count }, (_, index) => ({ json: { n: from + index } })),
      { raw: true },
    );
  const count = `SELECT COUNT(*) AS n, SUM(n) AS sum FROM ${dataset.id}.numbers`;

  await stream(0, 3000);
  await stream(3000, 5);
  const [metadata] = await table.getMetadata();
  await stream(3005, 5);
  const [listed] = await table.getRows();
  await stream(3010, 5);
  await bigquery.query(`DELETE FROM ${dataset.id}.numbers WHERE n >= 3012`);
  await stream(3012, 1);
  await table.setMetadata({ schema: { fields: [{ name: 'extra', type: 'STRING' }, ...metadata.schema.fields] } });
  await table.insert([{ json: { n: 3013, extra: 'x' } }], { raw: true });
  const [counted] = await bigquery.query(count);
  const [last] = await bigquery.query(`SELECT n FROM ${dataset.id}.numbers WHERE extra = 'x'`);

  expect(metadata.numRows).toBe('3005');
  expect(listed.map(({ n }: { n: number }) => n)).toEqual(Array.from({ length: 3010 }, (_, n) => n));
  expect(counted).toEqual([{ n: 3014, sum: (3013 * 3014) / 2 }]);
  expect(last).toEqual([{ n: 3013 }]);
});

test('a table without a schema takes rows once it has one', async () => {
  const [dataset] = await bigquery.createDataset('bare');
  const [table] = await dataset.createTable('bare', {});
  const insert = () => table.insert([{ json: { x: 1 } }], { raw: true });

  const refused = await insert().catch((error: unknown) => error);
  await table.setMetadata({ schema: { fields: [{ name: 'x', type: 'INTEGER' }] } });
  await insert();
  const [rows] = await bigquery.query('SELECT * FROM bare.bare');

  expect(refused).toMatchObject({ code: 400, message: 'The destination table has no schema.' });
  expect(rows).toEqual([{ x: 1 }]);
});

test('a column can be added and none can change its type', async () => {
  const { table } = await aTable();
  const [metadata] = await table.getMetadata();
  const fields = metadata.schema.fields;

  await table.setMetadata({ schema: { fields: [...fields, { name: 'trace', type: 'STRING' }] } });
  const [after] = await table.getMetadata();
  const changing = table.setMetadata({ schema: { fields: [{ ...fields[0], type: 'INTEGER' }, ...fields.slice(1)] } });

  expect(after.schema.fields.at(-1).name).toBe('trace');
  await expect(changing).rejects.toMatchObject({ code: 400 });
});
