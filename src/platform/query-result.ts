import { setTimeout as pause } from 'node:timers/promises';
import type { Job } from '@google-cloud/bigquery';

/** The rows of a query that has run: kept by BigQuery for a day, and the same ones however often they are read. */
export type QueryResult<Row> = {
  count: number;
  /** One page in memory at a time. A whole number that JSON cannot hold exactly comes as text. */
  pages(): AsyncGenerator<Row[]>;
};

/** Rows of a page; BigQuery sends fewer where they are more than 10 MB. */
const PAGE = 5000;

/** Waits for the query. `plain` takes a row of Google's client. */
export async function resultOf<Row>(job: Job, plain: (row: object) => Row): Promise<QueryResult<Row>> {
  const { count } = await pageOf(job, { maxResults: 0 });
  return {
    count,
    async *pages() {
      let pageToken: string | undefined;
      do {
        const page = await pageOf(job, { maxResults: PAGE, ...(pageToken !== undefined && { pageToken }) });
        yield page.rows.map(plain);
        pageToken = page.next;
      } while (pageToken !== undefined);
    },
  };
}

type Page = { rows: object[]; next: string | undefined; count: number };

/** Reading changes nothing, so it is tried again where BigQuery is busy. */
async function pageOf(job: Job, options: { maxResults: number; pageToken?: string }, tries = 4): Promise<Page> {
  try {
    for (;;) {
      const [rows, , answer] = await job.getQueryResults({ ...options, autoPaginate: false, wrapIntegers });
      if (answer?.jobComplete === false) continue;
      return { rows, next: answer?.pageToken || undefined, count: Number(answer?.totalRows ?? rows.length) };
    }
  } catch (error) {
    if (tries <= 1 || !isPassing(error)) throw error;
    await pause(500 * 2 ** (4 - tries));
    return pageOf(job, options, tries - 1);
  }
}

const wrapIntegers = {
  integerTypeCastFunction: (text: string) => (Number.isSafeInteger(Number(text)) ? Number(text) : text),
};

const passing = new Set<unknown>([429, 500, 502, 503, 504, 'ECONNRESET', 'ETIMEDOUT']);

const isPassing = (error: unknown) => error instanceof Error && 'code' in error && passing.has(error.code);
