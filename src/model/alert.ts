import { z } from 'zod';
import { auditFactsSchema } from './audit-event.ts';
import { personSchema } from './person.ts';

/**
 * Something that a human must look at: raised by the product, acknowledged and closed by humans, each an event of the trail.
 * Kept at `alerts/{id}` in the runtime database, changed only in the commit of the event that tells of the change.
 */

/** What can be wrong, and how bad that is. */
const severities = {
  /** How an operation ended is not known: its instance died. */
  'unknown-outcome': 'high',
  /** BigQuery refuses a row of the trail for good. */
  'row-refused': 'high',
  'checkpoint-late': 'high',
  'checkpoint-missing': 'high',
  /** A stored approval is not what the product wrote. */
  'approval-corrupt': 'high',
  /** An approval is marked as granted, and not by decisions that the console signed. */
  'approval-forged': 'high',
  /** A host showed a key that its connection does not pin; nothing was sent to it. */
  'host-key-changed': 'high',
  /** A grant lifted a guard by name; closing the alert is the review. */
  'break-glass': 'medium',
  /** Many callers that nobody knows. */
  'refusal-burst': 'medium',
} as const;

export type AlertKind = keyof typeof severities;
const alertKinds = Object.keys(severities) as [AlertKind, ...AlertKind[]];
export const severityOf = (kind: AlertKind): (typeof severities)[AlertKind] => severities[kind];

const severity = z.enum(['high', 'medium']);
const { session, operation, connection, target_kind, verb } = auditFactsSchema.shape;

/** What an alert is about: these fields of its events, and the IAM member that called. */
const aboutSchema = z.strictObject({
  session,
  operation,
  connection,
  target_kind,
  verb,
  member: z.string().nullable(),
});
export type AlertAbout = z.output<typeof aboutSchema>;

export const alertStates = ['open', 'acknowledged', 'closed'] as const;
export const alertActs = ['acknowledge', 'close'] as const;
export type AlertAct = (typeof alertActs)[number];

const answerSchema = z.strictObject({
  act: z.enum(alertActs),
  by: personSchema,
  reason: z.string(),
  at: z.iso.datetime(),
});

export const alertSchema = z.strictObject({
  id: z.string(),
  kind: z.enum(alertKinds),
  severity,
  /** `raising`: its event is not written yet. */
  state: z.enum(['raising', ...alertStates]),
  /** In the product's own words. */
  detail: z.string(),
  about: aboutSchema,
  /** Whom it is about: none of them answers it. The owner of an agent as an IAM member. */
  parties: z.array(personSchema),
  owner: z.string().optional(),
  raised_at: z.iso.datetime(),
  answers: z.array(answerSchema),
});
export type Alert = z.output<typeof alertSchema>;

/** `note` of `alert_raised`. The event's `operation`, `session` and `connection` say what it is about; it has no `principal`. */
export const alertRaisedNote = z.strictObject({
  alert: z.string(),
  kind: z.enum(alertKinds),
  severity,
  detail: z.string(),
  /** Who called, where it is about a call. */
  member: z.string().nullable(),
});

/** `note` of `alert_acknowledged` and `alert_closed`; the event's `principal` is the human, its `operation` the alert's. */
export const alertAnsweredNote = z.strictObject({
  alert: z.string(),
  kind: z.enum(alertKinds),
  severity,
  raised_at: z.iso.datetime(),
  /** In the human's words. */
  reason: z.string(),
});

/**
 * `note` of `break_glass`, written before the intent of an operation that a grant let past guards. Its review is the
 * `alert_closed` of the same `alert`.
 */
export const breakGlassNote = z.strictObject({
  alert: z.string(),
  /** The guards that did not ask. */
  overridden: z.array(z.string()),
  /** The policies that allowed it. */
  policies: z.array(z.string()),
  /** Why, in the agent's words; null where it gave none. */
  reason: z.string().nullable(),
});
