import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { aCaller } from '../../fakes/caller.ts';
import { agentAt, aWarehouse, type Closing, PROJECT } from './warehouse.ts';

const closing: Closing = [];
let warehouse: Awaited<ReturnType<typeof aWarehouse>>;
let agent: ReturnType<typeof agentAt>;

const classification = {
  'sales.customers': {
    name: 'PERSON_NAME',
    email: 'EMAIL_ADDRESS',
    birth_date: 'DATE_OF_BIRTH',
    'address.street': 'STREET_ADDRESS',
    'phones.number': 'PHONE_NUMBER',
    notes: 'CONFIDENTIAL',
  },
  'sales.orders': { 'items.engraving': 'PERSON_NAME' },
};
const settings = { datasets: ['sales'] };

beforeAll(async () => {
  warehouse = await aWarehouse(closing);
  agent = agentAt(warehouse.url, closing, { classification, settings });
});
afterAll(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const root = `/bigquery/v2/projects/${PROJECT}`;
const query = (text: string, more: object = {}) => ({ query: text, useLegacySql: false, ...more });
const job = (text: string, jobId: string, more: object = {}) => ({
  jobReference: { projectId: PROJECT, jobId },
  configuration: { query: query(text), ...more },
});
const customers = 'SELECT id, email, ssn FROM sales.customers ORDER BY id';

describe('a query by REST', () => {
  test('jobs.query answers masked rows in BigQuery’s own shape', async () => {
    const { answer, operation } = await agent.rest('POST', `${root}/queries`, query(customers, { maxResults: 2 }));

    expect(answer).toMatchObject({ kind: 'bigquery#queryResponse', jobComplete: true, totalRows: '200' });
    expect(answer.rows).toEqual([
      { f: [{ v: '1' }, { v: '[EMAIL_ADDRESS]' }, { v: '[US_SOCIAL_SECURITY_NUMBER]' }] },
      { f: [{ v: '2' }, { v: '[EMAIL_ADDRESS]' }, { v: '[US_SOCIAL_SECURITY_NUMBER]' }] },
    ]);
    expect(operation).toMatchObject({ verb: 'read', resources: ['sales.customers'] });
  });

  test('pages follow one another, by token and by index, also without the prefix of the path', async () => {
    const { answer } = await agent.rest('POST', `${root}/queries`, query(customers, { maxResults: 2 }));
    const { jobId } = answer.jobReference;

    const next = await agent.rest(
      'GET',
      `/projects/${PROJECT}/queries/${jobId}?maxResults=1&pageToken=${answer.pageToken}`,
    );
    const last = await agent.rest('GET', `${root}/queries/${jobId}?startIndex=199`);

    expect(next.answer.rows[0].f[0].v).toBe('3');
    expect(last.answer.rows[0].f[0].v).toBe('200');
    expect(last.answer.pageToken).toBeUndefined();
  });

  test('a job shows its caller’s statement, and neither what was run in its place nor the gateway’s labels', async () => {
    const made = await agent.rest('POST', `${root}/jobs`, job(customers, 'bqjob_r1', { labels: { team: 'a' } }));
    const { answer } = await agent.rest('GET', `${root}/jobs/bqjob_r1`);

    expect(made.answer).toMatchObject({
      kind: 'bigquery#job',
      status: { state: 'DONE' },
      jobReference: { jobId: 'bqjob_r1' },
    });
    expect(answer.configuration).toMatchObject({ labels: { team: 'a' }, query: { query: customers } });
    expect(JSON.stringify(answer)).not.toMatch(/sallyport_|-- sallyport|\[EMAIL/);
    expect(made.targetJob).toContain('bqjob_r1');
  });

  test('a job’s id can be used once, as in BigQuery', async () => {
    await agent.rest('POST', `${root}/jobs`, job('SELECT 1 AS x', 'bqjob_twice'));
    const again = agent.rest('POST', `${root}/jobs`, job('SELECT 2 AS x', 'bqjob_twice'));

    await expect(again).rejects.toMatchObject({ reason: 'bigquery:duplicate', answered: { status: 409 } });
  });

  test('a job carries labels that the trail can be held against', async () => {
    await agent.rest('POST', `${root}/jobs`, job('SELECT 1 AS x', 'bqjob_labels'));

    const sent = warehouse.seen.find(({ body }) => body.includes('bqjob_labels'));
    const { labels } = JSON.parse(sent?.body ?? '{}').configuration;
    expect(labels).toMatchObject({
      sallyport_operation: expect.stringMatching(/^op_\d+$/),
      sallyport_session: 'ses-1',
      sallyport_connection: 'warehouse',
    });
    expect(labels.sallyport_caller).toMatch(/^[0-9a-f]{40}$/);
  });

  test('a job is read by the identity that made it alone, and to others looks like none', async () => {
    const { answer } = await agent.rest('POST', `${root}/jobs`, job(customers, 'bqjob_mine'));
    const other = { ...aCaller(), member: 'serviceAccount:other@p.iam.gserviceaccount.com' };
    const path = `${root}/queries/${answer.jobReference.jobId}`;

    await expect(agent.rest('GET', path, undefined, { as: other })).rejects.toMatchObject({
      reason: 'bigquery:notFound',
    });
    await expect(agent.rest('GET', `${root}/queries/none`)).rejects.toMatchObject({ reason: 'bigquery:notFound' });
  });

  test('a job that the gateway did not make is not there', async () => {
    const direct = job('SELECT email FROM sales.customers', 'somebody_elses');
    await fetch(`${warehouse.direct}${root}/jobs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(direct),
    });

    await expect(agent.rest('GET', `${root}/queries/somebody_elses`)).rejects.toMatchObject({
      reason: 'bigquery:notFound',
    });
  });

  test('results that show more than may be seen now are not read any more', async () => {
    const trusted = agentAt(warehouse.url, closing, { classification, settings, unmask: ['EMAIL_ADDRESS'] });
    const shown = await trusted.rest('POST', `${root}/jobs`, job(customers, 'bqjob_trusted'));
    const rows = await trusted.rest('GET', `${root}/queries/bqjob_trusted?maxResults=1`);

    const later = agent.rest('GET', `${root}/queries/bqjob_trusted`);

    expect(shown.status).toBe(200);
    expect(rows.answer.rows[0].f[1].v).toContain('@');
    await expect(later).rejects.toMatchObject({ code: 'masking-unprovable' });
  });

  test('a dry run tells types and about how many bytes, and runs nothing', async () => {
    const before = warehouse.seen.length;

    const { answer, operation } = await agent.rest(
      'POST',
      `${root}/jobs`,
      job(customers, 'bqjob_dry', { dryRun: true }),
    );

    expect(answer.statistics.query).toMatchObject({
      statementType: 'SELECT',
      schema: { fields: [{ name: 'id' }, {}, {}] },
    });
    expect(operation.verb).toBe('read');
    const ran = warehouse.seen
      .slice(before)
      .filter(({ method, body }) => method === 'POST' && !body.includes('"dryRun":true'));
    expect(ran).toEqual([]);
  });

  test('a deletion that is only tried is none', async () => {
    const { operation } = await agent.rest(
      'POST',
      `${root}/jobs`,
      job('DELETE FROM sales.orders WHERE id = 1', 'bqjob_try', { dryRun: true }),
    );

    expect(operation).toMatchObject({ verb: 'read', risks: [] });
  });

  test('parameters of all types reach BigQuery as they were typed', async () => {
    const parameter = (name: string, type: object, value: object) => ({
      name,
      parameterType: type,
      parameterValue: value,
    });
    const { answer } = await agent.rest('POST', `${root}/queries`, {
      ...query('SELECT @n + 1 AS n, @t AS t, 2 IN UNNEST(@list) AS has, @s.a AS a, @d AS d'),
      parameterMode: 'NAMED',
      queryParameters: [
        parameter('n', { type: 'INT64' }, { value: '41' }),
        parameter('t', { type: 'STRING' }, { value: "it's" }),
        parameter(
          'list',
          { type: 'ARRAY', arrayType: { type: 'INT64' } },
          { arrayValues: [{ value: '1' }, { value: '2' }] },
        ),
        parameter(
          's',
          { type: 'STRUCT', structTypes: [{ name: 'a', type: { type: 'STRING' } }] },
          { structValues: { a: { value: 'x' } } },
        ),
        parameter('d', { type: 'DATE' }, { value: '2026-01-31' }),
      ],
    });

    expect(answer.rows[0].f.map(({ v }: { v: unknown }) => v)).toEqual(['42', "it's", 'true', 'x', '2026-01-31']);
  });

  test('a write tells how many rows it changed', async () => {
    const { answer, operation, affected } = await agent.rest(
      'POST',
      `${root}/queries`,
      query("UPDATE sales.orders SET status = 'paid' WHERE id = 4"),
    );

    expect(operation).toMatchObject({ verb: 'write', resources: ['sales.orders'] });
    expect({ answer: answer.numDmlAffectedRows, affected }).toEqual({ answer: '1', affected: 1 });
  });

  test('beyond the rows that policy lets through nothing is answered, so that a part is never taken for the whole', async () => {
    const { answer } = await agent.rest('POST', `${root}/queries`, query(customers), { limits: { rows: 3 } });
    const next = agent.rest(
      'GET',
      `${root}/queries/${answer.jobReference.jobId}?pageToken=${answer.pageToken}`,
      undefined,
      { limits: { rows: 3 } },
    );

    expect(answer).toMatchObject({ totalRows: '200', rows: [{}, {}, {}] });
    await expect(next).rejects.toMatchObject({ code: 'too-large' });
  });
});

describe('what a query may not ask', () => {
  const refused = (body: object, path = '/jobs') => expect(agent.rest('POST', `${root}${path}`, body)).rejects;

  test.each([
    ['useLegacySql left out', { configuration: { query: { query: 'SELECT 1' } } }],
    ['a session', { configuration: { query: query('SELECT 1', { createSession: true }) } }],
    [
      'connection properties',
      { configuration: { query: query('SELECT 1', { connectionProperties: [{ key: 'time_zone', value: 'UTC' }] }) } },
    ],
    [
      'table definitions',
      { configuration: { query: query('SELECT 1', { tableDefinitions: { t: { sourceUris: ['gs://x'] } } }) } },
    ],
    [
      'schema updates',
      { configuration: { query: query('SELECT 1', { schemaUpdateOptions: ['ALLOW_FIELD_ADDITION'] }) } },
    ],
    [
      'code of its own',
      { configuration: { query: query('SELECT 1', { userDefinedFunctionResources: [{ inlineCode: 'x' }] }) } },
    ],
    ['scripts', { configuration: { query: query('SELECT 1', { scriptOptions: { statementTimeoutMs: '1' } }) } }],
    ['a field that nobody knows', { configuration: { query: query('SELECT 1', { somethingNew: true }) } }],
    ['labels like the gateway’s', { configuration: { query: query('SELECT 1'), labels: { sallyport_caller: 'me' } } }],
  ])('%s', async (_what, body) => {
    await refused(body).toMatchObject({ code: 'operation-unreadable' });
  });

  test.each([
    ['load', { load: { sourceUris: ['gs://x'] } }],
    ['extract', { extract: {} }],
    ['copy', { copy: {} }],
    [
      'destination',
      { query: query('SELECT 1', { destinationTable: { projectId: PROJECT, datasetId: 'sales', tableId: 'x' } }) },
    ],
  ])('%s', async (_what, configuration) => {
    await refused({ configuration }).toMatchObject({ code: 'denied', reason: 'bigquery:unsupported' });
  });

  test.each([
    ['POST', `/upload/bigquery/v2/projects/${PROJECT}/jobs`],
    ['POST', '/batch/bigquery/v2'],
    ['POST', `${root}/datasets/sales/tables/orders/insertAll`],
    ['PATCH', `${root}/datasets/sales/tables/orders`],
    ['DELETE', `${root}/datasets/sales`],
    ['GET', `${root}/jobs/a%2Fb`],
    ['GET', `${root}/datasets/../jobs`],
    ['GET', `${root}/jobs?allUsers=true&allUsers=false`],
    ['GET', `${root}/datasets?alt=media`],
  ])('%s %s', async (method, path) => {
    await expect(agent.rest(method, path, method === 'POST' ? {} : undefined)).rejects.toMatchObject({
      code: 'operation-unreadable',
    });
  });

  test('datasets that BigQuery keeps results in, and other projects’, are not read', async () => {
    await expect(agent.rest('GET', `${root}/datasets/_anon1/tables/x/data`)).rejects.toMatchObject({ code: 'denied' });
    await expect(agent.rest('GET', '/bigquery/v2/projects/other-project/jobs')).rejects.toMatchObject({
      code: 'denied',
    });
  });
});

describe('what BigQuery holds', () => {
  test('rows of a table are those of a masked query, a page at a time', async () => {
    const first = await agent.rest(
      'GET',
      `${root}/datasets/sales/tables/customers/data?maxResults=2&selectedFields=id,email`,
    );
    const next = await agent.rest(
      'GET',
      `${root}/datasets/sales/tables/customers/data?maxResults=2&pageToken=${first.answer.pageToken}`,
    );

    expect(first.answer).toMatchObject({ kind: 'bigquery#tableDataList', totalRows: '200' });
    expect(first.answer.rows[0].f).toHaveLength(2);
    expect(first.answer.rows[0].f[1].v).toBe('[EMAIL_ADDRESS]');
    expect(next.answer.rows).toHaveLength(2);
    expect(first.operation.resources).toEqual(['sales.customers']);
  });

  test('what policy hides looks like what is not there', async () => {
    const may = aCaller(({ resources }) => (resources.includes('sales.payroll') ? 'deny' : 'allow'));
    const limited = agentAt(warehouse.url, closing, { classification, settings, caller: may });

    const { answer } = await limited.rest('GET', `${root}/datasets/sales/tables`);

    expect(
      answer.tables.map(({ tableReference }: { tableReference: { tableId: string } }) => tableReference.tableId),
    ).toContain('customers');
    expect(JSON.stringify(answer)).not.toContain('payroll');
    await expect(limited.rest('GET', `${root}/datasets/sales/tables/payroll`)).rejects.toMatchObject({
      reason: 'bigquery:notFound',
    });
    await expect(limited.rest('GET', `${root}/datasets/sales/tables/nowhere`)).rejects.toMatchObject({
      reason: 'bigquery:notFound',
    });
  });

  test('of a table its columns are told, and neither its size nor anybody’s text', async () => {
    const { answer } = await agent.rest('GET', `${root}/datasets/sales/tables/customers`);

    expect(answer).toMatchObject({ kind: 'bigquery#table', type: 'TABLE', numRows: '200' });
    expect(Object.keys(answer)).not.toContain('numBytes');
    expect(JSON.stringify(answer)).not.toMatch(/description|policyTags/);
  });

  test('of the datasets those of the connection are told', async () => {
    const { answer } = await agent.rest('GET', `${root}/datasets`);

    expect(answer.datasets.map(({ id }: { id: string }) => id)).toEqual([`${PROJECT}:sales`]);
  });

  test('of the jobs a caller’s own are told', async () => {
    await agent.rest('POST', `${root}/jobs`, job('SELECT 1 AS x', 'bqjob_listed'));
    const other = { ...aCaller(), member: 'serviceAccount:other@p.iam.gserviceaccount.com' };

    const mine = await agent.rest('GET', `${root}/jobs`);
    const theirs = await agent.rest('GET', `${root}/jobs`, undefined, { as: other });

    expect(JSON.stringify(mine.answer)).toContain('bqjob_listed');
    expect(theirs.answer.jobs).toEqual([]);
  });
});
