import { expect, test } from 'vitest';
import { request, run, stand, trail } from './stand.ts';

const asLines = { headers: { Accept: 'application/x-ndjson' } };

/** As soon as the trail tells of it. */
async function replayed(operation: string, format = 'json', token = stand.tokens.auditor) {
  await trail(
    `SELECT * FROM \`sallyport_evidence.recordings\` WHERE operation = '${operation}'`,
    (rows) => rows.length > 0,
  );
  return request('GET', `${stand.console}/api/operations/${operation}/recording?format=${format}`, { token });
}

test('an auditor reads, to the byte, what an agent was sent', async () => {
  const answer = await run('select id, email, country from users order by id limit 50', [], asLines);
  const operation = answer.headers.get('sallyport-operation') ?? '';

  const { text } = await replayed(operation, 'ndjson');
  const { body } = await replayed(operation);

  expect(text).toBe(`${answer.text.trimEnd().split('\n').slice(0, -1).join('\n')}\n`);
  expect(body).toMatchObject({
    operation: { outcome: 'completed', principal: { kind: 'agent' } },
    recording: { state: 'intact', columns: [{ name: 'id' }, { masked: 'EMAIL_ADDRESS' }, { name: 'country' }] },
  });
});

test('nobody but an auditor reads it, and that one read it is in the trail', async () => {
  const answer = await run('select id from users limit 1');
  const operation = answer.headers.get('sallyport-operation') ?? '';

  for (const token of [stand.tokens.bot, stand.tokens.dba, stand.tokens.admin])
    expect((await replayed(operation, 'json', token)).status).toBe(403);
  expect((await replayed(operation)).status).toBe(200);

  const read = `{"read":"recording","operation":"${operation}"}`;
  const events = await trail(
    `SELECT principal.member AS who FROM \`sallyport_evidence.events\` WHERE type = 'console_access' AND note = '${read}'`,
    (rows) => rows.length > 0,
  );
  expect(events).toEqual([{ who: 'user:auditor@example.com' }]);
});

test('an answer that may repeat what is sealed in the statement is not kept, and says so', async () => {
  const secret = 'plain-text-of-a-caller';
  const answer = await run('select id, $1::text as mine from users limit 1', [secret]);
  const operation = answer.headers.get('sallyport-operation') ?? '';
  await trail(
    `SELECT * FROM \`sallyport_evidence.events\` WHERE operation = '${operation}' AND phase = 'outcome'`,
    (rows) => rows.length > 0,
  );

  const url = `${stand.console}/api/operations/${operation}/recording`;
  const { body, text } = await request('GET', url, { token: stand.tokens.auditor });

  expect(answer.text).toContain(secret);
  expect(text).not.toContain(secret);
  expect(body['recording']).toMatchObject({ state: 'unrecorded', faults: [expect.stringContaining('sealed')] });
});

test('an answer that is longer than what is kept of one is recorded as far as that goes', async () => {
  const answer = await run('select g, repeat(g::text, 1000) as filler from generate_series(1, 1000) g', [], asLines);
  const { summary } = JSON.parse(answer.text.trimEnd().split('\n').at(-1) ?? '{}');
  const operation = answer.headers.get('sallyport-operation') ?? '';

  const { body, text } = await replayed(operation);

  const recording = body['recording'] as { state: string; truncated: boolean; rows: unknown[] };
  expect(recording).toMatchObject({ state: 'intact', truncated: true });
  expect(summary.row_count).toBe(1000);
  expect(recording.rows.length).toBeGreaterThan(200);
  expect(text.length).toBeLessThan(1.2 * 1024 * 1024);
});
