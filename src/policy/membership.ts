import type { PolicySet } from '../model/documents.ts';
import type { Identity } from '../model/identity.ts';

/** What the documents say of members: the groups they are in, the agents they are. By name. */
type Register = { groups: ReadonlyMap<string, readonly string[]>; agents: ReadonlyMap<string, readonly string[]> };

const registers = new WeakMap<PolicySet, Register>();

/** The groups of an identity, without `group:`: those its token names and those whose documents name it. Groups do not nest. */
export function groupsOf(identity: Identity, policySet: PolicySet): string[] {
  const { groups } = registerOf(policySet);
  const documented = namesOf(identity).flatMap((member) => groups.get(member) ?? []);
  return [...new Set([...identity.groups, ...documented])].sort();
}

/** The member that owns this agent, by the first document that says so. */
export function ownerOf(identity: Identity, policySet: PolicySet): string | undefined {
  const [first] = agentsOf(identity, policySet);
  return first === undefined ? undefined : policySet.agents.get(first)?.owner;
}

/** A document that switches this agent off. */
export function disabledBy(identity: Identity, policySet: PolicySet): string | undefined {
  return agentsOf(identity, policySet).find((name) => policySet.agents.get(name)?.disabled);
}

function agentsOf(identity: Identity, policySet: PolicySet): string[] {
  const { agents } = registerOf(policySet);
  return namesOf(identity)
    .flatMap((member) => agents.get(member) ?? [])
    .sort();
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
