import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from 'citty';
import pg from 'pg';
import { expect, test } from 'vitest';
import { createClassifyCommand } from '../../src/cli/classify.ts';
import { createPostgresCommand } from '../../src/cli/grants.ts';
import { readYaml } from '../../src/policy/strict-yaml.ts';
import { aFolder, aTerminal } from '../cli/folders.ts';
import { readLog, request, stand, straight, trail } from './stand.ts';

const environment = {
  SALLYPORT_GATEWAY: stand.gateway,
  SALLYPORT_CONSOLE: stand.console,
  SALLYPORT_TOKEN: stand.tokens.admin,
};

/** `sallyport classify …` or `sallyport postgres …`, as typed. */
async function sallyport([name, ...rawArgs]: string[], more: Record<string, string> = {}) {
  const terminal = aTerminal();
  const bars: string[] = [];
  let status: number | undefined;
  const surroundings = {
    terminal: { ...terminal, progress: (line: string) => void bars.push(line) },
    environment: { ...environment, ...more },
    exit: (code: number) => {
      status = code;
    },
  };
  if (name === 'classify') await runCommand(createClassifyCommand(surroundings), { rawArgs });
  else await runCommand(createPostgresCommand(surroundings), { rawArgs });
  return { status, out: terminal.out(), err: terminal.err(), bars };
}

test('a classification is proposed with reasons and a difference, and nothing sampled is anywhere', async () => {
  const people = await straight('SELECT full_name, email, ssn, phone FROM public.users');
  const tickets = await straight('SELECT body FROM public.tickets');
  const values = [...people, ...tickets].flatMap((row) => Object.values(row).map(String));

  const { status, out, err, bars } = await sallyport(['classify', 'crm']);

  expect([status, err]).toEqual([0, '']);
  expect(readYaml(out)).toMatchObject({
    'public.users': {
      full_name: 'PERSON_NAME',
      email: 'EMAIL_ADDRESS',
      ssn: 'US_SOCIAL_SECURITY_NUMBER',
      phone: 'PHONE_NUMBER',
    },
    'public.orders': {},
    'public.tickets': { body: expect.any(String) },
  });
  expect(out).toMatch(/^# .*\+ "public\.tickets"\.body/m);
  expect(out).toMatch(/body: \w+ # (medium|low): text; of 60 sampled values/);
  expect(bars.join('|')).toMatch(/█ +19 of 19 columns/);
  const events = await trail("SELECT * FROM `sallyport_evidence.events` WHERE statement LIKE 'CLASSIFY %'", (rows) =>
    rows.some((row) => row['phase'] === 'outcome'),
  );
  expect(events[0]).toMatchObject({ statement: 'CLASSIFY SAMPLE 200', type: expect.any(String) });
  for (const [place, text] of Object.entries({ out, log: readLog(), trail: JSON.stringify(events) }))
    expect(
      values.filter((value) => text.includes(value)),
      place,
    ).toEqual([]);
});

test('a proposal is written to the file that was named, and changes nothing in force', async () => {
  const folder = await aFolder({});
  const before = await request('GET', `${stand.console}/api/classifications`, { token: stand.tokens.admin });

  const { status, out } = await sallyport([
    'classify',
    'crm',
    '--tables',
    'public.t*',
    '--out',
    join(folder, 'crm.yaml'),
    '--detailed-exitcode',
  ]);

  expect(status).toBe(2);
  expect(out).toContain('Nothing is in force of it until you apply it.');
  expect(readYaml(await readFile(join(folder, 'crm.yaml'), 'utf8'))).toMatchObject({
    'public.users': { email: 'EMAIL_ADDRESS' },
  });
  const after = await request('GET', `${stand.console}/api/classifications`, { token: stand.tokens.admin });
  expect(after.body).toEqual(before.body);
});

test('the printed grants make a login for which every protection is proven', async () => {
  const { status, out } = await sallyport(['postgres', 'grants', 'crm', '--role', 'least']);

  await straight(out);
  expect(status).toBe(0);
  await straight("ALTER ROLE least PASSWORD 'p'");
  const login = new pg.Client({ connectionString: stand.postgres.replace(/\/\/[^@]+@/, '//least:p@') });
  await login.connect();
  await expect(login.query('SELECT email FROM public.users')).rejects.toMatchObject({ code: '42501' });
  expect((await login.query('SELECT id, country FROM public.users')).rowCount).toBe(200);
  await login.end();
  await straight('DROP OWNED BY least');
  await straight('DROP ROLE least');
});

test('who may not administer the connection is not told', async () => {
  const { status, err } = await sallyport(['postgres', 'grants', 'crm'], { SALLYPORT_TOKEN: stand.tokens.bot });

  expect([status, err]).toEqual([1, expect.stringContaining('Policy denies')]);
});

test.each([
  [['classify', 'crm'], { SALLYPORT_GATEWAY: '' }, 'Name the gateway'],
  [['classify', 'crm'], { SALLYPORT_CONSOLE: '' }, 'Name the console'],
  [['classify', 'crm'], { SALLYPORT_TOKEN: '' }, 'Give a token'],
  [['classify', 'crm', '--sample', 'all'], {}, '--sample'],
  [['classify', 'nowhere'], {}, 'There is no such thing here'],
  [['postgres', 'grants', 'crm', '--role', 'pg_x'], {}, 'role'],
  [['postgres', 'grants', 'crm'], { SALLYPORT_GATEWAY: 'http://example.com' }, 'https alone'],
])('%j %j is refused in words', async (typed, more, words) => {
  const { status, err } = await sallyport(typed, more);

  expect(status).toBe(1);
  expect(err).toContain(words);
});
