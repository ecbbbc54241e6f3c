import type { BigQueryClient } from '../platform/bigquery.ts';
import { keepAll, type Retention, wordsOf } from './retention.ts';
import { type Field, type Table, tables } from './tables.ts';

type Installing = Pick<BigQueryClient, 'ensureDataset' | 'ensureTable' | 'keepsFor' | 'keepFor'>;

/**
 * Makes the audit dataset and its tables where they are not there yet, and sets how long rows are kept: for ever, unless
 * retention says otherwise and there is no legal hold. Resolves with what it changed of that, in words; deletes nothing itself.
 */
export async function installAudit(
  bigquery: Installing,
  dataset: string,
  retention: Retention = keepAll,
): Promise<string[]> {
  await bigquery.ensureDataset(dataset);
  const changes: string[] = [];
  for (const table of tables) {
    await bigquery.ensureTable(`${dataset}.${table.name}`, definitionOf(table));
    changes.push(...(await retain(bigquery, dataset, table, retention.of(table.name))));
  }
  return changes;
}

/** The tables of the trail as BigQuery takes them. */
export const auditDefinitions = () => tables.map((table) => ({ name: table.name, ...definitionOf(table) }));

const definitionOf = ({ description, fields, partition, cluster }: Table) => ({
  description,
  schema: { fields: fields.map(toSchema) },
  timePartitioning: { type: 'DAY', field: partition },
  requirePartitionFilter: true,
  clustering: { fields: [...cluster] },
});

/** A dataset's own defaults may have set something else, so it is always asked. */
async function retain(bigquery: Installing, dataset: string, { name, partition }: Table, wanted: number | null) {
  const { milliseconds, doomed } = await bigquery.keepsFor(`${dataset}.${name}`);
  if (milliseconds === wanted && !doomed) return [];
  await bigquery.keepFor(`${dataset}.${name}`, wanted, partition);
  const before = doomed ? 'until the table is deleted' : wordsOf(milliseconds);
  return [`${dataset}.${name}: rows were kept ${before}, and are kept ${wordsOf(wanted)} now.`];
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
