/**
 * List prices in US dollars, without any discount or free quota. As the pages stood in 2025; look again before you plan:
 * https://cloud.google.com/firestore/pricing and https://cloud.google.com/bigquery/pricing (streaming, tabledata.insertAll).
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
} as const;

export type Calls = { reads: number; writes: number; deletes: number; rows: number; requests: number; bytes: number };

export function dollarsOf({ reads, writes, deletes, bytes }: Calls, location: keyof typeof prices.firestore): number {
  const { firestore, streaming } = prices;
  const price = firestore[location];
  const documents = reads * price.reads + writes * price.writes + deletes * price.deletes;
  return documents / 100_000 + (bytes / streaming.bytes) * streaming.dollars;
}
