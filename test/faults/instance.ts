import { appendFileSync } from 'node:fs';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { Audit } from '../../src/audit/audit.ts';
import type { StoredDocument } from '../../src/platform/store.ts';
import { aPassage } from '../audit/trail.ts';
import { type Addresses, openAudit, openParts, type Parts } from './parts.ts';

/**
 * One instance: spends approvals as the gateway does, each for one line in the target's own log, until it is killed or
 * none is left. With `deaths` it also kills itself before, during and after commits and requests to BigQuery.
 */
export type Orders = {
  addresses: Addresses;
  role: 'gateway' | 'keeper';
  targetLog: string;
  acknowledgedLog: string;
  /** One in so many commits and requests is its last; 0 for never. */
  deaths: number;
  /** What is broken on purpose, to see that the judge finds it. */
  sabotage: 'none' | 'run-before-the-intent-is-durable' | 'spend-without-precondition';
};

process.once('message', (orders: Orders) => void work(orders).catch(() => process.exit(1)));
process.once('disconnect', () => process.exit());

async function work(orders: Orders) {
  const parts = mortal(await openParts(orders.addresses), orders.deaths);
  const audit = openAudit(orders.role, parts);
  await audit.open();
  process.send?.('working');
  if (orders.role === 'keeper') await keep(audit);
  else await serve(audit, parts, orders);
  await audit.close();
  process.exit(0);
}

function mortal({ store, append }: Parts, deaths: number): Parts {
  async function risk<T>(work: () => Promise<T>): Promise<T> {
    const point = deaths === 0 ? -1 : Math.floor(Math.random() * deaths * 3);
    if (point === 0) die();
    const working = work();
    if (point === 1) {
      await nextTurn();
      die();
    }
    const result = await working;
    if (point === 2) die();
    return result;
  }
  return {
    store: { ...store, commit: (writes) => risk(() => store.commit(writes)) },
    append: (table, rows) => risk(() => append(table, rows)),
  };
}

function die() {
  process.kill(process.pid, 'SIGKILL');
}

async function keep(audit: Audit) {
  for (;;) {
    await audit.sweep().catch(() => undefined);
    await sleep(200);
  }
}

async function serve(audit: Audit, { store }: Parts, orders: Orders) {
  const waiting = await store.query({ collection: 'approvals', where: [['state', '==', 'approved']], limit: 1000 });
  const shuffled = waiting.sort(() => Math.random() - 0.5);
  const lane = async () => {
    for (let next = shuffled.pop(); next; next = shuffled.pop()) await pass(audit, next, orders).catch(() => undefined);
  };
  await Promise.all(Array.from({ length: 8 }, lane));
}

/** One call: intent and spending in one commit, then the target, then the outcome. */
async function pass(audit: Audit, { path, data, revision }: StoredDocument, orders: Orders) {
  const passage = aPassage({ operationId: `op_${process.pid}_${path.slice(path.indexOf('/') + 1)}` });
  const spent = { ...data, state: 'spent' };
  const spend =
    orders.sabotage === 'spend-without-precondition'
      ? ({ op: 'set', path, data: spent } as const)
      : ({ op: 'replace', path, data: spent, revision } as const);
  const intending = audit.intend(passage, { with: [spend] });
  if (orders.sabotage === 'run-before-the-intent-is-durable') run('?');
  const intent = await intending;
  await sleep(Math.random() * 10);
  if (orders.sabotage !== 'run-before-the-intent-is-durable') run(intent.eventId);
  await sleep(Math.random() * 10);
  await intent.complete({ type: 'completed', rows: 1 });
  appendFileSync(orders.acknowledgedLog, `${passage.operationId}\n`);
  process.send?.('done');

  function run(event: string) {
    appendFileSync(orders.targetLog, `${Date.now()} ${passage.operationId} ${path} ${event}\n`);
  }
}
