import { z } from 'zod';
import { canonicalJson } from '../model/canonical.ts';
import type { BigQueryClient, QueryRow } from '../platform/bigquery.ts';
import { type Datasets, qualify } from './qualify.ts';
import { type Report, type VerifyOptions, verifyTrail } from './verify.ts';

export type VerifyOnlineDeps = {
  bigquery: Pick<BigQueryClient, 'query' | 'open' | 'projectId'>;
  datasets: Datasets;
  now: () => Date;
};

export type VerifyOnlineOptions = Pick<VerifyOptions, 'keys' | 'tolerance' | 'recordingsFrom' | 'onFinding'> & {
  /** Told now and then how many events of how many were read. */
  onProgress?: (events: number, of: number) => void;
};

/** Rows that are sorted together. */
const most = 200_000;

/** The tables require a filter on the time of every query; these exclude nothing. */
const always = { low: new Date('2020-01-01T00:00:00.000Z'), high: new Date('2200-01-01T00:00:00.000Z') };

type Table = { name: 'events' | 'checkpoints' | 'recordings'; order: string };
const tables = {
  events: { name: 'events', order: 'chain, seq, event_id, `hash`' },
  checkpoints: { name: 'checkpoints', order: 'number, `hash`, signature' },
  recordings: { name: 'recordings', order: 'event_id, chunk, content' },
} as const satisfies Record<string, Table>;

/**
 * Verifies the whole trail as it stands in BigQuery, in the tables themselves: what the views hide, such as a row of the same id with another
 * hash, is seen. Reads in flat memory, a piece of the time after the other. Throws where BigQuery cannot be asked.
 */
export async function verifyOnline(deps: VerifyOnlineDeps, options: VerifyOnlineOptions): Promise<Report> {
  const { onProgress, ...others } = options;
  const readAt = deps.now();
  const pieces = await piecesOf(deps, tables.events);
  const total = pieces.reduce((sum, { rows }) => sum + rows, 0);
  return verifyTrail(
    {
      checkpoints: mapped(rowsOf(deps, tables.checkpoints, undefined), (row) => row),
      events: mapped(rowsOf(deps, tables.events, pieces), lineOf),
      recordings: mapped(rowsOf(deps, tables.recordings, undefined), (row) => row),
    },
    { ...others, readAt, ...(onProgress && { onProgress: (events) => onProgress(events, total) }) },
  );
}

type Piece = { low: Date; high: Date; rows: number };
const hourSchema = z.object({ hour: z.iso.datetime(), amount: z.number() });

/** Hours, put together as long as their rows are not too many. */
async function piecesOf({ bigquery, datasets }: VerifyOnlineDeps, { name }: Table): Promise<Piece[]> {
  const hours = await bigquery.query(
    qualify(
      `SELECT TIMESTAMP_TRUNC(time, HOUR) AS hour, COUNT(*) AS amount
FROM \`sallyport_audit.${name}\`
WHERE time >= @low AND time < @high
GROUP BY 1
ORDER BY 1`,
      bigquery.projectId,
      datasets,
    ),
    always,
  );
  const pieces: Piece[] = [];
  for (const row of hours) {
    const { hour, amount } = hourSchema.parse(row);
    const [low, high] = [new Date(hour), new Date(Date.parse(hour) + 3_600_000)];
    const last = pieces.at(-1);
    if (last && last.rows + amount <= most) Object.assign(last, { high, rows: last.rows + amount });
    else pieces.push({ low, high, rows: amount });
  }
  return pieces;
}

async function* rowsOf(deps: VerifyOnlineDeps, table: Table, known: readonly Piece[] | undefined) {
  const { bigquery, datasets } = deps;
  const { name, order } = table;
  const sql = `SELECT * FROM \`sallyport_audit.${name}\` WHERE time >= @low AND time < @high ORDER BY ${order}`;
  for (const { low, high } of known ?? (await piecesOf(deps, table))) {
    const { pages } = await bigquery.open(qualify(sql, bigquery.projectId, datasets), { low, high });
    for await (const page of pages()) yield* page;
  }
}

async function* mapped<T, U>(items: AsyncIterable<T>, map: (item: T) => U): AsyncGenerator<U> {
  for await (const item of items) yield map(item);
}

/**
 * The canonical JSON of the event in a row. The column that only repeats is left out where it repeats; where it says something else it
 * stays, and the row is no event. A number that no event can hold is null.
 */
function lineOf({ principal_member: member, ...event }: QueryRow): string {
  const repeated = memberSchema.parse(event['principal']);
  const row = member === repeated ? event : { ...event, principal_member: member };
  try {
    return canonicalJson(row);
  } catch {
    return canonicalJson(JSON.parse(JSON.stringify(row)));
  }
}

const memberSchema = z
  .object({ member: z.string() })
  .transform(({ member }) => member)
  .nullable()
  .catch(null);
