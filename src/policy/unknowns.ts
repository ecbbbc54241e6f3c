import type { InvalidDocument } from '../model/documents.ts';
import { Problem } from '../model/problem.ts';
import { namesOf } from './membership.ts';
import type { Standing } from './question.ts';
import { namesConnection, rulesNaming } from './rules.ts';

/** Throws `policy-unavailable` when a document that does not parse might change what is decided here. */
export function refuseUnknowns(standing: Standing): void {
  const touching = standing.policySet.invalid.find((document) => touches(document, standing));
  if (touching !== undefined)
    throw new Problem('policy-unavailable', { reason: `invalid:${touching.kind}/${touching.name}` });
}

function touches(document: InvalidDocument, standing: Standing): boolean {
  const { identity, connection } = standing;
  const named = document.touches;
  switch (document.kind) {
    case 'connections':
    case 'classifications':
      return document.name === connection.name;
    case 'policies':
      return named?.some((entry) => namesConnection(entry, connection)) ?? true;
    case 'agents':
      return named?.some((member) => namesOf(identity).includes(member)) ?? true;
    case 'groups':
      return touchesByGroup(document.name, standing);
  }
}

/** Whether the identity is in the group is not known, unless its token says so itself; so nothing may hang on it. */
function touchesByGroup(group: string, { groups, connection, policySet }: Standing): boolean {
  if (groups.includes(group)) return false;
  return rulesNaming(connection, policySet).some(
    (rule) => rule.policy.principals.includes(`group:${group}`) || rule.condition()?.ofIdentity,
  );
}
