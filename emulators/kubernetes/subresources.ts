import type { Cluster } from './cluster.ts';
import { type Json, type JsonObject, listAt, numberAt, objectAt, textAt, textsAt } from './json.ts';
import { seconds, type Target } from './objects.ts';
import type { Resource } from './resources.ts';
import { nameOf, namespaceOf } from './store.ts';

/** A part of an object, read and written as if it were one. */
export type Lens = {
  kind: (resource: Resource) => string;
  read(object: JsonObject): JsonObject;
  write(object: JsonObject, part: JsonObject): JsonObject;
};

/** The object as a whole: its status is not written so, where it is a subresource. */
export const whole: Lens = {
  kind: ({ kind }) => kind,
  read: (object) => object,
  write: (_, part) => part,
};

export const lenses: Readonly<Record<string, Lens>> = {
  status: {
    kind: ({ kind }) => kind,
    read: (object) => object,
    write: (object, part) => ({ ...object, status: objectAt(part, 'status'), metadata: versioned(object, part) }),
  },
  scale: {
    kind: () => 'Scale',
    read: scaleOf,
    write: (object, part) => ({
      ...object,
      metadata: versioned(object, part),
      spec: { ...objectAt(object, 'spec'), replicas: numberAt(part, 'spec', 'replicas') },
    }),
  },
  ephemeralcontainers: {
    kind: ({ kind }) => kind,
    read: (object) => object,
    write: (object, part) => ({
      ...object,
      metadata: versioned(object, part),
      spec: { ...objectAt(object, 'spec'), ephemeralContainers: [...listAt(part, 'spec', 'ephemeralContainers')] },
    }),
  },
};

function versioned(object: JsonObject, part: JsonObject): JsonObject {
  const resourceVersion = textAt(part, 'metadata', 'resourceVersion');
  return { ...objectAt(object, 'metadata'), ...(resourceVersion !== '' && { resourceVersion }) };
}

function scaleOf(object: JsonObject): JsonObject {
  const { uid = '', resourceVersion = '', creationTimestamp = '' } = textsAt(object, 'metadata');
  const labels = Object.entries(textsAt(object, 'spec', 'selector', 'matchLabels'));
  const selector = labels.map(([key, value]) => `${key}=${value}`).join(',');
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name: nameOf(object), namespace: namespaceOf(object), uid, resourceVersion, creationTimestamp },
    spec: { replicas: numberAt(object, 'spec', 'replicas') },
    status: { replicas: numberAt(object, 'status', 'replicas'), selector },
  };
}

type Create = (cluster: Cluster, target: Target, given: JsonObject) => Json;

/** Subresources that are created, and not kept. */
export const creations: Readonly<Record<string, Create>> = {
  'serviceaccounts/token': ({ objects, users, now }, target, given) => {
    const { namespace, name } = target;
    const uid = textAt(objects.read(target), 'metadata', 'uid');
    const lifetime = numberAt(given, 'spec', 'expirationSeconds') || 3600;
    const groups = ['system:serviceaccounts', `system:serviceaccounts:${namespace}`];
    const token = users.issue({ name: `system:serviceaccount:${namespace}:${name}`, groups, uid });
    const expirationTimestamp = seconds(new Date(now().getTime() + lifetime * 1000));
    return {
      kind: 'TokenRequest',
      apiVersion: 'authentication.k8s.io/v1',
      metadata: { name, namespace, creationTimestamp: seconds(now()) },
      spec: { audiences: ['https://kubernetes.default.svc'], expirationSeconds: lifetime },
      status: { token, expirationTimestamp },
    };
  },
  'pods/eviction': ({ objects }, target, given) => {
    objects.remove(target, objectAt(given, 'deleteOptions'));
    return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 };
  },
};
