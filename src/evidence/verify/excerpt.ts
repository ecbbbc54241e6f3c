import { z } from 'zod';
import { type ChainHead, type Checkpoint, chainHeadSchema, checkpointSchema } from '../../model/checkpoint.ts';
import type { QueryParameters, QueryRow } from '../../platform/bigquery.ts';
import { jsonOf } from './lines.ts';

/** A part of the trail in BigQuery: from the heads of one checkpoint to those of another. */
export type Excerpt = {
  /** The checkpoint it begins after; undefined where it begins with the trail. */
  first: Checkpoint | undefined;
  /** Rows of the tables have times within these. */
  low: Date;
  high: Date;
  /** The number of the last checkpoint that is part of it. */
  upto: number;
  /** Reads a checkpoint that is part of it: its heads are as far as it goes. */
  reach(row: QueryRow): void;
  /** Whether a row of the events is part of it, once all checkpoints were read. */
  holds(row: QueryRow): boolean;
};

type Query = (sql: string, parameters: QueryParameters) => Promise<QueryRow[]>;

const minute = 60_000;
/** How far an event's own time may be from that of the checkpoints around it. Milliseconds. */
const slack = 30 * minute;
/** A checkpoint that was made so soon after the end may lack some of what came before it. Milliseconds. */
const lag = 2 * minute;

/** The tables require a filter on the time of every query; these exclude nothing. */
export const always = { low: new Date('2020-01-01T00:00:00.000Z'), high: new Date('2200-01-01T00:00:00.000Z') };

/**
 * What lies between two times, out to the checkpoints around them. What a checkpoint says is taken as it is: the verifier reads the same
 * checkpoints, and finds those that do not hold.
 */
export async function excerptOf(query: Query, { from, to }: { from?: Date; to?: Date }): Promise<Excerpt> {
  const first = from && (await oneOf(query, `time < @at ORDER BY number DESC`, from));
  const last = to && (await oneOf(query, `time >= @at ORDER BY number`, new Date(to.getTime() + lag)));
  const start = new Map(headsOf(first).map((head) => [head.chain, head.seq]));
  const ended = first === undefined ? new Set<string>() : await endedBefore(query, first, start);
  const reached = new Map<string, number>();
  const end = last && Date.parse(last.time);
  const low = first === undefined ? always.low : new Date(Date.parse(first.time) - slack);
  const high = end === undefined ? always.high : new Date(end + slack);

  return {
    ...{ first, low, high },
    upto: last?.number ?? Number.MAX_SAFE_INTEGER,
    reach(row) {
      for (const { chain, seq } of headsOf(checkpointSchema.safeParse(row).data))
        reached.set(chain, Math.max(seq, reached.get(chain) ?? -1));
    },
    holds({ chain, seq, time }) {
      if (typeof chain !== 'string' || typeof seq !== 'number') return true;
      if (ended.has(chain) || seq <= (start.get(chain) ?? -1)) return false;
      if (end === undefined || seq <= (reached.get(chain) ?? -1)) return true;
      return Date.parse(String(time)) < (to?.getTime() ?? 0);
    },
  };
}

async function oneOf(query: Query, condition: string, at: Date): Promise<Checkpoint | undefined> {
  const sql = `SELECT * FROM \`sallyport_audit.checkpoints\` WHERE time >= @low AND ${condition}, \`hash\` LIMIT 1`;
  const [row] = await query(sql, { low: always.low, at });
  return checkpointSchema.safeParse(row).data;
}

/** Chains that were over by then. Their last rows may be dated so late that they would be taken for new ones without a beginning. */
async function endedBefore(query: Query, first: Checkpoint, start: ReadonlyMap<string, number>): Promise<Set<string>> {
  const sql = 'SELECT * FROM `sallyport_audit.checkpoints` WHERE time >= @since AND time < @at ORDER BY number';
  const at = new Date(first.time);
  const rows = await query(sql, { since: new Date(at.getTime() - 2 * slack), at });
  const chains = rows.flatMap((row) => headsOf(checkpointSchema.safeParse(row).data)).map(({ chain }) => chain);
  return new Set(chains.filter((chain) => !start.has(chain)));
}

function headsOf(checkpoint: Checkpoint | undefined): ChainHead[] {
  return z.array(chainHeadSchema).safeParse(jsonOf(checkpoint?.heads ?? '')).data ?? [];
}
