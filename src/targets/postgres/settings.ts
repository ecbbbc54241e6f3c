import { z } from 'zod';

const instanceName = /^([a-z0-9.-]+:)?[a-z][a-z0-9-]*:[a-z]+-[a-z]+\d+:[a-z][a-z0-9-]*$/;

/** Where a server is: at a host, or a Cloud SQL instance, which Google's connector finds. */
const placeSchema = z.object({
  host: z.string().min(1).max(255).optional(),
  port: z.int().min(1).max(65_535).default(5432),
  instance: z.string().regex(instanceName, 'project:region:instance').optional(),
  /** Of the instance's addresses, the one to use. */
  ip: z.enum(['private', 'public', 'psc']).default('private'),
});

/** Settings of a PostgreSQL connection. */
export const settingsSchema = placeSchema
  .strict()
  .extend({
    database: z.string().min(1).max(63),
    /** `disable` is only for loopback, unless the deployment says otherwise. */
    tls: z.enum(['verify-full', 'require', 'disable']).default('verify-full'),
    /** PEM of the authorities that may have signed the server's certificate. */
    ca: z.string().optional(),
    /** Schemas in which unqualified names are looked up. */
    search_path: z.array(z.string().min(1).max(63)).min(1).default(['public']),
    /** Rows: a write that would change more, by cascades too, is `bulk`. */
    bulk: z.int().min(0).max(1_000_000).default(100),
  })
  .refine(({ host, instance }) => (host === undefined) !== (instance === undefined), {
    error: 'either host or instance',
  });
export type Settings = z.output<typeof settingsSchema>;

const parameter = z.union([z.string(), z.number(), z.boolean(), z.null()]);

/** What a caller sends: one statement and its `$1…`. */
/** Rows: beyond, nobody could judge a write by its number. */
export const mostChanged = 1_000_000;

export const requestSchema = z.strictObject({
  statement: z.string().min(1),
  parameters: z.array(parameter).max(1000).default([]),
  /** The most rows a write may change, cascades included. Above the connection's `bulk`, a matter for policy as any bulk write. */
  at_most: z.int().positive().max(mostChanged).optional(),
});
export type Request = z.output<typeof requestSchema>;
export type Parameter = z.output<typeof parameter>;
