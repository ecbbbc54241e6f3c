import { pathToFileURL } from 'node:url';
import { defaultTiming } from '../src/audit/timing.ts';
import { documentKinds } from '../src/model/documents.ts';
import { prices } from './prices.ts';

/**
 * What a deployment costs, by arithmetic: so much for a million operations, so much a month for what is always there. Each line says how it
 * was reckoned. The numbers of documents and bytes are those of `bench/RESULTS.md`; the lists of docs/operator-costs.md are these lines.
 */
type Line = { part: string; reckoned: string; dollars: number };

/** Of one operation that ran without asking anybody, and whose answer is small. */
const operation = {
  /** Writes: the intent, the outcome, and how it can be looked up. */
  writes: 3,
  /** The shipped document of the outbox; a day later, by TTL, what could be looked up. */
  deletes: 2,
  /** Rows of the trail. */
  rows: 2,
  /** Bytes of both rows. */
  bytes: 3206,
  /** Bytes of log: the gateway's own line, and Cloud Run's about the request. Assumed, not measured. */
  log: 2000,
  /** Milliseconds of one CPU, at 64 callers, before the answer's own size. */
  cpu: 2.3,
} as const;

const MILLION = 1_000_000;
const DAY = 86_400;
const MONTH_DAYS = 30;
const GIB = 1024 ** 3;

const count = (value: number) => Math.round(value).toLocaleString('en-US');
const documents = (kind: 'reads' | 'writes' | 'deletes', number: number) =>
  (number / 100_000) * prices.firestore['us-central1'][kind];

/** For a million operations. */
export function perMillion(): Line[] {
  const { writes, deletes, bytes, log, cpu } = operation;
  const { streaming, storage, logging, run } = prices;
  const seconds = (MILLION * cpu) / 1000;
  return [
    {
      part: 'Firestore: documents written',
      reckoned: `${writes} × 1,000,000 × $${prices.firestore['us-central1'].writes} / 100,000`,
      dollars: documents('writes', writes * MILLION),
    },
    {
      part: 'Firestore: documents deleted',
      reckoned: `${deletes} × 1,000,000 × $${prices.firestore['us-central1'].deletes} / 100,000`,
      dollars: documents('deletes', deletes * MILLION),
    },
    {
      part: 'BigQuery: rows streamed',
      reckoned: `1,000,000 × ${count(bytes)} B / 200 MB × $${streaming.dollars}`,
      dollars: ((MILLION * bytes) / streaming.bytes) * streaming.dollars,
    },
    {
      part: 'BigQuery: kept for a month',
      reckoned: `1,000,000 × ${count(bytes)} B = ${((MILLION * bytes) / GIB).toFixed(2)} GiB × $${storage.active}`,
      dollars: ((MILLION * bytes) / GIB) * storage.active,
    },
    {
      part: 'Logging: two lines for each (assumed)',
      reckoned: `1,000,000 × ${log} B = ${((MILLION * log) / GIB).toFixed(2)} GiB × $${logging.gib.toFixed(2)}`,
      dollars: ((MILLION * log) / GIB) * logging.gib,
    },
    {
      part: 'Cloud Run: CPU that they use',
      reckoned: `1,000,000 × ${cpu} ms = ${count(seconds)} vCPU-s × $${run.vcpuSecond}`,
      dollars: seconds * run.vcpuSecond,
    },
  ];
}

/** A month of what is there also when nobody calls: the module's defaults. */
export function perMonth(): Line[] {
  const { run, kms, scheduler, secrets, monitoring } = prices;
  const seconds = MONTH_DAYS * DAY;
  const service = (name: string, cpu: number, gib: number): Line => ({
    part: `Cloud Run: one instance of the ${name}`,
    reckoned: `${count(seconds)} s × (${cpu} vCPU × $${run.vcpuSecond} + ${gib} GiB × $${run.gibSecond})`,
    dollars: seconds * (cpu * run.vcpuSecond + gib * run.gibSecond),
  });
  const signatures = MONTH_DAYS * 24 * 60;
  const beaten = beatsOf(3);
  return [
    service('gateway', 2, 2),
    service('console', 1, 1),
    service('keeper', 1, 1),
    {
      part: 'KMS: two keys (HSM), a checkpoint a minute',
      reckoned: `2 × $${kms.keyMonth.toFixed(2)} + ${count(signatures)} × $${kms.operations} / 10,000`,
      dollars: 2 * kms.keyMonth + (signatures / 10_000) * kms.operations,
    },
    {
      part: 'Firestore: beats and leases of three instances',
      reckoned: `${MONTH_DAYS} × (${count(beaten.reads)} reads + ${count(beaten.writes)} writes)`,
      dollars: MONTH_DAYS * (documents('reads', beaten.reads) + documents('writes', beaten.writes)),
    },
    {
      part: 'Cloud Scheduler: three jobs',
      reckoned: `3 × $${scheduler.job.toFixed(2)}`,
      dollars: 3 * scheduler.job,
    },
    {
      part: 'Secret Manager: two secrets, each read once a minute',
      reckoned: `2 × $${secrets.version} + ${count(2 * signatures)} × $${secrets.accesses} / 10,000`,
      dollars: 2 * secrets.version + ((2 * signatures) / 10_000) * secrets.accesses,
    },
    {
      part: 'Monitoring: alert policies',
      reckoned: `21 conditions × $${monitoring.condition.toFixed(2)}`,
      dollars: 21 * monitoring.condition,
    },
  ];
}

/** Seconds between two beats of the keeper, as in src/roles/keeper.ts. */
const BEAT = 10;

/**
 * What so many instances read and write in a day without a single call. Each instance listens to each collection of documents, and every
 * beat of it is a read there; each renews its lease by reading and writing it. Without what the keeper looks at for all of them.
 */
export function beatsOf(instances: number): { reads: number; writes: number } {
  const beats = DAY / BEAT;
  const renewals = DAY / (defaultTiming.renew / 1000);
  return {
    reads: instances * (documentKinds.length * beats + renewals),
    writes: documentKinds.length * beats + instances * renewals,
  };
}

/** What the keeper reads in a day of what instances leave: their heads each minute, their chains at each look. */
function sweepsOf(instances: number): { reads: number } {
  const checkpoints = DAY / 60;
  const sweeps = DAY / 15 + 2 * checkpoints;
  return { reads: instances * checkpoints + Math.min(instances, 300) * sweeps };
}

/** Rows of the table of docs/operator-scaling.md. */
export function atScale(): { instances: number; reads: number; writes: number; dollars: number }[] {
  return [10, 100, 1000, 5000].map((instances) => {
    const { reads, writes } = beatsOf(instances);
    const all = reads + sweepsOf(instances).reads;
    return {
      instances,
      reads: all,
      writes,
      dollars: MONTH_DAYS * (documents('reads', all) + documents('writes', writes)),
    };
  });
}

export const tableOf = (lines: readonly Line[]) => [
  '| part | reckoned | $ |',
  '| --- | --- | ---: |',
  ...lines.map(({ part, reckoned, dollars }) => `| ${part} | ${reckoned} | ${dollars.toFixed(2)} |`),
  `| **together** | | **${lines.reduce((sum, { dollars }) => sum + dollars, 0).toFixed(2)}** |`,
];

export const scaleTable = () => [
  '| instances | documents read a day | documents written a day | $ a month |',
  '| ---: | ---: | ---: | ---: |',
  ...atScale().map(
    ({ instances, reads, writes, dollars }) =>
      `| ${count(instances)} | ${count(reads)} | ${count(writes)} | ${count(dollars)} |`,
  ),
];

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href)
  process.stdout.write(
    [
      `List prices of ${prices.asOf}, us-central1, without discount or free quota.`,
      ...['', 'A million operations', ...tableOf(perMillion())],
      ...['', 'A month', ...tableOf(perMonth())],
      ...['', 'Instances that nobody calls', ...scaleTable()],
      '',
    ].join('\n'),
  );
