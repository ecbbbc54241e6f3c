import { z } from 'zod';
import { documentKinds } from './documents.ts';

/** What the notes of `policy_changed` events say, as JSON: the one record of every change of a document. */

const text = z.string();
const digest = z.string().regex(/^[0-9a-f]{64}$/);
const document = z.record(z.string(), z.unknown());

/** Where a change came from: `outside` is anything but the console, such as Terraform, gcloud or Firestore itself. */
const sources = ['console', 'outside'] as const;
const kindsOfChange = ['created', 'changed', 'removed'] as const;

/**
 * A change of one document. From the console it is recorded before it is made, and whether it was is told by a further event
 * where that is in doubt; from outside it is recorded once a keeper has seen it.
 */
export const policyChangeSchema = z.strictObject({
  /** `pc_…` */
  id: text,
  kind: z.enum(documentKinds),
  name: text,
  change: z.enum(kindsOfChange),
  source: z.enum(sources),
  before: document.nullable(),
  after: document.nullable(),
  /** Of the canonical JSON (RFC 8785); null where there is no document. */
  before_sha256: digest.nullable(),
  after_sha256: digest.nullable(),
  /** A document is not here though there is one: too large for an event, or no JSON. Only from outside. */
  omitted: z.boolean(),
  /** Of the document before, where the console read it. */
  etag_before: text.nullable(),
  /** When it was written, as the database says, where that is known beside the time of the event. */
  written_at: z.iso.datetime().nullable(),
  /** The version of all policy without the change, and with it. */
  policy_version_before: text,
  policy_version: text,
  /** Who agreed beside the author. Nobody has to, as yet. */
  approver: text.nullable(),
});
export type PolicyChange = z.output<typeof policyChangeSchema>;

/** How a change ended, in an event of its own, where it did not simply succeed. */
export const policyChangeEndSchema = z.strictObject({
  /** That of the change. */
  id: text,
  kind: z.enum(documentKinds),
  name: text,
  outcome: z.enum(['made', 'not made', 'not known']),
  code: text.nullable(),
});
export type PolicyChangeEnd = z.output<typeof policyChangeEndSchema>;

/** Bytes that a note may take in an event, which holds no more than 400,000. */
const mostBytes = 350_000;

/** Bytes by which a note is too large for an event. */
export function excessOf(change: PolicyChange): number {
  return Math.max(0, Buffer.byteLength(JSON.stringify(JSON.stringify(change))) - mostBytes);
}
