import { type Admin, asAdmin, type Server } from './server.ts';

/** Everything below happens in this namespace. */
export const NAMESPACE = 'table';

/** None of these may leave the gateway, in any encoding that a client would undo. */
export const planted = {
  password: 'planted-hunter2-very-secret',
  token: 'planted-tok-5f2a9c',
  env: 'planted-sup3rsecret',
  key: 'planted-cm-key-91x',
} as const;

const labels = { app: 'web' };
const container = {
  name: 'c',
  image: 'nginx:1.0',
  env: [
    { name: 'DB_PASSWORD', value: planted.env },
    { name: 'GREETING', value: 'hello' },
  ],
};
const template = { metadata: { labels }, spec: { containers: [container] } };

/** Put there one by one, in this order. */
const objects: readonly [path: string, object: { metadata: object } & Record<string, unknown>][] = [
  ['api/v1/secrets', { metadata: { name: 's1' }, stringData: { password: planted.password, token: planted.token } }],
  ['api/v1/configmaps', { metadata: { name: 'cm1', labels }, data: { colour: 'blue', api_key: planted.key } }],
  ['api/v1/configmaps', { metadata: { name: 'cm2' }, data: { colour: 'red' } }],
  ['api/v1/serviceaccounts', { metadata: { name: 'sa1' } }],
  [
    'api/v1/services',
    { metadata: { name: 'web' }, spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }] } },
  ],
  [
    'api/v1/pods',
    { metadata: { name: 'p1', labels }, spec: { nodeName: 'n1', containers: [{ ...container, name: 'c' }] } },
  ],
  [
    'api/v1/events',
    {
      metadata: { name: 'e1' },
      involvedObject: { kind: 'Pod', name: 'p1', namespace: NAMESPACE, apiVersion: 'v1' },
      reason: 'Started',
      message: 'Started container c',
      type: 'Normal',
      firstTimestamp: '2026-01-01T00:00:00Z',
      lastTimestamp: '2026-01-01T00:00:00Z',
      count: 1,
      source: { component: 'kubelet' },
    },
  ],
  [
    'apis/apps/v1/deployments',
    {
      metadata: { name: 'web', labels, annotations: { 'deployment.kubernetes.io/revision': '2' } },
      spec: { replicas: 1, selector: { matchLabels: labels }, template },
    },
  ],
];

const collections = [
  'api/v1/pods',
  'api/v1/secrets',
  'api/v1/configmaps',
  'api/v1/services',
  'api/v1/serviceaccounts',
  'api/v1/events',
  'apis/apps/v1/deployments',
  'apis/apps/v1/replicasets',
  'apis/batch/v1/jobs',
  'apis/autoscaling/v1/horizontalpodautoscalers',
  'apis/autoscaling/v2/horizontalpodautoscalers',
] as const;

const within = (path: string) => `/${path.replace(/\/([a-z]+)$/, `/namespaces/${NAMESPACE}/$1`)}`;

export type Stage = { reset(): Promise<void> };

/** The stage as each command finds it. */
export async function setStage(server: Server): Promise<Stage> {
  const ask = asAdmin(server);
  await ask('POST', '/api/v1/namespaces', { metadata: { name: NAMESPACE } });
  await widen(ask);
  return {
    async reset() {
      for (const path of collections) {
        const { items = [] } = await ask('GET', within(path));
        for (const { metadata } of items) {
          const one = `${within(path)}/${metadata.name}`;
          if (metadata.finalizers !== undefined) await ask('PATCH', one, { metadata: { finalizers: null } });
          await ask('DELETE', `${one}?gracePeriodSeconds=0&propagationPolicy=Background`);
        }
      }
      for (const [path, object] of objects) await ask('POST', within(path), object);
      await report(ask);
    },
  };
}

/** The gateway's own account may look at what `get all` looks at. */
async function widen(ask: Admin) {
  const name = 'sallyport-table';
  const rbac = '/apis/rbac.authorization.k8s.io/v1';
  await ask('POST', `${rbac}/clusterroles`, {
    metadata: { name },
    rules: [
      { apiGroups: [''], resources: ['*'], verbs: ['get', 'list', 'watch'] },
      { apiGroups: ['autoscaling', 'events.k8s.io'], resources: ['*'], verbs: ['*'] },
    ],
  });
  await ask('POST', `${rbac}/clusterrolebindings`, {
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'gateway' }],
  });
}

/** What controllers and a kubelet would report. */
async function report(ask: Admin) {
  const started = '2026-01-01T00:00:00Z';
  await ask('PATCH', `${within('api/v1/pods')}/p1/status`, {
    status: {
      phase: 'Running',
      startTime: started,
      podIP: '10.1.0.1',
      podIPs: [{ ip: '10.1.0.1' }],
      conditions: [
        { type: 'Ready', status: 'True' },
        { type: 'ContainersReady', status: 'True' },
      ],
      containerStatuses: [
        {
          name: 'c',
          image: 'nginx:1.0',
          imageID: '',
          ready: true,
          restartCount: 0,
          started: true,
          state: { running: { startedAt: started } },
        },
      ],
    },
  });
  const { metadata } = await ask('PATCH', `${within('apis/apps/v1/deployments')}/web/status`, {
    status: { observedGeneration: 1, replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1 },
  });
  const owner = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: metadata?.uid, controller: true };
  for (const revision of [1, 2]) {
    const hash = `${revision}abc`;
    const hashed = { ...labels, 'pod-template-hash': hash };
    await ask('POST', within('apis/apps/v1/replicasets'), {
      metadata: {
        name: `web-${hash}`,
        labels: hashed,
        annotations: { 'deployment.kubernetes.io/revision': String(revision) },
        ownerReferences: [owner],
      },
      spec: {
        replicas: revision - 1,
        selector: { matchLabels: hashed },
        template: {
          metadata: { labels: hashed },
          spec: { containers: [{ ...container, image: `nginx:0.${revision}` }] },
        },
      },
    });
  }
}
