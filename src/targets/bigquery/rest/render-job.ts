import { sha256 } from '../../../model/canonical.ts';
import type { Job } from '../api/answers.ts';
import { writeFields } from '../api/fields.ts';
import type { JobPlace } from '../api/jobs.ts';
import type { JobContent } from '../job-seal.ts';
import { isReserved } from '../labels.ts';
import type { DryRun } from '../plan.ts';
import { about } from '../size.ts';

/** Where a job is, as the API writes it. */
export const referenceOf = ({ project, jobId, location }: JobPlace) => ({
  projectId: project,
  jobId,
  ...(location !== undefined && { location }),
});

/** A job as its caller may know it: the statement as the trail has it, and never what was run in its place. */
export function renderJob(place: JobPlace, job: Job, content: Pick<JobContent, 'statement' | 'classes'>): object {
  const { statistics, configuration, status } = job;
  const { creationTime, startTime, endTime, query } = statistics;
  const hides = content.classes.length > 0;
  const size = (count: number) => String(hides ? about(count) : count);
  const bytes = query?.totalBytesProcessed ?? statistics.totalBytesProcessed;
  const labels = Object.fromEntries(Object.entries(configuration.labels).filter(([name]) => !isReserved(name)));
  const failure = status?.errorResult?.reason;
  const error = failure === undefined ? undefined : { reason: failure, message: 'BigQuery ended the job.' };
  return {
    kind: 'bigquery#job',
    etag: sha256(`${place.jobId} ${status?.state} ${endTime}`).slice(0, 22),
    id: `${place.project}:${place.location ?? ''}.${place.jobId}`,
    jobReference: referenceOf(place),
    configuration: {
      jobType: 'QUERY',
      ...(Object.keys(labels).length > 0 && { labels }),
      query: {
        query: content.statement ?? '',
        useLegacySql: false,
        priority: configuration.query?.priority ?? 'INTERACTIVE',
      },
    },
    status: { state: status?.state ?? 'DONE', ...(error !== undefined && { errorResult: error, errors: [error] }) },
    statistics: {
      ...{ creationTime, startTime, endTime },
      ...(bytes !== undefined && { totalBytesProcessed: size(bytes) }),
      query: {
        statementType: query?.statementType ?? '',
        ...(bytes !== undefined && { totalBytesProcessed: size(bytes) }),
        ...(query?.totalBytesBilled !== undefined && { totalBytesBilled: size(query.totalBytesBilled) }),
        ...(query?.cacheHit !== undefined && { cacheHit: query.cacheHit }),
        ...(query?.numDmlAffectedRows !== undefined && { numDmlAffectedRows: String(query.numDmlAffectedRows) }),
        ...(query?.dmlStats !== undefined && { dmlStats: query.dmlStats }),
        ...(query?.ddlOperationPerformed !== undefined && { ddlOperationPerformed: query.ddlOperationPerformed }),
        ...(query?.ddlTargetTable !== undefined && { ddlTargetTable: query.ddlTargetTable }),
        ...(query !== undefined && query.schema.length > 0 && { schema: writeFields(query.schema) }),
      },
    },
  };
}

/** What a dry run says: nothing was run, so there is no job. */
export function renderDryRun(
  shape: 'query' | 'job',
  { schema, statementType, bytes }: DryRun,
  asked: { project: string; statement: string; hides: boolean },
): object {
  const totalBytesProcessed = String(asked.hides ? about(bytes) : bytes);
  const jobReference = { projectId: asked.project };
  if (shape === 'query')
    return {
      ...{ kind: 'bigquery#queryResponse', schema: writeFields(schema), jobReference },
      ...{ totalRows: '0', totalBytesProcessed, jobComplete: true, cacheHit: false },
    };
  return {
    ...{ kind: 'bigquery#job', jobReference },
    configuration: { jobType: 'QUERY', dryRun: true, query: { query: asked.statement, useLegacySql: false } },
    status: { state: 'DONE' },
    statistics: {
      totalBytesProcessed,
      query: {
        statementType,
        totalBytesProcessed,
        totalBytesBilled: '0',
        cacheHit: false,
        schema: writeFields(schema),
      },
    },
  };
}
