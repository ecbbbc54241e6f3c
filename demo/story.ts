import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { askAuditor } from './auditor.ts';
import { useBastion } from './bastion/story.ts';
import { type Answer, createPeople, type People } from './people.ts';
import { writeSecret } from './seed.ts';
import { askBilling, useCluster } from './services.ts';
import type { RunningStand, Stand } from './stand.ts';
import type { Terminal } from './terminal.ts';
import { askWarehouse } from './warehouse/story.ts';

type Scene = {
  stand: Stand;
  running: RunningStand;
  people: People;
  terminal: Terminal;
  holds(claim: string, held: boolean): void;
};

const EMAIL = /customer\d+@|@(mail|post|inbox)\.example/;

/** Plays the story against the running stand. Resolves with the claims that did not hold. */
export async function playStory(running: RunningStand, terminal: Terminal): Promise<string[]> {
  const broken: string[] = [];
  const holds = (claim: string, held: boolean) => {
    if (held) return terminal.held(claim);
    broken.push(claim);
    terminal.broken(claim);
  };
  const { stand } = running;
  const scene: Scene = { stand, running, people: createPeople(stand, terminal), terminal, holds };

  terminal.step(1, 'A bot asks what it can reach, and reads customers');
  await readCustomers(scene);
  terminal.step(2, 'It tries to get at the e-mail addresses some other way');
  await tryToLeak(scene);
  terminal.step(3, 'A forged token, and a table it may not see');
  await trespass(scene);
  terminal.step(4, 'What is risky waits for a human, and runs once');
  await askAHuman(scene);
  terminal.step(5, "The database's password is rotated while all this runs");
  await rotate(scene);
  terminal.step(6, 'It works in a Kubernetes cluster, as kubectl would');
  await useCluster(scene);
  terminal.step(7, 'It calls a service over HTTP, with a credential that it never holds');
  await askBilling(scene);
  terminal.step(8, 'It asks the warehouse in BigQuery, as bq and client libraries would');
  await askWarehouse(scene);
  terminal.step(9, 'It looks at a host behind SSH, and holds no key to it');
  await useBastion(scene);
  terminal.step(10, 'An auditor asks BigQuery');
  await askAuditor(scene);
  return broken;
}

async function readCustomers({ stand, people, holds }: Scene) {
  const connections = await people.get(`${stand.gateway}/v1/connections`, stand.tokens.bot);
  holds('the bot reaches the CRM', connections.body.connections?.some(({ name }) => name === 'crm') === true);

  const read = await people.sql('select id, full_name, email, country from users order by id limit $1', [3]);
  const email = read.body.result?.columns.find(({ name }) => name === 'email');
  holds('the addresses are masked in the database itself', email?.masked === 'EMAIL_ADDRESS' && !leaks(read));
  holds('what is not classified comes as it is', read.body.result?.rows[0]?.[3] === 'FR');

  const tickets = await people.sql('select id, body from tickets order by id limit 2');
  holds(
    'what people pasted into free text is found and masked',
    tickets.status === 200 && !/@home\.example|4111 1111/.test(text(tickets)),
  );
}

async function tryToLeak({ people, holds }: Scene) {
  const attempts = [
    'select reverse(email) from users where id = 7',
    'with customers as (select email as e from users) select e from customers limit 1',
    'select cast(email as int) from users limit 1',
    "select 1 / (case when email like 'customer7@%' then 0 else 1 end) from users",
    'select row_to_json(users) from users limit 1',
    'select count(*) from users where email = $1',
  ];
  for (const statement of attempts) {
    const answer = await people.sql(statement, statement.includes('$1') ? ['customer7@post.example'] : []);
    holds('nothing leaks', !leaks(answer) && answer.status < 500 && !reversed(answer));
  }
}

async function trespass({ stand, people, holds }: Scene) {
  const [header, payload] = stand.tokens.bot.split('.');
  const forged = await people.sql('select 1', [], {
    token: `${header}.${payload}.${randomBytes(256).toString('base64url')}`,
  });
  holds(
    'a forged token is refused, without a reason',
    forged.status === 401 && forged.body.code === 'unauthenticated' && forged.body.detail === undefined,
  );

  const salaries = await people.sql('select amount from salaries');
  holds('salaries are none of its business', salaries.status === 403 && salaries.body.code === 'denied');
}

async function askAHuman({ stand, people, holds }: Scene) {
  const statement = 'alter table orders add column reviewed boolean';
  const asked = await people.sql(statement);
  const id = asked.body.approval?.id ?? '';
  holds('changing a table waits', asked.status === 202 && asked.headers.get('location') === `/v1/approvals/${id}`);

  const wiped = await people.sql('delete from orders');
  holds('deleting everything waits too', wiped.status === 202);

  const approval = `${stand.console}/api/approvals/${id}`;
  const own = await people.post(`${approval}/decision`, stand.tokens.bot, {
    decision: 'approve',
    digest: '0'.repeat(64),
    reason: 'please',
  });
  holds('the bot cannot approve itself', own.status === 403);

  const shown = await people.get(approval, stand.tokens.dba);
  const decision = { decision: 'approve', digest: shown.body.digest, reason: 'reviewed' };
  const decided = await people.post(`${approval}/decision`, stand.tokens.dba, decision);
  holds('the DBA approves exactly these bytes', decided.status === 200);

  const ran = await people.sql(statement);
  holds('the same request runs now', ran.status === 200 && ran.body.state === 'done');
  const again = await people.sql(statement);
  holds('once: sent again, it asks again', again.status === 202 && again.body.approval?.id !== id);
}

async function rotate({ stand, running, people, holds }: Scene) {
  const password = randomBytes(18).toString('base64url');
  const client = new pg.Client({ connectionString: stand.postgres });
  await client.connect();
  try {
    await client.query(`ALTER ROLE crm_gateway PASSWORD ${client.escapeLiteral(password)}`);
    await client.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'crm_gateway'");
  } finally {
    await client.end();
  }
  await writeSecret(stand.secret_manager, 'crm-gateway', JSON.stringify({ username: 'crm_gateway', password }));
  await pause(200);
  const read = await people.sql('select count(*) from orders');
  holds('the gateway picks the new one up by itself', read.status === 200 && running.stand.gateway === stand.gateway);
}

function text(answer: Answer) {
  return JSON.stringify(answer.body);
}

function leaks(answer: Answer) {
  return EMAIL.test(text(answer));
}

function reversed(answer: Answer) {
  return EMAIL.test([...text(answer)].reverse().join(''));
}
