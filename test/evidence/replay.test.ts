import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BigQueryEmulator, startBigQuery } from '../../emulators/bigquery/bigquery.ts';
import { deliver, installAudit } from '../../src/audit/audit.ts';
import { createReplay, installEvidence, type OperationTold, type Replay } from '../../src/evidence/evidence.ts';
import type { Passage } from '../../src/model/call.ts';
import { Problem } from '../../src/model/problem.ts';
import { type BigQueryClient, createBigQuery } from '../../src/platform/bigquery.ts';
import { randomIds } from '../../src/platform/ids.ts';
import { aPassage, aTrail, type Trail } from '../audit/trail.ts';

const datasets = { audit: 'sallyport_audit', evidence: 'sallyport_evidence' };
const bot = 'serviceAccount:bot@p.iam.gserviceaccount.com';
const columns = [
  { name: 'id', type: 'int4' },
  { name: 'email', type: 'text', masked: 'EMAIL_ADDRESS' },
];
const head = `${JSON.stringify({ columns })}\n`;
const rows = '[1,"[EMAIL_ADDRESS]"]\n[2,null]\n';
/** Four chunks. */
const manyRows = `[7,"${'x'.repeat(990)}"]\n`.repeat(900);

let emulator: BigQueryEmulator;
let bigquery: BigQueryClient;
let replay: Replay;
let trail: Trail;
const ids = {
  small: '',
  large: '',
  denied: '',
  held: '',
  tampered: '',
  missing: '',
  twice: '',
  exempt: '',
  gone: '',
};
let period: { from: Date; to: Date };

beforeAll(async () => {
  emulator = await startBigQuery();
  bigquery = createBigQuery({ projectId: 'demo-project', emulatorHost: new URL(emulator.url).host });
  await installAudit(bigquery, datasets.audit);
  await installEvidence(bigquery, datasets);
  replay = aReplay(null);
  trail = aTrail({ append: (table, some) => bigquery.append(`${datasets.audit}.${table}`, some) });
  trail.clock.advance(Date.now() - trail.clock.now().getTime());
  period = { from: new Date(Date.now() - 3_600_000), to: new Date(Date.now() + 7_200_000) };
  await tellTheStory();
});
afterAll(() => emulator.stop());

function aReplay(keptFor: number | null, now = new Date()) {
  return createReplay({ query: bigquery.query, project: 'demo-project', datasets, now: () => now, keptFor });
}

async function* handedOver(text: string) {
  yield { bytes: Buffer.from(text), rows: text.split('\n').length - 1 };
}

const durations = { total: 12, queue: 0, target: 8, audit: 2 };

async function run(text: string, more: Partial<Passage> = {}): Promise<string> {
  const operationId = randomIds('op');
  const intent = await trail.audit.intend(aPassage({ operationId, session: 'run-1', ...more }));
  const { batches } = deliver(
    intent,
    {
      form: 'rows',
      columns,
      batches: handedOver(text),
      summary: () => ({ truncated: false }),
      findings: () => [{ class: 'IBAN_CODE', count: 2 }],
    },
    { credential: { secret: 's', version: '3' }, durations: () => durations, ended: () => {} },
  );
  for await (const _ of batches);
  trail.clock.advance(1000);
  return operationId;
}

async function note(type: 'denied' | 'held', more: Partial<Passage>): Promise<string> {
  const operationId = randomIds('op');
  await trail.audit.note(type, aPassage({ operationId, session: 'run-1', ...more }));
  trail.clock.advance(1000);
  return operationId;
}

async function tellTheStory() {
  await trail.audit.open();
  ids.small = await run(rows);
  ids.denied = await note('denied', { problem: new Problem('denied', { reason: 'deny:salaries' }) });
  ids.held = await note('held', {});
  ids.large = await run(manyRows);
  ids.tampered = await run(rows, { session: 'run-2' });
  ids.missing = await run(manyRows, { session: 'run-2' });
  ids.twice = await run(rows, { session: 'run-2' });
  ids.gone = await run(rows, { session: 'run-2' });
  const { decision, identity } = aPassage();
  if (!decision || !identity) throw new Error('The passage of these tests was decided.');
  ids.exempt = await run(rows, { session: '..', decision: { ...decision, unmask: ['EMAIL_ADDRESS'] } });
  await run(rows, { session: 'run-1', identity: { ...identity, subject: '99', member: 'user:other@example.com' } });
  await trail.audit.close();
  await bigquery.query(
    "UPDATE `sallyport_audit.recordings` SET content = CAST(REPLACE(SAFE_CONVERT_BYTES_TO_STRING(content), 'null', '\"planted\"') AS BYTES) WHERE time >= '2020-01-01' AND operation = @id",
    { id: ids.tampered },
  );
  await bigquery.query(
    "DELETE FROM `sallyport_audit.recordings` WHERE time >= '2020-01-01' AND operation = @id AND chunk = 1",
    { id: ids.missing },
  );
  await bigquery.query("DELETE FROM `sallyport_audit.recordings` WHERE time >= '2020-01-01' AND operation = @id", {
    id: ids.gone,
  });
  await bigquery.query(
    "INSERT INTO `sallyport_audit.recordings` SELECT * REPLACE (CAST('{\"columns\":[]}' AS BYTES) AS content) FROM `sallyport_audit.recordings` WHERE time >= '2020-01-01' AND operation = @id",
    { id: ids.twice },
  );
}

async function told(id: string): Promise<OperationTold> {
  const operation = await replay.operation(id);
  if (operation === undefined) throw new Error('The trail tells of no such operation.');
  return operation;
}

describe('an operation', () => {
  test('is told with who asked what, what was decided, how it ended and how long it took', async () => {
    expect(await told(ids.small)).toMatchObject({
      session: 'run-1',
      outcome: 'completed',
      verb: 'read',
      principal: { member: bot, kind: 'agent' },
      statement: 'SELECT * FROM users WHERE email = «EMAIL_ADDRESS:ab»',
      decision: { effect: 'allow', policies: ['readers'] },
      masks: [{ resource: 'public.users.email', class: 'EMAIL_ADDRESS' }],
      findings: [{ class: 'IBAN_CODE', count: 2 }],
      credential: { version: '3' },
      duration_ms: durations,
      result: { rows: 2 },
      steps: [{ type: 'intended' }, { type: 'completed' }],
    });
  });

  test('that was refused is told with the reason', async () => {
    expect(await told(ids.denied)).toMatchObject({ outcome: 'denied', why: 'deny:salaries', recording: null });
  });

  test('that nobody asked for is not told', async () => {
    expect(await replay.operation(randomIds('op'))).toBeUndefined();
    expect(await replay.operation("op_' OR 1=1")).toBeUndefined();
  });
});

describe('a recording', () => {
  test('is what the agent was sent, to the byte', async () => {
    const recorded = await replay.recording(await told(ids.small));

    expect(recorded).toMatchObject({ state: 'intact', faults: [], truncated: false, columns });
    expect(recorded.content).toBe(head + rows);
    expect(recorded.rows).toEqual([
      ['1', '"[EMAIL_ADDRESS]"'],
      ['2', 'null'],
    ]);
  });

  test('of many chunks is put together in order', async () => {
    const recorded = await replay.recording(await told(ids.large));

    expect(recorded.state).toBe('intact');
    expect(recorded.chunks.map(({ chunk }) => chunk)).toEqual([0, 1]);
    expect(recorded.content).toBe(head + manyRows);
  });

  test.each([
    ['that somebody changed', 'tampered', 'changed', 'Chunk 0 was changed.'],
    ['of which a chunk was removed', 'missing', 'missing', 'Chunk 1 of 2 is missing.'],
    ['to which another content was added', 'twice', 'changed', 'Chunk 0 is there with 2 contents.'],
  ] as const)('%s says so', async (_, which, state, fault) => {
    const recorded = await replay.recording(await told(ids[which]));

    expect(recorded.state).toBe(state);
    expect(recorded.faults).toContain(fault);
  });

  test('whose time was over is told as expired once it is gone, and only then', async () => {
    const week = 7 * 24 * 3600 * 1000;
    const operation = await told(ids.gone);
    const later = new Date(Date.now() + week + 24 * 3600 * 1000);

    expect(await aReplay(week, later).recording(operation)).toMatchObject({ state: 'expired' });
    expect(await aReplay(week).recording(operation)).toMatchObject({ state: 'missing' });
    expect(await aReplay(null, later).recording(operation)).toMatchObject({ state: 'missing' });
    expect(await aReplay(week, later).recording(await told(ids.small))).toMatchObject({ state: 'intact' });
    expect(await aReplay(week, later).recording(await told(ids.tampered))).toMatchObject({ state: 'changed' });
  });

  test('of what may have shown classified values is not there, and says why', async () => {
    const recorded = await replay.recording(await told(ids.exempt));

    expect(recorded).toMatchObject({ state: 'unrecorded', content: '', rows: [] });
    expect(recorded.faults[0]).toContain('left classified values in the clear');
  });
});

describe('sessions', () => {
  const listed = async (filter: Partial<Parameters<Replay['sessions']>[0]> = {}) =>
    (await replay.sessions({ ...period, ...filter })).page.map(({ session, principal }) => [session, principal]);

  test('are listed once for each identity that used the name, the latest first', async () => {
    expect(await listed()).toEqual([
      ['run-1', 'user:other@example.com'],
      ['..', bot],
      ['run-2', bot],
      ['run-1', bot],
    ]);
  });

  test('say how much was asked and how it ended', async () => {
    const { page } = await replay.sessions({ ...period, session: 'run-1', principal: bot });

    expect(page).toMatchObject([
      {
        ...{ operations: 4, completed: 2, failed: 0, refused: 1, not_known: 0 },
        ...{ agents: ['bot'], connections: ['crm'], verbs: ['read'], rows_returned: 902 },
      },
    ]);
  });

  test.each([
    ['an identity', { principal: bot }, 3],
    ['a connection', { connection: 'crm' }, 4],
    ['another connection', { connection: 'other' }, 0],
    ['a verb', { verb: 'write' }, 0],
    ['an outcome', { outcome: 'denied' }, 1],
    ['a policy', { policy: 'readers' }, 4],
    ['another policy', { policy: 'writers' }, 0],
    ['words of a statement, whatever their case', { text: 'from USERS' }, 4],
    ['words that no statement has', { text: "x' OR '1'='1" }, 0],
    ['a period before', { from: new Date('2026-01-01'), to: new Date('2026-01-02') }, 0],
  ])('are found by %s', async (_, filter, count) => {
    expect(await listed(filter)).toHaveLength(count);
  });

  test('come in pages without a gap and without one twice', async () => {
    const own = aTrail({ append: (table, some) => bigquery.append(`${datasets.audit}.${table}`, some) });
    await own.audit.open();
    for (let index = 0; index < 120; index++)
      await own.audit.note('denied', aPassage({ operationId: randomIds('op'), session: `paged-${index}` }));
    await own.audit.close();
    const early = { from: new Date('2026-01-05'), to: new Date('2026-01-06') };
    const seen: string[] = [];
    for (let after: string | undefined, more = true; more; ) {
      const { page, next } = await replay.sessions({ ...early, after });
      seen.push(...page.map(({ session }) => session));
      after = next;
      more = next !== undefined;
    }

    expect(seen).toHaveLength(120);
    expect(new Set(seen).size).toBe(120);
  });

  test('refuse what is not the end of a page', async () => {
    await expect(replay.sessions({ ...period, after: 'nonsense' })).rejects.toMatchObject({ code: 'bad-request' });
  });
});

describe('a session', () => {
  test('tells its operations in the order in which they began, of whoever used its name', async () => {
    const { page } = await replay.session('run-1', period);

    expect(page.map(({ outcome }) => outcome)).toEqual(['completed', 'denied', 'held', 'completed', 'completed']);
    expect(new Set(page.map(({ principal }) => principal?.member))).toEqual(new Set([bot, 'user:other@example.com']));
  });

  test('of one identity tells only what that one asked for', async () => {
    const { page } = await replay.session('run-1', { ...period, principal: bot });

    expect(page).toHaveLength(4);
  });
});
