import { expect, test } from 'vitest';
import { approvalOf, decide, request, run, stand, trail } from './stand.ts';

const token = stand.tokens.admin;
const simulate = async (documents: object) =>
  (await request('POST', `${stand.console}/api/policies:simulate`, { token }, { documents })).body;

/** Operations that were allowed, denied, masked, held, approved and run, denied by a human, and out of reach. */
async function traffic() {
  await run('select id, email from users where id = $1', [7]);
  await run('select amount from salaries');
  await run('select reverse(email) from users');
  await run("update users set country = 'FR' where id = 7");
  await run('delete from orders');
  const approved = `comment on table public.tickets is 'simulated ${process.pid}'`;
  await decide(approvalOf(await run(approved)), 'approve');
  await run(approved);
  const denied = `comment on table public.tickets is 'never ${process.pid}'`;
  await decide(approvalOf(await run(denied)), 'deny');
  await run(denied);
  await request('POST', `${stand.gateway}/v1/connections/nowhere/operations`, {}, { statement: 'select 1' });
  await run('select 1', [], { token: stand.tokens.auditor });
  const { headers } = await run('select id from orders limit 1');
  const last = headers.get('sallyport-operation');
  await trail(
    `SELECT event_id FROM \`sallyport_evidence.events\` WHERE operation = '${last}'`,
    (rows) => rows.length === 2,
  );
}

test('under the documents in force nothing that was recorded changes, and all of it can be told', async () => {
  await traffic();

  const result = await simulate({});

  expect(result['groups']).toEqual([]);
  expect(result).toMatchObject({ changed: 0, undecidable: 0 });
  expect(result['operations']).toBeGreaterThan(10);
  const told = "SELECT note FROM `sallyport_evidence.events` WHERE type = 'console_access' AND note LIKE '%simulated%'";
  const [event] = await trail(told, (rows) => rows.length > 0);
  expect(JSON.parse(String(event?.['note']))).toMatchObject({ simulated: { draft: result['draft'], changed: 0 } });
});

test('a draft that takes the bot out of its group denies what it was allowed, and changes nothing', async () => {
  const before = await request('GET', `${stand.console}/api/groups/analysts`, { token });

  const result = await simulate({ groups: { analysts: { members: [] } } });

  expect(result['groups']).toMatchObject([{ difference: 'allowed-to-denied' }]);
  expect(result['undecidable']).toBe(0);
  expect((await request('GET', `${stand.console}/api/groups/analysts`, { token })).text).toBe(before.text);
});
