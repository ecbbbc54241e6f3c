import { isUtf8 } from 'node:buffer';
import { z } from 'zod';
import { canonicalJson } from '../model/canonical.ts';
import type { BigQueryClient, QueryParameters, QueryRow } from '../platform/bigquery.ts';
import { type Datasets, qualify } from './qualify.ts';
import { always, type Excerpt, excerptOf } from './verify/excerpt.ts';
import { type Report, type VerifyOptions, verifyTrail } from './verify.ts';

type VerifyOnlineDeps = {
  bigquery: Pick<BigQueryClient, 'query' | 'open' | 'projectId'>;
  datasets: Datasets;
  now: () => Date;
};

type VerifyOnlineOptions = Pick<VerifyOptions, 'keys' | 'tolerance' | 'recordingsFrom' | 'onFinding'> & {
  /** From the last checkpoint before this time on. */
  from?: Date;
  /** Up to the first checkpoint after this time. */
  to?: Date;
  /** Told now and then how many events of how many were read. */
  onProgress?: (events: number, of: number) => void;
};

/** Rows that are sorted together. */
const most = 200_000;

type Table = { name: 'events' | 'checkpoints' | 'recordings'; order: string };
const tables = {
  events: { name: 'events', order: 'chain, seq, event_id, `hash`' },
  checkpoints: { name: 'checkpoints', order: 'number, `hash`, signature' },
  recordings: { name: 'recordings', order: 'event_id, chunk, content' },
} as const satisfies Record<string, Table>;

/**
 * Verifies the trail as it stands in BigQuery, in the tables themselves: what the views hide, such as a row of the same id with another
 * hash, is seen. Reads in flat memory, a piece of the time after the other. Throws where BigQuery cannot be asked.
 */
export async function verifyOnline(deps: VerifyOnlineDeps, options: VerifyOnlineOptions): Promise<Report> {
  const { onProgress, from, to, ...others } = options;
  const readAt = deps.now();
  const tell = (sql: string, parameters: QueryParameters) => deps.bigquery.query(named(deps, sql), parameters);
  const excerpt = await excerptOf(tell, { ...(from && { from }), ...(to && { to }) });
  const pieces = await piecesOf(deps, tables.events, excerpt);
  const total = pieces.reduce((sum, { rows }) => sum + rows, 0);
  return verifyTrail(
    {
      checkpoints: checkpointsOf(deps, excerpt),
      events: eventsOf(deps, excerpt, pieces),
      recordings: recordingsOf(deps, await piecesOf(deps, tables.recordings, excerpt)),
    },
    {
      ...others,
      readAt,
      excerpt: excerpt.first !== undefined,
      goesOn: to !== undefined,
      ...((from || to) && { recorded: { from: from ?? always.low, to: to ?? always.high } }),
      ...(onProgress && { onProgress: (events) => onProgress(events, total) }),
    },
  );
}

const named = ({ bigquery, datasets }: VerifyOnlineDeps, sql: string) => qualify(sql, bigquery.projectId, datasets);

type Piece = { low: Date; high: Date; rows: number };
const hourSchema = z.object({ hour: z.iso.datetime(), amount: z.number() });
const hour = 3_600_000;

/** Hours, put together as long as their rows are not too many. */
async function piecesOf(deps: VerifyOnlineDeps, { name }: Table, { low, high }: Excerpt): Promise<Piece[]> {
  const sql = `SELECT TIMESTAMP_TRUNC(time, HOUR) AS hour, COUNT(*) AS amount
FROM \`sallyport_audit.${name}\`
WHERE time >= @low AND time < @high
GROUP BY 1
ORDER BY 1`;
  const pieces: Piece[] = [];
  for (const row of await deps.bigquery.query(named(deps, sql), { low, high })) {
    const { hour: start, amount } = hourSchema.parse(row);
    const piece = {
      low: new Date(Math.max(Date.parse(start), low.getTime())),
      high: new Date(Math.min(Date.parse(start) + hour, high.getTime())),
    };
    const last = pieces.at(-1);
    if (last && last.rows + amount <= most) Object.assign(last, { high: piece.high, rows: last.rows + amount });
    else pieces.push({ ...piece, rows: amount });
  }
  return pieces;
}

async function* rowsOf(deps: VerifyOnlineDeps, { name, order }: Table, pieces: readonly Piece[]) {
  const sql = `SELECT * FROM \`sallyport_audit.${name}\` WHERE time >= @low AND time < @high ORDER BY ${order}`;
  for (const { low, high } of pieces) {
    const { pages } = await deps.bigquery.open(named(deps, sql), { low, high });
    for await (const page of pages()) yield* page;
  }
}

async function* checkpointsOf(deps: VerifyOnlineDeps, excerpt: Excerpt): AsyncGenerator<QueryRow> {
  const { first, upto, reach } = excerpt;
  const pieces = await piecesOf(deps, tables.checkpoints, { ...excerpt, ...(first && { low: new Date(first.time) }) });
  for await (const row of rowsOf(deps, tables.checkpoints, pieces)) {
    const number = row['number'];
    if (typeof number === 'number' && (number > upto || number < (first?.number ?? 0))) continue;
    reach(row);
    yield row;
  }
}

async function* eventsOf(deps: VerifyOnlineDeps, { holds }: Excerpt, pieces: readonly Piece[]): AsyncGenerator<string> {
  for await (const row of rowsOf(deps, tables.events, pieces)) if (holds(row)) yield lineOf(row);
}

/** With content as text; of what is none, there is nothing. */
async function* recordingsOf(deps: VerifyOnlineDeps, pieces: readonly Piece[]): AsyncGenerator<QueryRow> {
  for await (const row of rowsOf(deps, tables.recordings, pieces)) {
    const content = row['content'];
    yield { ...row, content: content instanceof Uint8Array && isUtf8(content) ? String(content) : null };
  }
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
