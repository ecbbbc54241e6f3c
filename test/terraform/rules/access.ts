import { add, at, every, of, type Plan, type Resource, type Rule, set, text, texts, there } from '../plan.ts';

/** Who may do what: separation of duties, and the least of rights. */

const account = (role: string) => `serviceAccount:sallyport-${role}@acme-sallyport.iam.gserviceaccount.com`;
const memberOf = (resource: Resource) => text(resource, 'member');
const roleOf = (resource: Resource) => text(resource, 'role');
const isGrant = ({ type }: Resource) => type.endsWith('_iam_member');
const grants = (plan: Plan) => plan.filter(isGrant);
const addresses = (resources: readonly Resource[]) => resources.map(({ address }) => address);

const append = 'projects/acme-sallyport/roles/sallyport_append';
const trail = ['events', 'recordings', 'checkpoints'];

/** Rights to a whole project that are the least there is: run queries, write logs, and a database or an instance by a condition. */
const onProject = /^roles\/(bigquery\.jobUser|logging\.logWriter|datastore\.(viewer|user)|cloudsql\.client)$/;

/** What the builder has besides, to watch a release and to write down what it made. */
const ofBuilder =
  /^(projects\/acme-sallyport\/roles\/sallyport_release|roles\/containeranalysis\.(notes|occurrences)\.editor)$/;

const nobody = /^(allUsers|allAuthenticatedUsers)$/;

export const accessRules: readonly Rule[] = [
  {
    says: 'nobody is everybody',
    broken: (plan) =>
      addresses(
        plan.filter((resource) =>
          [memberOf(resource), ...texts(resource, 'members'), ...texts(resource, 'grantees')].some((member) =>
            nobody.test(member),
          ),
        ),
      ),
    planted: add('cloud_run_v2_service_iam_member', { member: 'allUsers', role: 'roles/run.invoker' }),
  },
  {
    says: 'no basic role is granted',
    broken: (plan) => addresses(grants(plan).filter((grant) => /^roles\/(owner|editor|viewer)$/.test(roleOf(grant)))),
    planted: add('project_iam_member', { member: 'user:a@example.com', role: 'roles/editor' }),
  },
  {
    says: 'rights to the whole project are few and small',
    broken: every(
      ['project_iam_member'],
      (grant) =>
        (onProject.test(roleOf(grant)) || (memberOf(grant) === account('builder') && ofBuilder.test(roleOf(grant)))) &&
        (!/datastore|cloudsql/.test(roleOf(grant)) || at(grant, 'condition.0') !== undefined),
    ),
    planted: add('project_iam_member', { member: account('console'), role: 'roles/secretmanager.secretAccessor' }),
  },
  {
    says: 'a right to a database is bound to that database',
    broken: every(
      ['project_iam_member'],
      (grant) =>
        !/datastore/.test(roleOf(grant)) ||
        /^resource\.name == "projects\/acme-sallyport\/databases\/sallyport-(policy|runtime)"$/.test(
          text(grant, 'condition.0.expression'),
        ),
    ),
    planted: set('project_iam_member.database["gateway-runtime"]', 'condition.0.expression', 'true'),
  },
  {
    says: 'the gateway reads policies and cannot change them',
    broken: (plan) =>
      addresses(
        of(plan, 'project_iam_member').filter(
          (grant) =>
            memberOf(grant) === account('gateway') &&
            /datastore\.(?!viewer$)/.test(roleOf(grant)) &&
            !text(grant, 'condition.0.expression').endsWith('databases/sallyport-runtime"'),
        ),
      ),
    planted: set('project_iam_member.database["gateway-policy"]', 'role', 'roles/datastore.user'),
  },
  {
    says: 'a secret of a target is read by the gateway alone, the key for sealing by the three parts',
    broken: every(
      ['secret_manager_secret_iam_member'],
      (grant) =>
        roleOf(grant) === 'roles/secretmanager.secretAccessor' &&
        (memberOf(grant) === account('gateway') ||
          (text(grant, 'secret_id') === 'sallyport-seal-key' &&
            ['console', 'keeper'].map(account).includes(memberOf(grant)))),
    ),
    planted: set('secret_manager_secret_iam_member.target', 'member', account('console')),
  },
  {
    says: 'the console alone signs decisions, the keeper alone checkpoints',
    broken: (plan) =>
      addresses(
        of(plan, 'kms_crypto_key_iam_member').filter((grant) => {
          const key = text(grant, 'crypto_key_id');
          if (!/sign|admin|importer/i.test(roleOf(grant)) || !/\/(approvals|checkpoints)$/.test(key)) return false;
          return memberOf(grant) !== account(key.endsWith('/approvals') ? 'console' : 'keeper');
        }),
      ),
    planted: set('kms_crypto_key_iam_member.signing["gateway-approvals"]', 'role', 'roles/cloudkms.signerVerifier'),
  },
  {
    says: 'rows are appended, by a role that holds nothing else',
    broken: (plan) => [
      ...every(
        ['bigquery_table_iam_member'],
        (grant) => !trail.includes(text(grant, 'table_id')) || roleOf(grant) === append,
      )(plan),
      ...every(
        ['project_iam_custom_role'],
        (role) =>
          text(role, 'role_id') !== 'sallyport_append' ||
          JSON.stringify(texts(role, 'permissions').toSorted()) ===
            '["bigquery.tables.get","bigquery.tables.updateData"]',
      )(plan),
    ],
    planted: set('bigquery_table_iam_member.append', 'role', 'roles/bigquery.dataEditor'),
  },
  {
    says: 'nobody may change a row of the trail: rights to its dataset are to read',
    broken: every(
      ['bigquery_dataset_iam_member'],
      (grant) =>
        text(grant, 'dataset_id') === 'sallyport_logs' ||
        ['roles/bigquery.dataViewer', 'roles/bigquery.metadataViewer'].includes(roleOf(grant)),
    ),
    planted: set('bigquery_dataset_iam_member.trail["console"]', 'role', 'roles/bigquery.dataOwner'),
  },
  {
    says: 'who appends to the trail may run no query, but the console, which appends by the role alone',
    broken: (plan) =>
      addresses(
        of(plan, 'project_iam_member').filter(
          (grant) =>
            roleOf(grant) === 'roles/bigquery.jobUser' &&
            [account('gateway'), account('keeper')].includes(memberOf(grant)),
        ),
      ),
    planted: add('project_iam_member', { member: account('gateway'), role: 'roles/bigquery.jobUser' }),
  },
  {
    says: 'auditors and the console read the evidence, and only the console the trail behind it',
    broken: (plan) => [
      ...addresses(
        of(plan, 'bigquery_dataset_iam_member').filter(
          (grant) =>
            text(grant, 'dataset_id') === 'sallyport_audit' &&
            ![account('console'), account('keeper')].includes(memberOf(grant)) &&
            (memberOf(grant) !== account('builder') || roleOf(grant) !== 'roles/bigquery.metadataViewer'),
        ),
      ),
      ...there([
        'the evidence is authorised',
        (all) =>
          of(all, 'bigquery_dataset_access').some(
            (access) => text(access, 'dataset.0.dataset.0.dataset_id') === 'sallyport_evidence',
          ),
      ])(plan),
    ],
    planted: add('bigquery_dataset_iam_member', {
      dataset_id: 'sallyport_audit',
      member: 'group:auditors@example.com',
      role: 'roles/bigquery.dataViewer',
    }),
  },
  {
    says: 'the gateway takes on accounts one by one, the builder those of the services, and nobody else any',
    broken: (plan) =>
      addresses(
        grants(plan).filter((grant) => {
          if (grant.type !== 'google_service_account_iam_member') return roleOf(grant).startsWith('roles/iam.');
          const takesOn =
            roleOf(grant) === 'roles/iam.serviceAccountTokenCreator' && memberOf(grant) === account('gateway');
          return !takesOn && !(roleOf(grant) === 'roles/iam.serviceAccountUser' && grant.name === 'act_as');
        }),
      ),
    planted: add('project_iam_member', {
      member: account('gateway'),
      role: 'roles/iam.serviceAccountTokenCreator',
      condition: [{}],
    }),
  },
  {
    says: 'no right to a service is more than to call it, or to roll it out',
    broken: every(['cloud_run_v2_service_iam_member', 'iap_web_cloud_run_service_iam_member'], (grant) =>
      ['roles/run.invoker', 'roles/run.developer', 'roles/iap.httpsResourceAccessor'].includes(roleOf(grant)),
    ),
    planted: set('cloud_run_v2_service_iam_member.console', 'role', 'roles/run.admin'),
  },
  {
    says: 'what logs say is written by the sink, copied by the collector, and changed by nobody',
    broken: (plan) => [
      ...addresses(
        of(plan, 'bigquery_dataset_iam_member').filter(
          (grant) =>
            text(grant, 'dataset_id') === 'sallyport_logs' &&
            // The sink's identity is not known before it is made.
            roleOf(grant) !== (memberOf(grant) === '' ? 'roles/bigquery.dataEditor' : 'roles/bigquery.dataViewer'),
        ),
      ),
      ...every(
        ['bigquery_table_iam_member'],
        (grant) =>
          text(grant, 'table_id') !== 'target_records' || [append, 'roles/bigquery.dataViewer'].includes(roleOf(grant)),
      )(plan),
    ],
    planted: set('bigquery_dataset_iam_member.logs', 'role', 'roles/bigquery.dataOwner'),
  },
  {
    says: 'no key of a service account is made, no value of a secret stands in a state file, and no grant replaces others',
    broken: (plan) =>
      addresses(
        plan.filter(({ type }) =>
          /^google_(service_account_key|secret_manager_secret_version|.*_iam_(policy|binding))$/.test(type),
        ),
      ),
    planted: add('service_account_key', {}),
  },
  {
    says: 'no default service account is given anything',
    broken: (plan) =>
      addresses(
        grants(plan).filter((grant) => /(-compute@developer|@appspot)\.gserviceaccount\.com$/.test(memberOf(grant))),
      ),
    planted: add('project_iam_member', {
      member: 'serviceAccount:1-compute@developer.gserviceaccount.com',
      role: 'roles/logging.logWriter',
    }),
  },
  {
    says: 'only IAP calls the console',
    broken: every(
      ['cloud_run_v2_service_iam_member'],
      (grant) =>
        roleOf(grant) !== 'roles/run.invoker' ||
        text(grant, 'name') !== 'sallyport-console' ||
        memberOf(grant).endsWith('@gcp-sa-iap.iam.gserviceaccount.com'),
    ),
    planted: set('cloud_run_v2_service_iam_member.console', 'member', 'group:all@example.com'),
  },
  {
    says: 'outside agents are let in by a condition that names whose they are',
    broken: every(
      ['iam_workload_identity_pool_provider'],
      (provider) =>
        /==|in /.test(text(provider, 'attribute_condition')) &&
        text(provider, 'oidc.0.issuer_uri').startsWith('https://'),
    ),
    planted: set('iam_workload_identity_pool_provider.agents', 'attribute_condition', ''),
  },
];
