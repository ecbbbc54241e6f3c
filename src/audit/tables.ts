import { LongText } from '../platform/bigquery.ts';
import type { Kept, TableRow } from './append.ts';
import type { ChunkRow } from './chunks.ts';
import type { Row } from './outbox.ts';

/** The tables of the audit dataset, in one place: from here it is installed on the stand, and from here the deployment is generated. */
export type Field = {
  name: string;
  type: 'STRING' | 'INT64' | 'FLOAT64' | 'BOOL' | 'TIMESTAMP' | 'BYTES' | 'STRUCT';
  mode: 'REQUIRED' | 'NULLABLE' | 'REPEATED';
  fields?: readonly Field[];
  description?: string;
};

export type Table = {
  name: string;
  description: string;
  fields: readonly Field[];
  /** The column whose day says the partition. Every query must filter on it. */
  partition: string;
  /** At most four, top-level, not repeated. */
  cluster: readonly string[];
};

const field = (name: string, type: Field['type'], mode: Field['mode'] = 'NULLABLE'): Field => ({ name, type, mode });
const text = (name: string) => field(name, 'STRING');
const required = (name: string, type: Field['type'] = 'STRING') => field(name, type, 'REQUIRED');
const texts = (...names: string[]) => names.map((name) => field(name, 'STRING', 'REPEATED'));
const struct = (name: string, fields: readonly Field[], mode: Field['mode'] = 'NULLABLE'): Field => ({
  ...field(name, 'STRUCT', mode),
  fields,
});

/**
 * One column for each field of `AuditEvent`, in types that give back the same JSON, so that a row can be hashed again.
 * `principal_member` repeats `principal.member`, as BigQuery clusters by top-level columns only; it is not hashed.
 */
const events: Table = {
  name: 'events',
  description:
    'The audit trail: one row for each link of each chain. Read it through sallyport_evidence.events. The hash of a row is ' +
    'the SHA-256 over the canonical JSON (RFC 8785) of its other columns but principal_member: with null where there is ' +
    'nothing, and times as 2026-01-31T12:00:00.000Z.',
  partition: 'time',
  cluster: ['connection', 'principal_member', 'type'],
  fields: [
    required('event_id'),
    required('phase'),
    required('chain'),
    required('seq', 'INT64'),
    required('prev_hash'),
    required('hash'),
    required('time', 'TIMESTAMP'),
    required('type'),
    text('session'),
    text('operation'),
    text('principal_member'),
    struct('principal', [
      required('issuer'),
      required('subject'),
      required('member'),
      text('email'),
      ...texts('groups', 'claimed_groups', 'memberships'),
      required('kind'),
    ]),
    struct('agent', [
      text('name'),
      text('version'),
      text('model'),
      text('conversation'),
      required('attested', 'BOOL'),
      text('reason'),
    ]),
    text('connection'),
    text('target_kind'),
    text('verb'),
    ...texts('risks', 'resources', 'classes'),
    text('statement'),
    text('statement_sha256'),
    text('parameters'),
    struct('decision', [
      required('effect'),
      ...texts('policies'),
      required('policy_version'),
      ...texts('overridden', 'unmask'),
      struct('requirements', [required('policy'), ...texts('approvers'), required('count', 'INT64')], 'REPEATED'),
    ]),
    struct('approval', [
      required('id'),
      required('digest'),
      required('requester'),
      ...texts('approvers'),
      field('requested_at', 'TIMESTAMP'),
      field('decided_at', 'TIMESTAMP'),
      text('reason'),
    ]),
    struct('estimates', [
      field('rows', 'INT64'),
      field('bytes', 'INT64'),
      field('changes', 'INT64'),
      field('at_most', 'INT64'),
    ]),
    text('protection'),
    struct(
      'masks',
      [required('resource'), required('class'), required('transform'), field('values', 'INT64')],
      'REPEATED',
    ),
    struct('findings', [required('class'), required('count', 'INT64')], 'REPEATED'),
    struct('result', [
      field('rows', 'INT64'),
      field('affected', 'INT64'),
      field('bytes', 'INT64'),
      text('sha256'),
      required('truncated', 'BOOL'),
      field('status', 'INT64'),
      text('error_code'),
    ]),
    struct('recording', [
      required('chunks', 'INT64'),
      required('bytes', 'INT64'),
      required('sha256'),
      required('truncated', 'BOOL'),
    ]),
    struct('credential', [required('secret'), required('version')]),
    text('target_job'),
    struct('duration_ms', [
      required('total', 'FLOAT64'),
      required('queue', 'FLOAT64'),
      required('target', 'FLOAT64'),
      required('audit', 'FLOAT64'),
    ]),
    struct('gateway', [
      required('role'),
      text('revision'),
      required('instance'),
      required('version'),
      text('image_digest'),
    ]),
    text('trace'),
    text('note'),
    required('occurrences', 'INT64'),
  ],
};

const recordings: Table = {
  name: 'recordings',
  description:
    'What was returned, as the agent saw it, in chunks of NDJSON: first the columns, then a row a line. All content of one event ' +
    'put together has the SHA-256 that its outcome says (recording.sha256). Read it through sallyport_evidence.recordings, where ' +
    'it is text: here it is its bytes in UTF-8.',
  partition: 'time',
  cluster: ['session', 'operation'],
  fields: [
    required('event_id'),
    required('operation'),
    text('session'),
    text('connection'),
    required('time', 'TIMESTAMP'),
    required('direction'),
    required('chunk', 'INT64'),
    required('offset_ms', 'INT64'),
    required('content', 'BYTES'),
    required('sha256'),
  ],
};

const checkpoints: Table = {
  name: 'checkpoints',
  description:
    'Signed heads of all chains, one a minute. body is the exact text that key signed (ECDSA P-256 over SHA-256, DER in base64); ' +
    'its root is the Merkle tree hash (RFC 6962) over heads.',
  partition: 'time',
  cluster: ['checkpoint'],
  fields: [
    required('checkpoint'),
    required('number', 'INT64'),
    required('time', 'TIMESTAMP'),
    required('keeper'),
    required('hash'),
    required('body'),
    required('heads'),
    required('signature'),
    required('key'),
  ],
};

const targetRecords: Table = {
  name: 'target_records',
  description:
    'What targets themselves write of their use, from their own logs: to be compared with the trail. `operation` is the operation of ' +
    'the gateway that the record names; NULL where it names none. Filled by the queries in src/evidence/sources.',
  partition: 'time',
  cluster: ['source', 'connection', 'operation'],
  fields: [
    required('time', 'TIMESTAMP'),
    required('source'),
    text('connection'),
    text('principal'),
    text('operation'),
    required('record_id'),
    text('resource'),
    text('action'),
    text('detail'),
  ],
};

const leavers: Table = {
  name: 'leavers',
  description:
    'People who left, as the register of people has it; filled by whoever keeps that. Members as in IAM: user:…',
  partition: 'left_at',
  cluster: ['member'],
  fields: [required('member'), required('left_at', 'TIMESTAMP'), text('source')],
};

export const tables: readonly Table[] = [events, recordings, checkpoints, targetRecords, leavers];

/** The table a row belongs to. */
export const tableOf = (row: Row | ChunkRow) => (isChunk(row) ? 'recordings' : 'events');

export const isChunk = (row: Row | ChunkRow): row is ChunkRow => 'direction' in row;

/** A row as its table takes it. Its insertId is the same each time the row is sent, whoever sends it. `kept`: what is kept of it. */
export function toTableRow(row: Row | ChunkRow, kept?: Kept): TableRow {
  if (isChunk(row)) {
    const { event_id, direction, chunk, sha256 } = row;
    const insertId = `${event_id}:${direction}:${chunk}:${sha256.slice(0, 16)}`;
    return { insertId, json: row, ...(kept !== undefined && { text: chunkText(row, kept) }) };
  }
  const principal_member = row.principal?.member ?? null;
  const more = `{"principal_member":${JSON.stringify(principal_member)},`;
  return {
    insertId: `${row.event_id}:${row.phase}:${row.hash.slice(0, 16)}`,
    json: { ...row, principal_member },
    ...(kept !== undefined && { text: `${more}${String(kept).slice(1)}` }),
  };
}

function chunkText(row: ChunkRow, kept: Kept): string | LongText {
  if (typeof kept === 'string') return kept;
  const { event_id, operation, session, connection, time, direction, chunk, offset_ms, sha256 } = row;
  const head = { event_id, operation, session, connection, time, direction, chunk, offset_ms, sha256 };
  return new LongText(`${JSON.stringify(head).slice(0, -1)},"content":"`, kept, '"}');
}
