import { z } from 'zod';
import { type Dataset, datasetName } from './catalog.ts';
import { BigQueryError } from './errors.ts';
import { bodyAs, datasetIdSchema, datasetOf, etag, pageOf, pathValue } from './request.ts';
import type { Handler } from './service.ts';

const COMPUTED = ['kind', 'id', 'etag', 'selfLink', 'creationTime', 'lastModifiedTime', 'datasetReference'];
const insertSchema = z.looseObject({ datasetReference: z.looseObject({ datasetId: datasetIdSchema }) });
const patchSchema = z.looseObject({});

/** What the owner says, without what the service computes; `null` removes a field. */
export function ownPart(body: Record<string, unknown>, computed: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(body).filter(([name, value]) => !computed.includes(name) && value !== null));
}

const MERGED = ['labels', 'timePartitioning'];

/** The old part with a patch over it: maps are merged, `null` removes. */
export function patched(old: Record<string, unknown>, patch: Record<string, unknown>): Record<string, unknown> {
  const changed = Object.entries(patch).map(([name, value]): [string, unknown] => {
    const before = old[name];
    return [name, isMap(value) && isMap(before) && MERGED.includes(name) ? patched(before, value) : value];
  });
  return Object.fromEntries(
    Object.entries({ ...old, ...Object.fromEntries(changed) }).filter(([, value]) => value !== null),
  );
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function render({ reference, resource, created, modified }: Dataset, url: string): object {
  const { projectId, datasetId } = reference;
  return {
    kind: 'bigquery#dataset',
    etag: etag(datasetId, modified),
    id: `${projectId}:${datasetId}`,
    selfLink: `${url}/bigquery/v2/projects/${projectId}/datasets/${datasetId}`,
    access: [{ role: 'OWNER', specialGroup: 'projectOwners' }],
    location: 'US',
    type: 'DEFAULT',
    ...resource,
    datasetReference: { datasetId, projectId },
    creationTime: String(created),
    lastModifiedTime: String(modified),
  };
}

export const insertDataset: Handler = async ({ engine, catalog, clock, url }, request) => {
  const body = bodyAs(insertSchema, request);
  const now = clock();
  const reference = { projectId: pathValue(request, 'projectId'), datasetId: body.datasetReference.datasetId };
  const dataset: Dataset = { reference, resource: ownPart(body, COMPUTED), created: now, modified: now };
  await engine.exclusive((db) => catalog.addDataset(db, dataset));
  return render(dataset, url);
};

export const getDataset: Handler = async ({ catalog, url }, request) =>
  render(catalog.dataset(datasetOf(request)), url);

export const listDatasets: Handler = async ({ catalog }, request) => {
  const all = catalog.datasets(pathValue(request, 'projectId'));
  const { items, nextPageToken } = pageOf(all, request.query);
  const datasets = items.map(({ reference, resource }) => ({
    kind: 'bigquery#dataset',
    id: `${reference.projectId}:${reference.datasetId}`,
    datasetReference: reference,
    location: resource['location'] ?? 'US',
    ...(resource['labels'] ? { labels: resource['labels'] } : {}),
  }));
  return {
    kind: 'bigquery#datasetList',
    etag: etag(all.length),
    ...(nextPageToken ? { nextPageToken } : {}),
    datasets,
  };
};

const change =
  (combine: (old: Record<string, unknown>, body: Record<string, unknown>) => Record<string, unknown>): Handler =>
  async ({ engine, catalog, clock, url }, request) => {
    const body = bodyAs(patchSchema, request);
    const changed = await engine.exclusive(async (db) => {
      const old = catalog.dataset(datasetOf(request));
      const dataset = { ...old, resource: ownPart(combine(old.resource, body), COMPUTED), modified: clock() };
      await catalog.saveDataset(db, dataset);
      return dataset;
    });
    return render(changed, url);
  };

export const patchDataset = change(patched);
export const updateDataset = change((_old, body) => body);

export const deleteDataset: Handler = async ({ engine, catalog }, request) => {
  const reference = datasetOf(request);
  await engine.exclusive(async (db) => {
    const isUsed = catalog.tables(reference).length > 0;
    if (isUsed && request.query.get('deleteContents') !== 'true') {
      throw new BigQueryError('resourceInUse', `${datasetName(reference)} is still in use`);
    }
    await catalog.removeDataset(db, reference);
  });
  return undefined;
};
