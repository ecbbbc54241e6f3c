import { z } from 'zod';
import { type Check, each, type Found, fault, warning, word } from './check.ts';
import { type Facts, ofServices } from './facts.ts';
import { grantsOf, isGoogles, memberOf, nobody, type Policy, policySchema } from './policies.ts';

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

/** Service accounts: of the parts, and those that connections name. */
export const accountChecks: readonly Check[] = [
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
    rights: [...ofServices, 'datastore.entities.list', 'iam.serviceAccounts.getIamPolicy'],
    run: impersonation,
  },
];
