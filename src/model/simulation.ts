import { z } from 'zod';
import { auditFactsSchema } from './audit-event.ts';
import { verbs } from './documents.ts';

/** What the trail holds of an operation, enough to decide it again under other documents. */
export const recordedOperationSchema = auditFactsSchema.pick({
  time: true,
  type: true,
  operation: true,
  principal: true,
  agent: true,
  connection: true,
  verb: true,
  risks: true,
  resources: true,
  classes: true,
  statement: true,
  statement_sha256: true,
  decision: true,
  estimates: true,
  note: true,
});
export type RecordedOperation = z.output<typeof recordedOperationSchema>;

/** What would be different. An operation that stays allowed may differ in whom it asks and in what is masked at once. */
export const differences = [
  'allowed-to-denied',
  'denied-to-allowed',
  'approval-needed',
  'approval-not-needed',
  'approvers-changed',
  'masks-changed',
] as const;
export type Difference = (typeof differences)[number];

const text = z.string();
const count = z.int().nonnegative();

/** A decision, as far as the trail holds one. */
const outcomeSchema = z.strictObject({
  effect: z.enum(['allow', 'deny']),
  policies: z.array(text),
  /** Whom it asks: all of them. */
  requirements: z.array(z.strictObject({ policy: text, approvers: z.array(text), count })),
  unmask: z.array(text),
  overridden: z.array(text),
  /** Of a denial. */
  reason: text.nullable(),
});
export type Outcome = z.output<typeof outcomeSchema>;

/** One recorded operation, for whoever wants to see which. */
const sampleSchema = z.strictObject({
  operation: text.nullable(),
  time: text,
  principal: text,
  connection: text,
  verb: z.enum(verbs).nullable(),
  resources: z.array(text),
  before: outcomeSchema,
  /** Null where it cannot be told. */
  after: outcomeSchema.nullable(),
});
export type Sample = z.output<typeof sampleSchema>;

export const simulationSchema = z.strictObject({
  /** How many were decided again. */
  operations: count,
  unchanged: count,
  changed: count,
  /** Decided by something that the trail does not hold. */
  undecidable: count,
  groups: z.array(z.strictObject({ difference: z.enum(differences), count, samples: z.array(sampleSchema) })),
  reasons: z.array(z.strictObject({ why: text, count, samples: z.array(sampleSchema) })),
});
export type Simulation = z.output<typeof simulationSchema>;
