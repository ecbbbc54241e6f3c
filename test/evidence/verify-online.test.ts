import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type BigQueryEmulator, startBigQuery } from '../../emulators/bigquery/bigquery.ts';
import { installAudit } from '../../src/audit/audit.ts';
import { type Report, verifyOnline } from '../../src/evidence/evidence.ts';
import type { AuditEvent } from '../../src/model/audit-event.ts';
import { type BigQueryClient, createBigQuery } from '../../src/platform/bigquery.ts';
import { anHonestTrail, type Honest, keys } from './verify/honest.ts';

const datasets = { audit: 'sallyport_audit', evidence: 'sallyport_evidence' };
const day = "time >= TIMESTAMP '2026-01-01'";

let emulator: BigQueryEmulator;
let bigquery: BigQueryClient;
let honest: Honest;
const base64Of = ({ content }: Honest['recordings'][number]) => Buffer.from(String(content)).toString('base64');

/** Each delivery is another one, so that a repeated row does stand there twice. */
let deliveries = 0;

beforeAll(async () => {
  emulator = await startBigQuery();
  bigquery = createBigQuery({ projectId: 'demo-project', emulatorHost: new URL(emulator.url).host });
  await installAudit(bigquery, datasets.audit);
  honest = await anHonestTrail();
});
beforeEach(async () => {
  for (const table of ['events', 'checkpoints', 'recordings'])
    await bigquery.query(`DELETE FROM \`sallyport_audit.${table}\` WHERE ${day}`);
  await bigquery.append('sallyport_audit.events', [...honest.events, ...honest.events.slice(3, 6)].map(rowOf));
  await bigquery.append(
    'sallyport_audit.recordings',
    honest.recordings.map((row) => ({ insertId: String(deliveries++), json: { ...row, content: base64Of(row) } })),
  );
  await bigquery.append(
    'sallyport_audit.checkpoints',
    honest.checkpoints.map((checkpoint) => ({ insertId: String(deliveries++), json: checkpoint })),
  );
});
afterAll(() => emulator.stop());

const rowOf = (event: AuditEvent) => ({
  insertId: String(deliveries++),
  json: { ...event, principal_member: event.principal?.member ?? null },
});

const verified = (period: { from?: Date; to?: Date } = {}, now = new Date('2026-01-06')): Promise<Report> =>
  verifyOnline(
    { bigquery, datasets, now: () => now },
    { keys: { checkpoint: [keys.checkpoint], approval: [keys.approval] }, ...period },
  );

const aRun = () => {
  const run = honest.events.find(({ operation, phase }) => operation === 'op_read_1' && phase === 'intent');
  if (!run) throw new Error('The trail has such an operation.');
  return run;
};

test('an honest trail has no findings in its tables, where some rows were delivered twice', async () => {
  const report = await verified();

  expect(report.findings).toEqual([]);
  expect(report).toMatchObject({ events: honest.events.length, repeated: 3, checkpoints: honest.checkpoints.length });
  expect(report).toMatchObject({ unsealed: 0, notes: [] });
});

test.each([
  [
    'a statement is changed',
    (where: string) => `UPDATE \`sallyport_audit.events\` SET statement = 'SELECT 1' WHERE ${where}`,
    'changed',
  ],
  ['a row is deleted', (where: string) => `DELETE FROM \`sallyport_audit.events\` WHERE ${where}`, 'removed'],
  [
    'the column to cluster by is changed',
    (where: string) => `UPDATE \`sallyport_audit.events\` SET principal_member = 'user:x@example.com' WHERE ${where}`,
    'changed',
  ],
  [
    'the time of a row is changed',
    (where: string) => `UPDATE \`sallyport_audit.events\` SET time = TIMESTAMP '2026-02-05 00:00:00+00' WHERE ${where}`,
    'changed',
  ],
  [
    'another row takes its id and its place',
    (where: string) =>
      `INSERT INTO \`sallyport_audit.events\` (event_id, phase, chain, seq, prev_hash, \`hash\`, time, type, risks, resources, classes, masks, findings, gateway, occurrences) SELECT event_id, phase, chain, seq, prev_hash, 'ffff', time, 'denied', risks, resources, classes, masks, findings, gateway, occurrences FROM \`sallyport_audit.events\` WHERE ${where}`,
    'changed',
  ],
])('%s: the row is named', async (_, sql, kind) => {
  const { event_id, chain, seq } = aRun();

  await bigquery.query(sql(`${day} AND event_id = '${event_id}' AND phase = 'intent'`));

  expect((await verified()).findings).toContainEqual(expect.objectContaining({ kind, chain, seq }));
});

test('a checkpoint is deleted: it is named', async () => {
  await bigquery.query(`DELETE FROM \`sallyport_audit.checkpoints\` WHERE ${day} AND number = 3`);

  expect((await verified()).findings).toEqual([expect.objectContaining({ kind: 'missing-checkpoint', checkpoint: 3 })]);
});

test('the last rows of all chains are deleted: each chain is named, with the checkpoint that has them', async () => {
  const last = honest.events.filter(({ type }) => type === 'chain_closed');

  await bigquery.query(`DELETE FROM \`sallyport_audit.events\` WHERE ${day} AND type = 'chain_closed'`);

  const { findings } = await verified();
  expect(findings.map(({ kind, chain, seq }) => ({ kind, chain, seq }))).toEqual(
    last.map(({ chain, seq }) => ({ kind: 'cut-tail', chain, seq })),
  );
  expect(findings[0]?.checkpoint).toBe(honest.checkpoints.at(-1)?.number);
});

test('all checkpoints are deleted: that is found, as is that they end too early', async () => {
  await bigquery.query(`DELETE FROM \`sallyport_audit.checkpoints\` WHERE ${day} AND number > 1`);
  const early = await verified();
  await bigquery.query(`DELETE FROM \`sallyport_audit.checkpoints\` WHERE ${day}`);
  const none = await verified();

  expect(early.findings).toContainEqual(expect.objectContaining({ kind: 'missing-checkpoint', checkpoint: 2 }));
  expect(none.findings).toEqual([expect.objectContaining({ kind: 'missing-checkpoint' })]);
});

test.each([
  ['from', { from: new Date('2026-01-05T09:03:30Z') }, 8],
  ['to', { to: new Date('2026-01-05T09:03:30Z') }, 7],
  ['from and to', { from: new Date('2026-01-05T09:01:30Z'), to: new Date('2026-01-05T09:04:30Z') }, 7],
])('a part of an honest trail, %s, has no findings', async (_, period, checkpoints) => {
  const report = await verified(period);

  expect(report).toMatchObject({ findings: [], found: 0, checkpoints });
  expect(report.events).toBeLessThan(honest.events.length);
});

test('in a part of the trail a row that was deleted is named', async () => {
  const { event_id, chain, seq } = aRun();

  await bigquery.query(`DELETE FROM \`sallyport_audit.events\` WHERE ${day} AND event_id = '${event_id}'`);

  const { findings } = await verified({ from: new Date('2026-01-05T09:01:30Z'), to: new Date('2026-01-05T09:04:30Z') });
  expect(findings).toContainEqual(expect.objectContaining({ kind: 'removed', chain, seq, to_seq: seq + 1 }));
  expect(findings).toContainEqual(expect.objectContaining({ kind: 'recording-changed', event_id }));
  expect(findings).toHaveLength(2);
});

test('what was returned is changed, or deleted: its outcome is named', async () => {
  const [one, two] = ['op_read_1', 'op_read_2'].map((name) =>
    honest.events.find(({ operation, phase }) => operation === name && phase === 'outcome'),
  );

  await bigquery.query(
    `UPDATE \`sallyport_audit.recordings\` SET content = CAST('[2]' AS BYTES) WHERE ${day} AND operation = 'op_read_1' AND chunk = 1`,
  );
  await bigquery.query(`DELETE FROM \`sallyport_audit.recordings\` WHERE ${day} AND operation = 'op_read_2'`);

  const { findings } = await verified();
  expect(findings).toEqual([
    expect.objectContaining({ kind: 'recording-changed', chain: one?.chain, seq: one?.seq }),
    expect.objectContaining({ kind: 'recording-missing', chain: two?.chain, seq: two?.seq }),
  ]);
});

test.each([
  [
    'changed',
    `UPDATE \`sallyport_audit.recordings\` SET content = CAST(REPLACE(SAFE_CONVERT_BYTES_TO_STRING(content), 'bin', 'sbin') AS BYTES) WHERE`,
    'recording-changed',
  ],
  ['removed', 'DELETE FROM `sallyport_audit.recordings` WHERE', 'recording-changed'],
])('a chunk of a session is %s: its outcome is named', async (_, sql, kind) => {
  const chunks = honest.recordings.filter(({ operation }) => operation === 'op_session');
  const outcome = honest.events.find(({ operation, phase }) => operation === 'op_session' && phase === 'outcome');

  await bigquery.query(`${sql} ${day} AND operation = 'op_session' AND chunk = 2`);

  const { findings } = await verified();
  expect(chunks.map(({ direction, chunk }) => [direction, chunk])).toEqual([0, 1, 2].map((chunk) => ['both', chunk]));
  expect(findings).toEqual([expect.objectContaining({ kind, chain: outcome?.chain, seq: outcome?.seq })]);
});

test('of a session whose instance was killed, what was recorded is proven as well', async () => {
  const outcome = honest.events.find(({ operation, phase }) => operation === 'op_lost' && phase === 'outcome');

  await bigquery.query(
    `DELETE FROM \`sallyport_audit.recordings\` WHERE ${day} AND operation = 'op_lost' AND chunk = 1`,
  );

  const { findings } = await verified();
  expect(outcome).toMatchObject({ type: 'unknown', recording: { chunks: 3, truncated: true } });
  expect(findings).toEqual([
    expect.objectContaining({ kind: 'recording-changed', chain: outcome?.chain, seq: outcome?.seq }),
  ]);
});

test('while the trail goes on, only its very end may be on its way', async () => {
  const soon = new Date(Date.parse(honest.checkpoints.at(-1)?.time ?? '') + 30_000);
  await bigquery.query(`DELETE FROM \`sallyport_audit.events\` WHERE ${day} AND type = 'chain_closed'`);
  const end = await verified({}, soon);
  await bigquery.query(`DELETE FROM \`sallyport_audit.events\` WHERE ${day} AND event_id = '${aRun().event_id}'`);
  const middle = await verified({}, soon);

  expect(end).toMatchObject({ findings: [], notes: [expect.stringContaining('still on their way')] });
  expect(middle.findings).toContainEqual(expect.objectContaining({ kind: 'removed', seq: aRun().seq }));
});
