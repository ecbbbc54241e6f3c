/** A deployment as Google's APIs would show it: state as data. Each test changes one thing of it. */
export const project = 'acme-sallyport';
export const number = '123456789012';
export const region = 'europe-west1';
export const digest = `sha256:${'a1'.repeat(32)}`;
const image = `${region}-docker.pkg.dev/${project}/sallyport/sallyport@${digest}`;

export type Deployment = ReturnType<typeof healthy>;
export type Role = 'gateway' | 'console' | 'keeper';
export type Binding = { role: string; members: string[]; condition?: { title: string; expression: string } };

export const accountOf = (name: string) => `serviceAccount:sallyport-${name}@${project}.iam.gserviceaccount.com`;
const key = (name: string) => `projects/${project}/locations/${region}/keyRings/sallyport/cryptoKeys/${name}`;
export const iapAgent = `serviceAccount:service-${number}@gcp-sa-iap.iam.gserviceaccount.com`;
export const keeperAudience = `https://sallyport-keeper.${project}.internal`;

const environment = (role: Role): Record<string, string> => ({
  GOOGLE_CLOUD_PROJECT: project,
  SALLYPORT_POLICY_DATABASE: 'sallyport-policy',
  SALLYPORT_RUNTIME_DATABASE: 'sallyport-runtime',
  SALLYPORT_AUDIT_DATASET: 'sallyport_audit',
  SALLYPORT_EVIDENCE_DATASET: 'sallyport_evidence',
  SALLYPORT_APPROVAL_KEY: `${key('approvals')}/cryptoKeyVersions/1`,
  SALLYPORT_CHECKPOINT_KEY: `${key('checkpoints')}/cryptoKeyVersions/1`,
  SALLYPORT_CHECKPOINT_BUCKET: 'acme-checkpoints',
  SALLYPORT_SEAL_KEY: `projects/${project}/secrets/sallyport-seal-key`,
  SALLYPORT_CONSOLE_URL: 'https://console.sallyport.example.com',
  SALLYPORT_SCHEDULER: accountOf('scheduler'),
  SALLYPORT_ADMINS: 'group:sallyport-admins',
  SALLYPORT_AUDITORS: 'group:sallyport-auditors',
  SALLYPORT_IAP_AUDIENCE: `/projects/${number}/locations/${region}/services/sallyport-console`,
  SALLYPORT_RETENTION: '{"events":400}',
  SALLYPORT_LEGAL_HOLD: 'false',
  SALLYPORT_IMAGE_DIGEST: digest,
  SALLYPORT_ISSUERS: JSON.stringify(
    role === 'keeper'
      ? [{ preset: 'google', audience: [keeperAudience] }]
      : [
          { preset: 'google', audience: ['https://sallyport.example.com'] },
          {
            preset: 'gke',
            issuer: 'https://container.example.com/cluster',
            audience: ['https://sallyport.example.com'],
          },
        ],
  ),
});

function service(role: Role) {
  const path = `projects/${project}/locations/${region}/services/sallyport-${role}`;
  return {
    service: {
      name: path,
      uri: `https://sallyport-${role}-abc-ew.a.run.app`,
      ingress: role === 'keeper' ? 'INGRESS_TRAFFIC_INTERNAL_ONLY' : 'INGRESS_TRAFFIC_ALL',
      invokerIamDisabled: role !== 'console',
      iapEnabled: role === 'console',
      latestReadyRevision: `${path}/revisions/sallyport-${role}-00002`,
      latestCreatedRevision: `${path}/revisions/sallyport-${role}-00002`,
      terminalCondition: { type: 'Ready', state: 'CONDITION_SUCCEEDED' },
      trafficStatuses: [{ type: 'TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST', percent: 100 }] as {
        type: string;
        revision?: string;
        percent: number;
      }[],
      scaling: { minInstanceCount: 1 },
      template: { scaling: { minInstanceCount: 1, maxInstanceCount: 10 } },
    },
    revision: {
      name: `${path}/revisions/sallyport-${role}-00002`,
      serviceAccount: accountOf(role).replace('serviceAccount:', ''),
      containers: [
        {
          image,
          args: [role as string],
          env: environment(role),
          resources: { cpuIdle: false, startupCpuBoost: true, limits: { cpu: '1' } },
        },
      ],
    },
    invokers: (role === 'console' ? [{ role: 'roles/run.invoker', members: [iapAgent] }] : []) as Binding[],
  };
}

const apis = [
  ...['artifactregistry', 'bigquery', 'cloudkms', 'cloudscheduler', 'firebaserules', 'firestore', 'iam'],
  ...['iamcredentials', 'iap', 'logging', 'monitoring', 'run', 'secretmanager', 'cloudresourcemanager'],
];

export function healthy() {
  return {
    apis: apis.map((api) => `${api}.googleapis.com`),
    services: { gateway: service('gateway'), console: service('console'), keeper: service('keeper') } as Partial<
      Record<Role, ReturnType<typeof service>>
    > &
      Record<Role, ReturnType<typeof service>>,
    passIap: [{ role: 'roles/iap.httpsResourceAccessor', members: ['group:approvers@example.com'] }] as Binding[],
  };
}
