import type { Database } from './engine.ts';
import { duplicate, notFound } from './errors.ts';
import { duckType, type Field, isRepeated, isRequired, quoted } from './schema.ts';
import { sqlString, type TableReference } from './sql/scope.ts';

export interface DatasetReference {
  projectId: string;
  datasetId: string;
}

interface Times {
  /** Milliseconds since 1970. */
  created: number;
  modified: number;
}

/** A dataset: what its owner said of it, as the API's JSON. */
export interface Dataset extends Times {
  reference: DatasetReference;
  resource: Record<string, unknown>;
}

/** A table or view: what its owner said of it, and what the queries need to know. */
export interface CatalogTable extends Times {
  reference: TableReference;
  type: 'TABLE' | 'VIEW';
  fields: Field[];
  viewQuery?: string;
  /** The partitioning column of a time-partitioned table; `_PARTITIONTIME` where none was named. */
  partitionField?: string;
  requirePartitionFilter: boolean;
  resource: Record<string, unknown>;
}

export interface CatalogFunction extends Times {
  reference: TableReference;
  parameters: Field[];
  query: string;
}

interface Kinds {
  dataset: Dataset;
  table: CatalogTable;
  function: CatalogFunction;
}

/** All datasets, tables and functions: in memory for reading, in DuckDB beside the data for keeping. */
export interface Catalog {
  datasets(projectId: string): Dataset[];
  projects(): string[];
  dataset(reference: DatasetReference): Dataset;
  addDataset(db: Database, dataset: Dataset): Promise<void>;
  saveDataset(db: Database, dataset: Dataset): Promise<void>;
  /** Refuses a dataset with tables unless `cascade`. */
  removeDataset(db: Database, reference: DatasetReference): Promise<void>;
  tables(reference: DatasetReference): CatalogTable[];
  findTable(reference: TableReference): CatalogTable | undefined;
  table(reference: TableReference): CatalogTable;
  /** Adds the table and, where it is no view, its storage; `asSql` fills it. */
  addTable(db: Database, table: CatalogTable, asSql?: string): Promise<void>;
  saveTable(db: Database, table: CatalogTable): Promise<void>;
  removeTable(db: Database, reference: TableReference): Promise<void>;
  /** When a table's rows were changed last, as far as this run of the emulator knows. Milliseconds since 1970. */
  changed(reference: TableReference): number;
  noteChange(reference: TableReference, now: number): void;
  functions(reference: DatasetReference): CatalogFunction[];
  findFunction(reference: TableReference): CatalogFunction | undefined;
  saveFunction(db: Database, made: CatalogFunction): Promise<void>;
  removeFunction(db: Database, reference: TableReference): Promise<void>;
}

export const schemaName = ({ projectId, datasetId }: DatasetReference) => `${projectId}.${datasetId}`;
/** Where DuckDB keeps the table. The dot makes a schema that GoogleSQL names cannot collide with. */
export const storedName = (table: TableReference) => `${quoted(schemaName(table))}.${quoted(table.tableId)}`;
export const datasetName = ({ projectId, datasetId }: DatasetReference) => `Dataset ${projectId}:${datasetId}`;
export const tableName = (table: TableReference) => `Table ${table.projectId}:${table.datasetId}.${table.tableId}`;

/** DuckDB's names differ in more than case; BigQuery's need not, and such a second one is refused. */
const isSame = (left: string, right: string) => left.toLowerCase() === right.toLowerCase();

const keyOf = (reference: DatasetReference & { tableId?: string }) =>
  [reference.projectId, reference.datasetId, reference.tableId ?? ''].join('/');

/** Reads what an earlier run left in the database. */
export async function openCatalog(db: Database): Promise<Catalog> {
  await db.run('CREATE SCHEMA IF NOT EXISTS catalog');
  await db.run(
    'CREATE TABLE IF NOT EXISTS catalog.entries (kind VARCHAR, key VARCHAR, value VARCHAR, PRIMARY KEY (kind, key))',
  );
  const entries = await load(db);

  async function save<Kind extends keyof Kinds>(db: Database, kind: Kind, entry: Kinds[Kind]): Promise<void> {
    const key = keyOf(entry.reference);
    const values = [kind, key, JSON.stringify(entry)].map(sqlString).join(', ');
    await db.run(`INSERT OR REPLACE INTO catalog.entries VALUES (${values})`);
    entries[kind].set(key, entry);
  }
  async function forget(
    db: Database,
    kind: keyof Kinds,
    reference: DatasetReference & { tableId?: string },
  ): Promise<void> {
    const key = keyOf(reference);
    await db.run(`DELETE FROM catalog.entries WHERE kind = ${sqlString(kind)} AND key = ${sqlString(key)}`);
    entries[kind].delete(key);
  }
  const within = <T extends { reference: DatasetReference }>(
    all: Map<string, T>,
    { projectId, datasetId }: DatasetReference,
  ) =>
    [...all.values()].filter(({ reference }) => reference.projectId === projectId && reference.datasetId === datasetId);
  const dataset = (reference: DatasetReference) => {
    const found = entries.dataset.get(keyOf({ projectId: reference.projectId, datasetId: reference.datasetId }));
    if (!found) throw notFound(datasetName(reference));
    return found;
  };
  const changes = new Map<string, number>();
  const findTable = (reference: TableReference) => entries.table.get(keyOf(reference));

  return {
    datasets: (projectId) => [...entries.dataset.values()].filter(({ reference }) => reference.projectId === projectId),
    projects: () => [...new Set([...entries.dataset.values()].map(({ reference }) => reference.projectId))],
    dataset,
    async addDataset(db, made) {
      const { projectId, datasetId } = made.reference;
      const others = [...entries.dataset.values()].filter(({ reference }) => reference.projectId === projectId);
      if (others.some(({ reference }) => isSame(reference.datasetId, datasetId)))
        throw duplicate(datasetName(made.reference));
      await db.atomically(async () => {
        await db.run(`CREATE SCHEMA ${quoted(schemaName(made.reference))}`);
        await save(db, 'dataset', made);
      });
    },
    saveDataset: (db, changed) => save(db, 'dataset', changed),
    async removeDataset(db, reference) {
      await db.atomically(async () => {
        await db.run(`DROP SCHEMA ${quoted(schemaName(reference))} CASCADE`);
        for (const table of within(entries.table, reference)) await forget(db, 'table', table.reference);
        for (const made of within(entries.function, reference)) await forget(db, 'function', made.reference);
        await forget(db, 'dataset', { projectId: reference.projectId, datasetId: reference.datasetId });
      });
    },
    tables: (reference) => within(entries.table, dataset(reference).reference),
    findTable,
    table(reference) {
      dataset(reference);
      const found = findTable(reference);
      if (!found) throw notFound(tableName(reference));
      return found;
    },
    async addTable(db, table, asSql) {
      dataset(table.reference);
      const taken = within(entries.table, table.reference).some((other) =>
        isSame(other.reference.tableId, table.reference.tableId),
      );
      if (taken) throw duplicate(tableName(table.reference));
      await db.atomically(async () => {
        if (table.type === 'TABLE') await db.run(storage(table));
        if (asSql) await db.run(`INSERT INTO ${storedName(table.reference)} ${asSql}`);
        await save(db, 'table', table);
      });
    },
    saveTable: (db, table) => save(db, 'table', table),
    async removeTable(db, reference) {
      const found = findTable(reference);
      if (!found) throw notFound(tableName(reference));
      await db.atomically(async () => {
        if (found.type === 'TABLE') await db.run(`DROP TABLE ${storedName(reference)}`);
        await forget(db, 'table', reference);
      });
    },
    changed: (reference) => Math.max(changes.get(keyOf(reference)) ?? 0, findTable(reference)?.modified ?? 0),
    noteChange: (reference, now) => void changes.set(keyOf(reference), now),
    functions: (reference) => within(entries.function, dataset(reference).reference),
    findFunction: (reference) => entries.function.get(keyOf(reference)),
    saveFunction: (db, made) => save(db, 'function', made),
    removeFunction: (db, reference) => forget(db, 'function', reference),
  };
}

async function load(db: Database): Promise<{ [Kind in keyof Kinds]: Map<string, Kinds[Kind]> }> {
  const read = async <Kind extends keyof Kinds>(kind: Kind): Promise<Map<string, Kinds[Kind]>> => {
    const { rows } = await db.read(
      `SELECT key, value FROM catalog.entries WHERE kind = ${sqlString(kind)} ORDER BY key`,
    );
    return new Map(rows.map(([key, value]) => [String(key), JSON.parse(String(value)) as Kinds[Kind]]));
  };
  return { dataset: await read('dataset'), table: await read('table'), function: await read('function') };
}

/** A column of DuckDB's table for a field. */
export function columnOf(field: Field): string {
  return `${quoted(field.name)} ${duckType(field)}${isRequired(field) && !isRepeated(field) ? ' NOT NULL' : ''}`;
}

/** DuckDB has no table without columns; BigQuery has: it gets one that no field names. */
export const NO_COLUMNS = '"no columns"';

function storage(table: CatalogTable): string {
  return `CREATE TABLE ${storedName(table.reference)} (${table.fields.map(columnOf).join(', ') || `${NO_COLUMNS} BOOLEAN`})`;
}
