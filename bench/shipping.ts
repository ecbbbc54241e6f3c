import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { makeAuditTables } from '../demo/audit-tables.ts';
import { startBigQueryApart } from '../demo/bigquery.ts';
import { startFirestore } from '../emulators/firestore/firestore.ts';
import { type Append, createAudit } from '../src/audit/audit.ts';
import { createBigQuery } from '../src/platform/bigquery.ts';
import { systemClock } from '../src/platform/clock.ts';
import { createFirestoreStore } from '../src/platform/firestore.ts';
import { randomIds } from '../src/platform/ids.ts';
import { createLogger } from '../src/platform/logger.ts';
import type { Store } from '../src/platform/store.ts';
import { aPassage } from '../test/audit/trail.ts';
import { type Calls, dollarsOf, prices } from './prices.ts';

/**
 * One instance's trail: operations, each an intent and an outcome, at a rate, and then as fast as it goes; whether every
 * event arrived; and what it takes of Firestore and BigQuery. The emulated Firestore shares this process.
 */
const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '3' },
    hourly: { type: 'string', default: '100000' },
    fast: { type: 'string', default: '20000' },
  },
});
const PROJECT = 'sallyport-bench';
const CALLERS = 64;

process.env['METADATA_SERVER_DETECTION'] = 'none';
const [firestore, emulator] = await Promise.all([startFirestore(), startBigQueryApart(0)]);
const bigquery = createBigQuery({ projectId: PROJECT, emulatorHost: emulator.url.replace('http://', '') });
await makeAuditTables(PROJECT, emulator.url);
const store = await createFirestoreStore({
  projectId: PROJECT,
  databaseId: 'runtime',
  emulatorHost: firestore.address,
});

const nothing: Calls = { reads: 0, writes: 0, deletes: 0, rows: 0, requests: 0, bytes: 0 };
let calls = { ...nothing };
const retries = { requests: 0, commits: 0 };

/** A query that finds nothing is charged as one read. */
const counted: Store = {
  ...store,
  async get(path) {
    calls.reads += 1;
    return store.get(path);
  },
  async query(query) {
    const found = await store.query(query);
    calls.reads += Math.max(1, found.length);
    return found;
  },
  async commit(writes) {
    const deletes = writes.filter(({ op }) => op === 'delete').length;
    calls.deletes += deletes;
    calls.writes += writes.length - deletes;
    return store.commit(writes).catch((error: unknown) => {
      retries.commits += 1;
      throw error;
    });
  },
};

const append: Append = async (table, rows) => {
  calls.requests += 1;
  calls.rows += rows.length;
  for (const { json } of rows)
    calls.bytes += Math.max(prices.streaming.leastOfRow, Buffer.byteLength(JSON.stringify(json)));
  return bigquery.append(`sallyport_audit.${table}`, rows).catch((error: unknown) => {
    retries.requests += 1;
    throw error;
  });
};

const audit = createAudit({
  ...{ store: counted, append, clock: systemClock, ids: randomIds },
  log: createLogger({ level: 'error', project: PROJECT, role: 'bench' }),
  gateway: { role: 'gateway', revision: null, instance: 'bench', version: '0.0.0', image_digest: null },
  seal: (name) => `«${name}:sealed»`,
  conceal: (text) => text,
});

let operations = 0;
/** Calls that the trail would not take, or whose outcome was not confirmed in time. */
let refused = 0;
async function operate() {
  try {
    const intent = await audit.intend(aPassage({ operationId: randomIds('op') }));
    await intent.complete({ type: 'completed', rows: 1, bytes: 100, truncated: false });
    operations += 1;
  } catch {
    refused += 1;
  }
}

/** So many a second, whether or not those before have ended. */
async function atRate(perSecond: number, seconds: number) {
  const running: Promise<void>[] = [];
  const begun = performance.now();
  for (let count = 0; count < perSecond * seconds; count++) {
    const wait = begun + (count * 1000) / perSecond - performance.now();
    if (wait > 0) await pause(wait);
    running.push(operate());
  }
  await Promise.all(running);
}

async function asFastAsItGoes(count: number) {
  let left = count;
  const caller = async () => {
    while (left-- > 0) await operate();
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
}

/** Until nothing waits in the outbox; seconds. */
async function shipped(): Promise<number> {
  const begun = performance.now();
  while ((await store.query({ collection: 'outbox', limit: 1 })).length > 0) await pause(100);
  return (performance.now() - begun) / 1000;
}

async function measure(name: string, work: () => Promise<void>) {
  calls = { ...nothing };
  const [before, begun] = [operations, performance.now()];
  await work();
  const seconds = (performance.now() - begun) / 1000;
  const behind = await shipped();
  const events = 2 * (operations - before);
  const per = (value: number) => ((value * 1000) / events).toFixed(0);
  const million = (location: keyof typeof prices.firestore) =>
    ((dollarsOf(calls, location) * 1_000_000) / (operations - before)).toFixed(2);
  process.stdout.write(
    `${[
      `${name}: ${events} events in ${seconds.toFixed(1)} s, ${((events / seconds) * 3600).toFixed(0)} an hour; all shipped ${behind.toFixed(1)} s later`,
      `  for 1,000 events: Firestore ${per(calls.reads)} reads, ${per(calls.writes)} writes, ${per(calls.deletes)} deletes;` +
        ` BigQuery ${((calls.requests * 1000) / events).toFixed(1)} requests, ${per(calls.rows)} rows, ${(calls.bytes / events).toFixed(0)} KB`,
      `  for a million calls: $${million('us-central1')} in us-central1, $${million('nam5')} in nam5 (list prices of ${prices.asOf})`,
    ].join('\n')}\n`,
  );
}

try {
  await audit.open();
  const perSecond = Number(options.hourly) / 3600 / 2;
  await measure(`at ${options.hourly} events an hour`, () => atRate(perSecond, Number(options.minutes) * 60));
  await measure('as fast as it goes', () => asFastAsItGoes(Number(options.fast) / 2));
  await audit.close();
  const [view] = await bigquery.query(
    'SELECT COUNT(*) AS n, COUNTIF(phase = "outcome") AS outcomes FROM `sallyport_evidence.events`',
  );
  const [raw] = await bigquery.query(
    "SELECT COUNT(*) AS n FROM `sallyport_audit.events` WHERE time > TIMESTAMP '2020-01-01'",
  );
  const expected = 2 * operations + 2;
  process.stdout.write(
    `arrived: ${view?.['n']} of ${expected} events, ${refused} calls refused, ${Number(raw?.['n']) - Number(view?.['n'])} rows twice;` +
      ` repeated: ${retries.requests} requests, ${retries.commits} commits; ${(process.memoryUsage().rss / 2 ** 20).toFixed(0)} MiB\n`,
  );
  process.exitCode = Number(view?.['n']) === expected || (refused > 0 && Number(view?.['n']) > expected) ? 0 : 1;
} finally {
  await store.close();
  firestore.stop();
  await emulator.stop();
}
