import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { asProblem, Problem } from '../../model/problem.ts';
import { endOf, type Proxy as HttpProxy } from '../../proxy/proxy.ts';
import type { Execution } from '../target.ts';
import type { Job, Results } from './api/answers.ts';
import { type Api, apiFor } from './api/api.ts';
import { isReason } from './api/failure.ts';
import { cancelJob, getJob, insertJob, type JobPlace, type Page, readResults } from './api/jobs.ts';
import { readTables } from './api/tables.ts';
import type { JobContent, JobSeal } from './job-seal.ts';
import { labelsFor } from './labels.ts';
import type { StatementPlan, Table } from './plan.ts';
import type { Settings } from './settings.ts';

/** Seconds a job may take where no limit is set. */
const DEFAULT_SECONDS = 30;
/** Milliseconds that stopping a job may take, and between two looks at whether it has stopped. */
const STOPPING = 8000;
const LOOK = 250;

/** A statement on its way to BigQuery. */
export type Order = {
  plan: StatementPlan;
  content: Omit<JobContent, 'owner'>;
  seal: JobSeal;
  isRead: boolean;
  /** Chosen by the caller; made of the operation's id where it chose none. */
  jobId?: string | undefined;
  /** The caller's own. */
  labels?: Readonly<Record<string, string>>;
  maximumBytesBilled?: number | undefined;
  useQueryCache?: boolean | undefined;
  priority?: string | undefined;
  firstPage: Page;
};

export type Done = {
  job: Job;
  place: JobPlace;
  results: Results;
  /** Another page of the same job. */
  page(page: Page): Promise<Results>;
};

/**
 * Runs a statement to its end, as a job of the gateway's own. Refuses (`target-rejected`, `drift`) where a table is not any more what it was
 * when the statement was understood; of a read, nothing is given out where that shows only once it ran. Whoever leaves, or whose time is over,
 * has the job cancelled, and what became of a write is told only once it is known.
 */
export async function runJob(order: Order, access: Execution<Settings>, proxy: HttpProxy): Promise<Done> {
  const { settings, limits } = access;
  const seconds = limits.seconds ?? DEFAULT_SECONDS;
  const signal = AbortSignal.any([access.signal, AbortSignal.timeout(seconds * 1000)]);
  const api = apiFor({ ...access, signal }, proxy);
  await refuseDrift(api, order.plan.tables);
  const jobId = order.jobId ?? `sallyport_${access.operation ?? 'op'}_${randomBytes(6).toString('hex')}`;
  const place: JobPlace = { project: settings.project, jobId, location: settings.location };
  try {
    const job = await insertJob(api, { ...newJob(order, access, jobId), milliseconds: seconds * 1000 }, settings);
    place.location = job.jobReference?.location ?? settings.location;
    const results = await readResults(api, place, order.firstPage, signal);
    return await finish({ order, api, place, results, signal });
  } catch (thrown) {
    if (!signal.aborted) throw thrown;
    return stop({ order, place, signal, access, proxy });
  }
}

function newJob({ plan, content, seal, ...order }: Order, access: Execution<Settings>, jobId: string) {
  const { settings, connection, operation, caller } = access;
  const about = { jobId, operation, session: access.session, connection: connection.name, caller: caller.member };
  const ceilings = [settings.maximum_bytes_billed, order.maximumBytesBilled].filter((size) => size !== undefined);
  return {
    jobId,
    statement: { ...plan, text: seal.write(plan.text, { ...content, owner: caller.member }) },
    labels: { ...order.labels, ...labelsFor(about, seal) },
    maximumBytesBilled: ceilings.length === 0 ? undefined : Math.min(...ceilings),
    useQueryCache: order.useQueryCache,
    priority: order.priority,
  };
}

type Finishing = { order: Order; api: Api; place: JobPlace; results: Results; signal: AbortSignal };

async function finish({ order, api, place, results, signal }: Finishing): Promise<Done> {
  const [job] = await Promise.all([
    getJob(api, place),
    order.isRead ? refuseDrift(api, order.plan.tables) : Promise.resolve(),
  ]);
  return { job, place, results, page: (page) => readResults(api, place, page, signal) };
}

/** Whether tables are what they were. Rows may have come and gone. */
async function refuseDrift(api: Api, tables: readonly Table[]): Promise<void> {
  const now = await readTables(
    api,
    tables.map(({ name }) => name),
  );
  const fingerprints = new Map(now.map(({ name, fingerprint }) => [name, fingerprint]));
  if (tables.every(({ name, fingerprint }) => fingerprints.get(name) === fingerprint)) return;
  throw new Problem('target-rejected', {
    detail: 'A table changed while the statement was looked at; send it again.',
    reason: 'bigquery:drift',
  });
}

type Stopping = { order: Order; place: JobPlace; signal: AbortSignal; access: Execution<Settings>; proxy: HttpProxy };

/** Cancels, and waits until the job has stopped. One that was done by then is done: of a write, that is its outcome. */
async function stop({ order, place, signal, access, proxy }: Stopping): Promise<Done> {
  const patience = AbortSignal.timeout(STOPPING);
  const api = apiFor({ ...access, signal: patience }, proxy);
  const job = await stopped(api, place, patience).catch((thrown: unknown) => {
    if (isReason(asProblem(thrown), 'notFound')) return undefined;
    throw hangs(thrown);
  });
  if (job === undefined || job.status?.errorResult !== undefined || order.isRead) throw endOf(signal);
  const results = await readResults(api, place, { maxResults: 0 }, patience).catch((thrown: unknown) => {
    throw hangs(thrown);
  });
  return { job, place, results, page: (page) => readResults(api, place, page, patience) };
}

/** What has become of it is then not known, and the trail says so. */
const hangs = (cause: unknown) => new Problem('target-timeout', { reason: 'target-hangs', cause });

async function stopped(api: Api, place: JobPlace, patience: AbortSignal): Promise<Job> {
  let job = await cancelJob(api, place);
  while (job.status?.state !== 'DONE') {
    await sleep(LOOK, undefined, { signal: patience });
    job = await getJob(api, place);
  }
  return job;
}
