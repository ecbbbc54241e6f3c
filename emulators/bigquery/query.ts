import type { CatalogTable } from './catalog.ts';
import { applyCreation, applyRemoval } from './ddl.ts';
import { type Database, queryError, type Table } from './engine.ts';
import { BigQueryError, invalidQuery } from './errors.ts';
import { measuredBytes } from './measure.ts';
import { createNames, type QueryContext } from './names.ts';
import { requirePartitionFilters } from './partition-filter.ts';
import type { Field } from './schema.ts';
import { byteWidth } from './size.ts';
import type { Names, TableReference } from './sql/scope.ts';
import { type Prepared, prepare } from './sql/statements.ts';
import { rowCount } from './tables.ts';

/** What running (or only planning) a statement gave. */
export interface Outcome {
  statementType: string;
  result: Table;
  /** Stored tables, those behind views too; views themselves are not among them, as the service has it. */
  referenced: TableReference[];
  routines: TableReference[];
  /** Bytes the query would read, estimated. */
  bytes: number;
  affectedRows?: number;
  /** The table, view, dataset or function that DDL made or removed, and how. */
  ddl?: { operation: string; target: TableReference };
}

export interface QueryRun extends QueryContext {
  query: string;
  dryRun: boolean;
  /** Refuses a query that would be billed for more. */
  maximumBytesBilled: number | undefined;
  now: number;
  /** Bytes are counted instead of estimated. */
  measured: boolean;
}

const NOTHING: Table = { fields: [], rows: [] };
/** The service bills at least 10 MB for each table read. */
const LEAST_BILLED = 10 * 1024 * 1024;

/** Translates and runs one statement. Every failure that the caller caused is a `BigQueryError`. */
export async function runQuery(db: Database, run: QueryRun): Promise<Outcome> {
  const prepared = prepare(run.query, createNames(run));
  const tables = prepared.referenced.map((reference) => run.catalog.table(reference));
  const bytes = await bytesOf(db, run, prepared, tables);
  checkBilling(bytes, tables, run.maximumBytesBilled);
  const about = {
    statementType: prepared.statementType,
    referenced: tables.filter(({ type }) => type === 'TABLE').map(({ reference }) => reference),
    routines: prepared.routines,
    bytes,
  };
  try {
    return { ...about, ...(await perform(db, run, prepared, tables)) };
  } catch (error) {
    throw queryError(error, run.query);
  }
}

async function bytesOf(
  db: Database,
  run: QueryRun,
  prepared: Prepared,
  tables: readonly CatalogTable[],
): Promise<number> {
  if (!run.measured || prepared.kind !== 'query') return bytesRead(db, tables);
  try {
    return await measuredBytes(db, prepared.sql, tables);
  } catch (error) {
    throw queryError(error, run.query);
  }
}

async function bytesRead(db: Database, tables: readonly CatalogTable[]): Promise<number> {
  let bytes = 0;
  for (const table of tables.filter(({ type }) => type === 'TABLE'))
    bytes += (await rowCount(db, table)) * byteWidth(table.fields);
  return bytes;
}

/** The bytes billed for a query over `tables` stored tables. */
export function billed(bytes: number, tables: number): number {
  return tables === 0 ? 0 : Math.max(bytes, tables * LEAST_BILLED);
}

function checkBilling(bytes: number, tables: readonly CatalogTable[], limit: number | undefined): void {
  const due = billed(bytes, tables.filter(({ type }) => type === 'TABLE').length);
  if (limit === undefined || due <= limit) return;
  throw new BigQueryError(
    'bytesBilledLimitExceeded',
    `Query exceeded limit for bytes billed: ${limit}. ${due} or higher required.`,
  );
}

type Performed = Pick<Outcome, 'result' | 'affectedRows' | 'ddl'>;

async function perform(
  db: Database,
  run: QueryRun,
  prepared: Prepared,
  tables: readonly CatalogTable[],
): Promise<Performed> {
  if (prepared.kind === 'recognised') {
    if (run.dryRun) return { result: NOTHING };
    throw invalidQuery(`${prepared.statementType} is recognised, but not run by this emulator`);
  }
  if (prepared.kind === 'create')
    return { result: NOTHING, ddl: await applyCreation(db, run, prepared.creation, tables) };
  if (prepared.kind === 'drop') return { result: NOTHING, ddl: await applyRemoval(db, run, prepared.removal) };
  await requirePartitionFilters(db, prepared.sql, tables);
  if (prepared.kind === 'query') return { result: await readResult(db, prepared, run.dryRun) };
  if (run.dryRun) {
    await db.describe(prepared.sql);
    return { result: NOTHING, affectedRows: 0 };
  }
  for (const table of tables) run.catalog.noteChange(table.reference, run.now);
  const { rows } = await db.read(prepared.sql);
  return { result: NOTHING, affectedRows: Number(rows[0]?.[0] ?? 0) };
}

async function readResult(db: Database, prepared: Prepared & { sql: string }, dryRun: boolean): Promise<Table> {
  const result = dryRun ? { fields: await db.describe(prepared.sql), rows: [] } : await db.read(prepared.sql);
  checkColumns(result.fields, prepared.starred);
  return result;
}

/** Refuses what the service refuses, and records that `*` should have spread: DuckDB keeps them whole. */
function checkColumns(fields: readonly Field[], starred: ReadonlySet<string>): void {
  const seen = new Set<string>();
  for (const { name, type } of fields) {
    if (seen.has(name.toLowerCase())) {
      throw invalidQuery(`Duplicate column names in the result are not supported. Found duplicate(s): ${name}`);
    }
    seen.add(name.toLowerCase());
    if (type === 'RECORD' && starred.has(name.toLowerCase())) {
      throw invalidQuery(`SELECT * over UNNEST of records is not supported by this emulator; write ${name}.*`);
    }
  }
}

/** The columns of a view's query. */
export async function viewFields(db: Database, query: string, names: Names): Promise<Field[]> {
  const prepared = prepare(query, names);
  if (prepared.kind !== 'query') throw invalidQuery('A view must be a query');
  try {
    return (await readResult(db, prepared, true)).fields;
  } catch (error) {
    throw queryError(error, query);
  }
}
