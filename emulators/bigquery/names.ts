import { type Catalog, type CatalogTable, type DatasetReference, storedName } from './catalog.ts';
import { BigQueryError, invalid, invalidQuery, notFound } from './errors.ts';
import { informationSchema } from './information-schema.ts';
import { parameterLiterals, type QueryParameter } from './parameters.ts';
import { type Names, type Relation, sqlString, type TableReference } from './sql/scope.ts';

/** Where a query's names are looked up. */
export interface QueryContext {
  catalog: Catalog;
  projectId: string;
  defaultDataset: DatasetReference | undefined;
  parameters: readonly QueryParameter[];
}

/** Answers a translation's questions from the catalog. */
export function createNames(context: QueryContext): Names {
  const parameter = parameterLiterals(context.parameters);
  return {
    parameter,
    relation(parts) {
      const view = parts.findIndex((part) => part.toUpperCase() === 'INFORMATION_SCHEMA');
      if (view >= 0)
        return { kind: 'catalog', sql: informationSchema(context, parts.slice(0, view), parts.slice(view + 1)) };
      const reference = referenceOf(context, parts);
      if (reference.tableId.endsWith('*')) return wildcard(context.catalog, reference);
      const table = existing(context.catalog, reference);
      if (table.viewQuery !== undefined) {
        return { kind: 'view', reference, query: table.viewQuery, names: ownNames(context, reference) };
      }
      return { kind: 'stored', reference, sql: storedName(reference), changed: context.catalog.changed(reference) };
    },
    tableFunction(parts, at) {
      const found = context.catalog.findFunction(referenceOf(context, parts));
      if (!found) throw invalidQuery(`Table-valued function not found: ${parts.join('.')} at ${at}`);
      return { ...found, names: ownNames(context, found.reference) };
    },
  };
}

/** A view's names do not depend on who asks: its own project, no default dataset, no parameters. */
function ownNames(context: QueryContext, { projectId }: TableReference): Names {
  return createNames({ ...context, projectId, defaultDataset: undefined, parameters: [] });
}

/** `prefix*`: the stored tables of a dataset whose names begin so, each row with the rest of its table's name. */
function wildcard(catalog: Catalog, { tableId, ...dataset }: TableReference): Relation {
  const prefix = tableId.slice(0, -1);
  const tables = catalog
    .tables(dataset)
    .filter(({ type, reference }) => type === 'TABLE' && reference.tableId.startsWith(prefix));
  if (!tables.length) throw notFound(`Table ${dataset.projectId}:${dataset.datasetId}.${tableId}`);
  const parts = tables.map(({ reference }) => {
    const suffix = sqlString(reference.tableId.slice(prefix.length));
    return `SELECT *, ${suffix} AS "_TABLE_SUFFIX" FROM ${storedName(reference)}`;
  });
  const sql = `(${parts.join(' UNION ALL BY NAME ')})`;
  return { kind: 'wildcard', references: tables.map(({ reference }) => reference), sql };
}

function existing(catalog: Catalog, reference: TableReference): CatalogTable {
  const dataset = catalog.dataset(reference);
  const found = catalog.findTable(reference);
  if (found) return found;
  const location = String(dataset.resource['location'] ?? 'US');
  const name = `${reference.projectId}:${reference.datasetId}.${reference.tableId}`;
  throw new BigQueryError('notFound', `Not found: Table ${name} was not found in location ${location}`);
}

/** A name of one to three parts as an address. Refuses a bare table where the query has no default dataset. */
export function referenceOf(
  context: Pick<QueryContext, 'projectId' | 'defaultDataset'>,
  parts: readonly string[],
): TableReference {
  const [tableId, datasetId, projectId] = parts.toReversed();
  if (tableId === undefined || parts.length > 3) throw invalidQuery(`Invalid table name: ${parts.join('.')}`);
  if (datasetId === undefined) {
    if (!context.defaultDataset)
      throw invalid(`Table "${tableId}" must be qualified with a dataset (e.g. dataset.table).`);
    return { ...context.defaultDataset, tableId };
  }
  return { projectId: projectId ?? context.projectId, datasetId, tableId };
}
