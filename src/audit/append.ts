import type { Row } from './outbox.ts';
import type { NewAlert } from './raising.ts';
import { toTableRow } from './tables.ts';

/** A row on its way to BigQuery. Two with one `insertId` at about the same time are kept once, at best: the views make sure. */
export type TableRow = { insertId: string; json: Record<string, unknown> };

/** `stopped`: nothing is wrong with this row, but with another of the same request. */
type RowFailure = { index: number; reason: string };

/** Into a table of the audit dataset. Resolves with the rows that were not taken; throws when it is not known whether any was. */
export type Append = (table: string, rows: readonly TableRow[]) => Promise<readonly RowFailure[]>;

/** Alerts that one instance raises of rows that are refused. */
const most = 100;

/** Appends events; resolves with those that BigQuery acknowledged. */
export type AppendEvents = (rows: readonly Row[]) => Promise<ReadonlySet<Row>>;

/**
 * One row that BigQuery refuses keeps no other out: the rest is sent again without it. A refusal for good raises an alert: once
 * for each row, but for those of alerts, as theirs would be refused as well.
 */
export function createAppendEvents(append: Append, raise: (alert: NewAlert) => void): AppendEvents {
  const alerted = new Set<string>();

  function report({ event_id, type, hash }: Row, reason: string) {
    if (reason !== 'invalid' || type === 'alert_raised' || alerted.size >= most || alerted.has(hash)) return;
    alerted.add(hash);
    raise({ kind: 'row-refused', key: hash, detail: `BigQuery refuses a row of the audit trail: event ${event_id}.` });
  }

  return async (rows) => {
    const acknowledged = new Set<Row>();
    let next = [...rows];
    while (next.length > 0) {
      const sent = next;
      const failures = new Map(
        (await append('events', sent.map(toTableRow))).map(({ index, reason }) => [index, reason]),
      );
      next = [];
      for (const [index, row] of sent.entries()) {
        const reason = failures.get(index);
        if (reason === undefined) acknowledged.add(row);
        else if (reason === 'stopped') next.push(row);
        else report(row, reason);
      }
      if (next.length === sent.length) break;
    }
    return acknowledged;
  };
}
