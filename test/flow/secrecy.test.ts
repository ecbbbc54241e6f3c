import { expect, test } from 'vitest';
import { readLog, request, run, stand, straight, trail } from './stand.ts';

/** I6 and I7: no credential, token or classified value in the clear in any answer, log or row of the trail. */

const attempts = [
  'select * from users limit 5',
  'select reverse(email), upper(full_name), md5(ssn), length(phone) from users limit 5',
  'select string_agg(email, $$,$$) from users',
  'select row_to_json(u) from users u limit 5',
  'select u from users u limit 5',
  'table users limit 5',
  'with recursive t as (select id, email from users union all select id, email from t where false) select * from t limit 5',
  'select o.id, (select email from users where id = o.user_id) from orders o limit 5',
  'select email::int from users limit 1',
  "select 1 / position('@' in email) from users",
  'update orders set status = (select email from users limit 1) where id = 1',
  'insert into tickets select 9999, 1, email, ssn from users limit 1',
  'explain analyze select email from users',
  "select * from pg_stats where tablename = 'users'",
  'copy users to stdout',
  "select query_to_xml('select email from users', true, false, '')",
  "select pg_read_file('/etc/passwd')",
  'select body from tickets limit 20',
];

test('nothing classified leaves, whatever is asked, and nothing of it is in the log or the trail', async () => {
  const people = await straight('SELECT full_name, email, ssn, phone FROM public.users');
  const values = people.flatMap((person) => Object.values(person).map(String));

  const answers = await Promise.all(attempts.map((statement) => run(statement)));
  const literal = await run('select id from users where email = $1 or full_name = $2', [values[1], values[0]]);
  const inline = await run(`select id from users where email = '${values[1]}'`);
  await trail(
    "SELECT COUNT(*) AS n FROM `sallyport_evidence.events` WHERE phase = 'outcome'",
    ([row]) => Number(row?.['n']) > 5,
  );

  const rows = await trail('SELECT * FROM `sallyport_evidence.events`', () => true);
  const recordings = await trail(
    'SELECT content FROM `sallyport_evidence.recordings`',
    (chunks) => JSON.stringify(chunks).includes('[CREDIT_CARD_NUMBER]') && chunks.length > 5,
  );
  const places = {
    answers: [...answers, literal, inline].map(({ text }) => text).join('\n'),
    log: readLog(),
    trail: JSON.stringify(rows),
    recordings: JSON.stringify(recordings),
  };
  for (const [place, text] of Object.entries(places)) {
    expect(
      values.filter((value) => text.includes(value)),
      place,
    ).toEqual([]);
    for (const token of Object.values(stand.tokens)) expect(text.includes(token), `a token in ${place}`).toBe(false);
  }
  for (const { status } of answers) expect(status).toBeLessThan(500);
});

test('the schema tells agents nothing of tables that are none of their business', async () => {
  const { body } = await request('GET', `${stand.gateway}/v1/connections/crm/schema`);

  const names = (body['tables'] as { name: string }[]).map(({ name }) => name);
  expect(names).toContain('public.users');
  expect(names).not.toContain('public.salaries');
});
