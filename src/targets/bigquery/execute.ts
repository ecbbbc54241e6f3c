import type { Operation } from '../../model/operation.ts';
import { Problem } from '../../model/problem.ts';
import type { Rows } from '../../model/result.ts';
import type { Proxy as HttpProxy } from '../../proxy/proxy.ts';
import type { Execution } from '../target.ts';
import type { JobPlace } from './api/jobs.ts';
import type { JobSeal } from './job-seal.ts';
import type { StatementPlan } from './plan.ts';
import { contentOf } from './rest/content.ts';
import { createRows } from './results/rows.ts';
import { type Done, runJob } from './run.ts';
import type { Settings } from './settings.ts';
import { billedIn } from './size.ts';

/** Rows of the first page, where no more may leave anyway. */
const MOST_FIRST = 10_000;
/** Times as microseconds: as floating seconds, which is what is said otherwise, they are not exact. */
const FORMAT = { 'formatOptions.useInt64Timestamp': 'true' };

/** `unmask`: what the statement leaves in the clear. */
export type Deps = { proxy: HttpProxy; seal: JobSeal; unmask: readonly string[] };

/** Runs an understood statement; answers once its first page is there, so that what fails is thrown. */
export async function executeStatement(
  operation: Operation<StatementPlan>,
  access: Execution<Settings>,
  { proxy, seal, unmask }: Deps,
): Promise<Rows> {
  const { plan, verb, unprovable } = operation;
  if (unprovable !== undefined) throw new Problem('masking-unprovable', { detail: unprovable.detail });
  const { limits } = access;
  const maxResults = limits.rows === undefined || limits.rows > MOST_FIRST ? undefined : limits.rows + 1;
  const content = contentOf(operation, access.connection, unmask);
  const firstPage = { maxResults, format: FORMAT };
  const done = await runJob({ plan, content, seal, isRead: verb === 'read', firstPage }, access, proxy);
  return rowsOf(done, operation, access);
}

/** As BigQuery writes the id of a job, for the trail. */
export const targetJobOf = ({ project, location, jobId }: JobPlace) => `${project}:${location ?? ''}.${jobId}`;

function rowsOf(done: Done, { classes }: Operation<StatementPlan>, { limits }: Execution<Settings>): Rows {
  const { results, job, place, page } = done;
  const fields = results.schema;
  const { batches, truncated } = createRows({
    ...{ fields, first: results, limits },
    next: (pageToken) => page({ pageToken, format: FORMAT }),
  });
  const affected = results.numDmlAffectedRows ?? job.statistics.query?.numDmlAffectedRows;
  const billed = billedIn(job, classes.length > 0);
  return {
    form: 'rows',
    columns: fields.map(({ name, type, mode }) => ({ name, type: mode === 'REPEATED' ? `ARRAY<${type}>` : type })),
    batches,
    summary: () => ({
      truncated: truncated(),
      targetJob: targetJobOf(place),
      ...(affected !== undefined && { affected }),
      ...(billed !== undefined && { warnings: [`BigQuery billed ${billed}.`] }),
    }),
  };
}
