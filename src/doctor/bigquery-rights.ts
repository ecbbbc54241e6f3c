import { z } from 'zod';
import { type Check, each, type Found, fault, warning, word } from './check.ts';
import { type Facts, ofServices } from './facts.ts';
import { holding, permissionsOf } from './grants.ts';
import { grantsOf, isEverybody, memberOf, policySchema } from './policies.ts';

export const datasetPath = ({ project }: Facts, dataset: string) =>
  `/bigquery/v2/projects/${project}/datasets/${dataset}`;

const accessSchema = z.object({
  access: z
    .array(
      z.object({
        role: z.string().default(''),
        userByEmail: z.string().optional(),
        groupByEmail: z.string().optional(),
        domain: z.string().optional(),
        specialGroup: z.string().optional(),
        iamMember: z.string().optional(),
        dataset: z
          .object({ dataset: z.object({ datasetId: z.string() }), targetTypes: z.array(z.string()).default([]) })
          .optional(),
      }),
    )
    .default([]),
});

async function accessTo(facts: Facts, dataset: string) {
  const { access } = await facts.google.read({
    api: 'bigquery',
    path: datasetPath(facts, dataset),
    query: { accessPolicyVersion: '3' },
    answer: accessSchema,
    permission: 'bigquery.datasets.get and bigquery.datasets.getIamPolicy',
    of: `Who may read and write the dataset ${dataset}`,
  });
  return access;
}

/** What lets rows be changed or deleted, or rights be given. */
const writing = [
  'bigquery.tables.updateData',
  'bigquery.tables.delete',
  'bigquery.tables.update',
  'bigquery.datasets.update',
];

type Access = Awaited<ReturnType<typeof accessTo>>[number];

const who = ({ userByEmail, groupByEmail, domain, specialGroup, iamMember }: Access) =>
  userByEmail ?? groupByEmail ?? domain ?? specialGroup ?? iamMember?.replace(/^iamMember:/, '') ?? 'somebody';

const edit = (facts: Facts, dataset: string) =>
  `bq show --format=prettyjson ${facts.project}:${dataset} > dataset.json, take it out of "access", then: bq update --source=dataset.json ${facts.project}:${dataset}`;

async function access(facts: Facts): Promise<Found[]> {
  const { audit, evidence } = (await facts.config()).datasets;
  return each([audit, evidence], facts.project, async (dataset) => {
    const entries = await accessTo(facts, dataset);
    const everybody = entries.filter((entry) =>
      [entry.specialGroup, entry.iamMember].some((one) => one !== undefined && isEverybody(one)),
    );
    // Who owns the project can give himself anything.
    const others = entries.filter((entry) => entry.specialGroup !== 'projectOwners' && !everybody.includes(entry));
    const write = await holding(facts, others, ...writing);
    return [
      ...everybody.map((entry) => fault(`${who(entry)} has ${entry.role} on ${dataset}.`, edit(facts, dataset))),
      ...write.map((entry) => {
        const say = who(entry).startsWith(`${facts.name}-`) ? fault : warning;
        return say(
          `${who(entry)} has ${entry.role} on ${dataset}: who has that may change ${dataset === audit ? 'or delete rows of the trail' : 'what the auditor is shown'}.`,
          edit(facts, dataset),
        );
      }),
    ];
  });
}

async function reading(facts: Facts): Promise<Found[]> {
  const { audit, evidence } = (await facts.config()).datasets;
  const console = facts.account('console');
  const found = await each([audit, evidence], facts.project, async (dataset) => {
    const entries = await accessTo(facts, dataset);
    const ours = entries.filter(({ userByEmail }) => userByEmail === console);
    return (await holding(facts, ours, 'bigquery.tables.getData')).length > 0
      ? []
      : [fault(`The console may not read ${dataset}.`, 'terraform apply')];
  });
  const authorized = await each([audit], facts.project, async (dataset) => {
    const entries = await accessTo(facts, dataset);
    return entries.some(
      (entry) => entry.dataset?.dataset.datasetId === evidence && entry.dataset.targetTypes.includes('VIEWS'),
    )
      ? []
      : [
          fault(
            `The views of ${evidence} are not authorised to read ${audit}, so auditors see nothing.`,
            'terraform apply',
          ),
        ];
  });
  return [...found, ...authorized];
}

/** Who appends to which table, as terraform/audit.tf gives it. */
const appends = {
  events: ['gateway', 'console', 'keeper'],
  recordings: ['gateway', 'keeper'],
  checkpoints: ['keeper'],
} as const;

const appendRole = ({ project, name }: Facts) => `projects/${project}/roles/${`${name}_append`.replaceAll('-', '_')}`;

async function appending(facts: Facts): Promise<Found[]> {
  const { audit } = (await facts.config()).datasets;
  return each(Object.entries(appends), facts.project, async ([table, meant]) => {
    const policy = await facts.google.read({
      api: 'bigquery',
      path: `${datasetPath(facts, audit)}/tables/${table}:getIamPolicy`,
      body: { options: { requestedPolicyVersion: 3 } },
      answer: policySchema,
      permission: 'bigquery.tables.getIamPolicy',
      of: `Who may write ${audit}.${table}`,
    });
    const grants = grantsOf(policy);
    const bind = (verb: string, member: string, role: string) =>
      `bq ${verb}-iam-policy-binding --member=${word(member)} --role=${word(role)} --table=true ${facts.project}:${audit}.${table}`;
    const accounts = meant.map((role) => memberOf(facts.account(role)));
    const missing = accounts.filter(
      (member) => !grants.some((grant) => grant.member === member && grant.role === appendRole(facts)),
    );
    const beside = grants.filter(
      ({ member, role }) => !(role === appendRole(facts) && accounts.includes(member)) && !isEverybody(member),
    );
    const more = [...(await holding(facts, beside, ...writing)), ...grants.filter(({ member }) => isEverybody(member))];
    return [
      ...missing.map((member) =>
        fault(
          `${member} may not append to ${audit}.${table}.`,
          `terraform apply; or: ${bind('add', member, appendRole(facts))}`,
        ),
      ),
      ...more.map(({ member, role }) =>
        fault(
          `${member} has ${role} on ${audit}.${table}: it may change or delete rows of the trail.`,
          bind('remove', member, role),
        ),
      ),
    ];
  });
}

/** All that appending by insertAll takes. */
const toAppend = ['bigquery.tables.get', 'bigquery.tables.updateData'];

async function role(facts: Facts): Promise<Found[]> {
  const name = appendRole(facts);
  const held = await permissionsOf(facts, name);
  if (held === undefined) return [fault(`There is no role ${name}.`, 'terraform apply')];
  const update = (flag: string, permissions: readonly string[]) =>
    `gcloud iam roles update ${name.slice(name.lastIndexOf('/') + 1)} --project=${facts.project} --${flag}=${permissions.join(',')}`;
  const [lacks, has] = [toAppend.filter((one) => !held.includes(one)), held.filter((one) => !toAppend.includes(one))];
  return [
    ...(lacks.length > 0
      ? [
          fault(
            `The role with which the trail is appended to lacks ${lacks.join(', ')}.`,
            `terraform apply; or: ${update('add-permissions', lacks)}`,
          ),
        ]
      : []),
    ...(has.length > 0
      ? [
          fault(
            `The role with which the trail is appended to holds more than that: ${has.join(', ')}.`,
            `terraform apply; or: ${update('remove-permissions', has)}`,
          ),
        ]
      : []),
  ];
}

export const rightsChecks: readonly Check[] = [
  {
    id: 'bigquery.access',
    promise: 'Nobody may change or delete rows of the trail, or what auditors are shown, but the project’s owners.',
    rights: [...ofServices, 'bigquery.datasets.get', 'bigquery.datasets.getIamPolicy', 'iam.roles.get'],
    run: access,
  },
  {
    id: 'bigquery.readers',
    promise: 'The console may read the trail and the evidence, and the evidence’s views may read the trail.',
    rights: [...ofServices, 'bigquery.datasets.get', 'bigquery.datasets.getIamPolicy', 'iam.roles.get'],
    run: reading,
  },
  {
    id: 'bigquery.appenders',
    promise: 'Each part may append to the tables that are its own, and do no more.',
    rights: [...ofServices, 'bigquery.tables.getIamPolicy', 'iam.roles.get'],
    run: appending,
  },
  {
    id: 'bigquery.role',
    promise: 'Who may append may do nothing else: rows can neither be changed nor deleted.',
    rights: ['iam.roles.get'],
    run: role,
  },
];
