import type { LongText } from '../platform/bigquery.ts';
import type { Logger } from '../platform/logger.ts';
import type { ChunkRow } from './chunks.ts';
import type { Row } from './outbox.ts';
import type { NewAlert } from './raising.ts';
import { tableOf, toTableRow } from './tables.ts';

/** A row on its way to BigQuery. Two with one `insertId` at about the same time are kept once, at best: the views make sure. */
export type TableRow = {
  insertId: string;
  json: Record<string, unknown>;
  /** The same as JSON, where that is there already. */
  text?: string | LongText;
};

/** `stopped`: nothing is wrong with this row, but with another of the same request. */
type RowFailure = { index: number; reason: string };

/** Into a table of the audit dataset. Resolves with the rows that were not taken; throws when it is not known whether any was. */
export type Append = (table: string, rows: readonly TableRow[]) => Promise<readonly RowFailure[]>;

/** Alerts that one instance raises of rows that are refused. */
const most = 100;

/** An event, or a chunk of a recording. */
export type TrailRow = Row | ChunkRow;

/** What became of rows: `refused` are those that BigQuery will never take as they are; the others are to be sent again. */
type Appended = { acknowledged: ReadonlySet<TrailRow>; refused: ReadonlySet<TrailRow> };

/** What is kept of a row: its JSON, or of a large chunk its content. */
export type Kept = string | Buffer;
type Known = ReadonlyMap<TrailRow, Kept>;
type Growing = { acknowledged: Set<TrailRow>; refused: Set<TrailRow> };

/**
 * Appends rows, each to its table. `known` is what is kept of them, which need not be written again. Throws where a table could not be
 * reached and nothing was acknowledged.
 */
export type AppendRows = (rows: readonly TrailRow[], known?: Known) => Promise<Appended>;

/**
 * One row that BigQuery refuses keeps no other out: the rest is sent again without it. Nor does one table keep out the other.
 * A refusal for good raises an alert: once for each row, but for those of alerts, as theirs would be refused as well.
 */
export function createAppendRows(append: Append, log: Logger, raise: (alert: NewAlert) => void): AppendRows {
  const alerted = new Set<string>();

  function report(row: TrailRow) {
    const { insertId } = toTableRow(row);
    const ofAlert = 'type' in row && row.type === 'alert_raised';
    if (ofAlert || alerted.size >= most || alerted.has(insertId)) return;
    alerted.add(insertId);
    const detail = `BigQuery refuses a row of the audit trail: event ${row.event_id}, in ${tableOf(row)}.`;
    raise({ kind: 'row-refused', key: insertId, detail });
  }

  async function appendTo(table: string, rows: readonly TrailRow[], known: Known, { acknowledged, refused }: Growing) {
    let next = rows;
    while (next.length > 0) {
      const sent = next;
      const toSend = sent.map((row) => toTableRow(row, known.get(row)));
      const failures = new Map((await append(table, toSend)).map(({ index, reason }) => [index, reason]));
      const again: TrailRow[] = [];
      for (const [index, row] of sent.entries()) {
        const reason = failures.get(index);
        if (reason === undefined) acknowledged.add(row);
        else if (reason === 'stopped') again.push(row);
        else if (reason === 'invalid') {
          refused.add(row);
          report(row);
        }
      }
      if (again.length === sent.length) break;
      next = again;
    }
  }

  return async (rows, known = new Map()) => {
    const appended: Growing = { acknowledged: new Set(), refused: new Set() };
    const sending = [...Map.groupBy(rows, tableOf)].map(([table, own]) => appendTo(table, own, known, appended));
    const failed = (await Promise.allSettled(sending)).find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') {
      if (appended.acknowledged.size === 0) throw failed.reason;
      log.warn({ error: failed.reason }, 'A table of the audit trail cannot be reached.');
    }
    return appended;
  };
}
