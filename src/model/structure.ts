import { z } from 'zod';

/** What of a target's structure is asked for: one table, or those whose name fits, some at a time (AIP-158). */
export const structureQuerySchema = z.strictObject({
  table: z
    .string()
    .min(1)
    .max(300)
    .optional()
    .meta({ description: 'One table, as resources are written: `public.users`.' }),
  match: z
    .string()
    .min(1)
    .max(300)
    .optional()
    .meta({ description: 'Tables whose name fits; `*` stands for any run of characters: `public.user*`.' }),
  page_size: z.coerce.number().int().min(1).max(1000).default(100).meta({
    description: 'Tables to a page at most. A page may hold fewer, or none, and there may be more all the same.',
  }),
  page_token: z
    .string()
    .min(1)
    .max(1000)
    .optional()
    .meta({ description: '`next_page_token` of the page before. Ask for the same otherwise.' }),
});
export type StructureQuery = z.output<typeof structureQuerySchema>;

/** Who asks: what of the structure it may know of. */
export type StructureQuestion = {
  query: StructureQuery;
  /** Whether policy would grant anything on a resource. */
  mayTouch: (resource: string) => boolean;
  /** Whether policy would grant anything on something that a resource with `*` in it may mean. */
  mayTouchSome: (resource: string) => boolean;
};
