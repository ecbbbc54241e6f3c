/**
 * List prices in US dollars, without any discount or free quota. As the pages stood in 2025; look again before you plan:
 * https://cloud.google.com/firestore/pricing and https://cloud.google.com/bigquery/pricing (streaming, tabledata.insertAll; storage),
 * https://cloud.google.com/run/pricing (instance-based billing, tier 1), https://cloud.google.com/kms/pricing (HSM, EC P-256),
 * https://cloud.google.com/stackdriver/pricing, https://cloud.google.com/scheduler/pricing, https://cloud.google.com/secret-manager/pricing.
 */
export const prices = {
  asOf: '2025',
  /** For each 100,000 documents. */
  firestore: {
    'us-central1': { reads: 0.03, writes: 0.09, deletes: 0.01 },
    nam5: { reads: 0.06, writes: 0.18, deletes: 0.02 },
  },
  /** For each 200 MB; a row counts as 1 KB at least. */
  streaming: { dollars: 0.01, bytes: 200 * 1024 * 1024, leastOfRow: 1024 },
  /** Of BigQuery, active and logical: for a GiB and a month; half of it after 90 days without a change. */
  storage: { active: 0.023 },
  /** For a GiB that is taken in; it is kept for 30 days. */
  logging: { gib: 0.5 },
  run: { vcpuSecond: 0.000018, gibSecond: 0.000002 },
  /** A key version a month; 10,000 signatures. */
  kms: { keyMonth: 2.5, operations: 0.15 },
  scheduler: { job: 0.1 },
  /** A version a month; 10,000 reads. */
  secrets: { version: 0.06, accesses: 0.03 },
  /** A condition of an alert policy a month. */
  monitoring: { condition: 0.1 },
} as const;

export type Calls = { reads: number; writes: number; deletes: number; rows: number; requests: number; bytes: number };

export function dollarsOf({ reads, writes, deletes, bytes }: Calls, location: keyof typeof prices.firestore): number {
  const { firestore, streaming } = prices;
  const price = firestore[location];
  const documents = reads * price.reads + writes * price.writes + deletes * price.deletes;
  return documents / 100_000 + (bytes / streaming.bytes) * streaming.dollars;
}
