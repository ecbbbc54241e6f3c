import { z } from 'zod';

/** The documents kept in Firestore and in git. Strict: an unknown field is an error. */

export const verbs = ['read', 'write', 'delete', 'define', 'execute', 'connect', 'grant', 'administer'] as const;
export type Verb = (typeof verbs)[number];

export const risks = [
  'bulk',
  'unbounded',
  'irreversible',
  'schema',
  'privilege',
  'credential',
  'cost',
  'opaque',
  'multi',
] as const;
export type Risk = (typeof risks)[number];

export const targetKinds = ['postgres', 'bigquery', 'kubernetes', 'ssh', 'http'] as const;
export type TargetKind = (typeof targetKinds)[number];

export const documentKinds = ['connections', 'policies', 'groups', 'classifications', 'agents'] as const;
export type DocumentKind = (typeof documentKinds)[number];

/** What stands in the place of a classified value. */
export const transforms = ['redact', 'null', 'token', 'partial'] as const;
export type Transform = (typeof transforms)[number];

const units: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };
const scales: Record<string, number> = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 };

/** `30m`, `1h`, `0s` → seconds. */
const duration = z
  .string()
  .regex(/^\d{1,6}[smhd]$/, 'a duration such as 30s, 15m, 2h or 1d')
  .transform((text) => Number(text.slice(0, -1)) * (units[text.slice(-1)] ?? Number.NaN));

/** `10MiB` or a number of bytes. */
const byteSize = z.union([
  z.int().positive(),
  z
    .string()
    .regex(/^\d{1,6}(B|KiB|MiB|GiB)$/, 'a size such as 512KiB or 10MiB')
    .transform((text) => {
      const [, count = '', unit = ''] = /^(\d+)(\w+)$/.exec(text) ?? [];
      return Number(count) * (scales[unit] ?? Number.NaN);
    }),
]);

export const limitsSchema = z.strictObject({
  rows: z.int().positive().optional(),
  bytes: byteSize.optional(),
  seconds: z.int().positive().max(3600).optional(),
  concurrent: z.int().positive().optional(),
});
export type Limits = {
  rows?: number | undefined;
  bytes?: number | undefined;
  seconds?: number | undefined;
  concurrent?: number | undefined;
};

/** The lowest of each limit. */
export function lowestLimits(...all: readonly Limits[]): Limits {
  const limits: Limits = {};
  for (const key of ['rows', 'bytes', 'seconds', 'concurrent'] as const) {
    for (const { [key]: value } of all) {
      if (value !== undefined) limits[key] = Math.min(value, limits[key] ?? value);
    }
  }
  return limits;
}

const member = z
  .string()
  .max(500)
  .regex(
    /^(user:|serviceAccount:|group:|principal:\/\/|principalSet:\/\/)\S+$/,
    'an IAM member: user:…, serviceAccount:…, group:…, principal://… or principalSet://…',
  );

export const documentName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_.-]{0,62}$/, 'lower-case letters, digits, dot, dash and underscore; at most 63');

/** A secret's version by its full name, or a secret whose newest version is used. */
const secretName = z.string().regex(/^projects\/[^/]+\/secrets\/[\w-]+(\/versions\/(\d+|latest))?$/);

const serviceAccount = z.email().regex(/\.gserviceaccount\.com$/, 'the email of a service account');

export const connectionSchema = z.strictObject({
  kind: z.enum(targetKinds),
  settings: z.record(z.string(), z.unknown()),
  credential: z.union([z.strictObject({ secret: secretName }), z.strictObject({ service_account: serviceAccount })]),
  labels: z.record(z.string(), z.string()).default({}),
  unclassified: z.enum(['deny', 'mask', 'allow']).default('deny'),
  limits: limitsSchema.default({}),
  record: z.enum(['masked', 'digest']).default('masked'),
  approval_wait: duration.default(0),
});
export type ConnectionDocument = z.output<typeof connectionSchema>;

const approvalSchema = z.strictObject({
  approvers: z.array(member).min(1),
  count: z.int().min(1).max(10).default(1),
  expires: duration.default(1800),
  reuse: z.literal('none').default('none'),
});

export const policySchema = z
  .strictObject({
    description: z.string().max(1000).optional(),
    principals: z.array(z.union([member, z.literal('*')])).min(1),
    connections: z.array(z.string().min(1)).min(1),
    verbs: z.array(z.enum([...verbs, '*'])).min(1),
    resources: z.array(z.string().min(1)).min(1).default(['*']),
    condition: z.string().max(4000).optional(),
    effect: z.enum(['allow', 'deny', 'guard']),
    approval: approvalSchema.optional(),
    unmask: z.array(z.string()).default([]),
    overrides: z.array(documentName).default([]),
    limits: limitsSchema.default({}),
  })
  .refine((policy) => policy.effect === 'allow' || (policy.unmask.length === 0 && policy.overrides.length === 0), {
    error: 'only an allow may carry unmask or overrides',
  })
  .refine((policy) => policy.effect !== 'deny' || policy.approval === undefined, {
    error: 'a deny carries no approval',
  });
export type Policy = z.output<typeof policySchema>;

export const groupSchema = z.strictObject({ members: z.array(member) });
type Group = z.output<typeof groupSchema>;

const className = z.string().regex(/^[A-Z][A-Z0-9_]{0,79}$/, 'a class in capitals, such as EMAIL_ADDRESS');

/** YAML reads a bare `null` as no value. */
const transform = z.preprocess((given) => given ?? 'null', z.enum(transforms));

const relationName = z.string().min(1).max(300);

/**
 * Relation (or glob) → column → class; and under `transforms`, which is no relation as those have a schema, how a class is
 * masked: `redact` where nothing is said.
 */
export const classificationSchema = z
  .object({ transforms: z.record(className, transform).default({}) })
  .catchall(z.record(z.string().min(1).max(200), className))
  .refine((document) => Object.keys(document).every((name) => relationName.safeParse(name).success), {
    error: 'names of relations have 1 to 300 characters',
  });
export type ClassificationDocument = z.output<typeof classificationSchema>;

/** What is known of an agent beside its token: who answers for it. */
export const agentSchema = z.strictObject({
  member,
  owner: member,
  description: z.string().max(1000).optional(),
  disabled: z.boolean().default(false),
});
type Agent = z.output<typeof agentSchema>;

export const documentSchemas = {
  connections: connectionSchema,
  policies: policySchema,
  groups: groupSchema,
  classifications: classificationSchema,
  agents: agentSchema,
} as const satisfies Record<DocumentKind, z.ZodType>;

/** Everything in force at one moment. `version` is the hash of the documents, stamped on each decision. */
export type PolicySet = {
  version: string;
  connections: ReadonlyMap<string, ConnectionDocument>;
  policies: ReadonlyMap<string, Policy>;
  groups: ReadonlyMap<string, Group>;
  classifications: ReadonlyMap<string, ClassificationDocument>;
  agents: ReadonlyMap<string, Agent>;
  /** Documents that do not parse: what they touch is refused (`policy-unavailable`). */
  invalid: readonly InvalidDocument[];
};

export type InvalidDocument = {
  kind: DocumentKind;
  name: string;
  error: string /** Connections or selectors it names, where that much could be read. */;
  touches?: readonly string[];
};
