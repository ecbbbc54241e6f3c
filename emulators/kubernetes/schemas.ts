import type { JsonObject } from './json.ts';
import type { Resource } from './resources.ts';

/** Short descriptions and fields of the kinds, for `kubectl explain`. */
export function schemasOf(resources: readonly Resource[]): JsonObject {
  return Object.fromEntries(resources.map((resource) => [schemaName(resource), schemaOf(resource)]));
}

function schemaName({ group, version, kind }: Resource): string {
  return `io.k8s.api.${group === '' ? 'core' : group.split('.')[0]}.${version}.${kind}`;
}

function schemaOf({ group, version, kind }: Resource): JsonObject {
  const text = (description: string) => ({ type: 'string', description });
  return {
    type: 'object',
    description: `${kind} is what the API server keeps under ${group === '' ? 'core' : group}/${version}.`,
    properties: {
      apiVersion: text('APIVersion defines the versioned schema of this representation of an object.'),
      kind: text('Kind is a string value representing the REST resource this object represents.'),
      metadata: { type: 'object', description: 'Standard object metadata.' },
      spec: { type: 'object', description: 'What is wanted.' },
      status: { type: 'object', description: 'What is.' },
    },
    'x-kubernetes-group-version-kind': [{ group, version, kind }],
  };
}
