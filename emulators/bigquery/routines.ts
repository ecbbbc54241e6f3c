import type { CatalogFunction } from './catalog.ts';
import { notFound } from './errors.ts';
import { datasetOf, etag, pathValue } from './request.ts';
import type { Handler } from './service.ts';

function render({ reference, query, created, modified }: CatalogFunction): object {
  return {
    etag: etag(reference.tableId, modified),
    routineReference: { projectId: reference.projectId, datasetId: reference.datasetId, routineId: reference.tableId },
    routineType: 'TABLE_VALUED_FUNCTION',
    language: 'SQL',
    definitionBody: query,
    creationTime: String(created),
    lastModifiedTime: String(modified),
  };
}

export const listRoutines: Handler = async ({ catalog }, request) => ({
  routines: catalog.functions(datasetOf(request)).map(render),
});

export const getRoutine: Handler = async ({ catalog }, request) => {
  const reference = { ...datasetOf(request), tableId: pathValue(request, 'routineId') };
  const found = catalog.findFunction(reference);
  if (!found) throw notFound(`Routine ${reference.projectId}:${reference.datasetId}.${reference.tableId}`);
  return render(found);
};
