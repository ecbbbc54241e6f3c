import type { DocumentKind } from '../model/documents.ts';
import { explain } from './condition.ts';
import { decide } from './decide.ts';
import { groupsOf, ownerOf } from './membership.ts';
import { canReach, mayReach, type Reach, reachable } from './reach.ts';

export { approversOf } from './approvers.ts';
export { type DiffLine, diffDocuments, yamlOf } from './document-diff.ts';
export { createSimulation } from './simulate.ts';
export { readYaml } from './strict-yaml.ts';
export { decide, groupsOf, ownerOf, type Reach, reachable };

/** What the gateway asks of policy. All of it is pure. */
export type Policy = {
  decide: typeof decide;
  groupsOf: typeof groupsOf;
  ownerOf: typeof ownerOf;
  reachable: typeof reachable;
  canReach: typeof canReach;
  mayReach: typeof mayReach;
};

export const policy: Policy = { decide, groupsOf, ownerOf, reachable, canReach, mayReach };

/** Why a document that fits its schema cannot be in force all the same: its condition does not compile. Otherwise undefined. */
export function whyUnusable(kind: DocumentKind, document: Record<string, unknown>): string | undefined {
  const { condition } = document;
  if (kind !== 'policies' || typeof condition !== 'string') return undefined;
  const problem = explain(condition);
  return problem === undefined ? undefined : `condition: ${problem}`;
}
