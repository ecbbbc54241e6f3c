import type { Mask } from '../../model/operation.ts';
import type { StructureQuestion } from '../../model/structure.ts';
import { pageOf } from '../../model/structure-page.ts';
import type { Proxy as HttpProxy } from '../../proxy/proxy.ts';
import type { Access } from '../target.ts';
import { datasetsSchema, tablesSchema } from './api/answers.ts';
import { type Api, apiFor } from './api/api.ts';
import { readTables } from './api/tables.ts';
import { hiddenFrom, protectionOf } from './classification.ts';
import { isWithin } from './datasets.ts';
import { masksOf } from './masks/masks.ts';
import { resourceOf, tableNameOf } from './names.ts';
import type { Field, Table } from './plan.ts';
import type { Settings } from './settings.ts';

/** Datasets and tables that are looked at, at most: what is beyond them is found by its name. */
const MOST_DATASETS = 100;
const MOST_TABLES = 10_000;

type Asking = { settings: Settings; question: StructureQuestion; access: Access<Settings>; proxy: HttpProxy };

/** A page of the tables that somebody may touch, each field with its class and mask. */
export async function schemaOf({ settings, question, access, proxy }: Asking): Promise<object> {
  const api = apiFor(access, proxy);
  const { query, mayTouch } = question;
  const asked = query.table === undefined ? await namesOf(api, settings) : [fullName(query.table, settings)];
  const named = asked.filter((name) => isWithinAny(name, settings));
  const byResource = new Map(named.map((name) => [resourceOf(name, settings), name]));
  const { page, next } = pageOf([...byResource.keys()].sort(), query, mayTouch);
  const tables = await readTables(
    api,
    page.map((resource) => byResource.get(resource) ?? ''),
  );
  return {
    connection: access.connection.name,
    tables: tables.map((table) => describe(table, access, settings)),
    ...(next !== undefined && { next_page_token: next }),
  };
}

function isWithinAny(name: string, settings: Settings): boolean {
  const parts = tableNameOf(name);
  return parts !== undefined && isWithin(parts.project, parts.dataset, settings);
}

function fullName(resource: string, { project }: Settings): string {
  return tableNameOf(resource) === undefined ? `${project}.${resource}` : resource;
}

async function namesOf(api: Api, settings: Settings): Promise<string[]> {
  const { project, datasets = [] } = settings;
  const others = datasets.filter((one) => one.includes('.') && !one.includes('*')).map((one) => one.split('.'));
  const path = ['projects', project, 'datasets'];
  const listed = await api.ask({ method: 'GET', path, query: { maxResults: String(MOST_DATASETS) } }, datasetsSchema);
  const own = listed.datasets.map(({ datasetReference: { datasetId } }) => [project, datasetId]);
  const names: string[] = [];
  for (const [its = '', dataset = ''] of [...own, ...others]) {
    if (!isWithin(its, dataset, settings) || names.length >= MOST_TABLES) continue;
    const below = ['projects', its, 'datasets', dataset, 'tables'];
    const { tables } = await api.ask({ method: 'GET', path: below, query: { maxResults: '1000' } }, tablesSchema);
    names.push(...tables.map(({ tableReference: { tableId } }) => `${its}.${dataset}.${tableId}`));
  }
  return [...new Set(names)];
}

/** With the class and mask of each field; and, where nothing of it can be read, why. */
function describe(table: Table, { connection }: Access<Settings>, settings: Settings) {
  const resource = resourceOf(table.name, settings);
  const { classes, refusal } = protectionOf(table, [], { connection, settings });
  const cover = { table, hidden: hiddenFrom(classes, []), transforms: connection.transforms };
  const masks = new Map(masksOf(cover, '').map((mask) => [mask.resource.slice(1), mask]));
  return {
    table: resource,
    type: table.type,
    ...(refusal !== undefined && { refused: refusal.message }),
    columns: table.fields.map((field) => describeField(field, '', masks)),
  };
}

function describeField(field: Field, above: string, masks: ReadonlyMap<string, Mask>): object {
  const { name, type, mode, fields } = field;
  const path = `${above}${name.toLowerCase()}`;
  const mask = masks.get(path);
  return {
    name,
    type: mode === 'REPEATED' ? `ARRAY<${type}>` : type,
    nullable: mode !== 'REQUIRED',
    ...(mask !== undefined && { class: mask.class, mask: mask.transform }),
    ...(fields !== undefined && { fields: fields.map((inner) => describeField(inner, `${path}.`, masks)) }),
  };
}
