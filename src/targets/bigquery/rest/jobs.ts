import type { Body } from '../../../model/result.ts';
import type { Proxy as HttpProxy } from '../../../proxy/proxy.ts';
import type { Access, Execution } from '../../target.ts';
import type { Job } from '../api/answers.ts';
import { apiFor } from '../api/api.ts';
import { problemOf } from '../api/failure.ts';
import { writeFields } from '../api/fields.ts';
import { cancelJob, getJob, type JobPlace, readResults } from '../api/jobs.ts';
import { targetJobOf } from '../execute.ts';
import type { JobContent, JobSeal } from '../job-seal.ts';
import { isOurs } from '../labels.ts';
import type { Settings } from '../settings.ts';
import { about } from '../size.ts';
import type { JobAsked } from './asked.ts';
import { bodyOf, documentOf } from './body.ts';
import { writePage } from './page.ts';
import { referenceOf, renderJob } from './render-job.ts';

/** Somebody else's job looks like one that is not there. */
const noJob = () => problemOf({ reason: 'notFound', message: '' });

const placeOf = (
  { jobId, location }: Pick<JobAsked, 'jobId' | 'location'>,
  { project, location: own }: Settings,
): JobPlace => ({
  project,
  jobId,
  location: location ?? own,
});

/** The job that a request is about. Throws `target-rejected` (`bigquery:notFound`). */
export function readJob(asked: JobAsked, access: Access<Settings>, proxy: HttpProxy): Promise<Job> {
  return getJob(apiFor(access, proxy), placeOf(asked, access.settings));
}

/** What a job was made for, by this gateway and through this connection. Anything else is not there. */
export function contentOfJob(asked: JobAsked, job: Job, connection: string, seal: JobSeal): JobContent {
  const content = seal.read(job.configuration.query?.query ?? '');
  if (
    content === undefined ||
    content.connection !== connection ||
    !isOurs(asked.jobId, job.configuration.labels, seal)
  )
    throw noJob();
  return content;
}

/** Answers about a job to the identity that made it, and to nobody else. */
export async function answerJob(
  { asked, job, content }: { asked: JobAsked; job: Job; content: JobContent },
  access: Execution<Settings>,
  proxy: HttpProxy,
): Promise<Body> {
  const { settings, caller, limits, signal } = access;
  if (content.owner !== caller.member) throw noJob();
  const api = apiFor(access, proxy);
  const place = { ...placeOf(asked, settings), location: job.jobReference?.location ?? asked.location };
  const told = { targetJob: targetJobOf(place) };
  if (asked.do === 'job') return documentOf(renderJob(place, job, content), told);
  if (asked.do === 'cancel') {
    const cancelled = await cancelJob(api, place);
    return documentOf({ kind: 'bigquery#jobCancelResponse', job: renderJob(place, cancelled, content) }, told);
  }
  const { start, most, format } = asked.window;
  const size = Math.min(most ?? Number.POSITIVE_INFINITY, limits.rows ?? Number.POSITIVE_INFINITY);
  const page = { startIndex: start, format, ...(Number.isFinite(size) && { maxResults: size }) };
  const results = await readResults(api, place, page, signal);
  const totalRows = results.totalRows ?? 0;
  const affected = results.numDmlAffectedRows ?? job.statistics.query?.numDmlAffectedRows;
  const bytes = results.totalBytesProcessed ?? 0;
  const head =
    asked.shape === 'data'
      ? { kind: 'bigquery#tableDataList', totalRows: String(totalRows) }
      : {
          ...{ kind: 'bigquery#getQueryResultsResponse', schema: writeFields(results.schema) },
          ...{ jobReference: referenceOf(place), jobComplete: true, totalRows: String(totalRows) },
          ...{ cacheHit: results.cacheHit ?? false },
          totalBytesProcessed: String(content.classes.length > 0 ? about(bytes) : bytes),
          ...(affected !== undefined && { numDmlAffectedRows: String(affected) }),
        };
  const written = writePage({
    ...{ head, fields: results.schema, rows: most === 0 ? [] : results.rows, start, totalRows, limits },
    jobId: asked.shape === 'data' ? asked.jobId : undefined,
  });
  return bodyOf(written.bytes, { texts: written.texts, told: { ...told, truncated: written.truncated } });
}

/** Why results may not be read any more. Undefined where they may. */
export function outdated(content: JobContent, version: string, unmask: readonly string[]) {
  const isSame = content.version === version && content.unmask.every((each) => unmask.includes(each));
  if (isSame) return undefined;
  return { rule: 'job', detail: 'The connection or what is masked changed since the job ran; run the query again.' };
}
