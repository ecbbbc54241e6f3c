import { encodeRow, type FormatOptions } from './encode.ts';
import { type BigQueryError, type ErrorProto, errorProto, notFound } from './errors.ts';
import { billed, type Outcome } from './query.ts';
import { etag, pageToken } from './request.ts';
import type { Service } from './service.ts';

/** A finished job; jobs are kept until the server stops. */
export interface Job {
  projectId: string;
  jobId: string;
  location: string;
  created: number;
  ended: number;
  configuration: Record<string, unknown>;
  outcome?: Outcome;
  error?: BigQueryError;
}

/** The job as the API shows it. */
export function renderJob(job: Job, service: Service): object {
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
    ...(outcome.referenced.length ? { referencedTables: outcome.referenced } : {}),
    ...(outcome.routines.length ? { referencedRoutines: outcome.routines.map(routine) } : {}),
    schema: { fields: outcome.result.fields },
    ...dmlPart(outcome),
    ...(outcome.ddl ? ddlPart(outcome.ddl) : {}),
  };
  return { ...times, totalBytesProcessed: bytes, query };
}

const routine = ({ projectId, datasetId, tableId }: Outcome['routines'][number]) => ({
  projectId,
  datasetId,
  routineId: tableId,
});

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
export function renderRows(job: Job, start: number, size: number, format: FormatOptions): object {
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
