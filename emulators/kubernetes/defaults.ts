import { at, isObject, type Json, type JsonObject, listAt, objectAt, textAt, textsAt } from './json.ts';

/** What the server adds to an object that leaves it out. What is given is kept. */
export function withDefaults(kind: string, object: JsonObject): JsonObject {
  const complete = byKind[kind];
  return complete === undefined ? object : complete(object);
}

const tolerations = ['not-ready', 'unreachable'].map((reason) => ({
  ...{ key: `node.kubernetes.io/${reason}`, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 },
}));
/** What admission adds to every Pod. */
const admitted = { enableServiceLinks: true, preemptionPolicy: 'PreemptLowerPriority', priority: 0, tolerations };

type Complete = (object: JsonObject) => JsonObject;

const byKind: Readonly<Record<string, Complete>> = {
  Pod: (pod) => ({
    ...pod,
    spec: { ...admitted, ...podSpec(objectAt(pod, 'spec')) },
    status: { phase: 'Pending', qosClass: 'BestEffort', ...objectAt(pod, 'status') },
  }),
  Deployment: workload({
    replicas: 1,
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } },
    revisionHistoryLimit: 10,
    progressDeadlineSeconds: 600,
  }),
  ReplicaSet: workload({ replicas: 1 }),
  StatefulSet: workload({
    replicas: 1,
    podManagementPolicy: 'OrderedReady',
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
    revisionHistoryLimit: 10,
  }),
  DaemonSet: workload({ updateStrategy: { type: 'RollingUpdate' }, revisionHistoryLimit: 10 }),
  Job: (job) => ({
    ...job,
    spec: jobSpec(objectAt(job, 'spec'), textAt(job, 'metadata', 'uid')),
    status: objectAt(job, 'status'),
  }),
  CronJob: (cronJob) => {
    const spec = objectAt(cronJob, 'spec');
    const made = {
      concurrencyPolicy: 'Allow',
      suspend: false,
      successfulJobsHistoryLimit: 3,
      failedJobsHistoryLimit: 1,
    };
    return { ...cronJob, spec: { ...made, ...spec }, status: objectAt(cronJob, 'status') };
  },
  Service: (service) => {
    const spec = objectAt(service, 'spec');
    const ports = listAt(spec, 'ports').map((port) => ({
      protocol: 'TCP',
      targetPort: at(port, 'port') ?? 0,
      ...objectAt(port),
    }));
    const made = {
      type: 'ClusterIP',
      sessionAffinity: 'None',
      internalTrafficPolicy: 'Cluster',
      ipFamilyPolicy: 'SingleStack',
    };
    return {
      ...service,
      spec: { ...made, clusterIP: clusterIp(service), ipFamilies: ['IPv4'], ...spec, ports },
      status: { loadBalancer: {}, ...objectAt(service, 'status') },
    };
  },
  Secret: ({ stringData, ...secret }) => {
    const written = Object.entries(textsAt(stringData)).map(([key, value]) => [
      key,
      Buffer.from(value).toString('base64'),
    ]);
    const data = { ...objectAt(secret, 'data'), ...Object.fromEntries(written) };
    return { ...secret, ...(Object.keys(data).length > 0 && { data }), type: textAt(secret, 'type') || 'Opaque' };
  },
  Namespace: (namespace) => {
    const metadata = objectAt(namespace, 'metadata');
    const labels = { ...objectAt(metadata, 'labels'), 'kubernetes.io/metadata.name': textAt(metadata, 'name') };
    return {
      ...namespace,
      metadata: { ...metadata, labels },
      spec: { finalizers: ['kubernetes'], ...objectAt(namespace, 'spec') },
      status: { phase: 'Active', ...objectAt(namespace, 'status') },
    };
  },
};

function workload(made: JsonObject): Complete {
  return (object) => {
    const spec = objectAt(object, 'spec');
    return {
      ...object,
      spec: { ...made, ...spec, template: podTemplate(objectAt(spec, 'template')) },
      status: objectAt(object, 'status'),
    };
  };
}

function jobSpec(spec: JsonObject, uid: string): JsonObject {
  const given = podTemplate(objectAt(spec, 'template'));
  const labels = { ...objectAt(given, 'metadata', 'labels'), 'batch.kubernetes.io/controller-uid': uid };
  const template = { ...given, metadata: { ...objectAt(given, 'metadata'), labels } };
  const made = { parallelism: 1, completions: 1, backoffLimit: 6, completionMode: 'NonIndexed', suspend: false };
  return { ...made, selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': uid } }, ...spec, template };
}

function podTemplate(template: JsonObject): JsonObject {
  return {
    ...template,
    metadata: { creationTimestamp: null, ...objectAt(template, 'metadata') },
    spec: podSpec(objectAt(template, 'spec')),
  };
}

function podSpec(spec: JsonObject): JsonObject {
  const made = {
    restartPolicy: 'Always',
    dnsPolicy: 'ClusterFirst',
    terminationGracePeriodSeconds: 30,
    securityContext: {},
    schedulerName: 'default-scheduler',
  };
  const init = listAt(spec, 'initContainers');
  return {
    ...made,
    ...spec,
    containers: listAt(spec, 'containers').map(container),
    ...(init.length > 0 && { initContainers: init.map(container) }),
  };
}

function container(given: Json): Json {
  if (!isObject(given)) return given;
  const { ports } = given;
  const image = textAt(given, 'image');
  const isLatest = !/[:@][^/]*$/.test(image) || image.endsWith(':latest');
  return {
    resources: {},
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    imagePullPolicy: isLatest ? 'Always' : 'IfNotPresent',
    ...given,
    ...(Array.isArray(ports) && { ports: ports.map((port) => (isObject(port) ? { protocol: 'TCP', ...port } : port)) }),
  };
}

/** An address of its own, by its uid. */
function clusterIp(service: JsonObject): string {
  const digits = textAt(service, 'metadata', 'uid').replaceAll('-', '').slice(0, 6).padEnd(6, '0');
  const [a = 0, b = 0, c = 0] = Buffer.from(digits, 'hex');
  return `10.${96 + (a % 16)}.${b}.${c}`;
}
