import { z } from 'zod';
import { type AuditEvent, type AuditFacts, auditEventSchema, phases } from '../model/audit-event.ts';
import type { Revision, StoredDocument } from '../platform/store.ts';

/**
 * `outbox/{event}`: the write-ahead log. Holds an event's rows, each as its canonical JSON, until BigQuery has them all.
 * An intent's document is `intended` until its outcome is in it. What came late has a document of its own.
 */
const outboxDocumentSchema = z.object({
  event: z.string(),
  /** The chain whose lease says whether somebody still works on it. */
  chain: z.string(),
  state: z.enum(['intended', 'done']),
  rows: z.array(z.string()).min(1),
  /** What was recorded of its answer, where that is little. */
  chunks: z.array(z.string()).default([]),
});
type OutboxDocument = z.output<typeof outboxDocumentSchema>;

export const outboxPath = ({ event_id, phase }: Pick<AuditFacts, 'event_id' | 'phase'>) =>
  phase === 'late' ? `outbox/${event_id}.late` : `outbox/${event_id}`;

/** A row as it goes to BigQuery: at least what shipping looks at. Rows of other versions of the product pass as they are. */
const rowSchema = z.looseObject({
  event_id: z.string(),
  phase: z.enum(phases),
  type: z.string(),
  hash: z.string(),
  principal: z.looseObject({ member: z.string() }).nullable(),
});
export type Row = z.output<typeof rowSchema>;

export type OutboxRecord = OutboxDocument & { path: string; revision: Revision };

export function readRecord(document: StoredDocument): OutboxRecord {
  return { ...outboxDocumentSchema.parse(document.data), path: document.path, revision: document.revision };
}

export const readRow = (json: string): Row => rowSchema.parse(JSON.parse(json));

export const readEvent = (json: string): AuditEvent => auditEventSchema.parse(JSON.parse(json));
