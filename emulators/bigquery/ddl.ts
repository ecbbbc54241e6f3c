import type { CatalogTable } from './catalog.ts';
import { tableName } from './catalog.ts';
import type { Database } from './engine.ts';
import { BigQueryError, duplicate, invalidQuery, notFound } from './errors.ts';
import { createNames, referenceOf } from './names.ts';
import { type Outcome, type QueryRun, viewFields } from './query.ts';
import { type Field, normalizeFields } from './schema.ts';
import type { TableReference } from './sql/scope.ts';
import type { Creation, Removal } from './sql/statements.ts';
import { describeTable } from './tables.ts';

type Ddl = NonNullable<Outcome['ddl']>;
type Of<What extends Creation['what']> = Creation & { what: What };

/** Makes what a CREATE statement names; a dry run only checks. */
export async function applyCreation(
  db: Database,
  run: QueryRun,
  creation: Creation,
  tables: readonly CatalogTable[],
): Promise<Ddl> {
  if (creation.what === 'SCHEMA') return createSchema(db, run, creation);
  const target = referenceOf(run, creation.parts);
  run.catalog.dataset(target);
  if (creation.what === 'TABLE_FUNCTION') {
    checkParameters(creation.parameters, tables);
    return createFunction(db, run, creation, target);
  }
  const old = run.catalog.findTable(target);
  if (old && creation.ifNotExists) return { operation: 'SKIP', target };
  if (old && !creation.replace) throw duplicate(tableName(target));
  if (old && (old.type === 'VIEW') !== (creation.what === 'VIEW')) {
    throw invalidQuery(`${tableName(target)} already exists and is not a ${creation.what}`);
  }
  const made =
    creation.what === 'VIEW'
      ? await describeView(db, run, creation, target)
      : await describe(db, run, creation, target);
  const operation = old ? 'REPLACE' : 'CREATE';
  if (run.dryRun) return { operation, target };
  await replaceTable(db, run, old, made, creation.what === 'TABLE' ? creation.asSql : undefined);
  return { operation, target };
}

/** The new table is filled before the old one goes: its query may read the old one. */
async function replaceTable(
  db: Database,
  run: QueryRun,
  old: CatalogTable | undefined,
  made: CatalogTable,
  asSql?: string,
): Promise<void> {
  if (!old) return run.catalog.addTable(db, made, asSql);
  if (asSql) await db.run(`CREATE OR REPLACE TEMP TABLE "new rows" AS ${asSql}`);
  await run.catalog.removeTable(db, old.reference);
  await run.catalog.addTable(db, made, asSql ? 'SELECT * FROM temp."new rows"' : undefined);
  if (asSql) await db.run('DROP TABLE temp."new rows"');
}

async function describeView(
  db: Database,
  run: QueryRun,
  creation: Of<'VIEW'>,
  target: TableReference,
): Promise<CatalogTable> {
  const names = createNames({ ...run, parameters: [], defaultDataset: undefined, projectId: target.projectId });
  const fields = await viewFields(db, creation.query, names);
  return describeTable(
    target,
    { ...creation.options, view: { query: creation.query, useLegacySql: false } },
    fields,
    run.now,
  );
}

async function describe(
  db: Database,
  run: QueryRun,
  creation: Of<'TABLE'>,
  target: TableReference,
): Promise<CatalogTable> {
  const { partitioning, clustering, options } = creation;
  const fields = creation.fields ?? (await selectedFields(db, creation.asSql ?? ''));
  const body = {
    ...options,
    ...(partitioning ? { timePartitioning: { ...partitioning } } : {}),
    ...(clustering ? { clustering: { fields: clustering } } : {}),
  };
  return describeTable(target, body, normalizeFields(fields), run.now);
}

async function selectedFields(db: Database, sql: string): Promise<Field[]> {
  return (await db.read(`SELECT * FROM (${sql}) LIMIT 0`)).fields;
}

async function createSchema(db: Database, run: QueryRun, creation: Of<'SCHEMA'>): Promise<Ddl> {
  const [datasetId = '', projectId = run.projectId] = creation.parts.toReversed();
  const reference = { projectId, datasetId };
  const target = { ...reference, tableId: '' };
  if (creation.replace) throw invalidQuery('CREATE OR REPLACE SCHEMA is not supported');
  const exists = run.catalog.datasets(projectId).some((dataset) => dataset.reference.datasetId === datasetId);
  if (exists && creation.ifNotExists) return { operation: 'SKIP', target };
  const dataset = { reference, resource: { ...creation.options }, created: run.now, modified: run.now };
  if (!run.dryRun) await run.catalog.addDataset(db, dataset);
  return { operation: 'CREATE', target };
}

/** Refuses a parameter that a column of the same name would hide in BigQuery: here the parameter would win. */
function checkParameters(parameters: readonly Field[], tables: readonly CatalogTable[]): void {
  const columns = new Set(tables.flatMap(({ fields }) => fields.map(({ name }) => name.toLowerCase())));
  const hidden = parameters.find(({ name }) => columns.has(name.toLowerCase()));
  if (hidden) {
    throw invalidQuery(`Parameter ${hidden.name} has the name of a column, which this emulator does not support`);
  }
}

async function createFunction(
  db: Database,
  run: QueryRun,
  creation: Of<'TABLE_FUNCTION'>,
  target: TableReference,
): Promise<Ddl> {
  const old = run.catalog.findFunction(target);
  if (old && creation.ifNotExists) return { operation: 'SKIP', target };
  if (old && !creation.replace) throw duplicate(`Routine ${target.projectId}:${target.datasetId}.${target.tableId}`);
  const made = {
    reference: target,
    parameters: creation.parameters,
    query: creation.query,
    created: old?.created ?? run.now,
    modified: run.now,
  };
  if (!run.dryRun) await run.catalog.saveFunction(db, made);
  return { operation: old ? 'REPLACE' : 'CREATE', target };
}

/** Removes what a DROP statement names; a dry run only checks. */
export async function applyRemoval(db: Database, run: QueryRun, removal: Removal): Promise<Ddl> {
  if (removal.what === 'SCHEMA') return dropSchema(db, run, removal);
  const target = referenceOf(run, removal.parts);
  const found = removal.what === 'TABLE_FUNCTION' ? run.catalog.findFunction(target) : run.catalog.findTable(target);
  if (!found && removal.ifExists) return { operation: 'SKIP', target };
  if (!found) throw notFound(removal.what === 'TABLE_FUNCTION' ? `Routine ${target.tableId}` : tableName(target));
  if ('type' in found && found.type !== removal.what)
    throw invalidQuery(`${tableName(target)} is not a ${removal.what}`);
  if (run.dryRun) return { operation: 'DROP', target };
  if (removal.what === 'TABLE_FUNCTION') await run.catalog.removeFunction(db, target);
  else await run.catalog.removeTable(db, target);
  return { operation: 'DROP', target };
}

async function dropSchema(db: Database, run: QueryRun, removal: Removal): Promise<Ddl> {
  const [datasetId = '', projectId = run.projectId] = removal.parts.toReversed();
  const target = { projectId, datasetId, tableId: '' };
  const exists = run.catalog.datasets(projectId).some((dataset) => dataset.reference.datasetId === datasetId);
  if (!exists && removal.ifExists) return { operation: 'SKIP', target };
  if (run.catalog.tables(target).length && !removal.cascade) {
    throw new BigQueryError('resourceInUse', `Dataset ${projectId}:${datasetId} is still in use`);
  }
  if (!run.dryRun) await run.catalog.removeDataset(db, target);
  return { operation: 'DROP', target };
}
