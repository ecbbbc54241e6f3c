/** Of the demo's cluster: a shop in the namespace `team-a`, and what is nobody's business in `team-b`. Each value is there to be masked. */
export const secrets = {
  database: 'correct-horse-7-battery',
  apiKey: 'billing-key-of-team-b-90210',
  contact: 'jane@home.example',
  /** In the form that Google's have, and nobody's. */
  googleKey: `AIza${'SyD0nt-Use_This1sN0tAKey00000000000'}`,
} as const;

/** What the gateway may do there by itself, whatever its policies say. */
const rules = [
  {
    apiGroups: [''],
    resources: [
      'pods',
      'secrets',
      'configmaps',
      'services',
      'serviceaccounts',
      'events',
      'namespaces',
      'replicationcontrollers',
    ],
    verbs: ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'],
  },
  {
    apiGroups: [''],
    resources: ['pods/exec', 'pods/attach', 'pods/portforward', 'pods/log'],
    verbs: ['get', 'create'],
  },
  {
    apiGroups: ['apps', 'batch', 'autoscaling', 'networking.k8s.io'],
    resources: ['*'],
    verbs: ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'],
  },
];

const namespaces = ['team-a', 'team-b'].map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }));

const role = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'sallyport-gateway' };

export const objects = [
  ...namespaces,
  { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: role.name }, rules },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: role.name },
    roleRef: role,
    subjects: [{ apiGroup: role.apiGroup, kind: 'User', name: 'sallyport-gateway' }],
  },
  {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'database', namespace: 'team-a' },
    stringData: { username: 'shop', password: secrets.database },
  },
  {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'api-key', namespace: 'team-b' },
    stringData: { key: secrets.apiKey },
  },
  {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'shop', namespace: 'team-a' },
    data: { colour: 'blue', currency: 'EUR' },
  },
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'shop', namespace: 'team-a' },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: 'shop' } },
      template: {
        metadata: { labels: { app: 'shop' } },
        spec: {
          containers: [
            {
              name: 'shop',
              image: 'registry.example/shop:1.4',
              env: [
                { name: 'GREETING', value: 'hello' },
                { name: 'DB_PASSWORD', valueFrom: { secretKeyRef: { name: 'database', key: 'password' } } },
              ],
            },
          ],
        },
      },
    },
  },
  {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'worker', namespace: 'team-a', labels: { app: 'worker' } },
    spec: {
      containers: [
        {
          name: 'worker',
          image: 'registry.example/worker:2',
          env: [
            { name: 'DB_PASSWORD', value: secrets.database },
            { name: 'CONTACT', value: secrets.contact },
            { name: 'API_KEY', value: secrets.googleKey },
          ],
        },
      ],
    },
  },
];

/** What each Pod has said: one line of it tells more than it should. */
export const logs = () => ['starting', 'charged card 4111 1111 1111 1111 of jane@home.example', 'ready'];
