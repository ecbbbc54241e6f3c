import { z } from 'zod';
import { type DocumentKind, documentKinds } from '../model/documents.ts';
import type { BigQueryClient } from '../platform/bigquery.ts';

const text = z.string();
const moment = z.iso.datetime();
const document = text.nullable().transform((json) => (json === null ? null : recordSchema.parse(JSON.parse(json))));
const recordSchema = z.record(text, z.unknown());

/** One row of the view `policy_changes`. */
const changedDocumentSchema = z.object({
  id: text,
  event_id: text,
  time: moment,
  kind: z.enum(documentKinds),
  name: text,
  change: z.enum(['created', 'changed', 'removed']),
  outcome: z.enum(['made', 'not made', 'not known']),
  source: z.enum(['console', 'outside']),
  before: document,
  after: document,
  before_sha256: text.nullable(),
  after_sha256: text.nullable(),
  /** Null for a change outside the console: the database does not say who. */
  author: text.nullable(),
  approver: text.nullable(),
  policy_version_before: text,
  policy_version: text,
  written_at: moment,
  /** Null where it was not made. */
  in_force_from: moment.nullable(),
  in_force_to: moment.nullable(),
  /** `decision`: a gateway decided under it then. `write`: none has yet. */
  in_force_by: z.enum(['decision', 'write']).nullable(),
});
export type ChangedDocument = z.output<typeof changedDocumentSchema>;

type HistoryFilter = {
  kind?: DocumentKind | undefined;
  name?: string | undefined;
  /** Recorded at this time or after. */
  from?: Date | undefined;
  /** Recorded before this time. */
  to?: Date | undefined;
  limit: number;
};

/** The changes of the documents, the newest first, as the trail tells of them. Throws when BigQuery cannot be asked. */
export type PolicyHistory = (filter: HistoryFilter) => Promise<ChangedDocument[]>;

export function createPolicyHistory(deps: {
  query: BigQueryClient['query'];
  project: string;
  /** The audit dataset. */
  dataset: string;
}): PolicyHistory {
  const columns = Object.keys(changedDocumentSchema.shape).join(', ');
  return async ({ kind, name, from, to, limit }) => {
    const conditions = [
      kind === undefined ? [] : ['kind = @kind'],
      name === undefined ? [] : ['name = @name'],
      from === undefined ? [] : ['time >= @from'],
      to === undefined ? [] : ['time < @to'],
    ].flat();
    const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
    const rows = await deps.query(
      `SELECT ${columns} FROM \`${deps.project}.${deps.dataset}.policy_changes\` ${where} ORDER BY time DESC, chain, seq DESC LIMIT @limit`,
      {
        limit,
        ...(kind !== undefined && { kind }),
        ...(name !== undefined && { name }),
        ...(from !== undefined && { from }),
        ...(to !== undefined && { to }),
      },
    );
    return rows.map((row) => changedDocumentSchema.parse(row));
  };
}
