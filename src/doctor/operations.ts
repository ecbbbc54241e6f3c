import { z } from 'zod';
import { each, type Found, fault, type Group, warning } from './check.ts';
import { type Facts, ofServices, type Part } from './facts.ts';

const jobSchema = z.object({
  state: z.string().default(''),
  lastAttemptTime: z.string().optional(),
  status: z.object({ code: z.int().default(0) }).prefault({}),
  httpTarget: z
    .object({
      uri: z.string().default(''),
      oidcToken: z
        .object({ serviceAccountEmail: z.string().default(''), audience: z.string().default('') })
        .prefault({}),
    })
    .prefault({}),
});

type Target = z.output<typeof jobSchema>['httpTarget'];

/** Which audience the keeper takes is known where its environment is valid. */
function isExpected(facts: Facts, { service, config }: Part, task: string, { uri, oidcToken }: Target): boolean {
  const addresses = [service.uri, ...service.urls].map((address) => `${address}/tasks/${task}`);
  const audiences = config?.issuers.flatMap((issuer) => issuer.audiences);
  const isOurs = oidcToken.serviceAccountEmail === facts.account('scheduler');
  return addresses.includes(uri) && isOurs && audiences?.includes(oidcToken.audience) !== false;
}

async function jobs(facts: Facts): Promise<Found[]> {
  const { project, region, name } = facts;
  const keeper = await facts.part('keeper');
  return each(['ship', 'sweep', 'checkpoint'], project, async (task) => {
    const job = `${name}-${task}`;
    const found = await facts.google.find({
      api: 'cloudscheduler',
      path: `/v1/projects/${project}/locations/${region}/jobs/${job}`,
      answer: jobSchema,
      permission: 'cloudscheduler.jobs.get',
      of: `The job ${job}`,
    });
    if (found === undefined) return [fault(`There is no job ${job}.`, 'terraform apply')];
    if (found.state !== 'ENABLED')
      return [
        fault(
          `The job ${job} is not enabled (${found.state || 'it tells no state'}).`,
          `gcloud scheduler jobs resume ${job} --project=${project} --location=${region}`,
        ),
      ];
    if (keeper !== undefined && !isExpected(facts, keeper, task, found.httpTarget))
      return [
        fault(
          `The job ${job} does not call the keeper as the keeper expects it: address, service account or audience differ.`,
          'terraform apply',
        ),
      ];
    if (found.lastAttemptTime === undefined)
      return [
        warning(
          `The job ${job} has not run yet.`,
          `Wait a minute; or: gcloud scheduler jobs run ${job} --project=${project} --location=${region}`,
        ),
      ];
    return found.status.code === 0
      ? []
      : [
          fault(
            `The last attempt of the job ${job} failed (code ${found.status.code}).`,
            `gcloud run services logs read ${name}-keeper --project=${project} --region=${region} --limit=50; see also services.invokers`,
          ),
        ];
  });
}

/** What reconciliation, secret_use and audit_access compare the trail with. */
const logged = ['secretmanager.googleapis.com', 'bigquery.googleapis.com', 'cloudkms.googleapis.com'];

async function accessLogs(facts: Facts): Promise<Found[]> {
  const { auditConfigs } = await facts.projectPolicy();
  const off = logged.filter(
    (service) =>
      !auditConfigs.some(
        (one) =>
          (one.service === service || one.service === 'allServices') &&
          one.auditLogConfigs.some(({ logType }) => logType === 'DATA_READ'),
      ),
  );
  return off.length === 0
    ? []
    : [
        warning(
          `Google Cloud does not log who reads ${off.join(', ')}, so the trail cannot be compared with anything.`,
          'Set `access_logs = true` and run terraform apply.',
        ),
      ];
}

const alertsSchema = z.object({
  alertPolicies: z
    .array(
      z.object({
        displayName: z.string().default(''),
        enabled: z.boolean().default(true),
        notificationChannels: z.array(z.string()).default([]),
      }),
    )
    .default([]),
  nextPageToken: z.string().optional(),
});

async function alerts(facts: Facts): Promise<Found[]> {
  const pages = await facts.google.list({
    api: 'monitoring',
    path: `/v3/projects/${facts.project}/alertPolicies`,
    query: { pageSize: '200' },
    answer: alertsSchema,
    permission: 'monitoring.alertPolicies.list',
    of: 'The alert policies',
  });
  const ours = pages
    .flatMap(({ alertPolicies }) => alertPolicies)
    .filter(({ displayName }) => displayName.startsWith('Sallyport'));
  const mend = 'Name people in `monitoring.emails`, or channels in `monitoring.channels`, and run terraform apply.';
  if (ours.length === 0) return [warning('There are no alerts.', mend)];
  const off = ours.filter(({ enabled }) => !enabled);
  const unheard = ours.filter(({ enabled, notificationChannels }) => enabled && notificationChannels.length === 0);
  return [
    ...off.map(({ displayName }) =>
      warning(`The alert “${displayName}” is switched off.`, 'Switch it on in Cloud Monitoring, or: terraform apply'),
    ),
    ...(unheard.length === 0
      ? []
      : [
          warning(
            `Nobody hears of ${unheard.length === ours.length ? 'any' : unheard.length} of the ${ours.length} alerts.`,
            mend,
          ),
        ]),
  ];
}

const bucketSchema = z.object({
  retentionPolicy: z
    .object({ retentionPeriod: z.coerce.number().default(0), isLocked: z.boolean().default(false) })
    .optional(),
  iamConfiguration: z
    .object({
      uniformBucketLevelAccess: z.object({ enabled: z.boolean().default(false) }).prefault({}),
      publicAccessPrevention: z.string().default(''),
    })
    .prefault({}),
});

async function bucket(facts: Facts): Promise<Found[]> {
  const { checkpointBucket } = await facts.config();
  if (checkpointBucket === undefined) return [];
  const found = await facts.google.find({
    api: 'storage',
    path: `/storage/v1/b/${checkpointBucket}`,
    answer: bucketSchema,
    permission: 'storage.buckets.get',
    of: `The bucket ${checkpointBucket}`,
  });
  if (found === undefined)
    return [fault(`There is no bucket ${checkpointBucket}, so checkpoints are not archived.`, 'terraform apply')];
  const { retentionPolicy, iamConfiguration } = found;
  return [
    ...(retentionPolicy === undefined
      ? [
          fault(
            `Checkpoints in ${checkpointBucket} can be deleted: it has no retention policy.`,
            'Set `audit.checkpoint_bucket.retention_days` and run terraform apply.',
          ),
        ]
      : []),
    ...(retentionPolicy?.isLocked === false
      ? [
          warning(
            `The retention of ${checkpointBucket} is not locked: the project’s owner can shorten it.`,
            'When you are sure of it, as it cannot be undone: `audit.checkpoint_bucket.lock = true`, and terraform apply.',
          ),
        ]
      : []),
    ...(iamConfiguration.uniformBucketLevelAccess.enabled && iamConfiguration.publicAccessPrevention === 'enforced'
      ? []
      : [
          fault(
            `${checkpointBucket} could be opened to the public, or has rights by object.`,
            `gcloud storage buckets update gs://${checkpointBucket} --uniform-bucket-level-access --public-access-prevention`,
          ),
        ]),
  ];
}

export const operationChecks: Group = {
  name: 'operations',
  title: 'What keeps it going',
  checks: [
    {
      id: 'operations.jobs',
      promise: 'Cloud Scheduler calls the keeper each minute, and the last calls succeeded.',
      rights: [...ofServices, 'cloudscheduler.jobs.get'],
      run: jobs,
    },
    {
      id: 'operations.logs',
      promise: 'Google Cloud logs who reads secrets and the trail.',
      rights: ['resourcemanager.projects.getIamPolicy'],
      run: accessLogs,
    },
    {
      id: 'operations.alerts',
      promise: 'Alerts are on, and somebody hears of them.',
      rights: ['monitoring.alertPolicies.list'],
      run: alerts,
    },
    {
      id: 'operations.bucket',
      promise: 'Checkpoints in the bucket, where there is one, cannot be deleted.',
      rights: [...ofServices, 'storage.buckets.get'],
      run: bucket,
    },
  ],
};
