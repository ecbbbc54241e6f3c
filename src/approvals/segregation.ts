import type { Approval } from '../model/approval.ts';
import type { Identity } from '../model/identity.ts';
import { goesBy, isNamed, type Person, samePerson } from '../model/person.ts';

/** Who may not decide, and why. The order is that in which they are looked for. */
export type Objection = 'not-human' | 'requester' | 'owner' | 'voted' | 'not-approver';

type Requirements = Approval['requirements'];

/** What is asked of whom, and who has already answered. */
export type Ballot = {
  requester: Person;
  owner?: string | undefined;
  requirements: Requirements;
  voters: readonly Person[];
};

/** Whoever decides, as a token proved it. */
export type Voter = { person: Person; kind: Identity['kind'] };

/**
 * Why this person may not decide, or undefined. Only a human may, who is among the approvers, has not decided yet, and is
 * neither who asked nor who owns the agent. Two accounts with one address are one person.
 */
export function objectionTo({ person, kind }: Voter, ballot: Ballot): Objection | undefined {
  if (kind !== 'human' || person.member.startsWith('serviceAccount:')) return 'not-human';
  if (samePerson(person, ballot.requester)) return 'requester';
  if (ballot.owner !== undefined && goesBy(person, ballot.owner)) return 'owner';
  if (ballot.voters.some((voter) => samePerson(person, voter))) return 'voted';
  if (!ballot.requirements.some(({ approvers }) => isAmong(person, approvers))) return 'not-approver';
  return undefined;
}

/** The requirements that these people together do not meet. `count` counts people; one person may serve several requirements. */
export function unmet(requirements: Requirements, people: readonly Person[]): Requirements {
  return requirements.filter(
    ({ approvers, count }) => distinct(people.filter((person) => isAmong(person, approvers))).length < count,
  );
}

function distinct(people: readonly Person[]) {
  return people.filter((person, index) => !people.slice(0, index).some((earlier) => samePerson(person, earlier)));
}

function isAmong(person: Person, members: readonly string[]) {
  return members.some((member) => isNamed(person, member));
}
