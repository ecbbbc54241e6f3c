import { z } from 'zod';
import type { Reviews, StoredReview } from '../audit/audit.ts';
import type { Documents } from '../connections/connections.ts';
import {
  type AccessReviewed,
  accessHash,
  type ReviewedKind,
  reviewDecisions,
  reviewedKinds,
  reviewId,
} from '../model/access-review.ts';
import { agentSchema, groupSchema, policySchema } from '../model/documents.ts';
import { goesBy, type Person, personOf } from '../model/person.ts';
import { Problem } from '../model/problem.ts';
import type { Visit } from './visit.ts';

export const reviewSchema = z.strictObject({
  kind: z.enum(reviewedKinds),
  name: z.string().min(1),
  /** Of a group: the IAM member. */
  member: z.string().min(1).optional(),
  decision: z.enum(reviewDecisions),
  reason: z.string().trim().min(1, 'say why').max(2000),
  /** Of the document as it was seen; without it, the document as it is now. */
  etag: z.string().optional(),
});
type Review = z.output<typeof reviewSchema>;

/**
 * `never`: not reviewed yet. `changed`: not as it was reviewed. `overdue`: longer ago than a quarter. `revoked`: must go and is
 * still there. `reviewed`: nothing to do.
 */
export type Standing = 'never' | 'changed' | 'overdue' | 'revoked' | 'reviewed';

/** One access that somebody has. */
export type Access = {
  kind: ReviewedKind;
  name: string;
  member: string | null;
  /** Of an agent: who answers for it. */
  owner?: string;
  /** What is reviewed, as it was authored. */
  access: unknown;
  etag: string;
  standing: Standing;
  last?: Omit<StoredReview, 'access_sha256'>;
  /** Why this human may not review it. */
  objection?: string;
};

/** Everything that gives somebody access, and what was decided of it last. */
export type AccessReviews = {
  list(visit: Visit): Promise<Access[]>;
  /** Throws `not-found`, `denied` for one's own access, and `precondition-failed` when it is not what was seen. */
  record(visit: Visit, review: Review): Promise<Access>;
};

/** Days after which an access is reviewed again. */
const QUARTER = 92;

export function createAccessReviews(deps: { documents: Documents; reviews: Reviews; now: () => Date }): AccessReviews {
  const { documents, reviews, now } = deps;

  async function listed(visit: Visit): Promise<Access[]> {
    const last = await reviews.last();
    const person = personOf(visit.identity, visit.groups);
    const kinds = await Promise.all(
      reviewedKinds.map(async (kind) => (await documents.list(kind)).flatMap((found) => accessIn(kind, found))),
    );
    return kinds.flat().map((found) => {
      const review = last.get(reviewId(found));
      const objection = isOwn(person, found) ? 'It is your own access; somebody else must review it.' : undefined;
      const { access_sha256: _, ...shown } = review ?? { access_sha256: '' };
      return {
        ...found,
        standing: standingOf(found.access, review, now()),
        ...('by' in shown && { last: shown }),
        ...(objection !== undefined && { objection }),
      };
    });
  }

  return {
    list: listed,
    async record(visit, { kind, name, member = null, decision, reason, etag }) {
      const wanted = reviewId({ kind, name, member });
      const access = (await listed(visit)).find((one) => reviewId(one) === wanted);
      if (access === undefined) throw new Problem('not-found', { reason: 'no-such-access' });
      if (access.objection !== undefined)
        throw new Problem('denied', { detail: access.objection, reason: 'segregation: review' });
      if (etag !== undefined && etag !== access.etag)
        throw new Problem('precondition-failed', { detail: 'The document changed meanwhile. Look at it again.' });
      const review: AccessReviewed = { kind, name, member, decision, reason, etag: access.etag, access: access.access };
      const { writes, note } = reviews.record(review, personOf(visit.identity, visit.groups));
      await visit.note('access_reviewed', {}, { with: writes, note });
      return (await listed(visit)).find((one) => reviewId(one) === wanted) ?? access;
    },
  };
}

type Found = Pick<Access, 'kind' | 'name' | 'member' | 'owner' | 'access' | 'etag'>;

/** A document that does not parse gives access to nobody, and is reviewed as a whole all the same. */
function accessIn(
  kind: ReviewedKind,
  { name, document, etag }: Awaited<ReturnType<Documents['list']>>[number],
): Found[] {
  const whole = { kind, name, member: null, access: document, etag };
  if (kind === 'groups') {
    const { data } = groupSchema.safeParse(document);
    return data?.members.map((member) => ({ ...whole, member, access: { member } })) ?? [whole];
  }
  if (kind === 'agents') {
    const { data } = agentSchema.safeParse(document);
    return [{ ...whole, ...(data !== undefined && { owner: data.owner }) }];
  }
  return [whole];
}

function standingOf(access: unknown, last: StoredReview | undefined, now: Date): Standing {
  if (last === undefined) return 'never';
  if (last.decision === 'revoke') return 'revoked';
  if (last.access_sha256 !== accessHash(access)) return 'changed';
  return now.getTime() - Date.parse(last.at) > QUARTER * 86_400_000 ? 'overdue' : 'reviewed';
}

/** A membership that means this person, a policy that lets them act or decide, an agent that is theirs. What means everybody is nobody's own. */
function isOwn(person: Person, { kind, member, access }: Found): boolean {
  const isTheirs = (name: string) => goesBy(person, name);
  if (kind === 'groups') return member !== null && isTheirs(member);
  if (kind === 'agents') {
    const { data } = agentSchema.safeParse(access);
    return data !== undefined && (isTheirs(data.owner) || isTheirs(data.member));
  }
  const { data } = policySchema.safeParse(access);
  if (data === undefined) return false;
  const acting = data.effect === 'allow' ? data.principals : [];
  return [...acting, ...(data.approval?.approvers ?? [])].some(isTheirs);
}
