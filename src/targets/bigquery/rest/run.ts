import type { Operation } from '../../../model/operation.ts';
import type { Body } from '../../../model/result.ts';
import type { Execution } from '../../target.ts';
import { apiFor } from '../api/api.ts';
import { writeFields } from '../api/fields.ts';
import { dryRun } from '../api/jobs.ts';
import { type Deps, targetJobOf } from '../execute.ts';
import type { StatementPlan } from '../plan.ts';
import { runJob } from '../run.ts';
import type { Settings } from '../settings.ts';
import { about } from '../size.ts';
import type { RunAsked } from './asked.ts';
import { bodyOf, documentOf } from './body.ts';
import { contentOf } from './content.ts';
import { writePage } from './page.ts';
import { referenceOf, renderDryRun, renderJob } from './render-job.ts';

/** Runs a statement as the REST API is asked to, to its end, and answers in its shape. */
export async function runAsked(
  asked: RunAsked,
  operation: Operation<StatementPlan>,
  access: Execution<Settings>,
  { proxy, seal, unmask, isRead }: Deps & { isRead: boolean },
): Promise<Body> {
  const { plan, classes, recorded } = operation;
  const { settings, limits, caller, connection } = access;
  const hides = classes.length > 0;
  const { shape, window } = asked;
  if (asked.dryRun) {
    const known = await dryRun(apiFor(access, proxy), plan, settings);
    const about = { project: settings.project, statement: recorded.statement, hides };
    return documentOf(renderDryRun(shape === 'query' ? 'query' : 'job', known, about));
  }
  const content = contentOf(operation, connection, unmask);
  const most = Math.min(window.most ?? Number.POSITIVE_INFINITY, limits.rows ?? Number.POSITIVE_INFINITY);
  const firstPage = {
    startIndex: window.start,
    format: window.format,
    ...(Number.isFinite(most) && { maxResults: most }),
  };
  const requested =
    asked.requestId === undefined ? undefined : [caller.member, connection.name, asked.requestId].join('\0');
  const { job, place, results } = await runJob(
    {
      ...{ plan, content, seal, isRead, firstPage, labels: asked.labels },
      jobId: asked.jobId ?? (requested === undefined ? undefined : `sallyport_request_${seal.label(requested)}`),
      ...{ maximumBytesBilled: asked.maximumBytesBilled, useQueryCache: asked.useQueryCache, priority: asked.priority },
    },
    access,
    proxy,
  );
  const affected = results.numDmlAffectedRows ?? job.statistics.query?.numDmlAffectedRows;
  const told = { targetJob: targetJobOf(place), ...(affected !== undefined && { affected }) };
  if (shape === 'nothing') return bodyOf(new Uint8Array(), { status: 204, told });
  if (shape === 'job') return documentOf(renderJob(place, job, content), told);
  const totalRows = results.totalRows ?? 0;
  const bytes = results.totalBytesProcessed ?? 0;
  const head =
    shape === 'data'
      ? { kind: 'bigquery#tableDataList', totalRows: String(totalRows) }
      : {
          ...{ kind: 'bigquery#queryResponse', schema: writeFields(results.schema), jobReference: referenceOf(place) },
          ...{
            queryId: place.jobId,
            jobComplete: true,
            totalRows: String(totalRows),
            cacheHit: results.cacheHit ?? false,
          },
          totalBytesProcessed: String(hides ? about(bytes) : bytes),
          ...(affected !== undefined && { numDmlAffectedRows: String(affected) }),
        };
  const page = writePage({
    ...{ head, fields: results.schema, rows: results.rows, start: window.start, totalRows, limits },
    jobId: shape === 'data' ? place.jobId : undefined,
  });
  return bodyOf(page.bytes, { texts: page.texts, told: { ...told, truncated: page.truncated } });
}
