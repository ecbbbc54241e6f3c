import type { Body } from '../../../model/result.ts';
import type { Proxy as HttpProxy } from '../../../proxy/proxy.ts';
import type { Caller, Execution } from '../../target.ts';
import { datasetSchema, datasetsSchema, jobsSchema, type ListedTable, tablesSchema } from '../api/answers.ts';
import { type Api, apiFor } from '../api/api.ts';
import { problemOf } from '../api/failure.ts';
import { writeFields } from '../api/fields.ts';
import { getTable } from '../api/tables.ts';
import { isWithin } from '../datasets.ts';
import type { JobSeal } from '../job-seal.ts';
import { resourceOf } from '../names.ts';
import type { Settings } from '../settings.ts';
import type { ListAsked } from './asked.ts';
import { documentOf } from './body.ts';

type Answering = { asked: ListAsked; api: Api; settings: Settings; may: (table: string) => boolean; mine: string };

/** What of datasets, tables and jobs somebody may know of: what policy would let it touch in some way. Anything else is not there. */
export async function answerList(
  asked: ListAsked,
  access: Execution<Settings>,
  { proxy, seal }: { proxy: HttpProxy; seal: JobSeal },
): Promise<Body> {
  const { settings, caller } = access;
  const may = (table: string) => mayTouch(caller, resourceOf(table, settings));
  const mine = seal.label(`caller ${caller.member}`);
  const answering = { asked, api: apiFor(access, proxy), settings, may, mine };
  return documentOf(await answers[asked.do](answering));
}

function mayTouch(caller: Caller, resource: string): boolean {
  return (['read', 'write', 'delete', 'define'] as const).some(
    (verb) => caller.may({ verb, risks: [], resources: [resource] }) !== 'deny',
  );
}

const answers: Readonly<Record<ListAsked['do'], (answering: Answering) => Promise<object>>> = {
  async projects({ settings: { project } }) {
    const named = {
      kind: 'bigquery#project',
      id: project,
      friendlyName: project,
      projectReference: { projectId: project },
    };
    return { kind: 'bigquery#projectList', projects: [named], totalItems: 1 };
  },

  async datasets({ asked, api, settings, may }) {
    const { project, pageToken } = asked;
    const path = ['projects', project, 'datasets'];
    const { datasets, nextPageToken } = await api.ask(
      { method: 'GET', path, query: { pageToken, maxResults: MOST_DATASETS } },
      datasetsSchema,
    );
    const own = datasets.filter(({ datasetReference: { datasetId } }) => isWithin(project, datasetId, settings));
    const seen = await Promise.all(
      own.map(({ datasetReference: { datasetId } }) => holdsVisible(api, { project, dataset: datasetId }, may)),
    );
    return {
      kind: 'bigquery#datasetList',
      datasets: own
        .filter((_, index) => seen[index])
        .map(({ datasetReference, location }) => ({
          ...{ kind: 'bigquery#dataset', id: `${project}:${datasetReference.datasetId}`, datasetReference },
          ...(location !== undefined && { location }),
        })),
      ...(nextPageToken !== undefined && { nextPageToken }),
    };
  },

  async dataset({ asked, api, may }) {
    const { project, dataset } = asked;
    if (!(await holdsVisible(api, asked, may))) throw nothing();
    const { location } = await api.ask(
      { method: 'GET', path: ['projects', project, 'datasets', dataset] },
      datasetSchema,
    );
    return {
      ...{ kind: 'bigquery#dataset', id: `${project}:${dataset}`, access: [] },
      ...{ datasetReference: { projectId: project, datasetId: dataset }, ...(location !== undefined && { location }) },
    };
  },

  async tables({ asked, api, may }) {
    const { project, dataset, pageToken, maxResults } = asked;
    const { tables, nextPageToken } = await tablesOf(api, asked, {
      pageToken,
      maxResults: maxResults === undefined ? undefined : String(maxResults),
    });
    const seen = tables.filter(({ tableReference: { tableId } }) => may(`${project}.${dataset}.${tableId}`));
    if (seen.length === 0 && nextPageToken === undefined && pageToken === undefined) throw nothing();
    return {
      kind: 'bigquery#tableList',
      totalItems: seen.length,
      tables: seen.map(({ tableReference, type, creationTime }) => ({
        ...{ kind: 'bigquery#table', id: `${project}:${dataset}.${tableReference.tableId}`, tableReference, type },
        ...(creationTime !== undefined && { creationTime }),
      })),
      ...(nextPageToken !== undefined && { nextPageToken }),
    };
  },

  /** Neither descriptions, nor a view's text, nor how many bytes its columns have: that depends on values. */
  async table({ asked, api, may }) {
    const { project, dataset, table } = asked;
    if (!may(`${project}.${dataset}.${table}`)) throw nothing();
    const answer = await getTable(api, { project, dataset, table }, 'FULL');
    const { type, schema, timePartitioning, clustering, location, creationTime, lastModifiedTime, numRows } = answer;
    return {
      ...{ kind: 'bigquery#table', id: `${project}:${dataset}.${table}`, type, schema: writeFields(schema) },
      ...{ tableReference: answer.tableReference, location, creationTime, lastModifiedTime, clustering },
      ...(timePartitioning !== undefined && {
        timePartitioning: { type: timePartitioning.type, field: timePartitioning.field },
      }),
      ...(type === 'TABLE' && numRows !== undefined && { numRows: String(numRows) }),
    };
  },

  async jobs({ asked, api, settings, mine }) {
    const { pageToken, maxResults } = asked;
    const query = {
      pageToken,
      projection: 'full',
      ...(maxResults !== undefined && { maxResults: String(maxResults) }),
    };
    const { jobs, nextPageToken } = await api.ask(
      { method: 'GET', path: ['projects', settings.project, 'jobs'], query },
      jobsSchema,
    );
    const own = jobs.filter(({ configuration }) => configuration?.labels['sallyport_caller'] === mine);
    return {
      kind: 'bigquery#jobList',
      jobs: own.map(({ jobReference, state = 'DONE' }) => ({
        ...{ kind: 'bigquery#job', jobReference, state, status: { state } },
        id: `${settings.project}:${jobReference?.location ?? ''}.${jobReference?.jobId ?? ''}`,
        ...{ configuration: { jobType: 'QUERY' }, statistics: {} },
      })),
      ...(nextPageToken !== undefined && { nextPageToken }),
    };
  },

  /** Routines and models are not told of. */
  async empty({ asked: { id } }) {
    const kind = id === 'models.list' ? 'models' : 'routines';
    return { [kind]: [] };
  },
};

const MOST_DATASETS = '50';

const nothing = () => problemOf({ reason: 'notFound', message: '' });

function tablesOf(
  api: Api,
  { project, dataset }: Pick<ListAsked, 'project' | 'dataset'>,
  query: Record<string, string | undefined>,
) {
  return api.ask({ method: 'GET', path: ['projects', project, 'datasets', dataset, 'tables'], query }, tablesSchema);
}

/** Whether any of its tables, as far as one page tells, may be touched. */
async function holdsVisible(
  api: Api,
  place: Pick<ListAsked, 'project' | 'dataset'>,
  may: (table: string) => boolean,
): Promise<boolean> {
  const { tables } = await tablesOf(api, place, { maxResults: '1000' });
  return tables.some((one: ListedTable) => may(`${place.project}.${place.dataset}.${one.tableReference.tableId}`));
}
