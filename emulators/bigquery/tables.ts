import { z } from 'zod';
import { type CatalogTable, columnOf, NO_COLUMNS, storedName } from './catalog.ts';
import { ownPart, patched } from './datasets.ts';
import type { Database } from './engine.ts';
import { invalid } from './errors.ts';
import { createNames } from './names.ts';
import { viewFields } from './query.ts';
import { bodyAs, datasetOf, etag, notImplemented, pageOf, tableIdSchema, tableOf } from './request.ts';
import { type Field, isRepeated, isRequired, normalizeFields } from './schema.ts';
import { selectedFields } from './selected-fields.ts';
import type { ApiRequest, Handler, Service } from './service.ts';
import { byteWidth } from './size.ts';
import type { TableReference } from './sql/scope.ts';

const COMPUTED =
  `kind id etag selfLink creationTime lastModifiedTime tableReference schema type numRows numBytes numLongTermBytes
  numTotalLogicalBytes location`.split(/\s+/);

const fieldSchema: z.ZodType<Field> = z.lazy(() =>
  z.looseObject({
    name: z.string(),
    type: z.string(),
    mode: z.string().optional(),
    fields: z.array(fieldSchema).optional(),
  }),
) as z.ZodType<Field>;

const patchSchema = z.looseObject({
  schema: z.looseObject({ fields: z.array(fieldSchema).optional() }).nullish(),
  view: z.looseObject({ query: z.string(), useLegacySql: z.boolean().optional() }).nullish(),
  timePartitioning: z
    .looseObject({ type: z.string(), field: z.string().optional(), requirePartitionFilter: z.boolean().optional() })
    .nullish(),
  clustering: z.looseObject({ fields: z.array(z.string()).optional() }).nullish(),
  requirePartitionFilter: z.boolean().nullish(),
});
const insertSchema = patchSchema.extend({ tableReference: z.looseObject({ tableId: tableIdSchema }) });
type TableBody = z.infer<typeof patchSchema>;

const UNSUPPORTED = [
  'externalDataConfiguration',
  'materializedView',
  'rangePartitioning',
  'snapshotDefinition',
  'cloneDefinition',
];

/** A table as its owner describes it. Refuses partitioning and clustering by what cannot be. */
export function describeTable(reference: TableReference, body: TableBody, fields: Field[], now: number): CatalogTable {
  const { timePartitioning, clustering } = body;
  const partitionField = timePartitioning ? (timePartitioning.field ?? '_PARTITIONTIME') : undefined;
  if (timePartitioning?.field) checkPartitioning(fields, timePartitioning.field);
  for (const name of clustering?.fields ?? []) {
    if (!fields.some((field) => field.name === name))
      throw invalid(`The field specified for clustering cannot be found in the schema. Invalid field: ${name}.`);
  }
  return {
    reference,
    type: body.view ? 'VIEW' : 'TABLE',
    fields,
    ...(body.view ? { viewQuery: body.view.query } : {}),
    ...(partitionField ? { partitionField } : {}),
    requirePartitionFilter: (body.requirePartitionFilter ?? timePartitioning?.requirePartitionFilter) === true,
    resource: ownPart(body, COMPUTED),
    created: now,
    modified: now,
  };
}

function checkPartitioning(fields: readonly Field[], name: string): void {
  const field = fields.find((candidate) => candidate.name === name);
  if (!field) throw invalid(`The field specified for partitioning cannot be found in the schema: ${name}.`);
  if (!['TIMESTAMP', 'DATE', 'DATETIME'].includes(field.type) || isRepeated(field)) {
    throw invalid(`The field specified for time partitioning must be of type TIMESTAMP, DATE or DATETIME: ${name}.`);
  }
}

async function render(
  db: Database,
  table: CatalogTable,
  service: Service,
  fields: readonly Field[] = table.fields,
): Promise<object> {
  const { projectId, datasetId, tableId } = table.reference;
  const rows = table.type === 'TABLE' ? await rowCount(db, table) : undefined;
  const location = service.catalog.dataset(table.reference).resource['location'] ?? 'US';
  return {
    kind: 'bigquery#table',
    etag: etag(tableId, table.modified, table.fields, table.resource),
    id: `${projectId}:${datasetId}.${tableId}`,
    selfLink: `${service.url}/bigquery/v2/projects/${projectId}/datasets/${datasetId}/tables/${tableId}`,
    tableReference: { projectId, datasetId, tableId },
    ...table.resource,
    schema: { fields },
    type: table.type,
    location,
    creationTime: String(table.created),
    lastModifiedTime: String(table.modified),
    ...(rows === undefined
      ? {}
      : { numRows: String(rows), numBytes: String(rows * byteWidth(table.fields)), numLongTermBytes: '0' }),
  };
}

/** How many rows a stored table holds. */
export async function rowCount(db: Database, table: CatalogTable): Promise<number> {
  const { rows } = await db.read(`SELECT count(*) FROM ${storedName(table.reference)}`);
  return Number(rows[0]?.[0]);
}

export const insertTable: Handler = async (service, request) => {
  const body = bodyAs(insertSchema, request);
  refuseUnsupported(body);
  const reference = { ...datasetOf(request), tableId: body.tableReference.tableId };
  return service.engine.exclusive(async (db) => {
    const fields = await fieldsOf(db, service, reference, body);
    const table = describeTable(reference, body, fields, service.clock());
    await service.catalog.addTable(db, table);
    return render(db, table, service);
  });
};

function refuseUnsupported(body: TableBody): void {
  for (const name of UNSUPPORTED) if (body[name]) throw notImplemented(name);
  if (body.view?.useLegacySql) throw notImplemented('A view in legacy SQL');
}

/** The given schema, or a view's own. */
async function fieldsOf(db: Database, service: Service, reference: TableReference, body: TableBody): Promise<Field[]> {
  service.catalog.dataset(reference);
  if (!body.view) return normalizeFields(body.schema?.fields ?? []);
  const { projectId } = reference;
  const names = createNames({ catalog: service.catalog, projectId, defaultDataset: undefined, parameters: [] });
  return viewFields(db, body.view.query, names);
}

export const getTable: Handler = async (service, request) => {
  const table = service.catalog.table(tableOf(request));
  const fields = selectedFields(table.fields, request.query.get('selectedFields'));
  return service.engine.exclusive((db) => render(db, table, service, fields));
};

export const listTables: Handler = async ({ catalog }, request) => {
  const all = catalog.tables(datasetOf(request));
  const { items, nextPageToken } = pageOf(all, request.query);
  const tables = items.map(({ reference, type, resource, created }) => ({
    kind: 'bigquery#table',
    id: `${reference.projectId}:${reference.datasetId}.${reference.tableId}`,
    tableReference: reference,
    type,
    creationTime: String(created),
    ...ownPart(
      {
        labels: resource['labels'] ?? null,
        friendlyName: resource['friendlyName'] ?? null,
        timePartitioning: resource['timePartitioning'] ?? null,
        clustering: resource['clustering'] ?? null,
        view: type === 'VIEW' ? { useLegacySql: false } : null,
      },
      [],
    ),
  }));
  return {
    kind: 'bigquery#tableList',
    etag: etag(all.length),
    ...(nextPageToken ? { nextPageToken } : {}),
    tables,
    totalItems: all.length,
  };
};

const change =
  (replaces: boolean): Handler =>
  async (service, request) => {
    const body = bodyAs(patchSchema, request);
    refuseUnsupported(body);
    return service.engine.exclusive((db) => changeTable(db, service, request, body, replaces));
  };

async function changeTable(
  db: Database,
  service: Service,
  request: ApiRequest,
  body: TableBody,
  replaces: boolean,
): Promise<object> {
  const { catalog, clock } = service;
  const old = catalog.table(tableOf(request));
  const resource = replaces ? { ...body } : patched(old.resource, body);
  const merged = patchSchema.parse({
    ...resource,
    ...(old.type === 'VIEW' && !resource['view'] ? { view: old.resource['view'] } : {}),
  });
  const fields = await changedFields(db, service, old, body);
  const table = { ...describeTable(old.reference, merged, fields, old.created), modified: clock() };
  await db.atomically(async () => {
    await alterColumns(db, old, fields);
    await catalog.saveTable(db, table);
  });
  return render(db, table, service);
}

async function changedFields(db: Database, service: Service, old: CatalogTable, body: TableBody): Promise<Field[]> {
  if (body.view) return fieldsOf(db, service, old.reference, body);
  if (!body.schema?.fields) return old.fields;
  const fields = normalizeFields(body.schema.fields);
  const before = old.fields.map(({ name }) => name);
  // Columns keep the order in which they are stored, and new ones come last.
  return fields.toSorted((left, right) => placeOf(before, left) - placeOf(before, right));
}

const placeOf = (before: readonly string[], { name }: Field) =>
  before.includes(name) ? before.indexOf(name) : before.length;

/** Adds new columns and relaxes required ones. Refuses every other change, as the service does. */
async function alterColumns(db: Database, old: CatalogTable, fields: readonly Field[]): Promise<void> {
  if (old.type === 'VIEW') return;
  const name = storedName(old.reference);
  for (const before of old.fields) {
    const after = fields.find((field) => field.name === before.name);
    const where = `Provided Schema does not match Table ${old.reference.projectId}:${old.reference.datasetId}.${old.reference.tableId}.`;
    if (!after) throw invalid(`${where} Field ${before.name} is missing in new schema`);
    if (columnType(after) !== columnType(before)) throw invalid(`${where} Field ${before.name} has changed type`);
    if (isRequired(after) && !isRequired(before))
      throw invalid(`${where} Field ${before.name} has changed mode from NULLABLE to REQUIRED`);
    if (isRequired(before) && !isRequired(after))
      await db.run(`ALTER TABLE ${name} ALTER ${JSON.stringify(before.name)} DROP NOT NULL`);
  }
  for (const field of fields.filter((candidate) => !old.fields.some((before) => before.name === candidate.name))) {
    if (isRequired(field)) throw invalid(`Cannot add required fields to an existing schema. (field: ${field.name})`);
    await db.run(`ALTER TABLE ${name} ADD COLUMN ${columnOf(field)}`);
  }
  if (old.fields.length === 0 && fields.length > 0) await db.run(`ALTER TABLE ${name} DROP COLUMN ${NO_COLUMNS}`);
}

const columnType = (field: Field) => columnOf({ ...field, mode: isRepeated(field) ? 'REPEATED' : 'NULLABLE' });

export const patchTable = change(false);
export const updateTable = change(true);

export const deleteTable: Handler = async ({ engine, catalog }, request) => {
  await engine.exclusive((db) => {
    const { reference } = catalog.table(tableOf(request));
    return catalog.removeTable(db, reference);
  });
  return undefined;
};
