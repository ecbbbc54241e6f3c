import { columnsOf } from './columns.ts';
import { at, type JsonObject, objectAt, textAt } from './json.ts';
import type { Shape } from './media-types.ts';
import type { Resource } from './resources.ts';
import { badRequest } from './status.ts';

type ListMeta = { resourceVersion: string; continue?: string; remainingItemCount?: number };

/** What is answered, in the shape that was asked for: as it is, as a Table, or its metadata alone. */
export function shapeObject(
  object: JsonObject,
  kind: string,
  shape: Shape,
  query: URLSearchParams,
  now: Date,
): JsonObject {
  if (shape.as === 'Table') {
    const resourceVersion = textAt(object, 'metadata', 'resourceVersion');
    return tableOf([object], kind, shape.version, { resourceVersion }, query, now);
  }
  return shape.as === 'PartialObjectMetadata' ? partial(object, shape.version) : object;
}

/** Items of a list do not say what they are, as on the real server, but for those of custom kinds. */
export function shapeList(
  objects: readonly JsonObject[],
  {
    resource,
    metadata,
    shape,
    query,
    now,
  }: { resource: Resource; metadata: ListMeta; shape: Shape; query: URLSearchParams; now: Date },
): JsonObject {
  if (shape.as === 'Table') return tableOf(objects, resource.kind, shape.version, metadata, query, now);
  if (shape.as === 'PartialObjectMetadata') {
    const apiVersion = `meta.k8s.io/${shape.version}`;
    const items = objects.map((object) => partial(object, shape.version));
    return { kind: 'PartialObjectMetadataList', apiVersion, metadata, items };
  }
  const apiVersion = resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
  const items = resource.custom ? [...objects] : objects.map(({ kind: _, apiVersion: __, ...rest }) => rest);
  return { kind: `${resource.kind}List`, apiVersion, metadata, items };
}

function tableOf(
  objects: readonly JsonObject[],
  kind: string,
  version: string,
  metadata: ListMeta,
  query: URLSearchParams,
  now: Date,
): JsonObject {
  const columns = columnsOf(kind);
  const include = query.get('includeObject') ?? 'Metadata';
  if (!['None', 'Metadata', 'Object'].includes(include)) {
    throw badRequest(`unable to convert to Table as requested: unrecognized includeObject value: "${include}"`);
  }
  return {
    kind: 'Table',
    apiVersion: `meta.k8s.io/${version}`,
    metadata,
    columnDefinitions: columns.map(({ name, type = 'string', wide = false }) => ({
      name,
      type,
      format: name === 'Name' ? 'name' : '',
      description: '',
      priority: wide ? 1 : 0,
    })),
    rows: objects.map((object) => ({
      cells: columns.map(({ of }) => of(object, now)),
      ...(include === 'Metadata' && { object: partial(object, version) }),
      ...(include === 'Object' && { object }),
    })),
  };
}

function partial(object: JsonObject, version: string): JsonObject {
  return {
    kind: 'PartialObjectMetadata',
    apiVersion: `meta.k8s.io/${version}`,
    metadata: objectAt(object, 'metadata'),
  };
}

/** A Table of a watch names its columns once. */
export function withoutColumns(shaped: JsonObject): JsonObject {
  return at(shaped, 'kind') === 'Table' ? { ...shaped, columnDefinitions: [] } : shaped;
}
