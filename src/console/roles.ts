import { Problem } from '../model/problem.ts';
import type { Visit } from './visit.ts';

/** What one has to be a member of. Who may decide an approval is said by the policy that asks for it. */
export type Roles = {
  mustAuthor(visit: Visit): void;
  mustAudit(visit: Pick<Visit, 'groups'>): void;
  /** Authors and auditors: what concerns both. */
  mustOversee(visit: Visit): void;
  /** What to offer in the navigation. */
  of(visit: Visit): { author: boolean; auditor: boolean };
};

/** Names of groups, without `group:`. */
export function createRoles(groups: { admins: string; auditors: string }): Roles {
  const isIn = (visit: Pick<Visit, 'groups'>, group: string) => visit.groups.includes(group);
  const must = (visit: Pick<Visit, 'groups'>, group: string) => {
    if (!isIn(visit, group))
      throw new Problem('denied', { detail: `This is for members of group:${group}.`, reason: `not-in:${group}` });
  };
  return {
    mustAuthor: (visit) => must(visit, groups.admins),
    mustAudit: (visit) => must(visit, groups.auditors),
    mustOversee: (visit) => must(visit, isIn(visit, groups.admins) ? groups.admins : groups.auditors),
    of: (visit) => ({ author: isIn(visit, groups.admins), auditor: isIn(visit, groups.auditors) }),
  };
}
