import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type BigQueryEmulator, startBigQuery } from '../../emulators/bigquery/bigquery.ts';
import { type Postgres, startPostgres } from '../../emulators/postgres/postgres.ts';
import { installAudit } from '../../src/audit/audit.ts';
import { createEvidence, installEvidence } from '../../src/evidence/evidence.ts';
import { readSql } from '../../src/evidence/questions.ts';
import { Problem } from '../../src/model/problem.ts';
import { createTokenKey } from '../../src/model/seal.ts';
import { type BigQueryClient, createBigQuery } from '../../src/platform/bigquery.ts';
import { aPassage, aTrail, type Trail } from '../audit/trail.ts';
import { aCaller } from '../fakes/caller.ts';
import { unkeptTranscript } from '../fakes/transcript.ts';
import { type Agent, agentAt } from '../targets/postgres/agent.ts';
import { crmClassification, crmSql } from '../targets/postgres/crm.ts';

const datasets = { audit: 'sallyport_audit', evidence: 'sallyport_evidence' };
const began = new Date(Date.now() - 60_000);

let server: Postgres;
let emulator: BigQueryEmulator;
let bigquery: BigQueryClient;
let trail: Trail;
let agent: Agent;
const log: string[] = [];

beforeAll(async () => {
  server = await startPostgres({ database: 'crm', initSql: crmSql, log: (line) => void log.push(line) });
  await asSuperuser(
    "ALTER SYSTEM SET log_line_prefix = '%m [%p] db=%d,user=%u,app=%a,client=%h '",
    "ALTER SYSTEM SET log_statement = 'all'",
    'SELECT pg_reload_conf()',
  );
  emulator = await startBigQuery();
  bigquery = createBigQuery({ projectId: 'demo-project', emulatorHost: new URL(emulator.url).host });
  await installAudit(bigquery, datasets.audit);
  await installEvidence(bigquery, datasets);
  await bigquery.query('CREATE SCHEMA sallyport_logs');
  await bigquery.query(
    'CREATE TABLE sallyport_logs.cloudsql_googleapis_com_postgres_log (timestamp TIMESTAMP, insertId STRING, textPayload STRING)',
  );
  const append = (table: string, rows: Parameters<typeof bigquery.append>[1]) =>
    bigquery.append(`${datasets.audit}.${table}`, rows);
  trail = aTrail({ append, clock: { now: () => new Date() } });
  agent = agentAt(server, { classification: crmClassification });
});
afterAll(async () => {
  await agent.target.close();
  await Promise.all([server.stop(), emulator.stop()]);
});

async function asSuperuser(...statements: string[]) {
  const client = new pg.Client(server.url);
  await client.connect();
  for (const statement of statements) await client.query(statement);
  await client.end();
}

/** As the gateway does it: inspect, understand, count, record the intent, run, record the outcome. */
async function operate(id: string, statement: string) {
  const { target, connection, access } = agent;
  const named = { ...access(), operation: id, caller: aCaller(), transcript: unkeptTranscript };
  const context = { connection, unmask: [], seal: () => '«»', tokenKey: createTokenKey('a key for tests') };
  const facts = await target.inspect(named);
  const understood = await target.understand({ statement, parameters: [] }, facts, context);
  const estimate = (await target.estimate?.(understood, named)) ?? {};
  const operation = { ...understood, ...estimate };
  const intent = await trail.audit.intend(aPassage({ operationId: id, operation }));
  const result = await target.execute(operation, named);
  for await (const _ of result.batches);
  await intent.complete({ type: 'completed' });
}

/** The log as Cloud Logging exports it: an entry for each line that is not the rest of one. */
async function exportLog() {
  for (let seen = -1; seen !== log.length; await pause(200)) seen = log.length;
  const entries: string[] = [];
  for (const line of log) {
    if (line.startsWith('\t')) entries.push(`${entries.pop() ?? ''}\n${line.slice(1)}`);
    else entries.push(line);
  }
  const rows = entries.flatMap((textPayload, index) => {
    const [, day, time] = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d\.\d{3}) UTC /.exec(textPayload) ?? [];
    if (day === undefined || !textPayload.includes('db=crm')) return [];
    return [{ insertId: `${index}`, json: { timestamp: `${day}T${time}Z`, insertId: `entry-${index}`, textPayload } }];
  });
  await bigquery.append('sallyport_logs.cloudsql_googleapis_com_postgres_log', rows);
}

async function loadRecords() {
  const records = await bigquery.query(readSql('sources/postgres_log'), {
    from: began,
    to: new Date(Date.now() + 60_000),
    connection: 'crm',
  });
  const rows = records.map((json) => ({ insertId: String(json['record_id']), json }));
  expect(await bigquery.append('sallyport_audit.target_records', rows)).toEqual([]);
}

test('what was done at a real server past the gateway is found, and every statement of the gateway’s own is matched', async () => {
  await trail.audit.open();
  await operate('op_0read', 'SELECT id, email FROM users WHERE id < 3');
  await operate('op_0write', "UPDATE orders SET status = 'closed' WHERE id = 7");
  await operate('op_0define', 'CREATE TABLE later (id int)');
  await agent.target.inspect({ ...agent.access(), operation: 'op_0refused' });
  const problem = new Problem('denied', { reason: 'no-grant' });
  await trail.audit.note('denied', aPassage({ operationId: 'op_0refused', problem }));

  await asSuperuser(
    'SELECT email FROM users WHERE id = 1',
    'BEGIN; DELETE FROM orders WHERE id = 8; COMMIT',
    "SET application_name = 'sallyport op_0invented'",
    "UPDATE orders SET status = 'stolen' WHERE id = 9",
  );
  await trail.audit.close();
  await exportLog();
  await loadRecords();

  const evidence = createEvidence({ query: bigquery.query, project: 'demo-project', datasets });
  const answer = await evidence.ask('reconciliation', { from: began, to: new Date(Date.now() + 60_000) });
  const column = (name: string) => answer?.columns.indexOf(name) ?? -1;
  const found = answer?.rows.map((row) => [row[column('verdict')], row[column('operation')], row[column('detail')]]);
  const matched = answer?.rows.find((row) => row[column('verdict')] === 'matched');
  expect(found?.filter(([verdict]) => verdict !== 'matched')).toEqual([
    ['bypass', null, 'SELECT email FROM users WHERE id = 1'],
    ['bypass', null, 'BEGIN; DELETE FROM orders WHERE id = 8; COMMIT'],
    ['bypass', null, "SET application_name = 'sallyport op_0invented'"],
    ['forged', 'op_0invented', "UPDATE orders SET status = 'stolen' WHERE id = 9"],
  ]);
  expect(Number(matched?.[column('records')])).toBeGreaterThan(10);
});

test('the record of each operation’s own statement names it, by the session and by the statement itself', () => {
  const own = log.filter((line) => /LOG: {2}execute <unnamed>[^:]*: \/\* sallyport op_\w+ \*\//.test(line));

  for (const id of ['op_0read', 'op_0write', 'op_0define'])
    expect(
      own.filter((line) => line.includes(`app=sallyport ${id},`) && line.includes(`/* sallyport ${id} */`)),
    ).not.toEqual([]);
});
