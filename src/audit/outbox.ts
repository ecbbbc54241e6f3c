import { z } from 'zod';
import { type AuditEvent, type AuditFacts, auditEventSchema, phases } from '../model/audit-event.ts';
import type { Revision, StoredDocument } from '../platform/store.ts';
import type { Link } from './chain.ts';
import { outboxPath, runsAs, sortedBy } from './paths.ts';

/**
 * The write-ahead log, a document of `outbox` for each event. Holds the event's rows, each as its canonical JSON, until BigQuery has them all.
 * An intent's document is `intended` until its outcome is in it. What came late has a document of its own.
 */
const outboxDocumentSchema = z.object({
  event: z.string(),
  /** Of the event: documents are sorted by it within its shard. */
  shard: z.int(),
  /** The chain whose lease says whether somebody still works on it. */
  chain: z.string(),
  /** Of the last row, where that is another: its chain is not over before this document is shipped. */
  also: z.string().optional(),
  state: z.enum(['intended', 'done']),
  /** The operation that runs: it is found by this. */
  runs: z.string().optional(),
  rows: z.array(z.string()).min(1),
  /** What was recorded of its answer, where that is little. */
  chunks: z.array(z.string()).default([]),
  /** How many chunks of a session were written while it ran, each in a document of its own. */
  taped: z.int().nonnegative().default(0),
  /** How many bytes they are. */
  taped_bytes: z.int().nonnegative().optional(),
  /** While it is `intended`: it goes on until one side ends it. */
  live: z.boolean().default(false),
});
type OutboxDocument = z.output<typeof outboxDocumentSchema>;

/** Where an event's document stands; what came late of it has one of its own. */
export const pathOf = ({ event_id, phase }: Pick<AuditFacts, 'event_id' | 'phase'>) =>
  outboxPath(event_id, { late: phase === 'late' });

/** A row as it goes to BigQuery: at least what shipping looks at. Rows of other versions of the product pass as they are. */
const rowSchema = z.looseObject({
  event_id: z.string(),
  phase: z.enum(phases),
  type: z.string(),
  chain: z.string(),
  seq: z.int().nonnegative(),
  hash: z.string(),
  principal: z.looseObject({ member: z.string() }).nullable(),
});
export type Row = z.output<typeof rowSchema>;

export type OutboxRecord = OutboxDocument & { path: string; revision: Revision };

export function readRecord(document: StoredDocument): OutboxRecord {
  return { ...outboxDocumentSchema.parse(document.data), path: document.path, revision: document.revision };
}

/** The document of an event that is whole. */
export const doneDocument = ({ event: { event_id, chain }, json }: Link) => ({
  ...sortedBy(event_id),
  ...{ chain, state: 'done', rows: [json] },
});

/** The document of an intent. `live`: what it begins goes on until one side ends it. */
export const intendedDocument = (
  { event: { event_id, chain, operation }, json }: Link,
  { live }: { live: boolean },
) => ({
  ...sortedBy(event_id),
  ...{ chain, state: 'intended', rows: [json] },
  ...(operation !== null && { runs: runsAs(operation) }),
  ...(live && { live }),
});

/** The outbox document of an intent with the outcome in it, which may be a link of another chain. */
export function withOutcome({ event, chain, rows, taped }: OutboxRecord, { event: { chain: also }, json }: Link) {
  return {
    ...sortedBy(event),
    chain,
    state: 'done',
    rows: [...rows, json],
    ...(also !== chain && { also }),
    ...(taped > 0 && { taped }),
  };
}

export const readRow = (json: string): Row => rowSchema.parse(JSON.parse(json));

export const readEvent = (json: string): AuditEvent => auditEventSchema.parse(JSON.parse(json));
