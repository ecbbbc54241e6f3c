import { createHash } from 'node:crypto';
import type { Cluster } from './cluster.ts';
import { type JsonObject, listAt, numberAt, objectAt, same, textAt, textsAt } from './json.ts';
import { seconds } from './objects.ts';
import { qualified, type Resource } from './resources.ts';
import { nameOf, namespaceOf } from './store.ts';

const REVISION = 'deployment.kubernetes.io/revision';
const HASH = 'pod-template-hash';
const none = new URLSearchParams();
const watched = [
  'deployments.apps',
  'replicasets.apps',
  'statefulsets.apps',
  'jobs.batch',
  'namespaces',
  'pods',
  'cronjobs.batch',
];

/**
 * What a cluster does by itself: Deployments make ReplicaSets, these make Pods, Pods run at once on the node `n1`, Jobs are
 * done at once, and what belonged to something that is gone goes too. Returns a function that settles everything now.
 */
export function startControllers(cluster: Cluster): () => void {
  let isDue = false;
  const settle = () => {
    isDue = false;
    for (let rounds = 0; rounds < 10 && pass(cluster); rounds += 1);
  };
  cluster.store.onChange((resource) => {
    if (isDue || !watched.includes(qualified(resource))) return;
    isDue = true;
    setImmediate(settle);
  });
  return settle;
}

/** Returns whether anything changed. */
function pass(cluster: Cluster): boolean {
  const { store } = cluster;
  const before = store.revision();
  const kind = (group: string, resource: string) => cluster.resourceAt({ group, version: 'v1', resource });
  const [pods, sets] = [kind('', 'pods'), kind('apps', 'replicasets')];
  for (const one of store.list(kind('', 'namespaces'), '')) furnish(cluster, one);
  sweep(cluster, [sets, kind('batch', 'jobs'), pods]);
  for (const one of store.list(kind('apps', 'deployments'), ''))
    rollOut(cluster, kind('apps', 'deployments'), sets, one);
  for (const one of store.list(sets, '')) replicate(cluster, sets, pods, one);
  for (const one of store.list(kind('apps', 'statefulsets'), ''))
    replicate(cluster, kind('apps', 'statefulsets'), pods, one);
  for (const one of store.list(kind('batch', 'jobs'), '')) work(cluster, kind('batch', 'jobs'), pods, one);
  for (const one of store.list(pods, ''))
    if (textAt(one, 'spec', 'nodeName') === '' || textAt(one, 'status', 'phase') === 'Pending') run(cluster, pods, one);
  return store.revision() !== before;
}

/** Every namespace has a service account. */
function furnish(cluster: Cluster, namespace: JsonObject) {
  const accounts = cluster.resourceAt({ group: '', version: 'v1', resource: 'serviceaccounts' });
  const name = nameOf(namespace);
  if (cluster.store.get(accounts, name, 'default') !== undefined) return;
  make(cluster, accounts, name, { metadata: { name: 'default' } });
}

function make({ objects }: Cluster, resource: Resource, namespace: string, object: JsonObject): JsonObject {
  return objects.create({ resource, namespace, name: '', query: none }, object);
}

function update({ store }: Cluster, resource: Resource, before: JsonObject, after: JsonObject) {
  if (!same(before, after)) store.put(resource, after);
}

function ownedBy(object: JsonObject, owner: JsonObject): boolean {
  const uid = textAt(owner, 'metadata', 'uid');
  return listAt(object, 'metadata', 'ownerReferences').some((one) => textAt(one, 'uid') === uid);
}

function owner(resource: Resource, object: JsonObject): JsonObject {
  const { group, version, kind } = resource;
  const uid = textAt(object, 'metadata', 'uid');
  return {
    apiVersion: `${group}/${version}`,
    kind,
    name: nameOf(object),
    uid,
    controller: true,
    blockOwnerDeletion: true,
  };
}

/** Removes what belongs to something that is not there any more. */
function sweep({ store, resources }: Cluster, kinds: readonly Resource[]) {
  const uids = new Set<string>();
  for (const resource of resources()) {
    if (['apps', 'batch'].includes(resource.group)) {
      for (const object of store.list(resource, '')) uids.add(textAt(object, 'metadata', 'uid'));
    }
  }
  for (const resource of kinds) {
    for (const object of store.list(resource, '')) {
      const owners = listAt(object, 'metadata', 'ownerReferences').filter((one) =>
        /^(apps|batch)\//.test(textAt(one, 'apiVersion')),
      );
      if (owners.length > 0 && !owners.some((one) => uids.has(textAt(one, 'uid')))) store.remove(resource, object);
    }
  }
}

function rollOut(cluster: Cluster, resource: Resource, sets: Resource, deployment: JsonObject) {
  const { store } = cluster;
  const namespace = namespaceOf(deployment);
  const owned = () => store.list(sets, namespace).filter((set) => ownedBy(set, deployment));
  const template = objectAt(deployment, 'spec', 'template');
  const hash = hashOf(template);
  const name = `${nameOf(deployment)}-${hash}`;
  const known = store.get(sets, namespace, name);
  const replicas = numberAt(deployment, 'spec', 'replicas');
  const revisionOf = (set: JsonObject) => Number(textAt(set, 'metadata', 'annotations', REVISION));
  const newest = Math.max(0, ...owned().map(revisionOf));
  const revision = String(known !== undefined && revisionOf(known) === newest ? newest : newest + 1);
  const labels = { ...textsAt(template, 'metadata', 'labels'), [HASH]: hash };
  if (known === undefined) {
    const selector = { matchLabels: { ...textsAt(deployment, 'spec', 'selector', 'matchLabels'), [HASH]: hash } };
    const metadata = {
      name,
      labels,
      annotations: { [REVISION]: revision },
      ownerReferences: [owner(resource, deployment)],
    };
    make(cluster, sets, namespace, {
      metadata,
      spec: { replicas, selector, template: { ...template, metadata: { ...objectAt(template, 'metadata'), labels } } },
    });
  }
  for (const set of owned()) {
    const isCurrent = nameOf(set) === name;
    const wanted = { ...set, spec: { ...objectAt(set, 'spec'), replicas: isCurrent ? replicas : 0 } };
    update(cluster, sets, set, isCurrent ? annotated(wanted, revision) : wanted);
  }
  const current = store.get(sets, namespace, name);
  const ready = numberAt(current, 'status', 'readyReplicas');
  const counts = { replicas: ready, updatedReplicas: ready, readyReplicas: ready, availableReplicas: ready };
  const status = {
    observedGeneration: numberAt(deployment, 'metadata', 'generation'),
    ...(ready > 0 && counts),
    conditions: [
      condition(deployment, 'Available', 'MinimumReplicasAvailable', 'Deployment has minimum availability.'),
      condition(
        deployment,
        'Progressing',
        'NewReplicaSetAvailable',
        `ReplicaSet "${name}" has successfully progressed.`,
      ),
    ],
  };
  update(cluster, resource, deployment, annotated({ ...deployment, status }, revision));
}

function annotated(object: JsonObject, revision: string): JsonObject {
  const metadata = objectAt(object, 'metadata');
  return {
    ...object,
    metadata: { ...metadata, annotations: { ...objectAt(metadata, 'annotations'), [REVISION]: revision } },
  };
}

function condition(object: JsonObject, type: string, reason: string, message: string): JsonObject {
  const time = textAt(object, 'metadata', 'creationTimestamp');
  return { type, status: 'True', reason, message, lastUpdateTime: time, lastTransitionTime: time };
}

/** As many Pods as are wanted: of a StatefulSet with numbers, of a ReplicaSet with names of their own. */
function replicate(cluster: Cluster, resource: Resource, pods: Resource, set: JsonObject) {
  const { store } = cluster;
  const namespace = namespaceOf(set);
  const mine = store.list(pods, namespace).filter((pod) => ownedBy(pod, set));
  const wanted = numberAt(set, 'spec', 'replicas');
  for (const pod of mine.slice(wanted)) store.remove(pods, pod);
  for (let count = mine.length; count < wanted; count += 1) {
    const named =
      resource.kind === 'StatefulSet' ? { name: `${nameOf(set)}-${count}` } : { generateName: `${nameOf(set)}-` };
    makePod(cluster, resource, pods, set, named);
  }
  const counts = { replicas: wanted, readyReplicas: wanted, availableReplicas: wanted };
  const more =
    resource.kind === 'StatefulSet'
      ? { currentReplicas: wanted, updatedReplicas: wanted }
      : { fullyLabeledReplicas: wanted };
  const observedGeneration = numberAt(set, 'metadata', 'generation');
  const status = wanted === 0 ? { replicas: 0, observedGeneration } : { ...counts, ...more, observedGeneration };
  update(cluster, resource, set, { ...set, status });
}

function makePod(cluster: Cluster, resource: Resource, pods: Resource, set: JsonObject, named: JsonObject) {
  const template = objectAt(set, 'spec', 'template');
  const { creationTimestamp: _, ...metadata } = objectAt(template, 'metadata');
  make(cluster, pods, namespaceOf(set), {
    metadata: { ...metadata, ...named, ownerReferences: [owner(resource, set)] },
    spec: objectAt(template, 'spec'),
  });
}

function work(cluster: Cluster, resource: Resource, pods: Resource, job: JsonObject) {
  if (numberAt(job, 'status', 'succeeded') > 0) return;
  makePod(cluster, resource, pods, job, { generateName: `${nameOf(job)}-` });
  const time = seconds(cluster.now());
  const conditions = [{ type: 'Complete', status: 'True', lastProbeTime: time, lastTransitionTime: time }];
  update(cluster, resource, job, {
    ...job,
    status: { succeeded: 1, startTime: time, completionTime: time, conditions },
  });
}

function run(cluster: Cluster, pods: Resource, pod: JsonObject) {
  const time = seconds(cluster.now());
  const isDone = listAt(pod, 'metadata', 'ownerReferences').some((one) => textAt(one, 'kind') === 'Job');
  const state = isDone
    ? { terminated: { exitCode: 0, reason: 'Completed', startedAt: time, finishedAt: time } }
    : { running: { startedAt: time } };
  const containerStatuses = listAt(pod, 'spec', 'containers').map((container) => ({
    ...{ name: textAt(container, 'name'), image: textAt(container, 'image'), imageID: '' },
    ...{ ready: !isDone, started: !isDone, restartCount: 0, state, lastState: {} },
  }));
  const conditions = ['PodScheduled', 'Initialized', 'ContainersReady', 'Ready'].map((type) => ({
    ...{ type, status: 'True', lastProbeTime: null, lastTransitionTime: time },
  }));
  const podIP = `10.88.${Buffer.from(textAt(pod, 'metadata', 'uid').slice(0, 4), 'hex').join('.')}`;
  const phase = isDone ? 'Succeeded' : 'Running';
  const made = {
    phase,
    conditions,
    hostIP: '127.0.0.1',
    podIP,
    podIPs: [{ ip: podIP }],
    startTime: time,
    containerStatuses,
  };
  const spec = { serviceAccountName: 'default', serviceAccount: 'default', nodeName: 'n1', ...objectAt(pod, 'spec') };
  update(cluster, pods, pod, { ...pod, spec, status: { ...objectAt(pod, 'status'), ...made } });
}

/** Ten letters that stand for a template. */
function hashOf(template: JsonObject): string {
  const digest = createHash('sha256').update(JSON.stringify(template)).digest();
  return [...digest.subarray(0, 10)].map((byte) => 'bcdfghjklmnpqrstvwxz2456789'[byte % 27]).join('');
}
