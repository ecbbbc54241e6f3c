import { readdirSync } from 'node:fs';
import { type DocumentKind, documentKinds } from '../model/documents.ts';
import { type Found, fault, type Group, warning } from './check.ts';
import type { Documents } from './documents-read.ts';
import { type Facts, ofServices } from './facts.ts';

const inConsole = 'change it in the console, or in its file and run sallyport policy apply';

/** The guards that ship with the product, by name. */
const builtIn = readdirSync(new URL('../../policies/built-in/', import.meta.url))
  .filter((file) => file.endsWith('.yaml'))
  .map((file) => file.replace(/\.yaml$/, ''));

/** Whether tokens bring groups along, so that one without a document may have members all the same. */
const bringsGroups = async (facts: Facts) => (await facts.config()).issuers.some(({ groups }) => groups !== undefined);

async function valid(facts: Facts): Promise<Found[]> {
  const { invalid } = await facts.documents();
  return invalid.map(({ kind, name, error }) =>
    fault(`${kind}/${name} cannot be in force, and what it touches is refused: ${error}.`, `Correct it: ${inConsole}.`),
  );
}

/** Each kind of target judges its own settings: an agent would be refused by the very same. */
async function settings(facts: Facts): Promise<Found[]> {
  const { connections } = await facts.documents();
  const { whyUnusable } = await import('../targets/targets.ts');
  const judged = await Promise.all(
    [...connections].map(async ([name, document]) => ({ name, kind: document.kind, why: await whyUnusable(document) })),
  );
  return judged.flatMap(({ name, kind, why }) =>
    why === undefined
      ? []
      : [
          fault(
            `The settings of the connection ${name} are not those of its kind, ${kind}: ${why}.`,
            `Correct them (docs/ has a page for each kind): ${inConsole}.`,
          ),
        ],
  );
}

async function guards(facts: Facts): Promise<Found[]> {
  const { policies, invalid } = await facts.documents();
  const missing = builtIn.filter(
    (name) => !policies.has(name) && !invalid.some((one) => one.kind === 'policies' && one.name === name),
  );
  return missing.map((name) =>
    warning(
      `The built-in guard ${name} is not in force.`,
      `If that is not meant: terraform apply, which writes it; or: sallyport policy apply policies/built-in`,
    ),
  );
}

/** How many people a group has; undefined where tokens may bring more. */
function sizeOf({ groups }: Documents, group: string, isOpen: boolean): number | undefined {
  const members = groups.get(group)?.members;
  if (isOpen && (members === undefined || members.length < 2)) return undefined;
  return new Set(members).size;
}

async function approvers(facts: Facts): Promise<Found[]> {
  const [documents, isOpen] = [await facts.documents(), await bringsGroups(facts)];
  const asked = new Map<string, { policies: string[]; count: number }>();
  for (const [name, { approval }] of documents.policies)
    for (const member of approval?.approvers ?? []) {
      const known = asked.get(member) ?? { policies: [], count: 0 };
      asked.set(member, {
        policies: [...known.policies, name],
        count: Math.max(known.count, approval?.count ?? 1),
      });
    }
  return [...asked].flatMap(([member, { policies, count }]) => {
    if (!member.startsWith('group:')) return [];
    const group = member.slice('group:'.length);
    const size = sizeOf(documents, group, isOpen);
    const [by, mend] = [`asked by ${policies.sort().join(', ')}`, `Name people in groups/${group}: ${inConsole}.`];
    if (size === undefined) return [];
    if (size < count)
      return [
        fault(
          `${member} has ${size === 0 ? 'nobody' : `${size} of the ${count} who must agree`}, so nothing is ever approved (${by}).`,
          mend,
        ),
      ];
    if (size < 2) return [warning(`${member} has one member, whose own requests nobody can approve (${by}).`, mend)];
    return [];
  });
}

async function officers(facts: Facts): Promise<Found[]> {
  const [documents, isOpen, { groups }] = [await facts.documents(), await bringsGroups(facts), await facts.config()];
  return Object.entries(groups).flatMap(([office, group]) =>
    (sizeOf(documents, group, isOpen) ?? 1) > 0
      ? []
      : [
          fault(
            `Nobody is in group:${group}, the ${office}.`,
            `Name people in the input \`groups\` ("${group}" = { members = […] }) and run terraform apply.`,
          ),
        ],
  );
}

/** What documents name, and is not there. A name that nothing bears is a slip, or a door that nobody meant to leave open later. */
async function names(facts: Facts): Promise<Found[]> {
  const documents = await facts.documents();
  const isOpen = await bringsGroups(facts);
  const { connections, policies, groups, classifications, invalid } = documents;
  const isThere = (kind: DocumentKind, all: ReadonlyMap<string, unknown>, name: string) =>
    all.has(name) || invalid.some((one) => one.kind === kind && one.name === name);
  const labels = [...connections.values()].flatMap((one) =>
    Object.entries(one.labels).map(([key, value]) => `${key}=${value}`),
  );
  const meansNone = (entry: string) =>
    entry !== '*' &&
    (entry.includes('=')
      ? entry.split(',').some((label) => !labels.includes(label.trim()))
      : !isThere('connections', connections, entry));
  const found: string[] = [
    ...[...policies].flatMap(([name, policy]) => [
      ...policy.connections
        .filter(meansNone)
        .map((entry) => `The policy ${name} is about ${entry}, which no connection is`),
      ...policy.overrides
        .filter((other) => !isThere('policies', policies, other))
        .map((other) => `The policy ${name} overrides ${other}, which is not there`),
      ...policy.principals
        .filter((member) => !isOpen && member.startsWith('group:') && !isThere('groups', groups, member.slice(6)))
        .map((member) => `The policy ${name} is about ${member}, which is not there`),
    ]),
    ...[...classifications.keys()]
      .filter((name) => !isThere('connections', connections, name))
      .map((name) => `classifications/${name} classifies a connection that is not there`),
  ];
  return found.map((what) => warning(`${what}.`, `Correct the name, or remove what is over: ${inConsole}.`));
}

async function classified(facts: Facts): Promise<Found[]> {
  const { connections, classifications, invalid } = await facts.documents();
  const relational = [...connections].filter(
    ([, { kind, unclassified }]) => (kind === 'postgres' || kind === 'bigquery') && unclassified === 'deny',
  );
  const bare = relational.filter(
    ([name]) =>
      !classifications.has(name) && !invalid.some((one) => one.kind === 'classifications' && one.name === name),
  );
  return bare.map(([name]) =>
    warning(
      `Nothing of the connection ${name} is classified, so every relation of it is refused.`,
      `sallyport classify ${name} proposes a classification; write it to classifications/${name}.`,
    ),
  );
}

async function some(facts: Facts): Promise<Found[]> {
  const documents = await facts.documents();
  const none = documentKinds.filter(
    (kind) =>
      (kind === 'connections' || kind === 'policies') &&
      documents[kind].size === 0 &&
      !documents.invalid.some((one) => one.kind === kind),
  );
  return none.map((kind) =>
    warning(
      `There are no ${kind} yet, so nobody can do anything.`,
      `Write the first one: the input \`${kind}\` of Terraform, or the console.`,
    ),
  );
}

const rights = [...ofServices, 'datastore.entities.list'] as const;

export const documentChecks: Group = {
  name: 'documents',
  title: 'Connections, policies, groups',
  checks: [
    { id: 'documents.there', promise: 'There are connections and policies.', rights, local: true, run: some },
    {
      id: 'documents.valid',
      promise: 'Every document can be in force: it fits its schema, and its condition compiles.',
      rights,
      local: true,
      run: valid,
    },
    {
      id: 'documents.settings',
      promise: 'The settings of each connection are those of its kind.',
      rights,
      local: true,
      run: settings,
    },
    {
      id: 'documents.guards',
      promise: 'The guards that ship with the product are in force.',
      rights,
      local: true,
      run: guards,
    },
    {
      id: 'documents.approvers',
      promise: 'Whoever is asked to approve is at least two people, or a group that tokens may bring people into.',
      rights,
      local: true,
      run: approvers,
    },
    {
      id: 'documents.officers',
      promise: 'Somebody authors policies, and somebody reads evidence, unless tokens bring them into these groups.',
      rights,
      local: true,
      run: officers,
    },
    { id: 'documents.names', promise: 'What documents name is there.', rights, local: true, run: names },
    {
      id: 'documents.classified',
      promise: 'Every database behind a connection has a classification.',
      rights,
      local: true,
      run: classified,
    },
  ],
};
