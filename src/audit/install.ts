import type { BigQueryClient } from '../platform/bigquery.ts';
import { type Field, tables } from './tables.ts';

/** Makes the audit dataset and its tables where they are not there yet. Changes and deletes nothing. */
export async function installAudit(bigquery: Pick<BigQueryClient, 'ensureDataset' | 'ensureTable'>, dataset: string) {
  await bigquery.ensureDataset(dataset);
  for (const { name, description, fields, partition, cluster } of tables)
    await bigquery.ensureTable(`${dataset}.${name}`, {
      description,
      schema: { fields: fields.map(toSchema) },
      timePartitioning: { type: 'DAY', field: partition },
      requirePartitionFilter: true,
      clustering: { fields: [...cluster] },
    });
}

/** As the REST API has it (TableFieldSchema). */
function toSchema({ name, type, mode, fields }: Field): {
  name: string;
  type: string;
  mode: string;
  fields?: object[];
} {
  return { name, type, mode, ...(fields && { fields: fields.map(toSchema) }) };
}
