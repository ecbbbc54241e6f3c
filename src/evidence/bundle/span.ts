import { z } from 'zod';
import {
  type ChainHead,
  type Checkpoint,
  chainHeadSchema,
  checkpointBodySchema,
  checkpointSchema,
} from '../../model/checkpoint.ts';
import type { QueryParameters, QueryRow } from '../../platform/bigquery.ts';
import type { Period } from '../asking.ts';

/** From which checkpoint to which the trail of a bundle runs, and from where to where each chain. */
export type Span = {
  /** The last that covers nothing of the period; undefined where the trail begins within it. */
  from: Checkpoint | undefined;
  /** The first that covers all of the period, else the last there is. */
  to: Checkpoint | undefined;
  /** Whether `to` was made after the period's end and covers every event of it. */
  sealed: boolean;
  /** By name: every event with a number above `after` and up to `upto`. */
  chains: readonly Stretch[];
  /** Every event of it has a time within these. */
  low: Date;
  high: Date;
};

export type Stretch = { chain: string; after: number; upto: number };

/** For small answers, as a whole. Names the datasets `sallyport_audit` and `sallyport_evidence`. */
export type Query = (sql: string, parameters: QueryParameters) => Promise<QueryRow[]>;

type Extent = z.output<typeof extentSchema>;
type Reach = Map<string, number>;

/** Checkpoints that are looked at together: an hour of them. */
const PAGE = 60;

/** Rows may be on their way to BigQuery for so long after a checkpoint covers them. Milliseconds. */
const SHIPPING = 15 * 60_000;

/** How far an event's own time may be from that of the checkpoints around it. Milliseconds. */
const SLACK = 3600_000;

/** The tables require a filter on the time of every query; this one excludes nothing. */
const BEGINNING = new Date('2020-01-01T00:00:00.000Z');

/**
 * Both ends are checkpoints, so that nothing can have been left out at either unseen. A period whose end no checkpoint covers
 * yet is not sealed: its trail ends with what is known now.
 */
export async function spanOf({ query, period, now }: { query: Query; period: Period; now: Date }): Promise<Span> {
  const extents = (await query(extentsSql, period)).map((row) => extentSchema.parse(row));
  const from = await lastBefore(query, period.from, extents);
  const low = from === undefined ? BEGINNING : new Date(Date.parse(from.time) - SLACK);

  async function reachOf(to: Checkpoint | undefined): Promise<Reach> {
    if (to === undefined) return new Map();
    const between = { low, above: from?.number ?? -1, upto: to.number };
    const rows = (await query(coveredSql, between)).map((row) => coveredSchema.parse(row));
    return new Map(rows.map(({ chain, last }) => [chain, last]));
  }

  const settled = createSettled({ query, low, now, from });
  const later = await settled(await checkpointsOf(query, followingSql, { to: period.to }));
  const sealing = firstCovering(later, await reachOf(later[0]), extents);
  const earlier = later.length > 0 ? [] : await settled(await checkpointsOf(query, precedingSql, before(period.to)));
  const to = sealing ?? later[0] ?? earlier.find(({ number }) => number > (from?.number ?? -1));
  return {
    from,
    to,
    sealed: sealing !== undefined,
    chains: stretchesOf(headsOf(from), await reachOf(to), extents),
    low,
    high: new Date(Math.max(period.to.getTime(), Date.parse(to?.time ?? '') || 0) + SLACK),
  };
}

function firstCovering(later: readonly Checkpoint[], reach: Reach, extents: readonly Extent[]) {
  return later.find((checkpoint) => {
    for (const { chain, seq } of headsOf(checkpoint)) reach.set(chain, Math.max(seq, reach.get(chain) ?? -1));
    return extents.every(({ chain, last }) => (reach.get(chain) ?? -1) >= last);
  });
}

/** Whatever a checkpoint says, every event of the period is in it. */
function stretchesOf(heads: readonly ChainHead[], reach: Reach, extents: readonly Extent[]): Stretch[] {
  const starts = new Map(heads.map(({ chain, seq }) => [chain, seq]));
  const own = new Map(extents.map((extent) => [extent.chain, extent]));
  return [...new Set([...reach.keys(), ...own.keys()])]
    .sort()
    .map((chain) => ({
      chain,
      after: Math.min(starts.get(chain) ?? -1, (own.get(chain)?.first ?? Number.POSITIVE_INFINITY) - 1),
      upto: Math.max(reach.get(chain) ?? -1, own.get(chain)?.last ?? -1),
    }))
    .filter(({ after, upto }) => upto > after);
}

/**
 * Clocks differ: a checkpoint may have been made before the period by its own clock, and cover events that are within it by
 * theirs. The last one before the first such is taken.
 */
async function lastBefore(query: Query, from: Date, extents: readonly Extent[]): Promise<Checkpoint | undefined> {
  for (let next = before(from); ; ) {
    const page = await checkpointsOf(query, precedingSql, next);
    const touching = page.findLastIndex((one) => touches(headsOf(one), extents));
    const found = page[touching + 1];
    if (found !== undefined || page.length < PAGE) return found;
    next = { to: from, below: page.at(-1)?.number ?? 0 };
  }
}

const before = (to: Date) => ({ to, below: Number.MAX_SAFE_INTEGER });

function touches(heads: readonly ChainHead[], extents: readonly Extent[]) {
  const reach = new Map(heads.map(({ chain, seq }) => [chain, seq]));
  return extents.some(({ chain, first }) => (reach.get(chain) ?? -1) >= first);
}

/** Without checkpoints so young that some of what they cover has not reached BigQuery yet. Older ones stay, whatever is missing. */
function createSettled({ query, low, now, from }: Pick<Span, 'low' | 'from'> & { query: Query; now: Date }) {
  const isYoung = ({ time }: Checkpoint) => now.getTime() - Date.parse(time) < SHIPPING;
  return async (checkpoints: readonly Checkpoint[]): Promise<readonly Checkpoint[]> => {
    if (!checkpoints.some(isYoung)) return checkpoints;
    const arrived: Reach = new Map(headsOf(from).map(({ chain, seq }) => [chain, seq]));
    for (const row of await query(arrivedSql, { low })) {
      const { chain, last } = coveredSchema.parse(row);
      arrived.set(chain, Math.max(last, arrived.get(chain) ?? -1));
    }
    const isWhole = (one: Checkpoint) => headsOf(one).every(({ chain, seq }) => (arrived.get(chain) ?? -1) >= seq);
    return checkpoints.filter((one) => !isYoung(one) || isWhole(one));
  };
}

/** From which day on recordings are kept now, as the last checkpoint of all says; null where all are. */
export async function recordingsFrom(query: Query, now: Date): Promise<string | null> {
  const [last] = await checkpointsOf(query, precedingSql, before(now));
  return last === undefined ? null : checkpointBodySchema.parse(JSON.parse(last.body)).recordings_from;
}

/** A row that cannot be read as a checkpoint is none: it stays in the bundle for the verifier to find. */
async function checkpointsOf(query: Query, sql: string, parameters: QueryParameters): Promise<Checkpoint[]> {
  const rows = await query(sql, { ...parameters, most: PAGE });
  return rows.flatMap((row) => checkpointSchema.safeParse(row).data ?? []);
}

function headsOf(checkpoint: Checkpoint | undefined): ChainHead[] {
  try {
    return z.array(chainHeadSchema).parse(JSON.parse(checkpoint?.heads ?? '[]'));
  } catch {
    return [];
  }
}

const number = z.coerce.number();
const extentSchema = z.object({ chain: z.string(), first: number, last: number });
const coveredSchema = z.object({ chain: z.string(), last: number });

const extentsSql = `
SELECT chain, MIN(seq) AS first, MAX(seq) AS last
FROM \`sallyport_audit.events\`
WHERE time >= @from AND time < @to
GROUP BY chain
ORDER BY chain`;

const arrivedSql = `
SELECT chain, MAX(seq) AS last
FROM \`sallyport_audit.events\`
WHERE time >= @low
GROUP BY chain`;

const coveredSql = `
SELECT chain, MAX(seq) AS last
FROM (
  SELECT JSON_VALUE(head, '$.chain') AS chain, SAFE_CAST(JSON_VALUE(head, '$.seq') AS INT64) AS seq
  FROM \`sallyport_audit.checkpoints\`
  CROSS JOIN UNNEST(JSON_QUERY_ARRAY(heads)) AS head
  WHERE time >= @low AND number > @above AND number <= @upto
)
WHERE chain IS NOT NULL AND seq IS NOT NULL
GROUP BY chain`;

const precedingSql = `
SELECT *
FROM \`sallyport_audit.checkpoints\`
WHERE time >= TIMESTAMP '2020-01-01 00:00:00+00' AND time < @to AND number < @below
ORDER BY number DESC, \`hash\`
LIMIT @most`;

const followingSql = `
SELECT *
FROM \`sallyport_audit.checkpoints\`
WHERE time >= @to
ORDER BY number, \`hash\`
LIMIT @most`;
