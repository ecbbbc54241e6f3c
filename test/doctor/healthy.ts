import { generateKeyPairSync } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { auditDefinitions } from '../../src/audit/audit.ts';
import { evidenceDefinitions } from '../../src/evidence/evidence.ts';

/** A deployment as Google's APIs would show it: state as data. Each test changes one thing of it. */
export const project = 'acme-sallyport';
export const number = '123456789012';
export const region = 'europe-west1';
const digest = `sha256:${'a1'.repeat(32)}`;
const image = `${region}-docker.pkg.dev/${project}/sallyport/sallyport@${digest}`;

export type Deployment = ReturnType<typeof healthy>;
export type Role = 'gateway' | 'console' | 'keeper';
export type Binding = { role: string; members: string[]; condition?: { title: string; expression: string } };

export const accountOf = (name: string) => `serviceAccount:sallyport-${name}@${project}.iam.gserviceaccount.com`;
const key = (name: string) => `projects/${project}/locations/${region}/keyRings/sallyport/cryptoKeys/${name}`;
const iapAgent = `serviceAccount:service-${number}@gcp-sa-iap.iam.gserviceaccount.com`;
const keeperAudience = `https://sallyport-keeper.${project}.internal`;

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
      urls: [`https://sallyport-${role}-${number}.${region}.run.app`],
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
  ...['bigquerydatatransfer', 'storage', 'sts'],
];

const database = (name: string) => ({
  name: `projects/${project}/databases/${name}`,
  type: 'FIRESTORE_NATIVE',
  pointInTimeRecoveryEnablement: 'POINT_IN_TIME_RECOVERY_ENABLED',
  deleteProtectionState: 'DELETE_PROTECTION_ENABLED',
});

const ofDatabase = (role: string, part: string, name: string): Binding => ({
  role,
  members: [accountOf(part)],
  condition: {
    title: `database-${name}`,
    expression: `resource.name == "projects/${project}/databases/${name}"`,
  },
});

const signing = (name: string): Binding[] => [
  { role: 'roles/cloudkms.signerVerifier', members: [accountOf(name === 'approvals' ? 'console' : 'keeper')] },
  {
    role: 'roles/cloudkms.publicKeyViewer',
    members: name === 'approvals' ? [accountOf('gateway'), accountOf('keeper')] : [accountOf('console')],
  },
];

const cryptoKey = (name: string) => ({
  version: { state: 'ENABLED', algorithm: 'EC_SIGN_P256_SHA256', protectionLevel: 'HSM' },
  policy: signing(name),
});

const secret = (...readers: string[]) => ({
  state: 'ENABLED' as string | undefined,
  policy: [{ role: 'roles/secretmanager.secretAccessor', members: readers.map(accountOf) }] as Binding[],
});

const job = (task: string) => ({
  state: 'ENABLED',
  lastAttemptTime: '2026-01-01T00:00:00Z' as string | undefined,
  status: {} as { code?: number },
  httpTarget: {
    uri: `https://sallyport-keeper-${number}.${region}.run.app/tasks/${task}`,
    httpMethod: 'POST',
    oidcToken: {
      serviceAccountEmail: accountOf('scheduler').replace('serviceAccount:', ''),
      audience: keeperAudience,
    },
  },
});

const indexes = JSON.parse(readFileSync(new URL('../../firestore.indexes.json', import.meta.url), 'utf8')) as {
  indexes: { collectionGroup: string; fields: { fieldPath: string; order: string }[] }[];
  fieldOverrides: { collectionGroup: string; fieldPath: string; ttl?: boolean; indexes: { order: string }[] }[];
};

const datasets = { audit: 'sallyport_audit', evidence: 'sallyport_evidence' };

/** BigQuery tells standard types by their older names. */
const older: Record<string, string> = { INT64: 'INTEGER', FLOAT64: 'FLOAT', BOOL: 'BOOLEAN', STRUCT: 'RECORD' };

type Field = { name: string; type: string; mode?: string; fields?: Field[] };

const asTold = ({ type, fields, ...field }: Field): Field => ({
  ...field,
  type: older[type] ?? type,
  ...(fields && { fields: fields.map(asTold) }),
});

export type Table = {
  schema: { fields: Field[] };
  timePartitioning: { type: string; field: string; expirationMs?: string };
  requirePartitionFilter: boolean;
  clustering: { fields: string[] };
  expirationTime?: string;
};

function trailTables(): Record<string, Table> {
  const days: Record<string, number> = { events: 400, recordings: 400 };
  return Object.fromEntries(
    auditDefinitions().map(({ name, schema, timePartitioning, requirePartitionFilter, clustering }) => [
      name,
      {
        schema: { fields: schema.fields.map((field) => asTold(field as Field)) },
        timePartitioning: {
          ...timePartitioning,
          ...(days[name] !== undefined && { expirationMs: String(days[name] * 86_400_000) }),
        },
        ...{ requirePartitionFilter, clustering },
      },
    ]),
  );
}

const appends = {
  events: ['gateway', 'console', 'keeper'],
  recordings: ['gateway', 'keeper'],
  checkpoints: ['keeper'],
};

const documents = () => ({
  connections: {
    crm: {
      kind: 'postgres',
      settings: { host: '10.0.0.5', database: 'crm' },
      credential: { secret: `projects/${project}/secrets/crm-gateway` },
      labels: { env: 'prod' },
    },
    warehouse: {
      kind: 'bigquery',
      settings: { project: 'acme-warehouse', location: 'EU' },
      credential: { service_account: 'warehouse-reader@acme-warehouse.iam.gserviceaccount.com' },
    },
  } as Record<string, Record<string, unknown>>,
  policies: {
    ...guards(),
    'analysts-use-crm': {
      principals: ['group:analysts'],
      connections: ['crm', 'env=prod'],
      verbs: ['read'],
      effect: 'allow',
    },
  } as Record<string, Record<string, unknown>>,
  groups: {
    analysts: { members: ['serviceAccount:bot@acme.iam.gserviceaccount.com'] },
    'sallyport-approvers': { members: ['user:ada@example.com', 'user:grace@example.com'] },
    'sallyport-admins': { members: ['user:ada@example.com'] },
    'sallyport-auditors': { members: ['user:edith@example.com'] },
  } as Record<string, { members: string[] }>,
  classifications: { crm: { 'public.users': { email: 'EMAIL_ADDRESS' } }, warehouse: { 'sales.*': {} } } as Record<
    string,
    Record<string, unknown>
  >,
  agents: {} as Record<string, Record<string, unknown>>,
});

function guards() {
  const folder = new URL('../../policies/built-in/', import.meta.url);
  const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
  return Object.fromEntries(
    files.map((file) => [file.replace('.yaml', ''), parse(readFileSync(new URL(file, folder), 'utf8'))]),
  );
}

const keyPairs = { approvals: keyPair(), checkpoints: keyPair() };

function keyPair() {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { pem: publicKey.export({ type: 'spki', format: 'pem' }).toString(), privateKey };
}

const jwks = {
  keys: [
    {
      ...generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' }),
      kid: 'k1',
      alg: 'RS256',
      use: 'sig',
    },
  ] as object[],
};

export function healthy() {
  const { views, functions } = evidenceDefinitions(project, datasets);
  return {
    apis: apis.map((api) => `${api}.googleapis.com`),
    services: { gateway: service('gateway'), console: service('console'), keeper: service('keeper') } as Partial<
      Record<Role, ReturnType<typeof service>>
    > &
      Record<Role, ReturnType<typeof service>>,
    passIap: [{ role: 'roles/iap.httpsResourceAccessor', members: ['group:approvers@example.com'] }] as Binding[],
    projectPolicy: {
      bindings: [
        ofDatabase('roles/datastore.viewer', 'gateway', 'sallyport-policy'),
        ofDatabase('roles/datastore.user', 'gateway', 'sallyport-runtime'),
        ofDatabase('roles/datastore.user', 'console', 'sallyport-policy'),
        ofDatabase('roles/datastore.user', 'console', 'sallyport-runtime'),
        ofDatabase('roles/datastore.user', 'keeper', 'sallyport-policy'),
        ofDatabase('roles/datastore.user', 'keeper', 'sallyport-runtime'),
        ofDatabase('roles/datastore.user', 'documents', 'sallyport-policy'),
        { role: 'roles/bigquery.jobUser', members: [accountOf('console'), 'group:audit@example.com'] },
        { role: 'roles/editor', members: [`serviceAccount:${number}@cloudservices.gserviceaccount.com`] },
        { role: 'roles/cloudsql.client', members: [accountOf('gateway')] },
      ] as Binding[],
      auditConfigs: ['secretmanager', 'bigquery', 'cloudkms'].map((name) => ({
        service: `${name}.googleapis.com`,
        auditLogConfigs: [{ logType: 'ADMIN_READ' }, { logType: 'DATA_READ' }],
      })),
    },
    /** What the operator may not. */
    lacking: [] as string[],
    accounts: Object.fromEntries(
      ['gateway', 'console', 'keeper', 'scheduler'].map((name) => [
        accountOf(name).replace('serviceAccount:', ''),
        { disabled: false, keys: [] as string[], policy: [] as Binding[] },
      ]),
    ) as Record<string, { disabled: boolean; keys: string[]; policy: Binding[] }>,
    actors: {
      'warehouse-reader@acme-warehouse.iam.gserviceaccount.com': [
        { role: 'roles/iam.serviceAccountTokenCreator', members: [accountOf('gateway')] },
      ] as Binding[],
    },
    appendRole: { includedPermissions: ['bigquery.tables.get', 'bigquery.tables.updateData'] },
    /** What roles hold, of those that are granted anywhere here. */
    roles: {
      'roles/owner': ['secretmanager.versions.access', 'bigquery.tables.delete'],
      'roles/secretmanager.secretAccessor': ['secretmanager.versions.access'],
      'roles/secretmanager.admin': ['secretmanager.versions.access', 'secretmanager.secrets.setIamPolicy'],
      'roles/cloudkms.signer': ['cloudkms.cryptoKeyVersions.useToSign'],
      'roles/cloudkms.signerVerifier': [
        'cloudkms.cryptoKeyVersions.useToSign',
        'cloudkms.cryptoKeyVersions.viewPublicKey',
      ],
      'roles/cloudkms.cryptoOperator': [
        'cloudkms.cryptoKeyVersions.useToSign',
        'cloudkms.cryptoKeyVersions.viewPublicKey',
      ],
      'roles/cloudkms.publicKeyViewer': ['cloudkms.cryptoKeyVersions.viewPublicKey'],
      'roles/bigquery.jobUser': ['bigquery.jobs.create'],
      'roles/bigquery.dataViewer': ['bigquery.tables.getData'],
      'roles/bigquery.metadataViewer': ['bigquery.tables.get'],
      'roles/bigquery.dataEditor': ['bigquery.tables.getData', 'bigquery.tables.updateData', 'bigquery.tables.delete'],
      'roles/bigquery.dataOwner': ['bigquery.tables.getData', 'bigquery.tables.updateData', 'bigquery.datasets.update'],
      [`projects/${project}/roles/clever`]: ['cloudkms.cryptoKeyVersions.useToSign'],
    } as Record<string, string[]>,
    secrets: {
      'sallyport-seal-key': secret('gateway', 'console', 'keeper'),
      'crm-gateway': secret('gateway'),
      'of-somebody-else': secret(),
    } as Record<string, ReturnType<typeof secret>>,
    keys: { approvals: cryptoKey('approvals'), checkpoints: cryptoKey('checkpoints') },
    keyRing: [] as Binding[],
    publicKeys: { approvals: keyPairs.approvals.pem, checkpoints: keyPairs.checkpoints.pem },
    signWith: keyPairs.checkpoints.privateKey,
    databases: {
      'sallyport-policy': database('sallyport-policy'),
      'sallyport-runtime': database('sallyport-runtime'),
    } as Record<string, ReturnType<typeof database>>,
    backups: { 'sallyport-policy': [{}], 'sallyport-runtime': [{}] } as Record<string, object[]>,
    indexes: indexes.indexes.map(({ collectionGroup, fields }, number) => ({
      name: `projects/${project}/databases/sallyport-runtime/collectionGroups/${collectionGroup}/indexes/${number}`,
      queryScope: 'COLLECTION',
      fields: [...fields, { fieldPath: '__name__', order: fields.at(-1)?.order ?? '' }],
      state: 'READY',
    })),
    fields: indexes.fieldOverrides.map(({ collectionGroup, fieldPath, ttl, indexes: orders }) => ({
      name: `projects/${project}/databases/sallyport-runtime/collectionGroups/${collectionGroup}/fields/${fieldPath}`,
      indexConfig: { indexes: orders.map(({ order }) => ({ fields: [{ fieldPath, order }] })) },
      ...(ttl && { ttlConfig: { state: 'ACTIVE' } }),
    })),
    documents: documents(),
    /** Seconds since the keeper beat, and how far its clock is ahead. */
    beat: { age: 5, ahead: 0 },
    /** Seconds since the last checkpoint. */
    checkpoint: { age: 40, signature: undefined as string | undefined },
    outbox: [] as { event: string; state: string; rows: string[] }[],
    dead: 0,
    tables: trailTables(),
    views: Object.fromEntries(views.map(({ dataset, name, query }) => [`${datasets[dataset]}.${name}`, query])),
    functions: Object.fromEntries(functions.map(({ name, body }) => [name, body])) as Record<string, string>,
    access: {
      sallyport_audit: [
        { role: 'OWNER', specialGroup: 'projectOwners' },
        { role: 'READER', userByEmail: accountOf('console').replace('serviceAccount:', '') },
        { role: 'roles/bigquery.metadataViewer', userByEmail: accountOf('keeper').replace('serviceAccount:', '') },
        {
          dataset: {
            dataset: { projectId: project, datasetId: 'sallyport_evidence' },
            targetTypes: ['VIEWS', 'ROUTINES'],
          },
        },
      ],
      sallyport_evidence: [
        { role: 'OWNER', specialGroup: 'projectOwners' },
        { role: 'READER', userByEmail: accountOf('console').replace('serviceAccount:', '') },
        { role: 'READER', groupByEmail: 'audit@example.com' },
      ],
    } as Record<string, Record<string, unknown>[]>,
    tablePolicies: Object.fromEntries(
      Object.entries(appends).map(([table, members]) => [
        table,
        [{ role: `projects/${project}/roles/sallyport_append`, members: members.map(accountOf) }],
      ]),
    ) as Record<string, Binding[]>,
    /** Minutes since the last row came. */
    rows: { events: 2, checkpoints: 1 } as Record<string, number | null>,
    jobs: Object.fromEntries(['ship', 'sweep', 'checkpoint'].map((task) => [`sallyport-${task}`, job(task)])),
    alerts: [
      {
        displayName: 'Sallyport: the last checkpoint is late',
        enabled: true,
        notificationChannels: ['projects/x/c/1'],
      },
      { displayName: 'Of somebody else', enabled: true, notificationChannels: [] as string[] },
    ],
    bucket: {
      retentionPolicy: { retentionPeriod: '31536000', isLocked: true },
      iamConfiguration: { uniformBucketLevelAccess: { enabled: true }, publicAccessPrevention: 'enforced' },
    } as Record<string, unknown>,
    jwks,
    discovery: {
      issuer: 'https://container.example.com/cluster',
      jwks_uri: 'https://container.example.com/cluster/jwks',
    },
    reach: { gateway: 200, ready: 200, console: 302, keeper: 404 },
    /** Seconds by which Google, or the gateway, is ahead of this machine. */
    ahead: { google: 0, gateway: 0 },
  };
}
