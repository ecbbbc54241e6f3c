import type { Logger } from '../platform/logger.ts';
import type { Row } from './outbox.ts';
import { toTableRow } from './tables.ts';

/** A row on its way to BigQuery. Two with one `insertId` at about the same time are kept once, at best: the views make sure. */
export type TableRow = { insertId: string; json: Record<string, unknown> };

/** `stopped`: nothing is wrong with this row, but with another of the same request. */
type RowFailure = { index: number; reason: string };

/** Into a table of the audit dataset. Resolves with the rows that were not taken; throws when it is not known whether any was. */
export type Append = (table: string, rows: readonly TableRow[]) => Promise<readonly RowFailure[]>;

/** Appends events; resolves with those that BigQuery acknowledged. */
export type AppendEvents = (rows: readonly Row[]) => Promise<ReadonlySet<Row>>;

/** One row that BigQuery refuses keeps no other out: the rest is sent again without it. A refusal for good raises an alert, once. */
export function createAppendEvents(append: Append, log: Logger): AppendEvents {
  const alerted = new Set<string>();

  function report({ event_id, hash }: Row, reason: string) {
    if (reason !== 'invalid' || alerted.has(hash)) return;
    if (alerted.size < 1000) alerted.add(hash);
    log.alert({ event: event_id, reason }, 'BigQuery refuses a row of the audit trail.');
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
