import { canonicalJson, sha256 } from '../../../model/canonical.ts';
import { Problem } from '../../../model/problem.ts';
import { type TableName, tableNameOf } from '../names.ts';
import type { Table } from '../plan.ts';
import { type TableAnswer, tableSchema } from './answers.ts';
import type { Api } from './api.ts';
import { isReason } from './failure.ts';

/** Tables asked for at once. */
const AT_ONCE = 8;

/** What BigQuery knows of a table (`tables.get`). */
export function getTable(
  api: Api,
  { project, dataset, table }: TableName,
  view: 'BASIC' | 'FULL',
): Promise<TableAnswer> {
  const path = ['projects', project, 'datasets', dataset, 'tables', table];
  return api.ask({ method: 'GET', path, query: { view } }, tableSchema);
}

/** Those that are there, in the order of their names. */
export async function readTables(api: Api, names: readonly string[]): Promise<Table[]> {
  const tables: Table[] = [];
  const sorted = [...new Set(names)].sort();
  for (let at = 0; at < sorted.length; at += AT_ONCE) {
    const read = await Promise.all(sorted.slice(at, at + AT_ONCE).map((name) => readTable(api, name)));
    tables.push(...read.filter((table) => table !== undefined));
  }
  return tables;
}

async function readTable(api: Api, name: string): Promise<Table | undefined> {
  const parts = tableNameOf(name);
  if (parts === undefined) return undefined;
  try {
    return tableOf(name, await getTable(api, parts, 'BASIC'));
  } catch (thrown) {
    if (thrown instanceof Problem && isReason(thrown, 'notFound')) return undefined;
    throw thrown;
  }
}

function tableOf(name: string, answer: TableAnswer): Table {
  const { type, schema, timePartitioning, rangePartitioning, clustering, view, materializedView } = answer;
  const how = [
    timePartitioning,
    rangePartitioning,
    clustering,
    view,
    materializedView,
    answer.externalDataConfiguration,
  ];
  const ordering = [timePartitioning?.field, rangePartitioning?.field, ...(clustering?.fields ?? [])];
  return {
    name,
    type,
    fields: schema,
    partitionedByIngestion: timePartitioning !== undefined && timePartitioning.field === undefined,
    orderedBy: ordering.filter((column) => column !== undefined),
    fingerprint: sha256(canonicalJson([type, schema, ...how.map((part) => part ?? null)])),
  };
}
