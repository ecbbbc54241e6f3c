/** What of BigQuery's REST API v2 is served below a connection's path. */
const methods: readonly (readonly [id: string, http: string, path: string, query: readonly string[]])[] = [
  ['projects.list', 'GET', 'projects', ['maxResults', 'pageToken']],
  ['datasets.list', 'GET', 'projects/{projectId}/datasets', ['maxResults', 'pageToken', 'all', 'filter']],
  ['datasets.get', 'GET', 'projects/{projectId}/datasets/{datasetId}', ['datasetView', 'accessPolicyVersion']],
  ['tables.list', 'GET', 'projects/{projectId}/datasets/{datasetId}/tables', ['maxResults', 'pageToken']],
  ['tables.get', 'GET', 'projects/{projectId}/datasets/{datasetId}/tables/{tableId}', ['selectedFields', 'view']],
  ['tables.delete', 'DELETE', 'projects/{projectId}/datasets/{datasetId}/tables/{tableId}', []],
  [
    'tabledata.list',
    'GET',
    'projects/{projectId}/datasets/{datasetId}/tables/{tableId}/data',
    [
      'maxResults',
      'pageToken',
      'startIndex',
      'selectedFields',
      'formatOptions.useInt64Timestamp',
      'formatOptions.timestampOutputFormat',
    ],
  ],
  [
    'routines.list',
    'GET',
    'projects/{projectId}/datasets/{datasetId}/routines',
    ['maxResults', 'pageToken', 'filter', 'readMask'],
  ],
  ['models.list', 'GET', 'projects/{projectId}/datasets/{datasetId}/models', ['maxResults', 'pageToken']],
  ['jobs.query', 'POST', 'projects/{projectId}/queries', []],
  ['jobs.insert', 'POST', 'projects/{projectId}/jobs', []],
  ['jobs.get', 'GET', 'projects/{projectId}/jobs/{jobId}', ['location']],
  [
    'jobs.list',
    'GET',
    'projects/{projectId}/jobs',
    [
      'maxResults',
      'pageToken',
      'projection',
      'stateFilter',
      'minCreationTime',
      'maxCreationTime',
      'allUsers',
      'parentJobId',
    ],
  ],
  ['jobs.cancel', 'POST', 'projects/{projectId}/jobs/{jobId}/cancel', ['location']],
  [
    'jobs.getQueryResults',
    'GET',
    'projects/{projectId}/queries/{jobId}',
    [
      ...['maxResults', 'pageToken', 'startIndex', 'timeoutMs', 'location'],
      ...['formatOptions.useInt64Timestamp', 'formatOptions.timestampOutputFormat'],
    ],
  ],
];

/** Clients write values by their declared type: `true`, not Python's `True`. */
const booleans = new Set(['all', 'allUsers', 'formatOptions.useInt64Timestamp']);
const everywhere = ['alt', 'fields', 'key', 'prettyPrint', 'quotaUser', 'userIp'];

/**
 * The discovery document that `bq --api <gateway>/bigquery/<connection>` asks for at the root of the host, whatever path stands in `--api`; where
 * its methods are it takes from `--api` itself. It says nothing of any connection. (Google's API Discovery Service, `RestDescription`.)
 */
export function bigQueryDiscovery(origin: string): object {
  const resources: Record<string, { methods: Record<string, object> }> = {};
  for (const [id, httpMethod, path, query] of methods) {
    const [resource = '', method = ''] = id.split('.');
    resources[resource] ??= { methods: {} };
    resources[resource].methods[method] = methodOf(id, httpMethod, path, query);
  }
  return {
    ...{
      kind: 'discovery#restDescription',
      discoveryVersion: 'v1',
      id: 'bigquery:v2',
      name: 'bigquery',
      version: 'v2',
    },
    ...{ title: 'BigQuery API through Sallyport', protocol: 'rest', batchPath: 'batch/bigquery/v2' },
    ...{
      rootUrl: `${origin}/`,
      servicePath: 'bigquery/v2/',
      basePath: '/bigquery/v2/',
      baseUrl: `${origin}/bigquery/v2/`,
    },
    parameters: Object.fromEntries(everywhere.map((name) => [name, { type: 'string', location: 'query' }])),
    auth: { oauth2: { scopes: { 'https://www.googleapis.com/auth/bigquery': { description: 'BigQuery' } } } },
    schemas: { Any: { id: 'Any', type: 'object', additionalProperties: { type: 'any' } } },
    resources,
  };
}

function methodOf(id: string, httpMethod: string, path: string, query: readonly string[]): object {
  const order = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  const inPath = order.map((name) => [name, { type: 'string', location: 'path', required: true }]);
  const inQuery = query.map((name) => [name, { type: booleans.has(name) ? 'boolean' : 'string', location: 'query' }]);
  const upload = { multipart: true, path: '/upload/bigquery/v2/projects/{+projectId}/jobs' };
  return {
    ...{ id: `bigquery.${id}`, path, flatPath: path, httpMethod, parameterOrder: order },
    parameters: Object.fromEntries([...inPath, ...inQuery]),
    ...(httpMethod === 'POST' && { request: { $ref: 'Any' } }),
    ...(httpMethod !== 'DELETE' && { response: { $ref: 'Any' } }),
    // `bq` names an upload with every job, though it sends none with a query.
    ...(id === 'jobs.insert' && {
      supportsMediaUpload: true,
      mediaUpload: { accept: ['*/*'], protocols: { simple: upload } },
    }),
  };
}
