import type { Limits } from '../../../model/connection.ts';
import type { Batch } from '../../../model/result.ts';
import type { Results } from '../api/answers.ts';
import type { Field } from '../plan.ts';
import { writeRow } from './values.ts';
import { createWritten } from './written.ts';

/** Bytes and rows at which a batch is full. */
const FULL = 256 * 1024;
const MOST_ROWS = 5000;

export type RowsOptions = {
  fields: readonly Field[];
  first: Results;
  /** The page that follows one. */
  next: (pageToken: string) => Promise<Results>;
  limits: Limits;
};

/** Rows page by page, as whoever reads them asks for more; of each page no more is held than itself. Nothing is fetched beyond a limit. */
export function createRows({ fields, first, next, limits }: RowsOptions) {
  const { rows: mostRows = Number.POSITIVE_INFINITY, bytes: mostBytes = Number.POSITIVE_INFINITY } = limits;
  let truncated = false;

  async function* batches(): AsyncGenerator<Batch, void> {
    const written = createWritten();
    const before = { rows: 0, bytes: 0 };
    let rows = 0;
    const flush = (): Batch => {
      const batch = { ...written.take(), rows };
      before.rows += rows;
      before.bytes += batch.bytes.length;
      rows = 0;
      return batch;
    };
    for (let page: Results | undefined = first; page !== undefined && !truncated; ) {
      for (const { f } of page.rows) {
        if (before.rows + rows >= mostRows) {
          truncated = true;
          break;
        }
        const takeBack = written.mark();
        writeRow(written, fields, f);
        if (before.bytes + written.size() > mostBytes) {
          takeBack();
          truncated = true;
          break;
        }
        rows += 1;
        if (written.size() >= FULL || rows === MOST_ROWS) yield flush();
      }
      if (rows > 0) yield flush();
      const { pageToken }: Results = page;
      page = pageToken === undefined || truncated ? undefined : await next(pageToken);
    }
  }

  return { batches: batches(), truncated: () => truncated };
}
