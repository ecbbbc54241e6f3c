import { deleteDataset, getDataset, insertDataset, listDatasets, patchDataset, updateDataset } from './datasets.ts';
import { withoutExpired } from './expiration.ts';
import { insertAll } from './insert-all.ts';
import { cancelJob, getJob, getQueryResults, insertJob, listJobs, queryJob } from './jobs.ts';
import { getRoutine, listRoutines } from './routines.ts';
import type { Handler } from './service.ts';
import { listTableData } from './tabledata.ts';
import { deleteTable, getTable, insertTable, listTables, patchTable, updateTable } from './tables.ts';

/** One method of the API; the discovery document is made from these too. */
export interface Route {
  /** `resource.method` of the discovery document. */
  id: string;
  method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  /** Path below `/bigquery/v2/`, variables in braces. */
  path: string;
  handler: Handler;
  /** Names of the query string's parameters. */
  query: readonly string[];
}

const project = 'projects/{projectId}';
const dataset = `${project}/datasets/{datasetId}`;
const table = `${dataset}/tables/{tableId}`;
const paging = ['maxResults', 'pageToken'];
const format = ['formatOptions.useInt64Timestamp', 'formatOptions.timestampOutputFormat'];

const listProjects: Handler = async ({ catalog }) => {
  const projects = catalog.projects().map((id) => ({
    kind: 'bigquery#project',
    id,
    numericId: '0',
    projectReference: { projectId: id },
    friendlyName: id,
  }));
  return { kind: 'bigquery#projectList', projects, totalItems: projects.length };
};

/** BigQuery REST v2, as far as this emulator speaks it. */
export const ROUTES: readonly Route[] = [
  { id: 'projects.list', method: 'GET', path: 'projects', handler: listProjects, query: paging },
  {
    id: 'datasets.list',
    method: 'GET',
    path: `${project}/datasets`,
    handler: listDatasets,
    query: [...paging, 'all', 'filter'],
  },
  {
    id: 'datasets.insert',
    method: 'POST',
    path: `${project}/datasets`,
    handler: insertDataset,
    query: ['accessPolicyVersion'],
  },
  {
    id: 'datasets.get',
    method: 'GET',
    path: dataset,
    handler: getDataset,
    query: ['datasetView', 'accessPolicyVersion'],
  },
  {
    id: 'datasets.patch',
    method: 'PATCH',
    path: dataset,
    handler: patchDataset,
    query: ['accessPolicyVersion', 'updateMode'],
  },
  {
    id: 'datasets.update',
    method: 'PUT',
    path: dataset,
    handler: updateDataset,
    query: ['accessPolicyVersion', 'updateMode'],
  },
  { id: 'datasets.delete', method: 'DELETE', path: dataset, handler: deleteDataset, query: ['deleteContents'] },
  { id: 'tables.list', method: 'GET', path: `${dataset}/tables`, handler: listTables, query: paging },
  { id: 'tables.insert', method: 'POST', path: `${dataset}/tables`, handler: insertTable, query: [] },
  {
    id: 'tables.get',
    method: 'GET',
    path: table,
    handler: withoutExpired(getTable),
    query: ['selectedFields', 'view'],
  },
  { id: 'tables.patch', method: 'PATCH', path: table, handler: patchTable, query: ['autodetect_schema'] },
  { id: 'tables.update', method: 'PUT', path: table, handler: updateTable, query: ['autodetect_schema'] },
  { id: 'tables.delete', method: 'DELETE', path: table, handler: deleteTable, query: [] },
  { id: 'tabledata.insertAll', method: 'POST', path: `${table}/insertAll`, handler: insertAll, query: [] },
  {
    id: 'tabledata.list',
    method: 'GET',
    path: `${table}/data`,
    handler: withoutExpired(listTableData),
    query: [...paging, 'startIndex', 'selectedFields', ...format],
  },
  {
    id: 'routines.list',
    method: 'GET',
    path: `${dataset}/routines`,
    handler: listRoutines,
    query: [...paging, 'filter', 'readMask'],
  },
  {
    id: 'routines.get',
    method: 'GET',
    path: `${dataset}/routines/{routineId}`,
    handler: getRoutine,
    query: ['readMask'],
  },
  {
    id: 'jobs.list',
    method: 'GET',
    path: `${project}/jobs`,
    handler: listJobs,
    query: [...paging, 'allUsers', 'projection', 'stateFilter', 'minCreationTime', 'maxCreationTime', 'parentJobId'],
  },
  { id: 'jobs.insert', method: 'POST', path: `${project}/jobs`, handler: withoutExpired(insertJob), query: [] },
  { id: 'jobs.get', method: 'GET', path: `${project}/jobs/{jobId}`, handler: getJob, query: ['location'] },
  {
    id: 'jobs.cancel',
    method: 'POST',
    path: `${project}/jobs/{jobId}/cancel`,
    handler: cancelJob,
    query: ['location'],
  },
  { id: 'jobs.query', method: 'POST', path: `${project}/queries`, handler: withoutExpired(queryJob), query: [] },
  {
    id: 'jobs.getQueryResults',
    method: 'GET',
    path: `${project}/queries/{jobId}`,
    handler: getQueryResults,
    query: [...paging, 'location', 'startIndex', 'timeoutMs', ...format],
  },
];
