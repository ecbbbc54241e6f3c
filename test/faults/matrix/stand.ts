import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { RoleName } from '../../../demo/roles.ts';
import { type Stand, startStand } from '../../../demo/stand.ts';
import { createBigQuery } from '../../../src/platform/bigquery.ts';
import { createFirestoreStore } from '../../../src/platform/firestore.ts';
import { eventOf } from '../../audit/trail.ts';
import { startFront } from './front.ts';
import { createJournal } from './journal.ts';
import { type Evidence, sessionOf } from './judge.ts';
import { startLine } from './line.ts';
import { type Order, openOrders } from './orders.ts';
import { createServerLog } from './server-log.ts';

/** One answer to a call; `status` undefined where the line was torn before it ended. */
export type Answer = { key: number; status: number | undefined; code?: string; approval?: string; at: number };

export type Kind = 'write' | 'read' | 'slow' | 'guarded';

/** Each names its own key as its first parameter; `guarded` needs a human's yes, `slow` takes a second. */
const statements: Record<Kind, string> = {
  write: "insert into public.tickets (id, user_id, subject, body) values ($1, 1, 'a fault', 'a test')",
  read: 'select $1::int as key, g, u.email from generate_series(1, 900) as g join public.users as u on u.id = 1 + g % 200',
  slow: 'select $1::int as key, count(*) from generate_series(1, 4000000) as g',
  guarded: 'update public.orders set total = $1',
};

export type FaultStand = Awaited<ReturnType<typeof startFaultStand>>;

/**
 * The whole product on this machine, its roles as they are started in earnest, with faults between them and everything
 * they depend on, and with the logs of the target and of the stores to judge by.
 */
export async function startFaultStand(timing: object = {}) {
  const dir = await mkdtemp(join(tmpdir(), 'sallyport-faults-'));
  const orders = openOrders(join(dir, 'orders'));
  const [journal, log] = [createJournal(), createServerLog()];
  const answers: Answer[] = [];
  const parts: { stop(): void }[] = [];
  const kept = <T extends { stop(): void }>(part: T): T => {
    parts.push(part);
    return part;
  };
  const hooks = new URL('./inside/hooks.ts', import.meta.url).href;
  const { promise: linesUp, resolve: tellLines } = Promise.withResolvers<Lines>();
  const running = await startStand({
    portBase: 0,
    dir,
    watch: { commits: journal.take, postgres: log.take },
    async environment(at) {
      const [firestore, secretManager, kms] = await Promise.all(
        [at.firestore, at.secretManager, at.kms].map(startLine),
      );
      const front = await startFront(at.bigquery);
      if (!firestore || !secretManager || !kms) throw new Error('A line did not come up.');
      tellLines({
        firestore: kept(firestore),
        secretManager: kept(secretManager),
        kms: kept(kms),
        bigquery: kept(front),
      });
      return {
        FIRESTORE_EMULATOR_HOST: firestore.address,
        SECRET_MANAGER_EMULATOR_HOST: secretManager.address,
        BIGQUERY_EMULATOR_HOST: `http://${front.address}`,
        KMS_EMULATOR_HOST: kms.address,
        FAULTS_ORDERS: join(dir, 'orders'),
        FAULTS_TIMING: JSON.stringify(timing),
        NODE_OPTIONS: `--import=${hooks}`,
        NODE_COMPILE_CACHE: join(dir, 'compiled'),
      };
    },
  });
  const { stand, mint } = running;
  const lines = await linesUp;
  const store = await createFirestoreStore({
    projectId: stand.project,
    databaseId: 'runtime',
    emulatorHost: stand.firestore,
  });
  const bigquery = createBigQuery({ projectId: stand.project, emulatorHost: new URL(stand.bigquery).host });
  const scheduler = await mint({
    sub: '9001',
    email: `scheduler@${stand.project}.iam.gserviceaccount.com`,
    email_verified: true,
    kind: 'agent',
  });
  await straight(
    "alter system set log_line_prefix = '%m [%p] '",
    "alter system set log_statement = 'all'",
    'select pg_reload_conf()',
  );

  /** At the target itself, as its superuser. */
  async function straight(...sql: string[]) {
    const client = new pg.Client({ connectionString: stand.postgres });
    await client.connect();
    client.on('error', () => undefined);
    try {
      for (const statement of sql) await client.query(statement);
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  async function send(key: number, kind: Kind, headers: Record<string, string> = {}): Promise<Answer> {
    const answer = await call(
      `${stand.gateway}/v1/connections/crm/operations`,
      stand.tokens.bot,
      { statement: statements[kind], parameters: [key] },
      { 'Sallyport-Session': sessionOf(key), ...headers },
    );
    const code = answer?.body['code'];
    const approval = answer?.body['approval'];
    const told: Answer = {
      key,
      status: answer?.status,
      ...(typeof code === 'string' && { code }),
      ...(typeof approval === 'object' && approval !== null && 'id' in approval && { approval: String(approval.id) }),
      at: Date.now(),
    };
    answers.push(told);
    return told;
  }

  /** The DBA's yes. Undefined where the console gave no answer. */
  async function approve(id: string): Promise<number | undefined> {
    const url = `${stand.console}/api/approvals/${id}`;
    const shown = await call(url, stand.tokens.dba);
    const body = { decision: 'approve', digest: shown?.body['digest'], reason: 'a test' };
    return (await call(`${url}/decision`, stand.tokens.dba, body))?.status;
  }

  /** Asks for it, and has it approved: the next of that key runs. */
  async function approved(key: number) {
    await until('it is approved', async () => {
      const { approval } = await send(key, 'guarded');
      return approval !== undefined && (await approve(approval)) === 200;
    });
  }

  const sweep = () => call(`${stand.keeper}/tasks/sweep`, scheduler, {});

  const pidOf = async (role: RoleName) =>
    (JSON.parse(await readFile(join(dir, 'stand.json'), 'utf8')) as Stand).pids[role];

  /** The role takes work; where it died, that is the one which was started after it. */
  async function untilReady(role: RoleName = 'gateway') {
    await until(
      `the ${role} is ready`,
      async () => (await fetch(`${stand[role]}/readyz`).catch(() => undefined))?.ok === true,
    );
  }

  async function untilTaken(order: Order) {
    await until(`the order "${order.point}" is taken`, async () => orders.isTaken(order));
  }

  async function outbox(): Promise<number> {
    return (await store.query({ collection: 'outbox', limit: 500 })).length;
  }

  /** Nothing is broken any more, what died is up again, and the keeper has tidied up. */
  async function settle() {
    orders.write({});
    for (const line of [lines.firestore, lines.secretManager, lines.kms]) line.set('open');
    lines.bigquery.set('open');
    await Promise.all([untilReady('gateway'), untilReady('keeper')]);
    for (const deadline = Date.now() + SETTLE_MS; Date.now() < deadline && (await outbox()) > 0; await sleep(300))
      await sweep();
  }

  /** What is told of keys from `from` on. */
  async function evidence(from = 0): Promise<Evidence> {
    const rows = await bigquery.query(`SELECT * FROM \`${stand.project}.sallyport_evidence.events\``);
    const duplicates = await bigquery.query(`SELECT * FROM \`${stand.project}.sallyport_evidence.duplicates\``);
    return {
      ran: log.ran.filter(({ key }) => key >= from),
      answers: answers.filter(({ key }) => key >= from),
      journal: journal.entries,
      acknowledged: lines.bigquery.acknowledged,
      events: rows.map(eventOf),
      duplicates,
      outbox: await outbox(),
      said: await readFile(join(dir, 'stand.log'), 'utf8'),
    };
  }

  return {
    ...{
      stand,
      orders,
      lines,
      send,
      approve,
      approved,
      sweep,
      straight,
      pidOf,
      untilReady,
      untilTaken,
      settle,
      evidence,
    },
    async stop() {
      await store.close();
      await running.stop();
      for (const part of parts) part.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

type Lines = Record<'firestore' | 'secretManager' | 'kms', Awaited<ReturnType<typeof startLine>>> & {
  bigquery: Awaited<ReturnType<typeof startFront>>;
};

const SETTLE_MS = 60_000;
const PATIENCE_MS = 90_000;

export async function until(what: string, holds: () => Promise<boolean>, milliseconds = PATIENCE_MS) {
  for (const deadline = Date.now() + milliseconds; !(await holds()); await sleep(20))
    if (Date.now() > deadline) throw new Error(`It did not come about in time that ${what}.`);
}

type Called = { status: number; body: Record<string, unknown> };

/** Undefined where the line was torn before the answer had ended. */
async function call(
  url: string,
  token: string,
  body?: object,
  headers: Record<string, string> = {},
): Promise<Called | undefined> {
  try {
    const response = await fetch(url, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        Authorization: `Bearer ${token}`,
        'Content-Type': 'application/json',
        Connection: 'close',
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    return { status: response.status, body: JSON.parse(await response.text()) };
  } catch {
    return undefined;
  }
}
