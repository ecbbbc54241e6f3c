import { z } from 'zod';
import { type Check, each, type Found, fault, type Group, warning, word } from './check.ts';
import type { Facts } from './facts.ts';
import { holding } from './grants.ts';
import {
  basicRoles,
  type Grant,
  grantsOf,
  isEverybody,
  memberOf,
  nobody,
  type Policy,
  policySchema,
} from './policies.ts';

const ofProject = ['resourcemanager.projects.getIamPolicy'] as const;

/** What each part may do in the project as a whole: Google Cloud can give these no narrower. */
type Meant = { account: string; role: string; database?: string };

async function meant(facts: Facts): Promise<Meant[]> {
  const { databases } = await facts.config();
  const [gateway, console, keeper, documents] = (['gateway', 'console', 'keeper', 'documents'] as const).map(
    facts.account,
  );
  const user = (account = '', database = '') => ({ account, role: 'roles/datastore.user', database });
  return [
    { account: gateway ?? '', role: 'roles/datastore.viewer', database: databases.policy },
    user(gateway, databases.runtime),
    ...[console, keeper].flatMap((account) => [user(account, databases.policy), user(account, databases.runtime)]),
    user(documents, databases.policy),
    { account: console ?? '', role: 'roles/bigquery.jobUser' },
  ];
}

/** Rights that a part may have besides: to write logs and metrics, and to reach Cloud SQL. */
const harmless = [
  'roles/logging.logWriter',
  'roles/monitoring.metricWriter',
  'roles/cloudtrace.agent',
  'roles/cloudsql.client',
  'roles/cloudsql.instanceUser',
];

const expressionOf = ({ project }: Facts, database: string) =>
  `resource.name == "projects/${project}/databases/${database}"`;

const flagsOf = (facts: Facts, database: string | undefined) =>
  database === undefined
    ? '--condition=None'
    : `--condition='title=database-${database},expression=${expressionOf(facts, database)}'`;

const changeOf = ({ project }: Facts, verb: 'add' | 'remove', member: string, role: string, condition: string) =>
  `gcloud projects ${verb}-iam-policy-binding ${project} --member=${word(member)} --role=${word(role)} ${condition}`;

const removal = (facts: Facts, { member, role, condition }: Grant) =>
  changeOf(facts, 'remove', member, role, condition === undefined ? '--condition=None' : '--all');

async function parts(facts: Facts): Promise<Found[]> {
  const [wanted, policy] = [await meant(facts), await facts.projectPolicy()];
  const grants = grantsOf(policy);
  const accounts = (['gateway', 'console', 'keeper', 'scheduler', 'documents'] as const).map(facts.account);
  const covers = (grant: Grant, one: Meant) => grant.member === memberOf(one.account) && grant.role === one.role;
  const isExact = (grant: Grant, { database }: Meant) =>
    grant.condition === (database === undefined ? undefined : expressionOf(facts, database));
  const missing = wanted.filter(
    (one) => !grants.some((grant) => covers(grant, one) && (grant.condition === undefined || isExact(grant, one))),
  );
  const more = grants.filter(
    (grant) =>
      accounts.some((account) => grant.member === memberOf(account)) &&
      !harmless.includes(grant.role) &&
      !wanted.some((one) => covers(grant, one) && isExact(grant, one)),
  );
  return [
    ...missing.map(({ account, role, database }) =>
      fault(
        `${account} lacks ${role}${database === undefined ? '' : ` on the database ${database}`}.`,
        changeOf(facts, 'add', memberOf(account), role, flagsOf(facts, database)),
      ),
    ),
    ...more.map((grant) =>
      fault(
        `${grant.member.slice('serviceAccount:'.length)} has ${grant.role} on the whole project${grant.condition === undefined ? '' : ', under a condition that is not the deployment’s'}; the deployment does not give it that.`,
        `terraform apply (it puts back what is meant), then: ${removal(facts, grant)}`,
      ),
    ),
  ];
}

/** Google's own agents have what Google gives them. */
const isGoogles = (member: string) =>
  /@(cloudservices|gcp-sa-[a-z-]+\.iam|serverless-robot-prod\.iam)\.gserviceaccount\.com$/.test(member);

async function basics(facts: Facts): Promise<Found[]> {
  const own = (['gateway', 'console', 'keeper', 'scheduler', 'documents'] as const).map((part) =>
    memberOf(facts.account(part)),
  );
  const grants = grantsOf(await facts.projectPolicy()).filter(
    ({ role, member }) =>
      basicRoles.includes(role) && !isGoogles(member) && !own.includes(member) && !isEverybody(member),
  );
  return grants.map((grant) => {
    const say = grant.member.startsWith('serviceAccount:') && grant.role !== 'roles/viewer' ? fault : warning;
    return say(
      `${grant.member} has the basic role ${grant.role}: it reaches the secrets, the policies or the trail past everything.`,
      `Give narrower roles instead, then: ${removal(facts, grant)}`,
    );
  });
}

const pathOf = (account: string) => `/v1/projects/-/serviceAccounts/${account}`;

/** Who may act as a service account; undefined where there is none. */
const actorsOf = ({ google }: Facts, account: string): Promise<Policy | undefined> =>
  google.find({
    api: 'iam',
    path: `${pathOf(account)}:getIamPolicy`,
    query: { 'options.requestedPolicyVersion': '3' },
    body: {},
    answer: policySchema,
    permission: 'iam.serviceAccounts.getIamPolicy',
    of: `Who may act as ${account}`,
  });

async function accounts(facts: Facts): Promise<Found[]> {
  return each(['gateway', 'console', 'keeper', 'scheduler'] as const, facts.project, async (role) => {
    const account = facts.account(role);
    const path = pathOf(account);
    const found = await facts.google.find({
      ...{ api: 'iam', path, permission: 'iam.serviceAccounts.get', of: `The service account ${account}` },
      answer: z.object({ disabled: z.boolean().default(false) }),
    });
    if (found === undefined) return [fault(`There is no service account ${account}.`, 'terraform apply')];
    if (found.disabled)
      return [
        fault(`${account} is disabled.`, `gcloud iam service-accounts enable ${account} --project=${facts.project}`),
      ];
    const { keys } = await facts.google.read({
      ...{
        api: 'iam',
        path: `${path}/keys`,
        query: { keyTypes: 'USER_MANAGED' },
        permission: 'iam.serviceAccountKeys.list',
      },
      ...{
        of: `The keys of ${account}`,
        answer: z.object({ keys: z.array(z.object({ name: z.string() })).default([]) }),
      },
    });
    return keys.map(({ name }) =>
      fault(
        `${account} has a key of its own, with which whoever holds it is that part of the product.`,
        `gcloud iam service-accounts keys delete ${name.slice(name.lastIndexOf('/') + 1)} --iam-account=${account} --project=${facts.project}`,
      ),
    );
  });
}

async function actors(facts: Facts): Promise<Found[]> {
  const builder = memberOf(facts.account('builder'));
  return each(['gateway', 'console', 'keeper', 'scheduler'] as const, facts.project, async (role) => {
    const account = facts.account(role);
    const others = grantsOf((await actorsOf(facts, account)) ?? nobody).filter(
      (grant) =>
        !(grant.member === builder && grant.role === 'roles/iam.serviceAccountUser') && !isGoogles(grant.member),
    );
    return others.map(({ member, role: by }) =>
      fault(
        `${member} may act as ${account} (${by}).`,
        `gcloud iam service-accounts remove-iam-policy-binding ${account} --project=${facts.project} --member=${word(member)} --role=${word(by)} --all`,
      ),
    );
  });
}

async function impersonation(facts: Facts): Promise<Found[]> {
  const { connections } = await facts.documents();
  const gateway = memberOf(facts.account('gateway'));
  const named = [...connections].flatMap(([name, { credential }]) =>
    'service_account' in credential ? [{ name, account: credential.service_account }] : [],
  );
  return each(named, facts.project, async ({ name, account }) => {
    const grants = grantsOf((await actorsOf(facts, account)) ?? nobody).filter(
      ({ role }) => role === 'roles/iam.serviceAccountTokenCreator',
    );
    const command = (verb: string, member: string) =>
      `gcloud iam service-accounts ${verb}-iam-policy-binding ${account} --member=${word(member)} --role=roles/iam.serviceAccountTokenCreator`;
    const missing = grants.some(({ member }) => member === gateway)
      ? []
      : [
          fault(
            `The gateway may not act as ${account}, the credential of the connection ${name}.`,
            `Name the connection in \`connections\` and run terraform apply; or: ${command('add', gateway)}`,
          ),
        ];
    const others = grants.filter(({ member }) => member !== gateway && !isGoogles(member));
    return [
      ...missing,
      ...others.map(({ member }) =>
        warning(
          `${member} may act as ${account}, too: what it does so is not in the trail.`,
          command('remove', member),
        ),
      ),
    ];
  });
}

async function everybody(facts: Facts): Promise<Found[]> {
  const grants = grantsOf(await facts.projectPolicy()).filter(({ member }) => isEverybody(member));
  return grants.map((grant) => fault(`${grant.member} has ${grant.role} on the whole project.`, removal(facts, grant)));
}

/** What nobody needs on a project as a whole: with it, what is said of single resources means little. */
const wide: readonly { permission: string; may: string; say: typeof fault }[] = [
  { permission: 'secretmanager.versions.access', may: 'may read every secret of the project', say: fault },
  { permission: 'cloudkms.cryptoKeyVersions.useToSign', may: 'may sign with every key of the project', say: fault },
  { permission: 'iam.serviceAccounts.getAccessToken', may: 'may act as every account of the project', say: fault },
  { permission: 'bigquery.tables.updateData', may: 'may change every table of the project', say: warning },
  { permission: 'datastore.entities.update', may: 'may write to every database of the project', say: warning },
  {
    permission: 'resourcemanager.projects.setIamPolicy',
    may: 'may give itself any right to the project',
    say: warning,
  },
];

async function everything(facts: Facts): Promise<Found[]> {
  const grants = grantsOf(await facts.projectPolicy()).filter(
    ({ member, role, condition }) =>
      !isEverybody(member) &&
      !isGoogles(member) &&
      !basicRoles.includes(role) &&
      !member.startsWith(`serviceAccount:${facts.name}-`) &&
      !condition?.includes('resource.name'),
  );
  return each(wide, facts.project, async ({ permission, may, say }) => {
    const found = await holding(facts, grants, permission);
    return found.map((grant) =>
      say(`${grant.member} ${may} (${grant.role}).`, `Grant it on single resources, then: ${removal(facts, grant)}`),
    );
  });
}

/** What the operator's own rights are, as one answer: a 403 in the middle of a report is harder to read. */
const mine: Check = {
  id: 'iam.own',
  promise: 'You may look at everything that the doctor looks at.',
  rights: ['resourcemanager.projects.get'],
  async run(facts, wanted) {
    const { permissions } = await facts.google.read({
      api: 'cloudresourcemanager',
      path: `/v3/projects/${facts.project}:testIamPermissions`,
      body: { permissions: wanted },
      answer: z.object({ permissions: z.array(z.string()).default([]) }),
      permission: 'resourcemanager.projects.get',
      of: 'What you may do',
    });
    const missing = wanted.filter((one) => !permissions.includes(one));
    if (missing.length === 0) return [];
    return [
      warning(
        `You lack on the project: ${missing.join(', ')}. Where you have it on single resources instead, that is enough.`,
        `docs/doctor.md has a role that holds all of it: gcloud projects add-iam-policy-binding ${facts.project} --member=user:YOU --role=projects/${facts.project}/roles/sallyport_doctor`,
      ),
    ];
  },
};

export const iamChecks: Group = {
  name: 'iam',
  title: 'Who may do what',
  checks: [
    mine,
    {
      id: 'iam.everybody',
      promise: 'Nothing of the project is open to allUsers or allAuthenticatedUsers.',
      rights: ofProject,
      run: everybody,
    },
    {
      id: 'iam.basic',
      promise: 'Nobody has a basic role (owner, editor, viewer), but for Google’s own agents.',
      rights: ofProject,
      run: basics,
    },
    {
      id: 'iam.wide',
      promise: 'Nobody may, on the project as a whole, read secrets, sign, act as accounts, write or give rights.',
      rights: [...ofProject, 'iam.roles.get'],
      run: everything,
    },
    {
      id: 'iam.parts',
      promise: 'Each part has, on the project, exactly what the deployment gives it: the gateway only reads policies.',
      rights: [...ofProject, 'run.services.get', 'run.revisions.get'],
      run: parts,
    },
    {
      id: 'iam.accounts',
      promise: 'The parts’ service accounts are there, and none has a key.',
      rights: ['iam.serviceAccounts.get', 'iam.serviceAccountKeys.list'],
      run: accounts,
    },
    {
      id: 'iam.actors',
      promise: 'Nobody but the release may act as a part.',
      rights: ['iam.serviceAccounts.getIamPolicy'],
      run: actors,
    },
    {
      id: 'iam.impersonation',
      promise: 'The gateway, and nobody else, may act as the service accounts that connections name.',
      rights: ['run.services.get', 'run.revisions.get', 'datastore.entities.list', 'iam.serviceAccounts.getIamPolicy'],
      run: impersonation,
    },
  ],
};
