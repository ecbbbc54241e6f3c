import type { z } from 'zod';
import { check } from '../../../model/check.ts';
import type { HttpRequest } from '../../../model/http-request.ts';
import { never, unreadable } from '../api/refused.ts';
import { isWithin } from '../datasets.ts';
import type { Statement } from '../plan.ts';
import type { Settings } from '../settings.ts';
import { readToken } from './page-token.ts';
import { type JobBody, jobBody, type QueryBody, queryBody } from './query-body.ts';
import { type Found, routeOf } from './routes.ts';

/** Which rows of a result, and how times are written. */
type Window = { start: number; most?: number | undefined; format: Readonly<Record<string, string>> };

/** How the answer to a query is shaped: as `jobs.query`, `jobs.insert` or `tabledata.list` answer, or not at all. */
type Shape = 'query' | 'job' | 'data' | 'nothing';

export type RunAsked = {
  do: 'run';
  shape: Shape;
  statement: Statement;
  dryRun: boolean;
  window: Window;
  jobId?: string | undefined;
  requestId?: string | undefined;
  labels: Readonly<Record<string, string>>;
  maximumBytesBilled?: number | undefined;
  useQueryCache?: boolean | undefined;
  priority?: string | undefined;
};

export type JobAsked = {
  do: 'job' | 'cancel' | 'results';
  jobId: string;
  location?: string | undefined;
  window: Window;
  shape: 'query' | 'data';
};

export type ListAsked = {
  do: 'projects' | 'datasets' | 'dataset' | 'tables' | 'table' | 'jobs' | 'empty';
  id: string;
  project: string;
  dataset: string;
  table: string;
  pageToken?: string | undefined;
  maxResults?: number | undefined;
};

/** What a request of BigQuery's REST API asks for. */
export type RestAsked = RunAsked | JobAsked | ListAsked;

/** Reads a request. Refuses what is not served, and whatever could mean more than what is looked at. */
export function readAsked(request: HttpRequest, settings: Settings): RestAsked {
  if (request.upgrade !== undefined || request.headers.has('x-http-method-override'))
    throw unreadable('unsupported', 'Send a plain request of the method that is meant.');
  const found = routeOf(request.method, request.path);
  const { id, path, query } = found;
  const project = path.get('projectId') ?? settings.project;
  const dataset = path.get('datasetId') ?? '';
  const table = path.get('tableId') ?? '';
  const paging = { pageToken: query.get('pageToken'), maxResults: wholeIn(query, 'maxResults') };
  const listed = { id, project, dataset, table, ...paging };
  if (dataset !== '' && !isWithin(project, dataset, settings)) throw hidden();
  if (dataset === '' && project !== settings.project && id !== 'datasets.list')
    throw never('dataset', `Jobs run in ${settings.project}, the project of this connection; name that one.`);
  switch (id) {
    case 'projects.list':
      return { do: 'projects', ...listed };
    case 'datasets.list':
      return { do: 'datasets', ...listed };
    case 'datasets.get':
      return { do: 'dataset', ...listed };
    case 'tables.list':
      return { do: 'tables', ...listed };
    case 'tables.get':
      return { do: 'table', ...listed };
    case 'jobs.list':
      return { do: 'jobs', ...listed };
    case 'routines.list':
    case 'models.list':
      return { do: 'empty', ...listed };
    case 'tables.delete':
      return simple(`DROP TABLE ${quoted(project, dataset, table)}`, 'nothing', { start: 0, most: 0, format: {} });
    case 'tabledata.list':
      return dataAsked(found, quoted(project, dataset, table));
    case 'jobs.query':
      return queryAsked(bodyOf(request, queryBody), settings);
    case 'jobs.insert':
      return insertAsked(bodyOf(request, jobBody), settings);
    case 'jobs.get':
    case 'jobs.cancel':
    case 'jobs.getQueryResults': {
      const what = id === 'jobs.get' ? 'job' : id === 'jobs.cancel' ? 'cancel' : 'results';
      const jobId = path.get('jobId') ?? '';
      return { do: what, jobId, location: query.get('location'), window: windowOf(query), shape: 'query' };
    }
  }
}

/** What the connection does not have looks like what is not there. */
const hidden = () => never('dataset', 'The connection has no such dataset.');

function simple(text: string, shape: Shape, window: Window): RunAsked {
  return { do: 'run', shape, statement: { text, parameters: [] }, dryRun: false, window, labels: {} };
}

/** The rows of a table are what a SELECT of it gives: masked in the same way. Their next page is one of that job. */
function dataAsked({ query }: Found, table: string): RestAsked {
  const window = windowOf(query);
  const token = query.get('pageToken');
  const jobId = token === undefined ? undefined : readToken(token).jobId;
  if (token !== undefined && jobId === undefined) throw unreadable('query', 'pageToken is none of this table’s.');
  if (jobId !== undefined) return { do: 'results', jobId, window, shape: 'data' };
  const fields = query.get('selectedFields');
  if (fields !== undefined && !/^\w+(,\w+)*$/.test(fields))
    throw unreadable('query', 'selectedFields names columns; select a part of one with a query.');
  const columns =
    fields === undefined
      ? '*'
      : fields
          .split(',')
          .map((name) => `\`${name}\``)
          .join(', ');
  return simple(`SELECT ${columns} FROM ${table}`, 'data', window);
}

function quoted(project: string, dataset: string, table: string): string {
  if (!/^[\p{L}\p{M}\p{N}_ -]+$/u.test(table))
    throw unreadable(
      'path',
      'Partitions, snapshots and wildcards are not taken in the name of a table; write a query.',
    );
  return `\`${project}.${dataset}.${table}\``;
}

function queryAsked(body: QueryBody, settings: Settings): RunAsked {
  const { formatOptions, maxResults, dryRun, requestId } = body;
  const format = {
    ...(formatOptions?.useInt64Timestamp === true && { 'formatOptions.useInt64Timestamp': 'true' }),
    ...(typeof formatOptions?.timestampOutputFormat === 'string' && {
      'formatOptions.timestampOutputFormat': formatOptions.timestampOutputFormat,
    }),
  };
  return {
    ...runOf(body, settings),
    ...{ shape: 'query', dryRun: dryRun === true, window: { start: 0, most: maxResults ?? undefined, format } },
    labels: body.labels ?? {},
    ...(typeof requestId === 'string' && requestId !== '' && { requestId }),
  };
}

function insertAsked({ jobReference, configuration }: JobBody, settings: Settings): RunAsked {
  const { query, dryRun, labels } = configuration;
  return {
    ...runOf(query, settings),
    ...{ shape: 'job', dryRun: dryRun === true, window: { start: 0, most: 0, format: {} } },
    labels: labels ?? {},
    priority: query.priority ?? undefined,
    jobId: jobReference?.jobId ?? undefined,
  };
}

type Common = Pick<
  QueryBody,
  'query' | 'useLegacySql' | 'defaultDataset' | 'queryParameters' | 'maximumBytesBilled' | 'useQueryCache'
>;

function runOf(body: Common, settings: Settings) {
  const { query: text, useLegacySql, defaultDataset, queryParameters, maximumBytesBilled, useQueryCache } = body;
  if (useLegacySql !== false)
    throw unreadable(
      'legacy',
      'Legacy SQL is not taken: set useLegacySql to false (bq: --use_legacy_sql=false), and write GoogleSQL.',
    );
  const dataset = defaultDataset ?? undefined;
  return {
    do: 'run' as const,
    statement: {
      text,
      parameters: queryParameters ?? [],
      ...(dataset !== undefined && { defaultDataset: `${dataset.projectId ?? settings.project}.${dataset.datasetId}` }),
    },
    maximumBytesBilled: maximumBytesBilled ?? undefined,
    useQueryCache: useQueryCache ?? undefined,
  };
}

function windowOf(query: ReadonlyMap<string, string>): Window {
  const token = query.get('pageToken');
  const start = token === undefined ? (wholeIn(query, 'startIndex') ?? 0) : readToken(token).start;
  const format = Object.fromEntries([...query].filter(([name]) => name.startsWith('formatOptions.')));
  return { start, most: wholeIn(query, 'maxResults'), format };
}

function wholeIn(query: ReadonlyMap<string, string>, name: string): number | undefined {
  const text = query.get(name);
  if (text === undefined || text === '') return undefined;
  if (!/^\d{1,15}$/.test(text)) throw unreadable('query', `${name} is a whole number.`);
  return Number(text);
}

function bodyOf<T>(request: HttpRequest, schema: z.ZodType<T>): T {
  let body: unknown;
  try {
    body = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(request.body));
  } catch {
    throw unreadable('body', 'The body is no JSON in UTF-8.');
  }
  refuseOtherJobs(body);
  return check(body, schema, 'operation-unreadable');
}

/** Said in words of their own, as clients send them by commands of their own. */
function refuseOtherJobs(body: unknown): void {
  if (typeof body !== 'object' || body === null || !('configuration' in body)) return;
  const { configuration } = body;
  if (typeof configuration !== 'object' || configuration === null) return;
  const other = ['load', 'extract', 'copy'].find((kind) => kind in configuration);
  if (other !== undefined)
    throw never(
      'unsupported',
      `Jobs that ${other} are not run through the gateway: files and whole tables cannot be masked on their way.`,
    );
  if ('query' in configuration && typeof configuration.query === 'object' && configuration.query !== null) {
    if ('destinationTable' in configuration.query && configuration.query.destinationTable)
      throw never(
        'unsupported',
        'A result is not written to a table beside the statement; write CREATE TABLE … AS or INSERT.',
      );
  }
}
