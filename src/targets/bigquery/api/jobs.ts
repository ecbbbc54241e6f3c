import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { Problem } from '../../../model/problem.ts';
import { endOf } from '../../../proxy/proxy.ts';
import type { DryRun, Parameter, Statement } from '../plan.ts';
import type { Settings } from '../settings.ts';
import { type Job, jobSchema, type Results, resultsSchema } from './answers.ts';
import type { Api } from './api.ts';
import { isReason, problemOf } from './failure.ts';
import { unreadable } from './refused.ts';

/** Where a job is. */
export type JobPlace = { project: string; jobId: string; location?: string | undefined };

const full = ({ projectId, datasetId, tableId }: { projectId: string; datasetId: string; tableId: string }) =>
  `${projectId}.${datasetId}.${tableId}`;

/** BigQuery does not tell of more tables than this. */
const MOST_TABLES = 50;

/** What BigQuery says of a statement, without running or billing it. Throws `target-rejected` where it is none, pointing into it. */
export async function dryRun(api: Api, statement: Statement, { project, location }: Settings): Promise<DryRun> {
  const configuration = { dryRun: true, query: queryOf(statement) };
  const job = await api.ask(
    {
      method: 'POST',
      path: ['projects', project, 'jobs'],
      body: { configuration, ...(location !== undefined && { jobReference: { projectId: project, location } }) },
      repeatable: true,
      statement: statement.text,
    },
    jobSchema,
  );
  const failure = job.status?.errorResult;
  if (failure !== undefined) throw problemOf(failure, statement.text);
  return dryRunOf(job);
}

function dryRunOf({ statistics, configuration }: Job): DryRun {
  const { query } = statistics;
  const tables = query?.referencedTables ?? [];
  if (tables.length >= MOST_TABLES)
    throw unreadable('tables', `A statement may refer to fewer than ${MOST_TABLES} tables; write several.`);
  const target = query?.ddlTargetTable ?? configuration.query?.destinationTable;
  return {
    statementType: query?.statementType ?? '',
    referencedTables: tables.map(full).sort(),
    referencedRoutines: (query?.referencedRoutines ?? [])
      .map(({ projectId, datasetId, routineId }) => `${projectId}.${datasetId}.${routineId}`)
      .sort(),
    schema: query?.schema ?? [],
    bytes: query?.totalBytesProcessed ?? statistics.totalBytesProcessed ?? 0,
    ...(target !== undefined && !target.datasetId.startsWith('_') && { target: full(target) }),
  };
}

function queryOf({ text, parameters, defaultDataset }: Statement) {
  const [projectId, datasetId] = defaultDataset?.split('.') ?? [];
  return {
    query: text,
    useLegacySql: false,
    ...(datasetId !== undefined && { defaultDataset: { projectId, datasetId } }),
    ...(parameters.length > 0 && {
      parameterMode: parameters.some(({ name }) => name !== undefined) ? 'NAMED' : 'POSITIONAL',
      queryParameters: parameters.map(parameterOf),
    }),
  };
}

const parameterOf = ({ name, type, value }: Parameter) => ({
  ...(name !== undefined && { name }),
  parameterType: type,
  parameterValue: value,
});

export type NewJob = {
  jobId: string;
  statement: Statement;
  labels: Readonly<Record<string, string>>;
  maximumBytesBilled?: number | undefined;
  milliseconds: number;
  useQueryCache?: boolean | undefined;
  priority?: string | undefined;
};

/**
 * Begins a job under an id of its own, so that asking again begins nothing. Throws `target-rejected` (`bigquery:duplicate`) where a job of
 * this id is there that has not these labels.
 */
export async function insertJob(api: Api, job: NewJob, { project, location }: Settings): Promise<Job> {
  const { jobId, statement, labels, maximumBytesBilled, milliseconds, useQueryCache, priority } = job;
  const configuration = {
    jobTimeoutMs: String(Math.round(milliseconds)),
    labels,
    query: {
      ...queryOf(statement),
      ...(maximumBytesBilled !== undefined && { maximumBytesBilled: String(maximumBytesBilled) }),
      ...(useQueryCache !== undefined && { useQueryCache }),
      ...(priority !== undefined && { priority }),
    },
  };
  const jobReference = { projectId: project, jobId, ...(location !== undefined && { location }) };
  try {
    return await api.ask(
      { method: 'POST', path: ['projects', project, 'jobs'], body: { jobReference, configuration }, repeatable: true },
      jobSchema,
    );
  } catch (thrown) {
    if (!(thrown instanceof Problem) || !isReason(thrown, 'duplicate')) throw thrown;
    const there = await getJob(api, { project, jobId, location });
    if (Object.entries(labels).some(([name, value]) => there.configuration.labels[name] !== value)) throw thrown;
    return there;
  }
}

export function getJob(api: Api, { project, jobId, location }: JobPlace): Promise<Job> {
  return api.ask({ method: 'GET', path: ['projects', project, 'jobs', jobId], query: { location } }, jobSchema);
}

export async function cancelJob(api: Api, { project, jobId, location }: JobPlace): Promise<Job> {
  const path = ['projects', project, 'jobs', jobId, 'cancel'];
  const { job } = await api.ask(
    { method: 'POST', path, query: { location }, repeatable: true },
    z.object({ job: jobSchema }),
  );
  return job;
}

/** Milliseconds that BigQuery waits for a job before it says that it still runs. */
const WAIT = 10_000;

export type Page = {
  maxResults?: number | undefined;
  pageToken?: string | undefined;
  startIndex?: number | undefined;
  format?: Readonly<Record<string, string>> | undefined;
};

/** Rows of a job, once it is done. Throws as it failed. */
export async function readResults(api: Api, place: JobPlace, page: Page, signal: AbortSignal): Promise<Results> {
  const { project, jobId, location } = place;
  const { maxResults, pageToken, startIndex, format } = page;
  const query = {
    location,
    pageToken,
    timeoutMs: String(WAIT),
    ...(maxResults !== undefined && { maxResults: String(maxResults) }),
    ...(startIndex !== undefined && { startIndex: String(startIndex) }),
    ...format,
  };
  for (;;) {
    if (signal.aborted) throw endOf(signal);
    const begun = performance.now();
    const results = await api.ask(
      { method: 'GET', path: ['projects', project, 'queries', jobId], query },
      resultsSchema,
    );
    if (results.jobComplete) return results;
    // Whatever stands between may answer at once; it is not asked without a pause.
    if (performance.now() - begun < 100) await sleep(100, undefined, { signal }).catch(() => undefined);
  }
}
