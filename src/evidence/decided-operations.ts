import { type RecordedOperation, recordedOperationSchema } from '../model/simulation.ts';
import type { BigQueryClient } from '../platform/bigquery.ts';
import { type Datasets, qualify } from './qualify.ts';
import { readSql } from './questions.ts';

/**
 * The operations of a period as policy decided them, a page at a time: the newest `limit` of them. Throws when BigQuery cannot
 * be asked, and on a row that is no event of this version of the product.
 */
export type DecidedOperations = (asked: { from: Date; to: Date; limit: number }) => AsyncIterable<RecordedOperation[]>;

export function createDecidedOperations(deps: {
  open: BigQueryClient['open'];
  project: string;
  datasets: Datasets;
}): DecidedOperations {
  const sql = qualify(readSql('decided_operations'), deps.project, deps.datasets);
  return async function* ({ from, to, limit }) {
    const result = await deps.open(sql, { from, to, limit });
    for await (const page of result.pages()) yield page.map((row) => recordedOperationSchema.parse(row));
  };
}
