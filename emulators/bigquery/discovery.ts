import { ROUTES, type Route } from './routes.ts';

/** The discovery document of what `routes.ts` serves, in the shape Google's generated clients and `bq` read. */
export function discoveryDocument(url: string): object {
  const resources: Record<string, { methods: Record<string, object> }> = {};
  for (const route of ROUTES) {
    const [resource = '', method = ''] = route.id.split('.');
    resources[resource] ??= { methods: {} };
    resources[resource].methods[method] = methodOf(route);
  }
  return {
    kind: 'discovery#restDescription',
    discoveryVersion: 'v1',
    id: 'bigquery:v2',
    name: 'bigquery',
    version: 'v2',
    title: 'BigQuery API (emulated)',
    protocol: 'rest',
    rootUrl: `${url}/`,
    servicePath: 'bigquery/v2/',
    basePath: '/bigquery/v2/',
    baseUrl: `${url}/bigquery/v2/`,
    batchPath: 'batch/bigquery/v2',
    parameters: Object.fromEntries(COMMON.map((name) => [name, { type: 'string', location: 'query' }])),
    auth: { oauth2: { scopes: { 'https://www.googleapis.com/auth/bigquery': { description: 'BigQuery' } } } },
    schemas: { Any: { id: 'Any', type: 'object', additionalProperties: { type: 'any' } } },
    resources,
  };
}

/** Clients spell values by their declared type: `true`, not Python's `True`. */
const BOOLEANS = new Set(['all', 'allUsers', 'autodetect_schema', 'deleteContents', 'formatOptions.useInt64Timestamp']);
/** `bq` passes a media body, if only an empty one, with every job. */
const UPLOAD = {
  supportsMediaUpload: true,
  mediaUpload: {
    accept: ['*/*'],
    protocols: { simple: { multipart: true, path: '/upload/bigquery/v2/projects/{+projectId}/jobs' } },
  },
};

const COMMON = ['alt', 'fields', 'key', 'oauth_token', 'prettyPrint', 'quotaUser', 'userIp'];

function methodOf({ id, method, path, query }: Route): object {
  const order = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  const inPath = order.map((name) => [name, { type: 'string', location: 'path', required: true }]);
  const inQuery = query.map((name) => [name, { type: BOOLEANS.has(name) ? 'boolean' : 'string', location: 'query' }]);
  return {
    id: `bigquery.${id}`,
    path,
    flatPath: path,
    httpMethod: method,
    parameterOrder: order,
    parameters: Object.fromEntries([...inPath, ...inQuery]),
    ...(method === 'GET' || method === 'DELETE' ? {} : { request: { $ref: 'Any' } }),
    ...(method === 'DELETE' ? {} : { response: { $ref: 'Any' } }),
    ...(id === 'jobs.insert' ? UPLOAD : {}),
  };
}
