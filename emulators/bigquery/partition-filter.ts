import { z } from 'zod';
import { type CatalogTable, schemaName } from './catalog.ts';
import { type Database, NEVER_OPTIMIZED } from './engine.ts';
import { invalidQuery } from './errors.ts';

interface PlanNode {
  name: string;
  children: PlanNode[];
  extra_info: Record<string, unknown>;
}

const nodeSchema: z.ZodType<PlanNode> = z.lazy(() =>
  z.looseObject({ name: z.string(), children: z.array(nodeSchema), extra_info: z.record(z.string(), z.unknown()) }),
);

/** What would remove a scan, or move its filter out of sight, for reasons of the data instead of the query. */
const DATA_DRIVEN =
  'statistics_propagation,empty_result_pullup,compressed_materialization,late_materialization,join_filter_pushdown,row_group_pruner';

/**
 * Refuses a statement that reads a table with `requirePartitionFilter` without a filter on its partitioning column.
 * Which filters reach the table is asked of DuckDB's optimizer, which like the service's pushes them through views,
 * subqueries and those windows and groups that are made by the column itself.
 */
export async function requirePartitionFilters(
  db: Database,
  sql: string,
  tables: readonly CatalogTable[],
): Promise<void> {
  const guarded = tables.filter((table) => table.requirePartitionFilter && table.partitionField);
  if (!guarded.length) return;
  const scans = await plannedScans(db, sql);
  for (const table of guarded) {
    const own = scans.filter((scan) => isOf(scan, table));
    const field = table.partitionField ?? '';
    if (own.every((scan) => scan.filters.some((filter) => limits(filter, field)))) continue;
    const { projectId, datasetId, tableId } = table.reference;
    throw invalidQuery(
      `Cannot query over table '${projectId}.${datasetId}.${tableId}' without a filter over column(s) '${field}' that can be used for partition elimination`,
    );
  }
}

/** A table that a plan reads: its name in DuckDB without quotes, the columns it reads of it, and what it reads no row by. */
interface Scan {
  table: string;
  columns: string[];
  filters: string[];
}

/** What DuckDB would read for a query, whatever the tables hold. */
export async function plannedScans(db: Database, sql: string): Promise<Scan[]> {
  await db.run(`SET disabled_optimizers = '${NEVER_OPTIMIZED},${DATA_DRIVEN}'`);
  try {
    const { rows } = await db.read(`EXPLAIN (FORMAT json) ${sql}`);
    const plan = z.array(nodeSchema).parse(JSON.parse(String(rows[0]?.[1])));
    return plan.flatMap((node) => scansOf(node, []));
  } finally {
    await db.run(`SET disabled_optimizers = '${NEVER_OPTIMIZED}'`);
  }
}

/** The scans below a node; filters count while nothing but filters and projections lies between. */
function scansOf(node: PlanNode, above: readonly string[]): Scan[] {
  const own = strings(node.extra_info['Filters']).concat(strings(node.extra_info['Expression']));
  const name = node.name.trim();
  if (name === 'SEQ_SCAN' || name === 'TABLE_SCAN') {
    const table = String(node.extra_info['Table'] ?? '').replaceAll('"', '');
    return [{ table, columns: strings(node.extra_info['Projections']), filters: [...above, ...own] }];
  }
  const passed = name === 'FILTER' ? [...above, ...own] : name === 'PROJECTION' || numbersRows(node) ? above : [];
  return node.children.flatMap((child) => scansOf(child, passed));
}

/** A correlated UNNEST makes DuckDB number the rows before it filters them. */
function numbersRows({ name, extra_info }: PlanNode): boolean {
  return name.trim() === 'STREAMING_WINDOW' && String(extra_info['Projections']) === 'delim_index';
}

const strings = (value: unknown): string[] =>
  Array.isArray(value) ? value.map(String) : typeof value === 'string' ? [value] : [];

/** Whether a scan is of the table. */
export const isOf = (scan: Scan, { reference }: CatalogTable) =>
  scan.table.endsWith(`.${schemaName(reference)}.${reference.tableId}`);

/** Whether a conjunct names the column and every alternative of it does. */
function limits(filter: string, field: string): boolean {
  const mentions = new RegExp(`(?<!\\w)${field.replace(/\W/g, '\\$&')}(?!\\w)`, 'i');
  return filter
    .split(/\bAND\b/)
    .some((conjunct) => conjunct.split(/\bOR\b/).every((alternative) => mentions.test(alternative)));
}
