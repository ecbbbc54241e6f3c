import { type ChildProcess, type ForkOptions, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { installAudit } from '../../src/audit/audit.ts';
import { installEvidence } from '../../src/evidence/evidence.ts';
import type { AuditEvent } from '../../src/model/audit-event.ts';
import { eventOf } from '../audit/trail.ts';
import type { Orders } from './instance.ts';
import { type Addresses, datasets, openAudit, openBigQuery, openParts, openStore, projectId } from './parts.ts';

export type Chaos = {
  approvals: number;
  instances: number;
  /** An instance is killed after so many operations, at most; 0 for never. */
  lifetime: number;
  deaths: number;
  /** It ends after so many, or when no approval is left. */
  kills: number;
  sabotage: Orders['sabotage'];
};

/** What is left when all is over: judged from the target's own log and from BigQuery's view. */
export type Aftermath = {
  /** Lines of the target's log. */
  ran: { at: number; operation: string; approval: string }[];
  /** Operations whose outcome was confirmed to their caller. */
  acknowledged: string[];
  events: AuditEvent[];
  rawRows: number;
  duplicates: unknown[];
  outbox: number;
  spent: number;
  kills: number;
};

/** Runs instances against approvals and kills them at random, then lets a keeper tidy up. */
export async function wreak(chaos: Chaos): Promise<Aftermath> {
  const folder = mkdtempSync(join(tmpdir(), 'faults-'));
  const stand = fork(new URL('./stand.ts', import.meta.url), inherit);
  try {
    const [addresses] = (await once(stand, 'message')) as [Addresses];
    await prepare(addresses, chaos);
    const orders = {
      addresses,
      targetLog: join(folder, 'target.log'),
      acknowledgedLog: join(folder, 'acknowledged.log'),
      deaths: chaos.deaths,
      sabotage: chaos.sabotage,
    };
    for (const log of [orders.targetLog, orders.acknowledgedLog]) writeFileSync(log, '');
    const kills = await kill(chaos, orders);
    await tidyUp(addresses);
    return { ...(await inspect(orders)), kills };
  } finally {
    stand.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  }
}

async function prepare(addresses: Addresses, { approvals }: Chaos) {
  const [store, bigquery] = [await openStore(addresses), openBigQuery(addresses)];
  await installAudit(bigquery, datasets.audit);
  await installEvidence(bigquery, datasets);
  for (let from = 0; from < approvals; from += 200)
    await store.commit(
      Array.from({ length: Math.min(200, approvals - from) }, (_, index) => ({
        op: 'create',
        path: `approvals/ap_${from + index}`,
        data: { state: 'approved' },
      })),
    );
  await store.close();
}

async function kill(chaos: Chaos, common: Omit<Orders, 'role'>): Promise<number> {
  const store = await openStore(common.addresses);
  let over = false;
  let kills = 0;
  const ended = Promise.withResolvers<void>();

  async function slot(role: Orders['role']) {
    while (!over) {
      const instance = fork(new URL('./instance.ts', import.meta.url), inherit);
      const exit = once(instance, 'exit');
      instance.send({ ...common, role } satisfies Orders);
      if (chaos.lifetime > 0) killAfter(instance, Math.ceil(Math.random() * chaos.lifetime));
      if (role === 'keeper') void ended.promise.then(() => end(instance));
      await exit;
      if (instance.signalCode === 'SIGKILL' && !over) kills++;
    }
  }
  async function watch() {
    const where = [['state', '==', 'approved']] as const;
    const isLeft = async () => (await store.query({ collection: 'approvals', where, limit: 1 })).length > 0;
    while (kills < chaos.kills && (await isLeft().catch(() => true))) await sleep(100);
    over = true;
    ended.resolve();
  }
  const slots = Array.from({ length: chaos.instances }, () => slot('gateway'));
  await Promise.all([...slots, slot('keeper'), watch()]);
  await store.close();
  return kills;
}

const end = (instance: ChildProcess) => instance.kill('SIGKILL');
const inherit: ForkOptions = { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] };

/** After so many operations it is killed at a moment of no significance. */
function killAfter(instance: ChildProcess, operations: number) {
  let done = 0;
  instance.on('message', (message) => {
    if (message === 'done' && ++done === operations) setTimeout(() => end(instance), Math.random() * 20);
  });
}

async function tidyUp(addresses: Addresses) {
  const parts = await openParts(addresses);
  const audit = openAudit('keeper', parts);
  await audit.open();
  const deadline = Date.now() + 15_000;
  const isLeft = async () =>
    (await parts.store.query({ collection: 'chains', where: [['state', 'in', ['open', 'taken']]], limit: 2 })).length >
    1;
  while ((await isLeft()) && Date.now() < deadline) {
    await audit.sweep();
    await sleep(200);
  }
  await audit.close();
}

async function inspect({ addresses, targetLog, acknowledgedLog }: Omit<Orders, 'role'>) {
  const [store, bigquery] = [await openStore(addresses), openBigQuery(addresses)];
  const rows = await bigquery.query(`SELECT * FROM \`${projectId}.${datasets.evidence}.events\``);
  const [raw] = await bigquery.query(
    `SELECT COUNT(*) AS n FROM \`${projectId}.${datasets.audit}.events\` WHERE time > TIMESTAMP '2020-01-01'`,
  );
  const duplicates = await bigquery.query(`SELECT * FROM \`${projectId}.${datasets.evidence}.duplicates\``);
  const outbox = await store.query({ collection: 'outbox', limit: 1000 });
  const spent = await store.query({ collection: 'approvals', where: [['state', '==', 'spent']], limit: 10_000 });
  await store.close();
  return {
    ran: linesOf(targetLog).map((line) => {
      const [at = '', operation = '', approval = ''] = line.split(' ');
      return { at: Number(at), operation, approval };
    }),
    acknowledged: linesOf(acknowledgedLog),
    events: rows.map(eventOf),
    rawRows: Number(raw?.['n']),
    duplicates,
    outbox: outbox.length,
    spent: spent.length,
  };
}

const linesOf = (file: string) => readFileSync(file, 'utf8').split('\n').filter(Boolean);
