import { unreadable } from '../api/refused.ts';

/** A method of BigQuery's REST API v2, and the names of the query that it takes beside those that all take. */
type Route = { id: RouteId; method: string; path: string; query?: readonly string[] };

type RouteId =
  | 'projects.list'
  | 'datasets.list'
  | 'datasets.get'
  | 'tables.list'
  | 'tables.get'
  | 'tables.delete'
  | 'tabledata.list'
  | 'routines.list'
  | 'models.list'
  | 'jobs.query'
  | 'jobs.insert'
  | 'jobs.get'
  | 'jobs.list'
  | 'jobs.cancel'
  | 'jobs.getQueryResults';

const project = 'projects/{projectId}';
const dataset = `${project}/datasets/{datasetId}`;
const table = `${dataset}/tables/{tableId}`;
const paging = ['maxResults', 'pageToken'];
const format = ['formatOptions.useInt64Timestamp', 'formatOptions.timestampOutputFormat'];

const routes: readonly Route[] = [
  { id: 'projects.list', method: 'GET', path: 'projects', query: paging },
  { id: 'datasets.list', method: 'GET', path: `${project}/datasets`, query: [...paging, 'all', 'filter'] },
  { id: 'datasets.get', method: 'GET', path: dataset, query: ['datasetView', 'accessPolicyVersion'] },
  { id: 'tables.list', method: 'GET', path: `${dataset}/tables`, query: paging },
  { id: 'tables.get', method: 'GET', path: table, query: ['selectedFields', 'view'] },
  { id: 'tables.delete', method: 'DELETE', path: table },
  {
    id: 'tabledata.list',
    method: 'GET',
    path: `${table}/data`,
    query: [...paging, ...format, 'startIndex', 'selectedFields'],
  },
  { id: 'routines.list', method: 'GET', path: `${dataset}/routines`, query: [...paging, 'filter', 'readMask'] },
  { id: 'models.list', method: 'GET', path: `${dataset}/models`, query: paging },
  { id: 'jobs.query', method: 'POST', path: `${project}/queries` },
  { id: 'jobs.insert', method: 'POST', path: `${project}/jobs` },
  { id: 'jobs.get', method: 'GET', path: `${project}/jobs/{jobId}`, query: ['location'] },
  {
    id: 'jobs.list',
    method: 'GET',
    path: `${project}/jobs`,
    query: [...paging, 'projection', 'stateFilter', 'minCreationTime', 'maxCreationTime', 'allUsers', 'parentJobId'],
  },
  { id: 'jobs.cancel', method: 'POST', path: `${project}/jobs/{jobId}/cancel`, query: ['location'] },
  {
    id: 'jobs.getQueryResults',
    method: 'GET',
    path: `${project}/queries/{jobId}`,
    query: [...paging, ...format, 'location', 'startIndex', 'timeoutMs'],
  },
];

/** Of no effect on what is done: they say how the answer is written, or whom to count it for. */
const everywhere = new Set(['alt', 'prettyPrint', 'fields', 'quotaUser', 'userIp', 'key', '$.xgafv', 'uploadType']);

const compiled = routes.map((route) => {
  const names = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  const pattern = new RegExp(`^${route.path.replace(/\{\w+\}/g, '([^/]+)')}$`);
  return { route, names, pattern };
});

export type Found = { id: RouteId; path: ReadonlyMap<string, string>; query: ReadonlyMap<string, string> };

/** Which method a request is. Refuses what none is, what could be read in another way, and names of the query that it does not take. */
export function routeOf(method: string, target: string): Found {
  const [, pathname = '', search = ''] = /^(?:\/bigquery\/v2)?\/([^?#]*)(?:\?(.*))?$/.exec(target) ?? [];
  const fitting = compiled.flatMap((one) => {
    const found = one.pattern.exec(pathname);
    return found === null ? [] : [{ ...one, values: found.slice(1).map(decoded) }];
  });
  const own = fitting.find(({ route }) => route.method === method);
  if (own === undefined) throw unknown(method, pathname);
  const { route, names, values } = own;
  const query = queryOf(search);
  for (const name of query.keys())
    if (!everywhere.has(name) && route.query?.includes(name) !== true)
      throw unreadable('query', `${route.id} takes no such parameter as is in the query.`);
  if ((query.get('alt') ?? 'json') !== 'json') throw unreadable('query', 'Answers are JSON: leave alt out.');
  return { id: route.id, query, path: new Map(names.map((name, index) => [name, values[index] ?? ''])) };
}

function unknown(method: string, pathname: string) {
  if (/^(resumable\/)?upload\//.test(pathname) || pathname.startsWith('batch'))
    return unreadable('unsupported', 'Uploads and batches of requests are not taken; send one request of JSON.');
  const instead = method === 'GET' ? '' : ' Definitions and writes are SQL: send them as a query.';
  return unreadable('unsupported', `The gateway serves no such method of BigQuery.${instead}`);
}

/** Names of projects, datasets, tables and jobs, of which none holds anything that would have to be decoded twice. */
function decoded(segment: string): string {
  try {
    const text = decodeURIComponent(segment);
    if (text.length <= 1024 && /^[\p{L}\p{M}\p{N}_$ :.-]+$/u.test(text) && !/^\.+$/.test(text)) return text;
  } catch {
    // Said below.
  }
  throw unreadable('path', 'A name in the path is none that BigQuery has.');
}

function queryOf(search: string): Map<string, string> {
  const query = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(search)) {
    if (query.has(name)) throw unreadable('query', 'A parameter stands twice in the query.');
    query.set(name, value);
  }
  return query;
}
