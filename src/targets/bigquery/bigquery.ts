import type { Operation } from '../../model/operation.ts';
import type { Body, Rows } from '../../model/result.ts';
import type { Proxy as HttpProxy } from '../../proxy/proxy.ts';
import type { Context, Target } from '../target.ts';
import type { Job } from './api/answers.ts';
import { executeStatement } from './execute.ts';
import { createInspect } from './inspect.ts';
import { createJobSeal, type JobContent, type JobSeal } from './job-seal.ts';
import type { Statement, Facts as StatementFacts, StatementPlan } from './plan.ts';
import { type Request, requestSchema } from './request.ts';
import { type JobAsked, type ListAsked, type RestAsked, type RunAsked, readAsked } from './rest/asked.ts';
import { answerJob, contentOfJob, outdated, readJob } from './rest/jobs.ts';
import { answerList } from './rest/lists.ts';
import { runAsked } from './rest/run.ts';
import { schemaOf } from './schema.ts';
import { type Settings, settingsSchema } from './settings.ts';
import { understandStatement } from './understand-statement.ts';

export type BigQueryDeps = {
  proxy: HttpProxy;
  /** Milliseconds now. */
  now?: () => number;
};

type StatementAsked = { do: 'statement'; statement: Statement };

/** What was asked for, and what was learnt of it. */
type Facts = { settings: Settings } & (
  | { asked: StatementAsked | RunAsked; facts: StatementFacts }
  | { asked: JobAsked; job: Job }
  | { asked: ListAsked }
  | { asked?: undefined }
);

type Plan = { seal: JobSeal; unmask: readonly string[] } & (
  | { do: 'statement'; statement: StatementPlan }
  | { do: 'run'; asked: RunAsked; statement: StatementPlan; isRead: boolean }
  | { do: 'job'; asked: JobAsked; job: Job; content: JobContent }
  | { do: 'list'; asked: ListAsked }
);

/**
 * BigQuery. A statement is looked at by dry runs (`inspect.ts`), understood and masked at its source (`understand-statement.ts`), and run as a
 * job of the gateway's own (`run.ts`). Asked by `…/operations` it answers rows; asked in BigQuery's own REST API (`rest/`), as `bq` and
 * Google's clients do, in its shape. What of that API is no statement shows what policy lets be touched; jobs are their makers' alone.
 */
export function createBigQuery({
  proxy,
  now = Date.now,
}: BigQueryDeps): Target<Settings, Request, Facts, Plan, Rows | Body> {
  const inspect = createInspect({ proxy, now });
  return {
    kind: 'bigquery',
    settings: settingsSchema,
    request: requestSchema,
    async inspect(access, request) {
      const { settings } = access;
      if (request === undefined) return { settings };
      const asked = askedBy(request, settings);
      if ('statement' in asked) return { settings, asked, facts: await inspect(access, asked.statement) };
      if ('jobId' in asked) return { settings, asked, job: await readJob(asked, access, proxy) };
      return { settings, asked };
    },
    async understand(_request, known, context) {
      const seal = createJobSeal(context.tokenKey);
      const about = { seal, unmask: context.unmask };
      if (known.asked === undefined) throw new Error('BigQuery is understood by what was learnt of the request.');
      if ('facts' in known) return understandRun(known, context, about);
      if ('job' in known) return understandJob(known, context, about);
      const { asked } = known;
      const { id, project, dataset, table } = asked;
      const words = [id, [project, dataset, table].filter((part) => part !== '').join('.')];
      return { ...looking(words.join(' ')), plan: { ...about, do: 'list', asked } };
    },
    async execute({ plan, ...operation }, access) {
      const deps = { proxy, seal: plan.seal, unmask: plan.unmask };
      switch (plan.do) {
        case 'statement':
          return executeStatement({ ...operation, plan: plan.statement }, access, deps);
        case 'run':
          return runAsked(plan.asked, { ...operation, plan: plan.statement }, access, { ...deps, isRead: plan.isRead });
        case 'job':
          return answerJob(plan, access, proxy);
        case 'list':
          return answerList(plan.asked, access, deps);
      }
    },
    schema: ({ settings }, question, access) => schemaOf({ settings, question, access, proxy }),
    async close() {},
  };
}

function askedBy(request: Request, settings: Settings): StatementAsked | RestAsked {
  if ('path' in request) return readAsked(request, settings);
  const { statement: text, parameters, defaultDataset } = request;
  const dataset =
    defaultDataset === undefined || defaultDataset.includes('.')
      ? defaultDataset
      : `${settings.project}.${defaultDataset}`;
  return {
    do: 'statement',
    statement: { text, parameters, ...(dataset !== undefined && { defaultDataset: dataset }) },
  };
}

type About = Pick<Plan, 'seal' | 'unmask'>;

function understandRun(
  { settings, asked, facts }: Extract<Facts, { facts: StatementFacts }>,
  context: Context,
  about: About,
): Operation<Plan> {
  const { plan: statement, ...operation } = understandStatement(asked.statement, facts, { ...context, settings });
  if (asked.do === 'statement') return { ...operation, plan: { ...about, do: 'statement', statement } };
  const plan: Plan = { ...about, do: 'run', asked, statement, isRead: operation.verb === 'read' };
  if (!asked.dryRun) return { ...operation, plan };
  return { ...operation, verb: 'read', risks: [], statement: `DRY RUN\n${operation.statement}`, plan };
}

/** Results are read as the tables are that they are of; what a write did, as nothing but its job. */
function understandJob(
  { asked, job }: Extract<Facts, { job: Job }>,
  { connection, unmask }: Context,
  about: About,
): Operation<Plan> {
  const content = contentOfJob(asked, job, connection.name, about.seal);
  const refusal = asked.do === 'results' ? outdated(content, connection.version, unmask) : undefined;
  const isRead = content.verb === 'read';
  return {
    ...looking(`jobs.${asked.do} ${asked.jobId}`),
    resources: isRead ? content.resources : [],
    classes: content.classes,
    masks: content.masks,
    ...(refusal !== undefined && { unprovable: refusal }),
    plan: { ...about, do: 'job', asked, job, content },
  };
}

/** An operation that looks and changes nothing. */
function looking(statement: string): Omit<Operation<Plan>, 'plan'> {
  return {
    ...{ kind: 'bigquery', verb: 'read', risks: [], resources: [], classes: [], masks: [] },
    ...{ statement, parameters: [], recorded: { statement, parameters: [] }, warnings: [], estimates: {} },
  };
}
