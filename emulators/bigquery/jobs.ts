import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { encodeRow, type FormatOptions } from './encode.ts';
import { BigQueryError, duplicate, type ErrorProto, errorProto, invalid, notFound } from './errors.ts';
import { parameterSchema } from './parameters.ts';
import { billed, type Outcome, runQuery } from './query.ts';
import {
  bodyAs,
  etag,
  integerSchema,
  notImplemented,
  pageOf,
  pageToken,
  pathValue,
  tokenStart,
  whole,
} from './request.ts';
import type { ApiRequest, Handler, Service } from './service.ts';

/** A finished job; jobs are kept until the server stops. */
interface Job {
  projectId: string;
  jobId: string;
  location: string;
  created: number;
  ended: number;
  configuration: Record<string, unknown>;
  outcome?: Outcome;
  error?: BigQueryError;
}

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
  };
  try {
    const outcome = await service.engine.exclusive((db) => runQuery(db, run));
    return { ...job, created, ended: service.clock(), outcome };
  } catch (error) {
    if (!(error instanceof BigQueryError)) throw error;
    return { ...job, created, ended: service.clock(), error };
  }
}

function renderJob(job: Job, service: Service): object {
  const { projectId, jobId, location, error } = job;
  const failed: { errorResult?: ErrorProto; errors?: ErrorProto[] } = error
    ? { errorResult: errorProto(error), errors: [errorProto(error)] }
    : {};
  return {
    kind: 'bigquery#job',
    etag: etag(jobId, job.ended),
    id: `${projectId}:${location}.${jobId}`,
    selfLink: `${service.url}/bigquery/v2/projects/${projectId}/jobs/${jobId}?location=${location}`,
    user_email: 'emulator@localhost',
    configuration: job.configuration,
    jobReference: { projectId, jobId, location },
    statistics: statistics(job),
    status: { ...failed, state: 'DONE' },
  };
}

function statistics(job: Job): object {
  const { outcome } = job;
  const times = { creationTime: String(job.created), startTime: String(job.created), endTime: String(job.ended) };
  if (!outcome) return times;
  const bytes = String(outcome.bytes);
  const query = {
    statementType: outcome.statementType,
    totalBytesProcessed: bytes,
    totalBytesBilled: String(billed(outcome.bytes, outcome.referenced.length)),
    cacheHit: false,
    referencedTables: outcome.referenced,
    schema: { fields: outcome.result.fields },
    ...dmlPart(outcome),
    ...(outcome.ddl ? ddlPart(outcome.ddl) : {}),
  };
  return { ...times, totalBytesProcessed: bytes, query };
}

function dmlPart({ affectedRows, statementType }: Outcome): object {
  if (affectedRows === undefined) return {};
  const counters: Record<string, string> = {
    INSERT: 'insertedRowCount',
    UPDATE: 'updatedRowCount',
    DELETE: 'deletedRowCount',
  };
  const counter = counters[statementType];
  const count = String(affectedRows);
  return { numDmlAffectedRows: count, ...(counter ? { dmlStats: { [counter]: count } } : {}) };
}

function ddlPart({ operation, target }: NonNullable<Outcome['ddl']>): object {
  return { ddlOperationPerformed: operation, ...(target.tableId ? { ddlTargetTable: target } : {}) };
}

/** One page of a job's rows. */
function renderRows(job: Job, start: number, size: number, format: FormatOptions): object {
  const { projectId, jobId, location, outcome } = job;
  if (!outcome) throw job.error ?? notFound(`Job ${projectId}:${jobId}`);
  const { fields, rows } = outcome.result;
  const page = rows.slice(start, start + size);
  const end = start + page.length;
  return {
    schema: { fields },
    jobReference: { projectId, jobId, location },
    jobComplete: true,
    totalRows: String(rows.length),
    ...(page.length ? { rows: page.map((row) => encodeRow(fields, row, format)) } : {}),
    ...(end < rows.length ? { pageToken: pageToken(end) } : {}),
    totalBytesProcessed: String(outcome.bytes),
    cacheHit: false,
    ...dmlPart(outcome),
  };
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
  if (!job) throw notFound(`Job ${projectId}:${jobId}`);
  return job;
}

export const getJob: Handler = async (service, request) => renderJob(jobOf(service, request), service);

/** Every job is done before it can be cancelled. */
export const cancelJob: Handler = async (service, request) => ({
  kind: 'bigquery#jobCancelResponse',
  job: renderJob(jobOf(service, request), service),
});

export const listJobs: Handler = async (service, request) => {
  const all = service.jobs.list(pathValue(request, 'projectId'));
  const { items, nextPageToken } = pageOf(all, request.query, 1000);
  const jobs = items.map((job) => ({ ...renderJob(job, service), state: 'DONE' }));
  return { kind: 'bigquery#jobList', etag: etag(all.length), ...(nextPageToken ? { nextPageToken } : {}), jobs };
};

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
