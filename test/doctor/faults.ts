import { generateKeyPairSync } from 'node:crypto';
import type { Finding } from '../../src/doctor/doctor.ts';
import { accountOf, type Deployment, number, project } from './healthy.ts';

/** One thing that is changed in a healthy deployment, and the one finding that must come of it. */
export type Fault = {
  when: string;
  change: (deployment: Deployment) => void;
  check: string;
  says: string;
  mend: string;
  status?: Finding['status'];
};

const account = (name: string) => accountOf(name).replace('serviceAccount:', '');
const gateway = accountOf('gateway');
const stranger = 'user:mallory@example.com';

const environmentOf = (d: Deployment, role: 'gateway' | 'console' | 'keeper'): Record<string, string> =>
  d.services[role].revision.containers[0]?.env ?? {};

function ofAll(d: Deployment, name: string, value: string) {
  for (const role of ['gateway', 'console', 'keeper'] as const) environmentOf(d, role)[name] = value;
}

const other = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const otherCurve = generateKeyPairSync('ec', { namedCurve: 'P-384' });

export const faults: readonly Fault[] = [
  {
    when: 'an API is off',
    change: (d) => d.apis.splice(d.apis.indexOf('cloudkms.googleapis.com'), 1),
    check: 'apis.enabled',
    says: 'cloudkms.googleapis.com is not enabled.',
    mend: `gcloud services enable cloudkms.googleapis.com --project=${project}`,
  },
  {
    when: 'a service is not ready',
    change: (d) => Object.assign(d.services.gateway.service.terminalCondition, { state: 'CONDITION_FAILED' }),
    check: 'services.ready',
    says: 'sallyport-gateway is not ready.',
    mend: 'gcloud run services logs read sallyport-gateway',
  },
  {
    when: 'a service was deployed, and its newest revision failed',
    change: (d) =>
      Object.assign(d.services.keeper.service, {
        latestCreatedRevision: `${d.services.keeper.service.name}/revisions/sallyport-keeper-00003`,
      }),
    check: 'services.ready',
    says: 'sallyport-keeper-00003',
    mend: 'logs read sallyport-keeper',
  },
  {
    when: 'one service runs an older image',
    change(d) {
      const [container] = d.services.console.revision.containers;
      const old = `sha256:${'b2'.repeat(32)}`;
      Object.assign(container ?? {}, { image: `${container?.image.split('@')[0]}@${old}` });
      environmentOf(d, 'console')['SALLYPORT_IMAGE_DIGEST'] = old;
    },
    check: 'services.image',
    says: 'run different images',
    mend: 'Roll one digest out to all three',
  },
  {
    when: 'the trail is told another image than runs',
    change: (d) => Object.assign(environmentOf(d, 'gateway'), { SALLYPORT_IMAGE_DIGEST: `sha256:${'c3'.repeat(32)}` }),
    check: 'services.digest',
    says: 'sallyport-gateway writes another image’s digest into the trail',
    mend: '--update-env-vars=SALLYPORT_IMAGE_DIGEST=sha256:a1a1',
  },
  {
    when: 'all traffic stays on an older revision',
    change: (d) =>
      Object.assign(d.services.gateway.service, {
        trafficStatuses: [{ revision: 'sallyport-gateway-00001', percent: 100 }],
      }),
    check: 'services.traffic',
    says: 'goes to sallyport-gateway-00001, while sallyport-gateway-00002 is ready',
    mend: '--to-latest',
    status: 'warning',
  },
  {
    when: 'traffic is split',
    change: (d) =>
      Object.assign(d.services.gateway.service, {
        trafficStatuses: [
          { revision: 'sallyport-gateway-00001', percent: 90 },
          { revision: 'sallyport-gateway-00002', percent: 10 },
        ],
      }),
    check: 'services.traffic',
    says: 'sallyport-gateway-00001 90 %, sallyport-gateway-00002 10 %',
    mend: 'Let the rollout end',
    status: 'warning',
  },
  {
    when: 'the keeper runs another role',
    change: (d) => Object.assign(d.services.keeper.revision.containers[0] ?? {}, { args: ['gateway'] }),
    check: 'services.command',
    says: 'sallyport-keeper does not run the role keeper.',
    mend: '--args=keeper',
  },
  {
    when: 'the gateway runs as the console',
    change: (d) => Object.assign(d.services.gateway.revision, { serviceAccount: account('console') }),
    check: 'services.account',
    says: `runs as ${account('console')}, not as ${account('gateway')}`,
    mend: `--service-account=${account('gateway')}`,
  },
  {
    when: 'CPU is given during requests only',
    change: (d) => Object.assign(d.services.console.revision.containers[0]?.resources ?? {}, { cpuIdle: true }),
    check: 'services.cpu',
    says: 'sallyport-console has no CPU between requests',
    mend: '--no-cpu-throttling',
  },
  {
    when: 'the keeper may scale to nothing',
    change(d) {
      Object.assign(d.services.keeper.service, { scaling: {}, template: { scaling: {} } });
    },
    check: 'services.instances',
    says: 'sallyport-keeper may have no instance',
    mend: '`keeper.min_instances`',
  },
  {
    when: 'the keeper can be reached from outside',
    change: (d) => Object.assign(d.services.keeper.service, { ingress: 'INGRESS_TRAFFIC_ALL' }),
    check: 'services.ingress',
    says: 'sallyport-keeper can be reached from outside of the project.',
    mend: '--ingress=internal',
  },
  {
    when: 'everybody may call the gateway by IAM',
    change: (d) => d.services.gateway.invokers.push({ role: 'roles/run.invoker', members: ['allUsers'] }),
    check: 'services.invokers',
    says: 'allUsers may call sallyport-gateway.',
    mend: 'remove-iam-policy-binding sallyport-gateway',
  },
  {
    when: 'Cloud Run takes the signature off the scheduler’s token',
    change: (d) => Object.assign(d.services.keeper.service, { invokerIamDisabled: false }),
    check: 'services.invokers',
    says: 'takes the signature off',
    mend: '--no-invoker-iam-check',
  },
  {
    when: 'the console can be called past IAP',
    change: (d) => Object.assign(d.services.console.service, { invokerIamDisabled: true }),
    check: 'services.invokers',
    says: 'sallyport-console can be called without passing IAP.',
    mend: '--invoker-iam-check',
  },
  {
    when: 'somebody may call the console past IAP',
    change: (d) => d.services.console.invokers[0]?.members.push(stranger),
    check: 'services.invokers',
    says: `${stranger} may call sallyport-console without passing IAP.`,
    mend: `--member=${stranger} --role=roles/run.invoker`,
  },
  {
    when: 'IAP may not call the console',
    change: (d) => d.services.console.invokers.splice(0),
    check: 'services.invokers',
    says: 'IAP may not call sallyport-console',
    mend: `add-iam-policy-binding sallyport-console`,
  },
  {
    when: 'the gateway checks callers by IAM, and lets nobody in',
    change: (d) => Object.assign(d.services.gateway.service, { invokerIamDisabled: false }),
    check: 'services.invokers',
    says: 'Nobody may call sallyport-gateway.',
    mend: '`gateway.public_invocation = true`',
  },
  {
    when: 'IAP is off',
    change: (d) => Object.assign(d.services.console.service, { iapEnabled: false }),
    check: 'services.iap',
    says: 'IAP does not stand before sallyport-console.',
    mend: '--iap',
  },
  {
    when: 'everybody passes IAP',
    change: (d) => d.passIap[0]?.members.push('allAuthenticatedUsers'),
    check: 'services.iap',
    says: 'allAuthenticatedUsers may pass IAP',
    mend: 'gcloud iap web remove-iam-policy-binding',
  },
  {
    when: 'nobody passes IAP',
    change: (d) => d.passIap.splice(0),
    check: 'services.iap',
    says: 'Nobody may pass IAP',
    mend: '`console.members`',
  },
  {
    when: 'the console expects assertions for a load balancer',
    change: (d) => ofAll(d, 'SALLYPORT_IAP_AUDIENCE', `/projects/${number}/global/backendServices/42`),
    check: 'services.assertion',
    says: '/global/backendServices/42',
    mend: '`console.iap_audience`',
    status: 'warning',
  },
  {
    when: 'a variable is not valid in one service',
    change: (d) => Object.assign(environmentOf(d, 'keeper'), { SALLYPORT_LOG_LEVEL: 'loud' }),
    check: 'services.environment',
    says: 'sallyport-keeper: SALLYPORT_LOG_LEVEL',
    mend: 'docs/configuration.md',
  },
  {
    when: 'services are told different databases',
    change: (d) => Object.assign(environmentOf(d, 'console'), { SALLYPORT_CALLS_AT_ONCE: '3' }),
    check: 'services.alike',
    says: 'SALLYPORT_CALLS_AT_ONCE differs between',
    mend: 'terraform apply',
  },
  {
    when: 'the operator lacks a right on the project',
    change: (d) => d.lacking.push('iap.webServices.getIamPolicy'),
    check: 'iam.own',
    says: 'You lack on the project: iap.webServices.getIamPolicy.',
    mend: 'docs/doctor.md',
    status: 'warning',
  },
  {
    when: 'everybody may read the project',
    change: (d) => d.projectPolicy.bindings.push({ role: 'roles/viewer', members: ['allAuthenticatedUsers'] }),
    check: 'iam.everybody',
    says: 'allAuthenticatedUsers has roles/viewer on the whole project.',
    mend: `gcloud projects remove-iam-policy-binding ${project} --member=allAuthenticatedUsers`,
  },
  {
    when: 'the default service account is an editor',
    change: (d) =>
      d.projectPolicy.bindings.push({
        role: 'roles/editor',
        members: [`serviceAccount:${number}-compute@developer.gserviceaccount.com`],
      }),
    check: 'iam.basic',
    says: '-compute@developer.gserviceaccount.com has the basic role roles/editor',
    mend: '--role=roles/editor --condition=None',
  },
  {
    when: 'somebody owns the project',
    change: (d) => d.projectPolicy.bindings.push({ role: 'roles/owner', members: [stranger] }),
    check: 'iam.basic',
    says: `${stranger} has the basic role roles/owner`,
    mend: 'Give narrower roles instead',
    status: 'warning',
  },
  {
    when: 'somebody reads all secrets',
    change: (d) => d.projectPolicy.bindings.push({ role: 'roles/secretmanager.secretAccessor', members: [stranger] }),
    check: 'iam.wide',
    says: `${stranger} may read every secret of the project`,
    mend: 'Grant it on single resources',
  },
  {
    when: 'somebody signs with all keys, by a role of the project’s own',
    change: (d) => d.projectPolicy.bindings.push({ role: `projects/${project}/roles/clever`, members: [stranger] }),
    check: 'iam.wide',
    says: `${stranger} may sign with every key of the project (projects/${project}/roles/clever).`,
    mend: `--role=projects/${project}/roles/clever`,
  },
  {
    when: 'somebody may change all tables',
    change: (d) => d.projectPolicy.bindings.push({ role: 'roles/bigquery.dataEditor', members: [stranger] }),
    check: 'iam.wide',
    says: `${stranger} may change every table of the project`,
    mend: 'Grant it on single resources',
    status: 'warning',
  },
  {
    when: 'the gateway may sign decisions by a role of the project’s own',
    change: (d) => d.keys.approvals.policy.push({ role: `projects/${project}/roles/clever`, members: [gateway] }),
    check: 'keys.signers',
    says: `${gateway} may sign with`,
    mend: `--role=projects/${project}/roles/clever`,
  },
  {
    when: 'the gateway may read a secret only under a condition',
    change: (d) =>
      Object.assign(d.secrets['crm-gateway']?.policy[0] ?? {}, {
        condition: { title: 'x', expression: 'request.time < timestamp("2020-01-01T00:00:00Z")' },
      }),
    check: 'secrets.readers',
    says: `${gateway} may not read`,
    mend: 'gcloud secrets add-iam-policy-binding crm-gateway',
  },
  {
    when: 'a member’s name would be read by a shell',
    change: (d) =>
      d.secrets['crm-gateway']?.policy[0]?.members.push("principal://iam.googleapis.com/x/subject/$(touch y)'z"),
    check: 'secrets.readers',
    says: 'may read',
    mend: `--member='principal://iam.googleapis.com/x/subject/$(touch y)'\\''z' --role`,
    status: 'warning',
  },
  {
    when: 'the gateway may write policies',
    change: (d) =>
      d.projectPolicy.bindings.push({
        role: 'roles/datastore.user',
        members: [gateway],
        condition: {
          title: 'x',
          expression: `resource.name == "projects/${project}/databases/sallyport-policy"`,
        },
      }),
    check: 'iam.parts',
    says: `${account('gateway')} has roles/datastore.user on the whole project, under a condition`,
    mend: '--role=roles/datastore.user --all',
  },
  {
    when: 'the gateway may write all databases',
    change(d) {
      const binding = d.projectPolicy.bindings.find(
        ({ role, members }) => role === 'roles/datastore.user' && members.includes(gateway),
      );
      if (binding) delete binding.condition;
    },
    check: 'iam.parts',
    says: `${account('gateway')} has roles/datastore.user on the whole project;`,
    mend: '--role=roles/datastore.user --condition=None',
  },
  {
    when: 'the gateway may run queries',
    change: (d) =>
      d.projectPolicy.bindings.find(({ role }) => role === 'roles/bigquery.jobUser')?.members.push(gateway),
    check: 'iam.parts',
    says: `${account('gateway')} has roles/bigquery.jobUser on the whole project`,
    mend: `--member=${gateway} --role=roles/bigquery.jobUser`,
  },
  {
    when: 'the keeper lacks its database',
    change(d) {
      const { bindings } = d.projectPolicy;
      bindings.splice(
        bindings.findIndex(({ members }) => members.includes(accountOf('keeper'))),
        1,
      );
    },
    check: 'iam.parts',
    says: `${account('keeper')} lacks roles/datastore.user on the database sallyport-policy.`,
    mend: `--condition='title=database-sallyport-policy,expression=resource.name == "projects/${project}/databases/sallyport-policy"'`,
  },
  {
    when: 'a service account is gone',
    change: (d) => delete d.accounts[account('scheduler')],
    check: 'iam.accounts',
    says: `There is no service account ${account('scheduler')}.`,
    mend: 'terraform apply',
  },
  {
    when: 'a service account is disabled',
    change: (d) => Object.assign(d.accounts[account('console')] ?? {}, { disabled: true }),
    check: 'iam.accounts',
    says: `${account('console')} is disabled.`,
    mend: 'gcloud iam service-accounts enable',
  },
  {
    when: 'a key of the gateway’s account was made',
    change: (d) => d.accounts[account('gateway')]?.keys.push(`projects/x/serviceAccounts/y/keys/0123abcd`),
    check: 'iam.accounts',
    says: `${account('gateway')} has a key of its own`,
    mend: 'gcloud iam service-accounts keys delete 0123abcd',
  },
  {
    when: 'the gateway may act as the console',
    change: (d) =>
      d.accounts[account('console')]?.policy.push({ role: 'roles/iam.serviceAccountTokenCreator', members: [gateway] }),
    check: 'iam.actors',
    says: `${gateway} may act as ${account('console')}`,
    mend: `remove-iam-policy-binding ${account('console')}`,
  },
  {
    when: 'the gateway may not act as a connection’s account',
    change: (d) => d.actors['warehouse-reader@acme-warehouse.iam.gserviceaccount.com'].splice(0),
    check: 'iam.impersonation',
    says: 'the credential of the connection warehouse',
    mend: '--role=roles/iam.serviceAccountTokenCreator',
  },
  {
    when: 'somebody else may act as a connection’s account',
    change: (d) => d.actors['warehouse-reader@acme-warehouse.iam.gserviceaccount.com'][0]?.members.push(stranger),
    check: 'iam.impersonation',
    says: `${stranger} may act as warehouse-reader@`,
    mend: `--member=${stranger}`,
    status: 'warning',
  },
  {
    when: 'the seal key has no value yet',
    change: (d) => Object.assign(d.secrets['sallyport-seal-key'] ?? {}, { state: undefined }),
    check: 'secrets.seal',
    says: 'The key that seals literals is not there, or has no version',
    mend: 'gcloud secrets versions add sallyport-seal-key',
  },
  {
    when: 'the keeper may not read the seal key',
    change: (d) => d.secrets['sallyport-seal-key']?.policy[0]?.members.pop(),
    check: 'secrets.seal',
    says: `${accountOf('keeper')} may not read`,
    mend: 'gcloud secrets add-iam-policy-binding sallyport-seal-key',
  },
  {
    when: 'a connection’s secret is disabled',
    change: (d) => Object.assign(d.secrets['crm-gateway'] ?? {}, { state: 'DISABLED' }),
    check: 'secrets.targets',
    says: 'The secret of the connection crm is not enabled',
    mend: 'gcloud secrets versions enable latest --secret=crm-gateway',
  },
  {
    when: 'a connection’s secret is not there',
    change: (d) => delete d.secrets['crm-gateway'],
    check: 'secrets.targets',
    says: 'The secret of the connection crm is not there',
    mend: 'gcloud secrets versions add crm-gateway',
  },
  {
    when: 'the console may read a target’s secret',
    change: (d) => d.secrets['crm-gateway']?.policy[0]?.members.push(accountOf('console')),
    check: 'secrets.readers',
    says: `${accountOf('console')} may read projects/${project}/secrets/crm-gateway, and should not.`,
    mend: `gcloud secrets remove-iam-policy-binding crm-gateway --project=${project} --member=${accountOf('console')}`,
  },
  {
    when: 'somebody else may read a target’s secret',
    change: (d) => d.secrets['crm-gateway']?.policy.push({ role: 'roles/secretmanager.admin', members: [stranger] }),
    check: 'secrets.readers',
    says: `${stranger} may read`,
    mend: '--role=roles/secretmanager.admin',
    status: 'warning',
  },
  {
    when: 'the gateway may not read a target’s secret',
    change: (d) => d.secrets['crm-gateway']?.policy.splice(0),
    check: 'secrets.readers',
    says: `${gateway} may not read`,
    mend: 'terraform apply',
  },
  {
    when: 'the gateway may read a secret that no connection names',
    change: (d) => d.secrets['of-somebody-else']?.policy[0]?.members.push(gateway),
    check: 'secrets.others',
    says: 'of-somebody-else, which no connection names',
    mend: 'gcloud secrets remove-iam-policy-binding of-somebody-else',
  },
  {
    when: 'a signing key is disabled',
    change: (d) => Object.assign(d.keys.checkpoints.version, { state: 'DISABLED' }),
    check: 'keys.usable',
    says: 'The key of checkpoints is not enabled (DISABLED)',
    mend: 'gcloud kms keys versions enable 1 --key=checkpoints --keyring=sallyport',
  },
  {
    when: 'a signing key is of another algorithm',
    change: (d) => Object.assign(d.keys.approvals.version, { algorithm: 'RSA_SIGN_PSS_2048_SHA256' }),
    check: 'keys.usable',
    says: 'RSA_SIGN_PSS_2048_SHA256',
    mend: 'A key keeps its algorithm',
  },
  {
    when: 'the gateway may sign decisions',
    change: (d) => d.keys.approvals.policy.push({ role: 'roles/cloudkms.signer', members: [gateway] }),
    check: 'keys.signers',
    says: `${gateway} may sign with`,
    mend: `keys remove-iam-policy-binding approvals --keyring=sallyport`,
  },
  {
    when: 'the gateway may sign with all keys of the ring',
    change: (d) => d.keyRing.push({ role: 'roles/cloudkms.cryptoOperator', members: [gateway] }),
    check: 'keys.signers',
    says: `${gateway} may sign with every key of`,
    mend: 'keyrings remove-iam-policy-binding sallyport',
  },
  {
    when: 'the keeper may not sign checkpoints',
    change: (d) => d.keys.checkpoints.policy.shift(),
    check: 'keys.signers',
    says: 'The keeper may not sign with',
    mend: '--role=roles/cloudkms.signerVerifier',
  },
  {
    when: 'the gateway may not verify decisions',
    change: (d) => d.keys.approvals.policy[1]?.members.shift(),
    check: 'keys.verifiers',
    says: 'The gateway may not see the public half',
    mend: '--role=roles/cloudkms.publicKeyViewer',
  },
  {
    when: 'the public half is of another curve',
    change: (d) =>
      Object.assign(d.publicKeys, {
        approvals: otherCurve.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
      }),
    check: 'keys.public',
    says: 'The key of decisions is not EC P-256.',
    mend: 'A key keeps its algorithm',
  },
  {
    when: 'both keys are one',
    change: (d) => Object.assign(d.publicKeys, { approvals: d.publicKeys.checkpoints }),
    check: 'keys.public',
    says: 'signed with one key',
    mend: 'Make a second key',
  },
  {
    when: 'a database is of the other mode',
    change: (d) => Object.assign(d.databases['sallyport-runtime'] ?? {}, { type: 'DATASTORE_MODE' }),
    check: 'firestore.databases',
    says: 'sallyport-runtime is not in native mode.',
    mend: '`firestore`',
  },
  {
    when: 'a database is not there',
    change: (d) => delete d.databases['sallyport-policy'],
    check: 'firestore.databases',
    says: 'There is no database sallyport-policy.',
    mend: 'terraform apply',
  },
  {
    when: 'a database cannot be read as it was',
    change: (d) =>
      Object.assign(d.databases['sallyport-policy'] ?? {}, {
        pointInTimeRecoveryEnablement: 'POINT_IN_TIME_RECOVERY_DISABLED',
      }),
    check: 'firestore.protection',
    says: 'no point-in-time recovery',
    mend: '--enable-pitr',
    status: 'warning',
  },
  {
    when: 'a database can be deleted',
    change: (d) =>
      Object.assign(d.databases['sallyport-runtime'] ?? {}, { deleteProtectionState: 'DELETE_PROTECTION_DISABLED' }),
    check: 'firestore.protection',
    says: 'is not protected against deletion.',
    mend: '--delete-protection',
    status: 'warning',
  },
  {
    when: 'a database is not backed up',
    change: (d) => d.backups['sallyport-runtime']?.splice(0),
    check: 'firestore.backups',
    says: 'sallyport-runtime is not backed up.',
    mend: '--recurrence=daily',
    status: 'warning',
  },
  {
    when: 'an index is missing',
    change: (d) => d.indexes.shift(),
    check: 'firestore.indexes',
    says: 'no usable index chains: state ascending, alive_until ascending.',
    mend: 'firestore.indexes.json',
  },
  {
    when: 'an index is still being made',
    change: (d) => Object.assign(d.indexes[1] ?? {}, { state: 'CREATING' }),
    check: 'firestore.indexes',
    says: 'is still being made',
    mend: 'Wait',
  },
  {
    when: 'a field that is asked by is not indexed',
    change: (d) =>
      Object.assign(d.fields.find(({ name }) => name.includes('/endings/'))?.indexConfig ?? {}, { indexes: [] }),
    check: 'firestore.fields',
    says: 'endings.expire_at of sallyport-runtime is not indexed',
    mend: '--index=order=ascending',
  },
  {
    when: 'a large field is indexed',
    change: (d) =>
      d.fields.splice(
        d.fields.findIndex(({ name }) => name.endsWith('/tapes/fields/content')),
        1,
      ),
    check: 'firestore.fields',
    says: 'tapes.content of sallyport-runtime is indexed, for nobody',
    mend: 'terraform apply',
    status: 'warning',
  },
  {
    when: 'what is over is not removed',
    change: (d) => delete d.fields.find(({ name }) => name.endsWith('/operations/fields/expire_at'))?.ttlConfig,
    check: 'firestore.lifetimes',
    says: 'Documents of operations',
    mend: '--enable-ttl',
    status: 'warning',
  },
  {
    when: 'the keeper no longer beats',
    change: (d) => Object.assign(d.beat, { age: 45 }),
    check: 'firestore.beat',
    says: 'The keeper has not beaten for connections, policies, groups, classifications, agents',
    mend: 'logs read sallyport-keeper',
  },
  {
    when: 'there is no connection',
    change(d) {
      d.documents.connections = {};
      d.documents.classifications = {};
      d.documents.policies = Object.fromEntries(
        Object.entries(d.documents.policies).filter(([name]) => name.startsWith('guard-')),
      );
      d.secrets['crm-gateway']?.policy.splice(0);
    },
    check: 'documents.there',
    says: 'There are no connections yet',
    mend: 'the input `connections` of Terraform',
    status: 'warning',
  },
  {
    when: 'a document does not fit its schema',
    change: (d) => Object.assign(d.documents.groups, { analysts: { members: ['analyst'] } }),
    check: 'documents.valid',
    says: 'groups/analysts cannot be in force',
    mend: 'sallyport policy apply',
  },
  {
    when: 'a condition does not compile',
    change: (d) =>
      Object.assign(d.documents.policies['analysts-use-crm'] ?? {}, { condition: 'agent.model.startsWith(' }),
    check: 'documents.valid',
    says: 'policies/analysts-use-crm cannot be in force',
    mend: 'Correct it',
  },
  {
    when: 'a connection’s settings are not those of its kind',
    change: (d) => Object.assign(d.documents.connections['crm'] ?? {}, { settings: { hots: '10.0.0.5' } }),
    check: 'documents.settings',
    says: 'The settings of the connection crm are not those of its kind, postgres',
    mend: 'Correct them',
  },
  {
    when: 'a built-in guard was removed',
    change: (d) => delete d.documents.policies['guard-risks'],
    check: 'documents.guards',
    says: 'The built-in guard guard-risks is not in force.',
    mend: 'sallyport policy apply policies/built-in',
    status: 'warning',
  },
  {
    when: 'nobody can approve',
    change: (d) => d.documents.groups['sallyport-approvers']?.members.splice(0),
    check: 'documents.approvers',
    says: 'group:sallyport-approvers has nobody',
    mend: 'Name people in groups/sallyport-approvers',
  },
  {
    when: 'only one can approve',
    change: (d) => d.documents.groups['sallyport-approvers']?.members.pop(),
    check: 'documents.approvers',
    says: 'whose own requests nobody can approve',
    mend: 'Name people in groups/sallyport-approvers',
    status: 'warning',
  },
  {
    when: 'there is no administrator',
    change: (d) => delete d.documents.groups['sallyport-admins'],
    check: 'documents.officers',
    says: 'Nobody is in group:sallyport-admins, the admins.',
    mend: 'the input `groups`',
  },
  {
    when: 'a policy is about a connection that is not there',
    change: (d) => Object.assign(d.documents.policies['analysts-use-crm'] ?? {}, { connections: ['crn'] }),
    check: 'documents.names',
    says: 'The policy analysts-use-crm is about crn, which no connection is.',
    mend: 'Correct the name',
    status: 'warning',
  },
  {
    when: 'a policy is about a label that no connection has',
    change: (d) => Object.assign(d.documents.policies['analysts-use-crm'] ?? {}, { connections: ['env=staging'] }),
    check: 'documents.names',
    says: 'about env=staging, which no connection is',
    mend: 'Correct the name',
    status: 'warning',
  },
  {
    when: 'a database is not classified',
    change: (d) => delete d.documents.classifications['crm'],
    check: 'documents.classified',
    says: 'Nothing of the connection crm is classified',
    mend: 'sallyport classify crm',
    status: 'warning',
  },
  {
    when: 'a table is missing',
    change: (d) => delete d.tables['recordings'],
    check: 'bigquery.tables',
    says: 'There is no table sallyport_audit.recordings.',
    mend: 'terraform apply',
  },
  {
    when: 'a column is missing deep inside',
    change: (d) => d.tables['events']?.schema.fields.find(({ name }) => name === 'principal')?.fields?.pop(),
    check: 'bigquery.tables',
    says: 'lacks columns, or has them of another type: principal.kind.',
    mend: 'npm start install',
  },
  {
    when: 'a table can be asked without a period',
    change: (d) => Object.assign(d.tables['events'] ?? {}, { requirePartitionFilter: false }),
    check: 'bigquery.tables',
    says: 'can be asked without a period',
    mend: 'bq update --require_partition_filter',
    status: 'warning',
  },
  {
    when: 'a table is clustered otherwise',
    change: (d) => d.tables['events']?.clustering.fields.reverse(),
    check: 'bigquery.tables',
    says: 'is not clustered by connection, principal_member, type',
    mend: '--clustering_fields=connection,principal_member,type',
    status: 'warning',
  },
  {
    when: 'rows are deleted too early',
    change: (d) => Object.assign(d.tables['events']?.timePartitioning ?? {}, { expirationMs: '86400000' }),
    check: 'bigquery.retention',
    says: 'Rows of sallyport_audit.events are kept for 1 days, not for 400 days.',
    mend: '`audit.retention_days`',
  },
  {
    when: 'a table is to be deleted as a whole',
    change: (d) => Object.assign(d.tables['checkpoints'] ?? {}, { expirationTime: '1999999999999' }),
    check: 'bigquery.retention',
    says: 'sallyport_audit.checkpoints is to be deleted as a whole',
    mend: 'bq update --expiration=0',
  },
  {
    when: 'a view was changed',
    change: (d) =>
      Object.assign(d.views, {
        'sallyport_evidence.events': `${d.views['sallyport_evidence.events']} AND connection != 'crm'`,
      }),
    check: 'bigquery.views',
    says: 'The view sallyport_evidence.events is not the product’s',
    mend: 'terraform apply',
  },
  {
    when: 'a question was changed',
    change: (d) => Object.assign(d.functions, { approvals: `${d.functions['approvals']} LIMIT 0` }),
    check: 'bigquery.functions',
    says: 'The function sallyport_evidence.approvals is not the product’s',
    mend: 'terraform apply',
  },
  {
    when: 'a question is missing',
    change: (d) => delete d.functions['sample'],
    check: 'bigquery.functions',
    says: 'There is no function sallyport_evidence.sample.',
    mend: 'npm start install',
  },
  {
    when: 'editors of the project may delete rows',
    change: (d) => d.access['sallyport_audit']?.push({ role: 'WRITER', specialGroup: 'projectWriters' }),
    check: 'bigquery.access',
    says: 'projectWriters has WRITER on sallyport_audit',
    mend: 'bq update --source=dataset.json',
    status: 'warning',
  },
  {
    when: 'the gateway may delete rows',
    change: (d) => d.access['sallyport_audit']?.push({ role: 'WRITER', userByEmail: account('gateway') }),
    check: 'bigquery.access',
    says: `${account('gateway')} has WRITER on sallyport_audit`,
    mend: 'bq show --format=prettyjson',
  },
  {
    when: 'everybody may read the evidence',
    change: (d) => d.access['sallyport_evidence']?.push({ role: 'READER', specialGroup: 'allAuthenticatedUsers' }),
    check: 'bigquery.access',
    says: 'allAuthenticatedUsers has READER on sallyport_evidence.',
    mend: 'bq update',
  },
  {
    when: 'the console may not read the evidence',
    change: (d) => d.access['sallyport_evidence']?.splice(1, 1),
    check: 'bigquery.readers',
    says: 'The console may not read sallyport_evidence.',
    mend: 'terraform apply',
  },
  {
    when: 'the evidence’s views may not read the trail',
    change: (d) => d.access['sallyport_audit']?.pop(),
    check: 'bigquery.readers',
    says: 'are not authorised to read sallyport_audit',
    mend: 'terraform apply',
  },
  {
    when: 'the gateway may not append',
    change: (d) => d.tablePolicies['events']?.[0]?.members.shift(),
    check: 'bigquery.appenders',
    says: `${gateway} may not append to sallyport_audit.events.`,
    mend: 'bq add-iam-policy-binding',
  },
  {
    when: 'somebody may change rows of one table',
    change: (d) => d.tablePolicies['events']?.push({ role: 'roles/bigquery.dataEditor', members: [stranger] }),
    check: 'bigquery.appenders',
    says: `${stranger} has roles/bigquery.dataEditor on sallyport_audit.events`,
    mend: 'bq remove-iam-policy-binding',
  },
  {
    when: 'the role to append holds more',
    change: (d) => d.appendRole.includedPermissions.push('bigquery.tables.delete'),
    check: 'bigquery.role',
    says: 'holds more than that: bigquery.tables.delete.',
    mend: '--remove-permissions=bigquery.tables.delete',
  },
  {
    when: 'the last checkpoint is old',
    change: (d) => Object.assign(d.checkpoint, { age: 600 }),
    check: 'trail.checkpoint',
    says: '10 minutes ago.',
    mend: 'logs read sallyport-keeper',
  },
  {
    when: 'the last checkpoint was signed by somebody else',
    change: (d) => Object.assign(d, { signWith: other.privateKey }),
    check: 'trail.checkpoint',
    says: 'does not hold',
    mend: 'sallyport verify',
  },
  {
    when: 'events were put aside',
    change: (d) => Object.assign(d, { dead: 3 }),
    check: 'trail.shipping',
    says: '3 events cannot be shipped',
    mend: '/tasks/reship',
  },
  {
    when: 'events wait for BigQuery',
    change: (d) =>
      d.outbox.push({
        event: 'evt_1',
        state: 'done',
        rows: [JSON.stringify({ time: new Date(Date.now() - 900_000).toISOString() })],
      }),
    check: 'trail.shipping',
    says: '1 events wait to be shipped',
    mend: 'bigquery.appenders',
  },
  {
    when: 'no event came for a month',
    change: (d) => Object.assign(d.rows, { events: null }),
    check: 'trail.arrived',
    says: 'BigQuery has no event of the last 30 days.',
    mend: 'trail.shipping',
    status: 'warning',
  },
  {
    when: 'checkpoints do not come to BigQuery',
    change: (d) => Object.assign(d.rows, { checkpoints: 25 }),
    check: 'trail.arrived',
    says: 'The last checkpoint in BigQuery is 25 minutes old.',
    mend: 'bigquery.appenders',
  },
  {
    when: 'an issuer speaks for another',
    change: (d) => Object.assign(d.discovery, { issuer: 'https://other.example.com' }),
    check: 'issuers.keys',
    says: 'speaks for another issuer than https://container.example.com/cluster',
    mend: '`issuers`',
  },
  {
    when: 'the gateway takes the keeper’s tokens',
    change(d) {
      const issuers = environmentOf(d, 'keeper')['SALLYPORT_ISSUERS'] ?? '';
      for (const role of ['gateway', 'console'] as const) environmentOf(d, role)['SALLYPORT_ISSUERS'] = issuers;
    },
    check: 'issuers.audiences',
    says: 'take tokens for the same audience',
    mend: 'Give the gateway an audience of its own',
  },
  {
    when: 'this machine’s clock is ten seconds slow',
    change: (d) => Object.assign(d.ahead, { google: 10, gateway: 10 }),
    check: 'clock.machine',
    says: 's slow.',
    mend: 'timedatectl',
    status: 'warning',
  },
  {
    when: 'this machine’s clock is a minute fast',
    change: (d) => Object.assign(d.ahead, { google: -60, gateway: -60 }),
    check: 'clock.machine',
    says: 's fast.',
    mend: 'timedatectl',
  },
  {
    when: 'the gateway’s clock is a minute fast',
    change: (d) => Object.assign(d.ahead, { gateway: 60 }),
    check: 'clock.services',
    says: 'The clock of the gateway is',
    mend: 'roll the revision out again',
  },
  {
    when: 'the keeper’s clock is 40 s fast',
    change: (d) => Object.assign(d.beat, { ahead: 40 }),
    check: 'clock.keeper',
    says: 'The clock of the keeper is 40 s fast.',
    mend: 'roll the revision out again',
  },
  {
    when: 'a job is paused',
    change: (d) => Object.assign(d.jobs['sallyport-sweep'] ?? {}, { state: 'PAUSED' }),
    check: 'operations.jobs',
    says: 'The job sallyport-sweep is not enabled (PAUSED).',
    mend: 'gcloud scheduler jobs resume sallyport-sweep',
  },
  {
    when: 'a job fails',
    change: (d) => Object.assign(d.jobs['sallyport-ship']?.status ?? {}, { code: 7 }),
    check: 'operations.jobs',
    says: 'The last attempt of the job sallyport-ship failed (code 7).',
    mend: 'services.invokers',
  },
  {
    when: 'a job’s token is for somebody else',
    change: (d) =>
      Object.assign(d.jobs['sallyport-checkpoint']?.httpTarget.oidcToken ?? {}, { audience: 'https://x.example' }),
    check: 'operations.jobs',
    says: 'does not call the keeper as the keeper expects it',
    mend: 'terraform apply',
  },
  {
    when: 'nobody logs who reads secrets',
    change: (d) => d.projectPolicy.auditConfigs.shift(),
    check: 'operations.logs',
    says: 'does not log who reads secretmanager.googleapis.com',
    mend: '`access_logs = true`',
    status: 'warning',
  },
  {
    when: 'nobody hears of alerts',
    change: (d) => d.alerts[0]?.notificationChannels.splice(0),
    check: 'operations.alerts',
    says: 'Nobody hears of any of the 1 alerts.',
    mend: '`monitoring.channels`',
    status: 'warning',
  },
  {
    when: 'the bucket keeps nothing',
    change: (d) => delete d.bucket['retentionPolicy'],
    check: 'operations.bucket',
    says: 'can be deleted: it has no retention policy',
    mend: '`audit.checkpoint_bucket.retention_days`',
  },
  {
    when: 'the bucket is not locked',
    change: (d) => Object.assign(d.bucket, { retentionPolicy: { retentionPeriod: '31536000' } }),
    check: 'operations.bucket',
    says: 'is not locked',
    mend: '`audit.checkpoint_bucket.lock = true`',
    status: 'warning',
  },
  {
    when: 'the gateway fails',
    change: (d) => Object.assign(d.reach, { gateway: 500 }),
    check: 'reach.gateway',
    says: 'The gateway answers 500',
    mend: 'logs read sallyport-gateway',
  },
  {
    when: 'the gateway is not ready',
    change: (d) => Object.assign(d.reach, { ready: 503 }),
    check: 'reach.ready',
    says: 'The gateway is not ready',
    mend: 'firestore.beat',
  },
  {
    when: 'the console shows itself to anybody',
    change: (d) => Object.assign(d.reach, { console: 200 }),
    check: 'reach.console',
    says: 'The console answers 200 to somebody who did not sign in.',
    mend: 'services.iap',
  },
  {
    when: 'the keeper answers from outside',
    change: (d) => Object.assign(d.reach, { keeper: 200 }),
    check: 'reach.keeper',
    says: 'The keeper answers 200 from here.',
    mend: 'services.ingress',
  },
];
