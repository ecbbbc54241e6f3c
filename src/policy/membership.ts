import type { PolicySet } from '../model/documents.ts';
import type { Identity } from '../model/identity.ts';

/** What the documents say of members: the groups they are in, the agents they are. By name. */
type Register = { groups: ReadonlyMap<string, readonly string[]>; agents: ReadonlyMap<string, readonly string[]> };

const registers = new WeakMap<PolicySet, Register>();

/** What the documents say of one identity. */
type Told = { groups: readonly string[]; owner: string | undefined; disabledBy: string | undefined };

/** Each is asked several times in a call, and is the same for as long as the same token and the same documents are in force. */
const told = new WeakMap<PolicySet, WeakMap<Identity, Told>>();

/** The groups of an identity, without `group:`: those its token names and those whose documents name it. Groups do not nest. */
export function groupsOf(identity: Identity, policySet: PolicySet): readonly string[] {
  return toldOf(identity, policySet).groups;
}

/** The member that owns this agent, by the first document that says so. */
export function ownerOf(identity: Identity, policySet: PolicySet): string | undefined {
  return toldOf(identity, policySet).owner;
}

/** A document that switches this agent off. */
export function disabledBy(identity: Identity, policySet: PolicySet): string | undefined {
  return toldOf(identity, policySet).disabledBy;
}

function toldOf(identity: Identity, policySet: PolicySet): Told {
  const ofSet = told.get(policySet) ?? new WeakMap<Identity, Told>();
  told.set(policySet, ofSet);
  const known = ofSet.get(identity);
  if (known !== undefined) return known;
  const register = registerOf(policySet);
  const documented = namesOf(identity).flatMap((member) => register.groups.get(member) ?? []);
  const agents = namesOf(identity)
    .flatMap((member) => register.agents.get(member) ?? [])
    .sort();
  const [first] = agents;
  const all = {
    groups: Object.freeze([...new Set([...identity.groups, ...documented])].sort()),
    owner: first === undefined ? undefined : policySet.agents.get(first)?.owner,
    disabledBy: agents.find((name) => policySet.agents.get(name)?.disabled),
  };
  ofSet.set(identity, all);
  return all;
}

export function namesOf({ member, memberships }: Identity): string[] {
  return [member, ...memberships];
}

function registerOf(policySet: PolicySet): Register {
  const known = registers.get(policySet);
  if (known) return known;
  const groups = new Map<string, string[]>();
  const agents = new Map<string, string[]>();
  for (const [name, { members }] of policySet.groups) for (const member of new Set(members)) note(groups, member, name);
  for (const [name, { member }] of policySet.agents) note(agents, member, name);
  const register = { groups, agents };
  registers.set(policySet, register);
  return register;
}

function note(register: Map<string, string[]>, member: string, name: string) {
  const names = register.get(member);
  if (names) names.push(name);
  else register.set(member, [name]);
}
