import type { Limits } from '../../../model/connection.ts';
import { Problem } from '../../../model/problem.ts';
import type { WireRow } from '../api/answers.ts';
import type { Field } from '../plan.ts';
import { writeWireRow } from '../results/wire.ts';
import { createWritten } from '../results/written.ts';
import { writeToken } from './page-token.ts';

export type PageOptions = {
  /** Members of the answer beside its rows. */
  head: object;
  fields: readonly Field[];
  rows: readonly WireRow[];
  start: number;
  totalRows: number;
  limits: Limits;
  /** Where the request for the next page names no job. */
  jobId?: string | undefined;
  /** Of the member that holds the token of the next page. */
  status?: number;
};

/** Bytes that stand before and after the rows, at most. */
const AROUND = 4096;

/**
 * A page of a result. As many rows as the limits let through; the token of the next page says where it goes on. Refuses to go on behind the
 * last row that policy lets through, so that nobody takes a part for the whole.
 */
export function writePage({ head, fields, rows, start, totalRows, limits, jobId }: PageOptions) {
  const { rows: mostRows = Number.POSITIVE_INFINITY, bytes: mostBytes = Number.POSITIVE_INFINITY } = limits;
  if (start >= mostRows && rows.length > 0)
    throw new Problem('too-large', {
      detail: `Policy lets ${mostRows} rows of a result through, and this one has ${totalRows}; ask for fewer, as with LIMIT or an aggregate.`,
      reason: 'bigquery:rows',
    });
  const written = createWritten();
  const text = JSON.stringify(head);
  written.add(`${text.slice(0, -1)}${text === '{}' ? '' : ','}"rows":[`);
  let count = 0;
  for (const row of rows) {
    if (start + count >= mostRows) break;
    const takeBack = written.mark();
    if (count > 0) written.add(',');
    writeWireRow(written, fields, row);
    if (written.size() + AROUND > mostBytes) {
      takeBack();
      break;
    }
    count += 1;
  }
  if (count === 0 && rows.length > 0)
    throw new Problem('too-large', {
      detail: `A row has more than the ${mostBytes} bytes that policy lets through.`,
      reason: 'bigquery:bytes',
    });
  const end = start + count;
  const isCut = end < totalRows;
  const token = writeToken({ start: end, ...(jobId !== undefined && { jobId }) });
  written.add(isCut && count > 0 ? `],"pageToken":${JSON.stringify(token)}}` : ']}');
  return { ...written.take(), truncated: count < rows.length };
}
