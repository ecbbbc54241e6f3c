import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { aSession } from './sessions.ts';
import { request, run, stand, trail } from './stand.ts';

const forever = 'while :; do echo tick; sleep 0.1; done';
const { admin, auditor, bot, dba } = stand.tokens;

const end = (operation: string, token = dba) =>
  request('POST', `${stand.console}/api/operations/${operation}/end`, { token }, { reason: 'seen enough' });
const listed = async (token: string) =>
  (await request('GET', `${stand.console}/api/live`, { token })).body['operations'] as { operation: string }[];
const runs = async (operation: string) => (await listed(dba)).some((one) => one.operation === operation);
const running = (operation: string) => expect.poll(() => runs(operation), { timeout: 20_000 }).toBe(true);

/** Processes of this machine with a word in their command. */
function processesWith(word: string): number {
  return readdirSync('/proc').filter((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(word);
    } catch {
      return false;
    }
  }).length;
}

async function outcomesOf(operation: string, most = 1) {
  return trail(
    `SELECT type, note, result, recording FROM \`sallyport_evidence.events\` WHERE operation = '${operation}' AND phase IN ('outcome', 'late')`,
    (rows) => rows.length >= most,
  );
}

const recordingOf = (operation: string, query = '') =>
  request('GET', `${stand.console}/api/operations/${operation}/recording${query}`, { token: auditor });

describe('a session that runs', () => {
  test('is listed, watched as it goes on, and ended by a human: the caller, the target and the trail are told', async () => {
    const session = await aSession('flow-ended', forever);
    const { operation } = session;
    await running(operation);
    await expect.poll(() => session.said(1), { timeout: 30_000 }).toContain('tick');
    expect(processesWith('flow-ended')).toBeGreaterThan(0);

    const following = await fetch(`${stand.console}/api/operations/${operation}/recording?follow`, {
      headers: { Authorization: `Bearer ${auditor}` },
    });
    const pieces = following.body?.pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]();
    let seen = '';
    while (!seen.includes('tick')) seen += (await pieces?.next())?.value ?? '';
    expect((await recordingOf(operation)).body).toMatchObject({ recording: { state: 'running', live: true } });

    const began = performance.now();
    const answer = await end(operation);
    await session.closed;
    const took = performance.now() - began;

    expect(answer.status).toBe(202);
    expect(took).toBeLessThan(10_000);
    expect(JSON.parse(session.said(3))).toMatchObject({
      status: 'Failure',
      message: expect.stringContaining('user:dba@example.com ended it at the console'),
    });
    await expect.poll(() => processesWith('flow-ended'), { timeout: 30_000 }).toBe(0);
    for (let step = await pieces?.next(); step?.done === false; step = await pieces?.next()) seen += step.value;
    const [outcome] = await outcomesOf(operation);
    expect(outcome).toMatchObject({
      type: 'failed',
      note: 'ended-by-human: user:dba@example.com: seen enough',
      result: { error_code: 'ended' },
      recording: { truncated: false },
    });
    await expect
      .poll(async () => (await recordingOf(operation)).body['recording'], { timeout: 20_000 })
      .toMatchObject({
        state: 'intact',
      });
    expect((await recordingOf(operation, '?format=cast')).text).toBe(seen.replaceAll('# it goes on\n', ''));
    const asked = await trail(
      `SELECT principal.member AS who FROM \`sallyport_evidence.events\` WHERE operation = '${operation}' AND type = 'ending_requested'`,
      (rows) => rows.length > 0,
    );
    expect(asked).toEqual([{ who: 'user:dba@example.com' }]);
    expect((await end(operation)).status).toBe(409);
  });

  test('cannot be ended or seen by an agent, nor ended by an auditor', async () => {
    const { operation, closed } = await aSession('flow-others', forever);
    await running(operation);

    const answers = await Promise.all([end(operation, bot), end(operation, auditor), recordingOf(operation)]);
    const seen = await request('GET', `${stand.console}/api/live`, { token: bot });

    expect(answers.map(({ status }) => status)).toEqual([403, 403, 200]);
    expect(seen.status).toBe(403);
    expect(await runs(operation)).toBe(true);
    expect((await end(operation, admin)).status).toBe(202);
    await closed;
  });

  test('that ends by itself while a human ends it has one outcome', async () => {
    const sessions = await Promise.all(
      Array.from({ length: 4 }, (_, index) => aSession(`flow-race-${index}`, `echo hi; sleep 0.${index}`)),
    );

    const answers = await Promise.all(
      sessions.map(async ({ operation, closed }) => {
        const answer = await end(operation);
        await closed;
        return answer.status;
      }),
    );

    for (const status of answers) expect([202, 409]).toContain(status);
    for (const { operation } of sessions) {
      const outcomes = await outcomesOf(operation);
      expect(outcomes).toHaveLength(1);
      expect(['completed', 'failed']).toContain(outcomes[0]?.['type']);
    }
  });

  test('that waits for a human has nothing to end', async () => {
    const answer = await run('delete from public.orders');
    const { operation } = answer.body;

    const refused = await end(String(operation));

    expect(answer.status).toBe(202);
    expect(refused).toMatchObject({ status: 409, body: { code: 'not-running' } });
  });
});

test.each([
  ['a watch', 'pods?watch=1'],
  ['a log that is followed', 'pods/worker/log?follow=true'],
])('%s is listed and ended, too', async (_, path) => {
  const answer = await fetch(`${stand.gateway}/k8s/cluster/api/v1/namespaces/team-a/${path}`, {
    headers: { Authorization: `Bearer ${bot}` },
  });
  const operation = answer.headers.get('sallyport-operation') ?? '';
  await running(operation);

  const ended = await end(operation);
  const rest = await answer.text().catch(() => 'cut off');

  expect(ended.status).toBe(202);
  expect(rest).toEqual(expect.any(String));
  expect(await outcomesOf(operation)).toMatchObject([{ type: 'failed', result: { error_code: 'ended' } }]);
});

test('a long query is ended at its target by whoever knows of it', async () => {
  const session = `long-${process.pid}`;
  const sql = 'select count(*) from generate_series(1, 400000000) as s(i) where i % 7 = 3';
  const asking = run(sql, [], { headers: { 'Sallyport-Session': session } });
  const [intent] = await trail(
    `SELECT operation FROM \`sallyport_evidence.events\` WHERE session = '${session}' AND phase = 'intent'`,
    (rows) => rows.length === 1,
  );

  const ended = await end(String(intent?.['operation']));
  const answer = await asking;

  expect(ended.status).toBe(202);
  expect(answer).toMatchObject({ status: 403, body: { code: 'ended' } });
});
