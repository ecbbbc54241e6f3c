import { z } from 'zod';
import { each, type Found, fault, type Group, warning, word } from './check.ts';
import { type Facts, ofServices, shortName } from './facts.ts';
import { holding } from './grants.ts';
import { grantsOf, isEverybody, memberOf, type Policy, policySchema } from './policies.ts';

const versionSchema = z.object({ state: z.string().default('') });

/** `projects/p/secrets/s/versions/3` → the secret and the version; without one, the newest. */
function split(name: string): { secret: string; version: string } {
  const [, secret = name, version = 'latest'] = /^(.*?)(?:\/versions\/(\w+))?$/.exec(name) ?? [];
  return { secret, version };
}

/** The secrets that connections name, with the connections that do. */
async function targets(facts: Facts): Promise<{ name: string; secret: string; version: string }[]> {
  const { connections } = await facts.documents();
  return [...connections].flatMap(([name, { credential }]) =>
    'secret' in credential ? [{ name, ...split(credential.secret) }] : [],
  );
}

async function usable({ google }: Facts, secret: string, version: string, what: string): Promise<Found[]> {
  const found = await google.find({
    api: 'secretmanager',
    path: `/v1/${secret}/versions/${version}`,
    answer: versionSchema,
    permission: 'secretmanager.versions.get',
    of: `The version ${version} of ${secret}`,
  });
  const add = `gcloud secrets versions add ${shortName(secret)} --project=${secret.split('/')[1]} --data-file=-`;
  if (found === undefined)
    return [
      fault(
        `${what} is not there, or has no version: ${secret}.`,
        `terraform apply (name it in \`secrets\`), then: ${add}`,
      ),
    ];
  if (found.state !== 'ENABLED')
    return [
      fault(
        `${what} is not enabled (${secret}, version ${version}).`,
        `gcloud secrets versions enable ${version} --secret=${shortName(secret)} --project=${secret.split('/')[1]}; or a new one: ${add}`,
      ),
    ];
  return [];
}

const readersOf = ({ google }: Facts, secret: string): Promise<Policy> =>
  google.read({
    api: 'secretmanager',
    path: `/v1/${secret}:getIamPolicy`,
    query: { 'options.requestedPolicyVersion': '3' },
    answer: policySchema,
    permission: 'secretmanager.secrets.getIamPolicy',
    of: `Who may read ${secret}`,
  });

const command = (verb: 'add' | 'remove', secret: string, member: string, role = 'roles/secretmanager.secretAccessor') =>
  `gcloud secrets ${verb}-iam-policy-binding ${shortName(secret)} --project=${secret.split('/')[1]} --member=${word(member)} --role=${word(role)}`;

/** What reading a secret's value takes. */
const access = 'secretmanager.versions.access';

/** Who may read a secret, against who is meant to. */
async function judged(facts: Facts, secret: string, meant: readonly string[]): Promise<Found[]> {
  const grants = await holding(facts, grantsOf(await readersOf(facts, secret)), access);
  const own = `serviceAccount:${facts.name}-`;
  const missing = meant.filter(
    (member) => !grants.some((grant) => grant.member === member && grant.condition === undefined),
  );
  return [
    ...missing.map((member) =>
      fault(`${member} may not read ${secret}.`, `terraform apply; or: ${command('add', secret, member)}`),
    ),
    ...grants
      .filter(({ member }) => !meant.includes(member))
      .map(({ member, role }) => {
        const say = isEverybody(member) || member.startsWith(own) ? fault : warning;
        return say(`${member} may read ${secret}, and should not.`, command('remove', secret, member, role));
      }),
  ];
}

const secretsSchema = z.object({
  secrets: z.array(z.object({ name: z.string() })).default([]),
  nextPageToken: z.string().optional(),
});

/** Secrets of the project that the gateway may read, and no connection names. */
async function superfluous(facts: Facts): Promise<Found[]> {
  const { google, project } = facts;
  const gateway = memberOf(facts.account('gateway'));
  const known = new Set([
    ...(await targets(facts)).map(({ secret }) => shortName(secret)),
    shortName(split((await facts.config()).sealKey).secret),
  ]);
  const pages = await google.list({
    api: 'secretmanager',
    path: `/v1/projects/${project}/secrets`,
    query: { pageSize: '200' },
    answer: secretsSchema,
    permission: 'secretmanager.secrets.list',
    of: `The secrets of ${project}`,
  });
  const others = pages
    .flatMap(({ secrets }) => secrets.map(({ name }) => shortName(name)))
    .filter((name) => !known.has(name));
  return each(others, project, async (name) => {
    const secret = `projects/${project}/secrets/${name}`;
    const ours = grantsOf(await readersOf(facts, secret)).filter(({ member }) => member === gateway);
    const mine = await holding(facts, ours, access);
    return mine.map(({ role }) =>
      fault(`The gateway may read ${secret}, which no connection names.`, command('remove', secret, gateway, role)),
    );
  });
}

const ofDocuments = [...ofServices, 'datastore.entities.list'] as const;

export const secretChecks: Group = {
  name: 'secrets',
  title: 'Secrets',
  checks: [
    {
      id: 'secrets.seal',
      promise: 'The key that seals literals has an enabled version, and the three parts alone may read it.',
      rights: [...ofServices, 'secretmanager.versions.get', 'secretmanager.secrets.getIamPolicy', 'iam.roles.get'],
      async run(facts) {
        const { secret, version } = split((await facts.config()).sealKey);
        const meant = (['gateway', 'console', 'keeper'] as const).map((role) => memberOf(facts.account(role)));
        const found = await usable(facts, secret, version, 'The key that seals literals');
        return found.length > 0 ? found : judged(facts, secret, meant);
      },
    },
    {
      id: 'secrets.targets',
      promise: 'The secret of each connection is there, with an enabled version.',
      rights: [...ofDocuments, 'secretmanager.versions.get'],
      run: async (facts) =>
        each(await targets(facts), facts.project, ({ name, secret, version }) =>
          usable(facts, secret, version, `The secret of the connection ${name}`),
        ),
    },
    {
      id: 'secrets.readers',
      promise: 'The secret of each connection can be read by the gateway, and by nobody else.',
      rights: [...ofDocuments, 'secretmanager.secrets.getIamPolicy', 'iam.roles.get'],
      run: async (facts) =>
        each(await targets(facts), facts.project, async ({ secret, version }) =>
          // One that is not there is told above.
          (await usable(facts, secret, version, '')).length > 0
            ? []
            : judged(facts, secret, [memberOf(facts.account('gateway'))]),
        ),
    },
    {
      id: 'secrets.others',
      promise: 'The gateway can read no secret that no connection names.',
      rights: [...ofDocuments, 'secretmanager.secrets.list', 'secretmanager.secrets.getIamPolicy', 'iam.roles.get'],
      run: superfluous,
    },
  ],
};
