import { z } from 'zod';
import { canonicalJson, sha256 } from './canonical.ts';

/** What gives somebody access, and is reviewed: each member of a group, each policy, each agent with its owner. */
export const reviewedKinds = ['groups', 'policies', 'agents'] as const;
export type ReviewedKind = (typeof reviewedKinds)[number];

export const reviewDecisions = ['keep', 'revoke'] as const;

/** `note` of `access_reviewed`; the event's `principal` is the reviewer. */
export const accessReviewedNote = z.strictObject({
  kind: z.enum(reviewedKinds),
  /** Of the document. */
  name: z.string(),
  /** IAM member; null where the document is reviewed as a whole. */
  member: z.string().nullable(),
  /** `revoke` says that it must go; the change itself is a `policy_changed`. */
  decision: z.enum(reviewDecisions),
  reason: z.string(),
  /** Of the document as it was reviewed. */
  etag: z.string(),
  /** The access itself: the document, of a group the member alone. */
  access: z.unknown(),
});
export type AccessReviewed = z.output<typeof accessReviewedNote>;

/** One access, whatever was said of it. */
export const reviewId = ({ kind, name, member }: Pick<AccessReviewed, 'kind' | 'name' | 'member'>): string =>
  sha256(`${kind}\0${name}\0${member ?? ''}`).slice(0, 32);

/** Equal for equal access, so that a change since the last review can be told. */
export const accessHash = (access: unknown): string => sha256(canonicalJson(JSON.parse(JSON.stringify(access))));
