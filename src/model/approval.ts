import { z } from 'zod';
import { limitsSchema, risks, targetKinds, verbs } from './documents.ts';
import { personSchema } from './person.ts';

export type { Person } from './person.ts';

/** An approval as it is kept at `approvals/{id}` in the runtime database. */

export const approvalStates = ['pending', 'approved', 'denied', 'expired', 'spent'] as const;
export type ApprovalState = (typeof approvalStates)[number];

const requirementSchema = z.strictObject({ policy: z.string(), approvers: z.array(z.string()), count: z.int() });

/**
 * Everything that a human approves. Besides what is done, by whom and where, it holds the obligations of the decision:
 * a retry that policy would treat otherwise (more unmasked, other approvers) is another thing and is asked anew.
 */
export const boundSchema = z.strictObject({
  /** Rows that may change, by cascades too; more, and everything is taken back. */
  at_most: z.int().optional(),
  connection: z.strictObject({ name: z.string(), version: z.string() }),
  identity: z.strictObject({ issuer: z.string(), subject: z.string() }),
  kind: z.enum(targetKinds),
  limits: limitsSchema,
  parameters: z.array(z.unknown()),
  policy_version: z.string(),
  requirements: z.array(requirementSchema),
  /** Keyed hash of all other fields, so that nobody can try what else may have this digest. */
  salt: z.string(),
  statement: z.string(),
  unmask: z.array(z.string()),
  verb: z.enum(verbs),
});
export type Bound = z.output<typeof boundSchema>;

/** What is signed by the console's key, as canonical JSON (RFC 8785). */
export const signedDecisionSchema = z.strictObject({
  approval: z.string(),
  digest: z.string(),
  decision: z.enum(['approve', 'deny']),
  approver: personSchema,
  reason: z.string(),
  decided_at: z.iso.datetime(),
});
export type SignedDecision = z.output<typeof signedDecisionSchema>;

/** What was known when it was asked. To judge by, and no part of what is approved: it may be different by then. */
const estimatesSchema = z.strictObject({
  rows: z.number().optional(),
  bytes: z.number().optional(),
  changes: z.int().optional(),
  plan: z.string().optional(),
});

const approvalDecisionSchema = signedDecisionSchema.extend({
  /** DER, base64, over SHA-256 of the canonical JSON of the fields above. */
  signature: z.string(),
  /** The KMS key version that signed. */
  key: z.string(),
});
export type ApprovalDecision = z.output<typeof approvalDecisionSchema>;

/** The note of `approved` and `approval_denied`, as JSON text: the decision itself, so that its signature can be checked for ever. */
export const approvalNoteSchema = z.strictObject({
  decision: approvalDecisionSchema,
  /** More approvals are needed. */
  more: z.boolean(),
});
export type ApprovalNote = z.output<typeof approvalNoteSchema>;

export const approvalSchema = z.strictObject({
  id: z.string(),
  state: z.enum(approvalStates),
  /** SHA-256, hex, of `bound`. */
  digest: z.string(),
  /** The exact bytes a human approves: canonical JSON of `Bound`. */
  bound: z.string(),
  /** The operation that asked first. */
  operation: z.string(),
  requester: personSchema,
  /** Who owns the agent, where `agents/{id}` says so: may not decide either. */
  owner: z.string().optional(),
  connection: z.string(),
  policy_version: z.string(),
  kind: z.enum(targetKinds),
  verb: z.enum(verbs),
  risks: z.array(z.enum(risks)),
  resources: z.array(z.string()),
  estimates: estimatesSchema.default({}),
  /** How sure it was that what is masked stays hidden. */
  protection: z.enum(['proven', 'rewritten']).optional(),
  /** What the agent says it is for; shown as its words. */
  reason: z.string().optional(),
  agent: z.strictObject({
    name: z.string().optional(),
    version: z.string().optional(),
    model: z.string().optional(),
    attested: z.boolean(),
  }),
  requirements: z.array(requirementSchema),
  decisions: z.array(approvalDecisionSchema),
  requested_at: z.iso.datetime(),
  expires_at: z.iso.datetime(),
  decided_at: z.iso.datetime().optional(),
  spent_at: z.iso.datetime().optional(),
  /** The operation that spent it. */
  spent_by: z.string().optional(),
});
export type Approval = z.output<typeof approvalSchema>;
