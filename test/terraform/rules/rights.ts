import { add, every, of, type Plan, type Resource, type Rule, set, text, texts } from '../plan.ts';

/** Rights one by one: to buckets, keys, accounts, images, and what roles of one's own hold. */

const account = (name: string) => `serviceAccount:sallyport-${name}@acme-sallyport.iam.gserviceaccount.com`;
const memberOf = (resource: Resource) => text(resource, 'member');
const roleOf = (resource: Resource) => text(resource, 'role');
const googles =
  /@((gcp-sa-(artifactregistry|firestore|secretmanager|iap)|serverless-robot-prod|bigquery-encryption)\.iam|gs-project-accounts\.iam)\.gserviceaccount\.com$/;

/** Who may do what to a bucket: nobody deletes a checkpoint. */
const onBuckets: Readonly<Record<string, readonly (readonly [member: string, role: string])[]>> = {
  checkpoints: [
    [account('keeper'), 'roles/storage.objectCreator'],
    [account('keeper'), 'roles/storage.objectViewer'],
  ],
  documents: [[account('documents'), 'roles/storage.objectViewer']],
  sbom: [[account('builder'), 'roles/storage.objectUser']],
};

const custom: Readonly<Record<string, string>> = {
  sallyport_append: 'bigquery.tables.get,bigquery.tables.updateData',
  sallyport_release: 'cloudbuild.builds.list,monitoring.timeSeries.list,run.operations.get',
};

const grants = (plan: Plan) => plan.filter(({ type }) => type.endsWith('_iam_member'));
const addresses = (resources: readonly Resource[]) => resources.map(({ address }) => address);

export const rightsRules: readonly Rule[] = [
  {
    says: 'nobody may delete a checkpoint, or write what a job reads',
    broken: every(['storage_bucket_iam_member'], (grant) =>
      (onBuckets[grant.name] ?? []).some(([member, role]) => memberOf(grant) === member && roleOf(grant) === role),
    ),
    planted: set('storage_bucket_iam_member.checkpoints', 'role', 'roles/storage.objectAdmin'),
  },
  {
    says: 'keys are used by who signs and who verifies, those that encrypt by Google’s agents, and administered by nobody',
    broken: every(['kms_crypto_key_iam_member'], (grant) =>
      grant.name === 'encryption'
        ? roleOf(grant) === 'roles/cloudkms.cryptoKeyEncrypterDecrypter' && googles.test(memberOf(grant))
        : ['roles/cloudkms.signerVerifier', 'roles/cloudkms.publicKeyViewer'].includes(roleOf(grant)),
    ),
    planted: set('kms_crypto_key_iam_member.encryption', 'role', 'roles/cloudkms.admin'),
  },
  {
    says: 'images are pushed by the builder and pulled by Cloud Run, and deleted by nobody',
    broken: every(
      ['artifact_registry_repository_iam_member'],
      (grant) =>
        (roleOf(grant) === 'roles/artifactregistry.writer' && memberOf(grant) === account('builder')) ||
        (roleOf(grant) === 'roles/artifactregistry.reader' && googles.test(memberOf(grant))),
    ),
    planted: set('artifact_registry_repository_iam_member.push', 'role', 'roles/artifactregistry.repoAdmin'),
  },
  {
    says: 'a role of one’s own holds what it is for, and nothing else',
    broken: every(
      ['project_iam_custom_role'],
      (role) => texts(role, 'permissions').toSorted().join() === custom[text(role, 'role_id')],
    ),
    planted: set('project_iam_custom_role.release', 'permissions', ['run.services.delete']),
  },
  {
    says: 'a right to connect to Cloud SQL is bound to one instance',
    broken: every(
      ['project_iam_member'],
      (grant) =>
        !roleOf(grant).includes('cloudsql') ||
        /^resource\.name == "projects\/acme-sallyport\/instances\/[^"]+" && resource\.service == "sqladmin\.googleapis\.com"$/.test(
          text(grant, 'condition.0.expression'),
        ),
    ),
    planted: set('project_iam_member.cloud_sql', 'condition.0.expression', 'true'),
  },
  {
    says: 'the gateway takes on no account of Sallyport itself',
    broken: (plan) =>
      addresses(
        of(plan, 'service_account_iam_member').filter(
          (grant) =>
            memberOf(grant) === account('gateway') && text(grant, 'service_account_id').includes('/sallyport-'),
        ),
      ),
    planted: add('service_account_iam_member', {
      service_account_id: 'projects/-/serviceAccounts/sallyport-console@acme-sallyport.iam.gserviceaccount.com',
      role: 'roles/iam.serviceAccountTokenCreator',
      member: account('gateway'),
    }),
  },
  {
    says: 'the builder acts as the three services and the smoke test, and as no other account',
    broken: (plan) =>
      addresses(
        of(plan, 'service_account_iam_member').filter(
          (grant) =>
            grant.name === 'act_as' && !['gateway', 'console', 'keeper', 'smoke'].includes(String(grant.index)),
        ),
      ),
    planted: (plan) => [
      ...plan,
      {
        address: 'google_service_account_iam_member.act_as["documents"]',
        type: 'google_service_account_iam_member',
        name: 'act_as',
        index: 'documents',
        values: { role: 'roles/iam.serviceAccountUser', member: account('builder') },
      },
    ],
  },
  {
    says: 'the smoke test and the scheduler are granted nothing',
    broken: (plan) =>
      addresses(grants(plan).filter((grant) => [account('smoke'), account('scheduler')].includes(memberOf(grant)))),
    planted: add('project_iam_member', { member: account('scheduler'), role: 'roles/run.invoker' }),
  },
  {
    says: 'who sees some connections sees rows of these alone',
    broken: every(
      ['bigquery_row_access_policy'],
      (policy) =>
        text(policy, 'policy_id') === 'everything' ||
        /^connection IN \('[a-z0-9_.-]+'(, '[a-z0-9_.-]+')*\)$/.test(text(policy, 'filter_predicate')),
    ),
    planted: set('bigquery_row_access_policy.part["events-sales"]', 'filter_predicate', 'TRUE'),
  },
  {
    says: 'the evidence is authorised by its views and its questions, both',
    broken: every(
      ['bigquery_dataset_access'],
      (access) => texts(access, 'dataset.0.target_types').toSorted().join() === 'ROUTINES,VIEWS',
    ),
    planted: set('bigquery_dataset_access.authorized', 'dataset.0.target_types', ['VIEWS']),
  },
  {
    says: 'agents of GitHub are told apart by numbers, which nobody takes over with a name',
    broken: every(
      ['iam_workload_identity_pool_provider'],
      (provider) =>
        !text(provider, 'oidc.0.issuer_uri').includes('githubusercontent') ||
        /assertion\.(repository_id|repository_owner_id) (==|in )/.test(text(provider, 'attribute_condition')),
    ),
    planted: set('iam_workload_identity_pool_provider.agents', 'attribute_condition', "assertion.actor == 'somebody'"),
  },
];
