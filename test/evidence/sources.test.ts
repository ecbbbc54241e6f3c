import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BigQueryEmulator, startBigQuery } from '../../emulators/bigquery/bigquery.ts';
import { readSql } from '../../src/evidence/questions.ts';
import { type BigQueryClient, createBigQuery } from '../../src/platform/bigquery.ts';

/** As Cloud Logging exports audit logs, as far as it is read here. */
const auditLog = `(
  timestamp TIMESTAMP, insertId STRING, operation STRUCT<id STRING>,
  protopayload_auditlog STRUCT<
    serviceName STRING, methodName STRING, resourceName STRING, requestJson STRING, responseJson STRING, metadataJson STRING,
    authenticationInfo STRUCT<principalEmail STRING>, requestMetadata STRUCT<callerSuppliedUserAgent STRING>>)`;
const logs = 'sallyport_logs';
const period = { from: new Date('2026-01-10T00:00:00Z'), to: new Date('2026-01-11T00:00:00Z') };

let emulator: BigQueryEmulator;
let bigquery: BigQueryClient;

beforeAll(async () => {
  emulator = await startBigQuery();
  bigquery = createBigQuery({ projectId: 'demo-project', emulatorHost: new URL(emulator.url).host });
  await bigquery.query(`CREATE SCHEMA ${logs}`);
  for (const name of ['data_access', 'activity'])
    await bigquery.query(`CREATE TABLE ${logs}.cloudaudit_googleapis_com_${name} ${auditLog}`);
  await bigquery.query(
    `CREATE TABLE ${logs}.cloudsql_googleapis_com_postgres_log (timestamp TIMESTAMP, insertId STRING, textPayload STRING)`,
  );
});
afterAll(() => emulator.stop());

let written = 0;

async function write(table: string, json: Record<string, unknown>) {
  written += 1;
  const row = { timestamp: '2026-01-10T09:00:00.000Z', insertId: `r${written}`, ...json };
  expect(await bigquery.append(`${logs}.${table}`, [{ insertId: `${written}`, json: row }])).toEqual([]);
}

const audited = (log: 'data_access' | 'activity', serviceName: string, more: Record<string, unknown>) =>
  write(`cloudaudit_googleapis_com_${log}`, {
    protopayload_auditlog: { serviceName, authenticationInfo: { principalEmail: 'ann@example.com' }, ...more },
  });

async function read(source: string) {
  const sql = readSql(`sources/${source}`);
  const connection = sql.includes('@connection') ? { connection: 'crm' } : {};
  return bigquery.query(`${sql} ORDER BY record_id`, { ...period, ...connection });
}

describe('PostgreSQL’s log of statements', () => {
  const line = (app: string, text: string) =>
    write('cloudsql_googleapis_com_postgres_log', {
      textPayload: `2026-01-10 09:00:00.000 UTC [7] db=crm,user=gateway,app=${app},client=10.0.0.7 LOG:  ${text}`,
    });

  test('tells what was run, by whom, and for which operation', async () => {
    await line('sallyport op_1', 'statement: BEGIN READ ONLY; SET LOCAL statement_timeout = 30000');
    await line('sallyport op_1', 'execute <unnamed>/answer: /* sallyport op_1 */ SELECT 1');
    await line('psql', 'statement: BEGIN; DELETE FROM users; COMMIT');
    await line('psql', 'statement: /* sallyport op_2 */ DELETE FROM users');
    await line('sallyport op_3', 'statement: EXPLAIN (ANALYZE) DELETE FROM users');
    await line('sallyport op_4', 'statement: WITH gone AS (DELETE FROM users RETURNING id) SELECT id FROM gone');
    await line('psql', 'duration: 3 ms');

    const rows = await read('postgres_log');

    expect(rows.map(({ operation, action }) => [operation, action])).toEqual([
      ['op_1', 'SELECT'],
      [null, 'BEGIN and more'],
      ['op_2', 'DELETE'],
      ['op_3', 'EXPLAIN ANALYZE'],
      ['op_4', 'WITH and a change'],
    ]);
    expect(rows[0]).toMatchObject({ source: 'postgres_log', connection: 'crm', principal: 'gateway', resource: 'crm' });
  });

  test('believes no operation that a statement or a name puts in another place', async () => {
    await line('x,app=sallyport op_9', 'statement: SELECT 9');
    await line('psql', "statement: SELECT ',app=sallyport op_9,' /* sallyport op_9 */");

    const rows = await read('postgres_log');

    expect(rows.filter(({ operation }) => operation === 'op_9')).toEqual([]);
  });
});

test('pgAudit’s records tell the statement, the object and the operation', async () => {
  const entry = {
    command: 'DELETE',
    statement: '/* sallyport op_1 */ DELETE FROM users',
    database: 'crm',
    user: 'gateway',
    object: 'public.users',
    chunkIndex: '1',
  };
  const request = { methodName: 'cloudsql.instances.query', requestJson: JSON.stringify(entry) };
  await audited('data_access', 'cloudsql.googleapis.com', request);
  await audited('data_access', 'cloudsql.googleapis.com', { methodName: 'cloudsql.instances.get' });

  expect(await read('pgaudit')).toMatchObject([
    { source: 'pgaudit', operation: 'op_1', principal: 'gateway', action: 'DELETE', resource: 'crm/public.users' },
  ]);
});

test('a BigQuery job is told once, when it is done, with the operation of its label', async () => {
  const job = {
    jobName: 'projects/p/jobs/j1',
    jobConfig: { labels: { sallyport_operation: 'op_1' }, queryConfig: { statementType: 'SELECT', query: 'SELECT 1' } },
  };
  for (const after of ['RUNNING', 'DONE'])
    await audited('data_access', 'bigquery.googleapis.com', {
      metadataJson: JSON.stringify({ jobChange: { after, job } }),
    });

  expect(await read('bigquery_jobs')).toMatchObject([
    { operation: 'op_1', principal: 'ann@example.com', record_id: 'projects/p/jobs/j1', action: 'SELECT' },
  ]);
});

test('a request to a cluster is told by its audit id, with the operation of its user agent', async () => {
  await write('cloudaudit_googleapis_com_activity', {
    operation: { id: 'audit-1' },
    protopayload_auditlog: {
      serviceName: 'k8s.io',
      methodName: 'io.k8s.core.v1.pods.delete',
      resourceName: 'core/v1/namespaces/default/pods/web',
      requestMetadata: { callerSuppliedUserAgent: 'node sallyport op_1' },
    },
  });

  expect(await read('kubernetes_audit')).toMatchObject([{ record_id: 'audit-1', operation: 'op_1', action: 'delete' }]);
});

test('the readings of a secret and the making of its versions are told, and nothing else of Secret Manager', async () => {
  const service = 'google.cloud.secretmanager.v1.SecretManagerService';
  const version = 'projects/4711/secrets/crm/versions/2';
  await audited('data_access', 'secretmanager.googleapis.com', {
    methodName: `${service}.AccessSecretVersion`,
    resourceName: version,
  });
  await audited('activity', 'secretmanager.googleapis.com', {
    methodName: `${service}.AddSecretVersion`,
    resourceName: 'projects/4711/secrets/crm',
    responseJson: JSON.stringify({ name: version }),
  });
  await audited('data_access', 'secretmanager.googleapis.com', { methodName: `${service}.ListSecrets` });

  const rows = await read('secret_manager');

  expect(rows.map(({ action, resource }) => [action, resource])).toEqual([
    ['AccessSecretVersion', version],
    ['AddSecretVersion', version],
  ]);
});

test('reading the audit tables is told from changing them', async () => {
  const resourceName = 'projects/p/datasets/sallyport_audit/tables/events';
  for (const what of ['tableDataRead', 'tableDataChange'])
    await audited('data_access', 'bigquery.googleapis.com', {
      resourceName,
      metadataJson: JSON.stringify({
        '@type': 'type.googleapis.com/google.cloud.audit.BigQueryAuditMetadata',
        [what]: {},
      }),
    });
  await audited('activity', 'bigquery.googleapis.com', { resourceName, metadataJson: '{"tableDeletion":{}}' });
  await audited('data_access', 'bigquery.googleapis.com', {
    resourceName: 'projects/p/datasets/other/tables/events',
    metadataJson: '{"tableDataRead":{}}',
  });

  const rows = await read('audit_tables');

  expect(rows.map(({ action }) => action).sort()).toEqual(['read', 'tableDataChange', 'tableDeletion']);
});
