import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { FormatOptions } from './encode.ts';
import { BigQueryError, duplicate, invalid, notFound } from './errors.ts';
import { type Job, renderJob, renderRows } from './job-resource.ts';
import { parameterSchema } from './parameters.ts';
import { runQuery } from './query.ts';
import { bodyAs, etag, integerSchema, notImplemented, pageOf, pathValue, tokenStart, whole } from './request.ts';
import type { ApiRequest, Handler, Service } from './service.ts';

export interface Jobs {
  add(job: Job): void;
  find(projectId: string, jobId: string): Job | undefined;
  /** Newest first. */
  list(projectId: string): Job[];
}

export function createJobs(): Jobs {
  const jobs = new Map<string, Job>();
  const key = (projectId: string, jobId: string) => `${projectId}/${jobId}`;
  return {
    add: (job) => void jobs.set(key(job.projectId, job.jobId), job),
    find: (projectId, jobId) => jobs.get(key(projectId, jobId)),
    list: (projectId) => [...jobs.values()].filter((job) => job.projectId === projectId).toReversed(),
  };
}

const querySchema = z.looseObject({
  query: z.string(),
  useLegacySql: z.boolean().nullish(),
  defaultDataset: z.looseObject({ datasetId: z.string(), projectId: z.string().nullish() }).nullish(),
  queryParameters: z.array(parameterSchema).nullish(),
  maximumBytesBilled: integerSchema.nullish(),
  destinationTable: z.looseObject({}).nullish(),
});
type QueryConfiguration = z.infer<typeof querySchema>;

const formatSchema = z.looseObject({
  useInt64Timestamp: z.boolean().optional(),
  timestampOutputFormat: z.string().optional(),
});
const queryBodySchema = querySchema.extend({
  dryRun: z.boolean().nullish(),
  maxResults: integerSchema.nullish(),
  formatOptions: formatSchema.nullish(),
  labels: z.record(z.string(), z.string()).nullish(),
  location: z.string().nullish(),
});
const insertBodySchema = z.looseObject({
  jobReference: z.looseObject({ jobId: z.string().nullish(), location: z.string().nullish() }).nullish(),
  configuration: z.looseObject({
    query: querySchema.optional(),
    dryRun: z.boolean().nullish(),
    labels: z.record(z.string(), z.string()).nullish(),
  }),
});

/** Runs a query configuration; its own failures are kept in the job, as the service does. */
async function runJob(
  service: Service,
  job: Pick<Job, 'projectId' | 'jobId' | 'location' | 'configuration'>,
  query: QueryConfiguration,
  dryRun: boolean,
): Promise<Job> {
  if (query.useLegacySql !== false && !/^\s*#standardSQL/i.test(query.query)) {
    throw invalid('Legacy SQL is not supported by this emulator: set useLegacySql to false.', 'useLegacySql');
  }
  if (query.destinationTable) throw notImplemented('destinationTable');
  const created = service.clock();
  const { projectId } = job;
  const dataset = query.defaultDataset;
  const run = {
    catalog: service.catalog,
    projectId,
    defaultDataset: dataset ? { projectId: dataset.projectId ?? projectId, datasetId: dataset.datasetId } : undefined,
    parameters: query.queryParameters ?? [],
    query: query.query,
    dryRun,
    maximumBytesBilled: query.maximumBytesBilled ?? undefined,
    now: created,
    measured: service.measured,
  };
  try {
    const outcome = await service.engine.exclusive((db) => runQuery(db, run));
    return { ...job, created, ended: service.clock(), outcome };
  } catch (error) {
    if (!(error instanceof BigQueryError)) throw error;
    return { ...job, created, ended: service.clock(), error };
  }
}

const PAGE = 10_000;

/** `jobs.query`: runs and answers with the first page. */
export const queryJob: Handler = async (service, request) => {
  const body = bodyAs(queryBodySchema, request);
  const { dryRun, maxResults, formatOptions, labels, location, ...query } = body;
  const configuration = { jobType: 'QUERY', query: echoed(query), ...(labels ? { labels } : {}) };
  const base = {
    projectId: pathValue(request, 'projectId'),
    jobId: randomUUID(),
    location: location ?? 'US',
    configuration,
  };
  const job = await runJob(service, base, query, dryRun === true);
  if (job.error) throw job.error;
  if (!dryRun) service.jobs.add(job);
  const rows = renderRows(job, 0, maxResults ?? PAGE, formatOf(formatOptions ?? {}));
  return { kind: 'bigquery#queryResponse', ...rows, queryId: job.jobId };
};

const formatOf = ({ useInt64Timestamp, timestampOutputFormat }: z.infer<typeof formatSchema>): FormatOptions => ({
  ...(useInt64Timestamp === undefined ? {} : { useInt64Timestamp }),
  ...(timestampOutputFormat === undefined ? {} : { timestampOutputFormat }),
});

/** What of a query's configuration the job repeats. */
function echoed(query: QueryConfiguration): object {
  const { kind: _kind, ...rest } = query;
  return {
    ...rest,
    useLegacySql: false,
    ...(query.maximumBytesBilled ? { maximumBytesBilled: String(query.maximumBytesBilled) } : {}),
  };
}

/** `jobs.insert`: a failing query is a job with an error, a failing dry run an error. */
export const insertJob: Handler = async (service, request) => {
  const { jobReference, configuration } = bodyAs(insertBodySchema, request);
  const projectId = pathValue(request, 'projectId');
  const jobId = jobReference?.jobId ?? randomUUID();
  if (!/^[\w-]{1,1024}$/.test(jobId)) throw invalid(`Invalid job ID "${jobId}".`, 'jobReference.jobId');
  if (service.jobs.find(projectId, jobId)) throw duplicate(`Job ${projectId}:US.${jobId}`);
  const { query, dryRun } = configuration;
  if (!query) throw withoutQuery(configuration);
  const kept = { ...configuration, jobType: 'QUERY', query: echoed(query) };
  const base = { projectId, jobId, location: jobReference?.location ?? 'US', configuration: kept };
  const job = await runJob(service, base, query, dryRun === true);
  if (dryRun && job.error) throw job.error;
  if (!dryRun) service.jobs.add(job);
  return renderJob(job, service);
};

function withoutQuery(configuration: Record<string, unknown>): BigQueryError {
  const other = ['load', 'copy', 'extract'].find((kind) => configuration[kind]);
  return other
    ? notImplemented(`A ${other} job`)
    : invalid('Required parameter is missing: query', 'configuration.query');
}

function jobOf(service: Service, request: ApiRequest): Job {
  const projectId = pathValue(request, 'projectId');
  const jobId = pathValue(request, 'jobId');
  const job = service.jobs.find(projectId, jobId);
  const location = request.query.get('location');
  if (!job || (location && location.toUpperCase() !== job.location.toUpperCase()))
    throw notFound(`Job ${projectId}:${location ? `${location}.` : ''}${jobId}`);
  return job;
}

export const getJob: Handler = async (service, request) => renderJob(jobOf(service, request), service);

/** Every job is done before it can be cancelled. */
export const cancelJob: Handler = async (service, request) => ({
  kind: 'bigquery#jobCancelResponse',
  job: renderJob(jobOf(service, request), service),
});

export const listJobs: Handler = async (service, request) => {
  const all = service.jobs.list(pathValue(request, 'projectId')).filter(listed(request.query));
  const { items, nextPageToken } = pageOf(all, request.query, 1000);
  const jobs = items.map((job) => ({ ...renderJob(job, service), state: 'DONE' }));
  return { kind: 'bigquery#jobList', etag: etag(all.length), ...(nextPageToken ? { nextPageToken } : {}), jobs };
};

/** Whether `jobs.list` is asked for a job: by its state, and by when it was made. */
function listed(query: URLSearchParams): (job: Job) => boolean {
  const states = query.getAll('stateFilter').map((state) => state.toUpperCase());
  const from = whole(query, 'minCreationTime', 0);
  const to = whole(query, 'maxCreationTime', Number.MAX_SAFE_INTEGER);
  if (query.has('parentJobId') || (states.length > 0 && !states.includes('DONE'))) return () => false;
  return ({ created }) => created >= from && created <= to;
}

export const getQueryResults: Handler = async (service, request) => {
  const { query } = request;
  const token = query.get('pageToken');
  const start = token ? tokenStart(token) : whole(query, 'startIndex', 0);
  const rows = renderRows(jobOf(service, request), start, whole(query, 'maxResults', PAGE), formatOptions(query));
  return { kind: 'bigquery#getQueryResultsResponse', ...rows };
};

/** `formatOptions.*` of a GET. */
export function formatOptions(query: URLSearchParams): FormatOptions {
  const timestampOutputFormat = query.get('formatOptions.timestampOutputFormat');
  return {
    useInt64Timestamp: query.get('formatOptions.useInt64Timestamp') === 'true',
    ...(timestampOutputFormat ? { timestampOutputFormat } : {}),
  };
}
