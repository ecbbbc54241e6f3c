import { z } from 'zod';
import { type AccessReviewed, accessHash, accessReviewedNote, reviewId } from '../model/access-review.ts';
import { type Person, personSchema } from '../model/person.ts';
import type { Clock } from '../platform/clock.ts';
import type { Store, Write } from '../platform/store.ts';

/** `reviews/{id}` in the runtime database: the last review of one access. All of them are in the trail. */
const reviewSchema = accessReviewedNote.omit({ access: true }).extend({
  /** SHA-256 of the canonical JSON of what was reviewed: whether it has changed since. */
  access_sha256: z.string(),
  by: personSchema,
  at: z.iso.datetime(),
});
export type StoredReview = z.output<typeof reviewSchema>;

/** What was decided last of each access. Nothing is written here: the caller commits `writes` with `access_reviewed`. */
export type Reviews = {
  /** By `reviewId`. */
  last(): Promise<ReadonlyMap<string, StoredReview>>;
  record(review: AccessReviewed, by: Person): { writes: readonly Write[]; note: string };
};

const collection = 'reviews';

/** More than anyone reviews; also a bound on what one answer holds. */
const most = 10_000;

export function createReviews({ store, clock }: { store: Store; clock: Clock }): Reviews {
  return {
    async last() {
      const found = await store.query({ collection, limit: most });
      return new Map(found.map(({ data }) => reviewSchema.parse(data)).map((review) => [reviewId(review), review]));
    },
    record({ access, ...review }, by) {
      const at = clock.now().toISOString();
      const data: StoredReview = { ...review, access_sha256: accessHash(access), by, at };
      return {
        writes: [{ op: 'set', path: `${collection}/${reviewId(review)}`, data: { ...data } }],
        note: JSON.stringify({ ...review, access }),
      };
    },
  };
}
