import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createTokenKey } from '../../../src/model/seal.ts';
import { createJobSeal, type JobContent } from '../../../src/targets/bigquery/job-seal.ts';
import { agentAt, aWarehouse, type Closing, PROJECT } from './warehouse.ts';

const closing: Closing = [];
let warehouse: Awaited<ReturnType<typeof aWarehouse>>;

beforeAll(async () => {
  warehouse = await aWarehouse(closing);
});
beforeEach(() => {
  warehouse.intercepts.length = 0;
  warehouse.seen.length = 0;
});
afterAll(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const inserts = () =>
  warehouse.seen.filter(({ method, body }) => method === 'POST' && body.includes('"jobId":"sallyport_'));

test('a table that changed since the statement was understood is not read', async () => {
  const agent = agentAt(warehouse.url, closing);
  const operation = await agent.understand({ statement: 'SELECT id FROM sales.orders' });
  warehouse.intercepts.push((request, _body, response) => {
    if (request.method !== 'GET' || request.url?.includes('/tables/orders') !== true) return false;
    const tableReference = { projectId: PROJECT, datasetId: 'sales', tableId: 'orders' };
    const fields = [
      { name: 'id', type: 'INTEGER', policyTags: { names: ['projects/p/locations/l/taxonomies/1/policyTags/9'] } },
    ];
    response.writeHead(200).end(JSON.stringify({ tableReference, type: 'TABLE', schema: { fields } }));
    return true;
  });

  const answer = agent.target.execute(operation, agent.access());

  await expect(answer).rejects.toMatchObject({ code: 'target-rejected', reason: 'bigquery:drift' });
  expect(inserts()).toEqual([]);
});

test('of what BigQuery failed at for a moment, the same job is asked for again, and begins once', async () => {
  const agent = agentAt(warehouse.url, closing);
  let failures = 2;
  warehouse.intercepts.push((_request, body, response) => {
    if (!body.includes('"jobId":"sallyport_') || failures === 0) return false;
    failures -= 1;
    response.writeHead(503).end('{"error":{"errors":[{"reason":"backendError","message":"x"}]}}');
    return true;
  });

  const { rows } = await agent.rows('SELECT 1 AS one');

  expect(rows).toEqual([[1]]);
  expect(new Set(inserts().map(({ body }) => JSON.parse(body).jobReference.jobId)).size).toBe(1);
  expect(inserts()).toHaveLength(3);
});

test('a statement that reads more than is cheap has the risk cost, and no job may be billed for more than is set', async () => {
  const agent = agentAt(warehouse.url, closing, { settings: { cost_above: 1000, maximum_bytes_billed: '2TB' } });

  const dear = await agent.understand({ statement: 'SELECT id, status FROM sales.orders' });
  const cheap = await agent.understand({ statement: 'SELECT 1 AS one' });
  await agent.rows('SELECT 1 AS one');

  expect(dear.risks).toContain('cost');
  expect(dear.estimates.bytes).toBeGreaterThan(1000);
  expect(cheap.risks).toEqual([]);
  expect(JSON.parse(inserts().at(-1)?.body ?? '{}').configuration.query.maximumBytesBilled).toBe('2000000000000');
});

test('an account that BigQuery lets do nothing is told apart from a statement that is wrong', async () => {
  const agent = agentAt(warehouse.url, closing);
  warehouse.intercepts.push((_request, _body, response) => {
    const errors = [{ reason: 'accessDenied', message: 'Access Denied: bob@example.com' }];
    response.writeHead(403).end(JSON.stringify({ error: { errors } }));
    return true;
  });

  const answer = agent.rows('SELECT 1 AS one');

  await expect(answer).rejects.toMatchObject({ reason: 'bigquery:accessDenied', answered: { status: 403 } });
  await answer.catch((error: Error & { detail?: string }) =>
    expect(`${error.message} ${error.detail}`).not.toContain('bob'),
  );
});

test('what is no answer of BigQuery is withheld', async () => {
  const agent = agentAt(warehouse.url, closing);
  warehouse.intercepts.push((_request, _body, response) => {
    response.writeHead(200).end('<html>');
    return true;
  });

  await expect(agent.rows('SELECT 1 AS one')).rejects.toMatchObject({ code: 'answer-unreadable' });
});

const content: JobContent = {
  ...{ connection: 'warehouse', version: '1', owner: 'user:a@example.com', verb: 'read', statement: 'SELECT 1' },
  ...{ unmask: [], resources: ['sales.orders'], classes: [], masks: [] },
};

test('what is said of a job in its text is read by nobody else, and is void once any byte of the text is another', () => {
  const seal = createJobSeal(createTokenKey('a key'));
  const text = seal.write('SELECT 2', content);

  expect(seal.read(text)).toEqual(content);
  expect(text).not.toContain('user:a');
  expect(seal.read(text.replace('SELECT 2', 'SELECT 3'))).toBeUndefined();
  expect(seal.read('SELECT 2')).toBeUndefined();
  expect(createJobSeal(createTokenKey('another key')).read(text)).toBeUndefined();
});

test('the same query of the same caller is the same text, so that BigQuery answers it from its cache', () => {
  const seal = createJobSeal(createTokenKey('a key'));

  expect(seal.write('SELECT 2', content)).toBe(seal.write('SELECT 2', content));
  expect(seal.write('SELECT 2', content)).not.toBe(seal.write('SELECT 2', { ...content, owner: 'user:b@example.com' }));
});
