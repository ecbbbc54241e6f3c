import { z } from 'zod';
import { risks, targetKinds, verbs } from './documents.ts';

/** One row of the audit trail (`sallyport_audit.events`), one link of its chain. */

const eventTypes = [
  'refused',
  'denied',
  'simulated',
  'held',
  'approved',
  'approval_denied',
  'expired',
  'intended',
  'completed',
  'failed',
  'unknown',
  'outcome_late',
  'policy_changed',
  'console_access',
  'ending_requested',
  'evidence_exported',
  'break_glass',
  'alert_raised',
  'alert_acknowledged',
  'alert_closed',
  'access_reviewed',
  'chain_opened',
  'chain_closed',
] as const;
export type EventType = (typeof eventTypes)[number];

/** An intent and its outcome share an `event_id`; the phase tells them apart. Anything else is a `fact`. */
export const phases = ['fact', 'intent', 'outcome', 'late'] as const;
export type Phase = (typeof phases)[number];

const text = z.string();
const nullableText = z.string().nullable();
const count = z.int().nonnegative();
const digest = z.string().regex(/^[0-9a-f]{64}$/);

/** What the event says; the chain's own fields are added by the writer. Absent is null, so that every row has the same shape. */
export const auditFactsSchema = z.strictObject({
  event_id: text,
  phase: z.enum(phases),
  time: z.iso.datetime(),
  type: z.enum(eventTypes),
  session: nullableText,
  operation: nullableText,
  principal: z
    .strictObject({
      issuer: text,
      subject: text,
      member: text,
      email: nullableText,
      /** Those that were decided by: of the token and of the documents. */
      groups: z.array(text),
      /** Those of them that the token itself names. */
      claimed_groups: z.array(text),
      /** Every other way a policy may name it: `principalSet://…` and the like. */
      memberships: z.array(text),
      kind: z.enum(['agent', 'human', 'service']),
    })
    .nullable(),
  agent: z
    .strictObject({
      name: nullableText,
      version: nullableText,
      model: nullableText,
      conversation: nullableText,
      attested: z.boolean(),
      reason: nullableText,
    })
    .nullable(),
  connection: nullableText,
  target_kind: z.enum(targetKinds).nullable(),
  verb: z.enum(verbs).nullable(),
  risks: z.array(z.enum(risks)),
  resources: z.array(text),
  /** The classes of data among the resources. */
  classes: z.array(text),
  statement: nullableText,
  /** SHA-256 of the exact statement that was sent, in hex; `«STATEMENT:…»`, keyed, where something in it is sealed or it could not be parsed. */
  statement_sha256: nullableText,
  /** JSON text. */
  parameters: nullableText,
  decision: z
    .strictObject({
      effect: z.enum(['allow', 'deny']),
      policies: z.array(text),
      policy_version: text,
      overridden: z.array(text),
      unmask: z.array(text),
      /** The approvals that it asks for, all of them. */
      requirements: z.array(z.strictObject({ policy: text, approvers: z.array(text), count })),
    })
    .nullable(),
  approval: z
    .strictObject({
      id: text,
      digest: text,
      requester: text,
      approvers: z.array(text),
      requested_at: nullableText,
      decided_at: nullableText,
      reason: nullableText,
    })
    .nullable(),
  /** What was known beforehand, to decide by; `at_most` is the most that may change, as approved. */
  estimates: z
    .strictObject({
      rows: count.nullable(),
      bytes: count.nullable(),
      changes: count.nullable(),
      at_most: count.nullable(),
    })
    .nullable(),
  /** How sure it is that what is masked stays hidden: `proven` where the target itself would refuse the raw value. */
  protection: z.enum(['proven', 'rewritten']).nullable(),
  masks: z.array(z.strictObject({ resource: text, class: text, transform: text, values: count.nullable() })),
  findings: z.array(z.strictObject({ class: text, count })),
  result: z
    .strictObject({
      rows: count.nullable(),
      affected: count.nullable(),
      bytes: count.nullable(),
      sha256: nullableText,
      truncated: z.boolean(),
      status: z.int().nullable(),
      error_code: nullableText,
    })
    .nullable(),
  /** What was kept of the answer in `recordings`: SHA-256 of all chunks' content put together; null where nothing was. */
  recording: z.strictObject({ chunks: count, bytes: count, sha256: digest, truncated: z.boolean() }).nullable(),
  credential: z.strictObject({ secret: text, version: text }).nullable(),
  target_job: nullableText,
  duration_ms: z
    .strictObject({ total: z.number(), queue: z.number(), target: z.number(), audit: z.number() })
    .nullable(),
  gateway: z.strictObject({
    role: text,
    revision: nullableText,
    instance: text,
    version: text,
    image_digest: nullableText,
  }),
  trace: nullableText,
  /** Why, in the product's own words: the reason of a refusal, what a policy change did. JSON text where it has a structure. */
  note: nullableText,
  /** How many like events this one stands for: more than 1 only for sampled refusals of unauthenticated calls. */
  occurrences: z.int().positive(),
});
export type AuditFacts = z.output<typeof auditFactsSchema>;

export const auditEventSchema = auditFactsSchema.extend({
  /** One boot of one instance. */
  chain: text,
  /** From 0, without gaps. */
  seq: count,
  /** The hash of the link before; 64 zeros for the first. */
  prev_hash: digest,
  /** SHA-256 over the canonical JSON (RFC 8785) of every other field. */
  hash: digest,
});
export type AuditEvent = z.output<typeof auditEventSchema>;
