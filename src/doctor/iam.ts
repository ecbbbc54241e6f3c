import { z } from 'zod';
import { accountChecks } from './accounts.ts';
import { type Check, each, type Found, fault, type Group, warning, word } from './check.ts';
import { type Facts, ofServices } from './facts.ts';
import { holding } from './grants.ts';
import { basicRoles, type Grant, grantsOf, isEverybody, isGoogles, memberOf } from './policies.ts';

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
      rights: [...ofProject, ...ofServices],
      run: parts,
    },
    ...accountChecks,
  ],
};
