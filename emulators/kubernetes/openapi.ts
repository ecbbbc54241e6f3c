import type { Json, JsonObject } from './json.ts';
import { groupVersionOf, type Resource } from './resources.ts';
import { schemasOf } from './schemas.ts';

/**
 * `/openapi/v3`: the list of documents, and one for each group and version. They hold what kubectl looks for: the schemas, and
 * which parameters a patch takes. Undefined for what is not served.
 */
export function openApi(segments: readonly string[], resources: readonly Resource[]): Json | undefined {
  const [, version, ...rest] = segments;
  if (version !== 'v3') return undefined;
  const documents = new Map<string, Resource[]>();
  for (const resource of resources) {
    const path = pathOf(resource);
    documents.set(path, [...(documents.get(path) ?? []), resource]);
  }
  if (rest.length === 0) {
    const paths = [...documents.keys()].map((path) => [path, { serverRelativeURL: `/openapi/v3/${path}?hash=1` }]);
    return { paths: Object.fromEntries(paths) };
  }
  const served = documents.get(rest.join('/'));
  return served && documentOf(served);
}

/**
 * `/openapi/v2`, as kubectl before 1.28 wants it: a document in protobuf (`openapi.v2.Document`) that describes nothing, so that it
 * keeps to what is built into it.
 */
export const openApiV2 = {
  type: 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf',
  body: Buffer.from('\x0a\x032.0\x12\x0e\x0a\x0aKubernetes\x12\x00\x42\x00\x4a\x00', 'latin1'),
} as const;

function pathOf(resource: Resource): string {
  return resource.group === '' ? `api/${resource.version}` : `apis/${groupVersionOf(resource)}`;
}

function documentOf(resources: readonly Resource[]): JsonObject {
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: 'v1.33.0-sallyport' },
    paths: Object.fromEntries(resources.map((resource) => [`${itemPath(resource)}`, pathItem(resource)])),
    components: { schemas: schemasOf(resources) },
  };
}

function itemPath(resource: Resource): string {
  const place = resource.namespaced ? '/namespaces/{namespace}' : '';
  return `/${pathOf(resource)}${place}/${resource.name}/{name}`;
}

function pathItem({ group, version, kind }: Resource): JsonObject {
  const parameters = ['dryRun', 'fieldManager', 'fieldValidation', 'force'].map((name) => ({
    ...{ name, in: 'query' },
    schema: { type: name === 'force' ? 'boolean' : 'string', uniqueItems: true },
  }));
  // No strategic patch: kubectl would look for its merge keys in these schemas, and has them built in where they are not offered.
  const types = ['apply-patch+yaml', 'json-patch+json', 'merge-patch+json'];
  const content = Object.fromEntries(types.map((type) => [`application/${type}`, { schema: { type: 'object' } }]));
  const named = { 'x-kubernetes-group-version-kind': { group, version, kind } };
  const responses = { 200: { description: 'OK' } };
  return {
    get: { ...named, 'x-kubernetes-action': 'get', responses },
    patch: { ...named, 'x-kubernetes-action': 'patch', parameters, requestBody: { content }, responses },
    parameters: [],
  };
}
