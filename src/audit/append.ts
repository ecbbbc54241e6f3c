import type { Logger } from '../platform/logger.ts';
import type { Row } from './outbox.ts';
import { toTableRow } from './tables.ts';

/** A row on its way to BigQuery. Two with one `insertId` at about the same time are kept once, at best: the views make sure. */
export type TableRow = { insertId: string; json: Record<string, unknown> };

/** `stopped`: nothing is wrong with this row, but with another of the same request. */
export type RowFailure = { index: number; reason: string };

/** Into a table of the audit dataset. Resolves with the rows that were not taken; throws when it is not known whether any was. */
export type Append = (table: string, rows: readonly TableRow[]) => Promise<readonly RowFailure[]>;

export type AppendDeps = {
  append: Append;
  log: Logger;
};

/** Appends events; resolves with the places of those that BigQuery acknowledged. A row that it refuses for good raises an alert. */
export async function appendAll({ append, log }: AppendDeps, rows: readonly Row[]): Promise<Set<number>> {
  const failures = await append('events', rows.map(toTableRow));
  const failed = new Set(failures.map(({ index }) => index));
  for (const { index, reason } of failures)
    if (reason === 'invalid')
      log.alert({ event: rows[index]?.event_id, reason }, 'BigQuery refuses a row of the audit trail.');
  return new Set([...rows.keys()].filter((index) => !failed.has(index)));
}
