import { expect, test } from 'vitest';
import { mint, readLog, request, run, stand, trail } from './stand.ts';

/** What went past a guard is reviewed by somebody else, and what an agent wrote into a statement is kept nowhere. */

const admins = `${stand.console}/api/groups/sallyport-admins`;

/** Another administrator, for as long as the work takes. */
async function asSecondAdmin(work: (token: string) => Promise<void>) {
  const email = 'second-admin@example.com';
  const token = await mint({ sub: 'second-admin', email, email_verified: true, kind: 'human' });
  const before = await request('GET', admins, { token: stand.tokens.admin });
  const members = (before.body['document'] as { members: string[] }).members;
  const put = (etag: string | null, all: string[]) =>
    request('PUT', admins, { token: stand.tokens.admin, headers: { 'If-Match': etag ?? '' } }, { members: all });
  const added = await put(before.headers.get('etag'), [...members, `user:${email}`]);
  try {
    await expect
      .poll(async () => (await request('GET', `${stand.console}/api/alerts`, { token })).status, { timeout: 20_000 })
      .toBe(200);
    await work(token);
  } finally {
    await put(added.headers.get('etag'), members);
  }
}

test('an operation that a grant lets past a guard is reviewed by somebody else than who did it', async () => {
  const asked = await request(
    'POST',
    `${stand.gateway}/v1/connections/crm/operations`,
    { token: stand.tokens.admin },
    {
      task: 'grants',
      role: 'reporting',
      reason: 'a role for reports, asked for by ada@people.example',
    },
  );
  const operation = String(asked.body['operation']);

  expect(asked.status).toBe(200);
  const open = await request('GET', `${stand.console}/api/alerts?state=open`, { token: stand.tokens.admin });
  const alerts = open.body['alerts'] as {
    id: string;
    kind: string;
    about: { operation: string };
    may_answer: boolean;
  }[];
  const alert = alerts.find(({ about }) => about.operation === operation);
  expect(alert).toMatchObject({ kind: 'break-glass', may_answer: false });
  const close = (token: string) =>
    request('POST', `${stand.console}/api/alerts/${alert?.id}/close`, { token }, { reason: 'The role was asked for.' });
  expect((await close(stand.tokens.admin)).status).toBe(403);
  await asSecondAdmin(async (token) => {
    expect(await close(token)).toMatchObject({ status: 200, body: { state: 'closed' } });
  });

  const events = await trail(
    `SELECT type, note, agent FROM \`sallyport_evidence.events\` WHERE operation = '${operation}' ORDER BY time`,
    (rows) => rows.some(({ type }) => type === 'alert_closed'),
  );
  expect(events.map(({ type }) => type)).toEqual(
    expect.arrayContaining(['break_glass', 'alert_raised', 'intended', 'completed', 'alert_closed']),
  );
  expect(JSON.stringify(events)).not.toContain('people.example');
});

test('a value that an agent wrote into a statement is in no event, no recording and no log', async () => {
  const secret = `Zq${Date.now().toString(36)}kept`;
  const statements = [
    `select id from users where full_name = '${secret}'`,
    `select upper('${secret}'), reverse('${secret}') -- ${secret}`,
    `select id from users where full_name = "${secret} x"`,
    `alter role crm_gateway password '${secret}'`,
    `comment on table orders is '${secret}'`,
    `selec '${secret}'`,
  ];
  const shapes = [secret, secret.toUpperCase(), [...secret].reverse().join(''), Buffer.from(secret).toString('base64')];

  const answers: Awaited<ReturnType<typeof run>>[] = [];
  for (const statement of statements) answers.push(await run(statement));
  const ids = answers.map(({ headers }) => `'${headers.get('sallyport-operation')}'`);

  const events = await trail(
    `SELECT * FROM \`sallyport_evidence.events\` WHERE operation IN (${ids.join(', ')})`,
    (rows) => new Set(rows.map(({ operation }) => operation)).size === statements.length,
    50_000,
  );
  const recordings = await trail(
    `SELECT * FROM \`sallyport_evidence.recordings\` WHERE time > TIMESTAMP '2020-01-01 00:00:00+00' AND operation IN (${ids.join(', ')})`,
    () => true,
  );
  const kept = `${JSON.stringify(events)}${JSON.stringify(recordings)}${readLog()}`;
  expect(shapes.filter((shape) => kept.includes(shape))).toEqual([]);
});
