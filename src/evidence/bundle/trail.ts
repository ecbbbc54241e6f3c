import { z } from 'zod';
import { canonicalJson } from '../../model/canonical.ts';
import type { QueryParameters, QueryRow } from '../../platform/bigquery.ts';
import type { QueryResult } from '../../platform/query-result.ts';
import type { Query, Span, Stretch } from './span.ts';

/** The rows of the trail as lines of a bundle, as they stand in the tables: a verifier has to see what is wrong with them. */

/** For long answers. Names the datasets `sallyport_audit` and `sallyport_evidence`. */
export type Open = (sql: string, parameters: QueryParameters) => Promise<QueryResult<QueryRow>>;

export type TrailLine = { event: QueryRow; line: string };

export type Trail = {
  /** Rows in the tables; a row that was delivered twice counts twice. */
  rows: number;
  /** By chain and number; the same lines each time. */
  lines(): AsyncGenerator<TrailLine>;
};

/** Rows that are sorted together. */
const SLICE = 200_000;

export async function openTrail(span: Span, query: Query, open: Open): Promise<Trail> {
  const within = { low: span.low, high: span.high };
  const spans = JSON.stringify(span.chains);
  const counted = await query(blocksSql, { ...within, stretches: spans, block: SLICE });
  const blocks = counted.map((row) => blockSchema.parse(row));
  const results: QueryResult<QueryRow>[] = [];
  for (const slice of slicesOf(blocks, span.chains))
    results.push(await open(rowsSql, { ...within, stretches: JSON.stringify(slice) }));
  return {
    rows: blocks.reduce((sum, { events }) => sum + events, 0),
    async *lines() {
      for (const result of results) yield* inPlace(result);
    },
  };
}

const blockSchema = z.object({ chain: z.string(), block: z.coerce.number(), events: z.number() });
type Block = z.output<typeof blockSchema>;

/** Neighbours share a query as long as they are not too many to be sorted at once. */
function slicesOf(blocks: readonly Block[], stretches: readonly Stretch[]): Stretch[][] {
  const whole = new Map(stretches.map((stretch) => [stretch.chain, stretch]));
  const slices: Stretch[][] = [];
  let room = 0;
  for (const { chain, block, events } of blocks) {
    const { after = -1, upto = -1 } = whole.get(chain) ?? {};
    const part = { chain, after: Math.max(after, block * SLICE - 1), upto: Math.min(upto, (block + 1) * SLICE - 1) };
    if (room < events) {
      slices.push([]);
      room = SLICE;
    }
    slices.at(-1)?.push(part);
    room -= events;
  }
  return slices;
}

/** A row that was delivered twice is there once; rows that differ and claim one place are all there, in the order of their text. */
async function* inPlace({ pages }: QueryResult<QueryRow>): AsyncGenerator<TrailLine> {
  let place = '';
  let waiting = new Map<string, TrailLine>();
  for await (const page of pages()) {
    for (const row of page) {
      const next = `${row['chain']} ${row['seq']}`;
      if (next !== place) {
        yield* inOrder(waiting);
        waiting = new Map();
        place = next;
      }
      const line = lineOf(row);
      waiting.set(line.line, line);
    }
  }
  yield* inOrder(waiting);
}

const inOrder = (lines: ReadonlyMap<string, TrailLine>) =>
  lines.size < 2 ? lines.values() : [...lines.values()].sort((a, b) => (a.line < b.line ? -1 : 1));

/** The event's canonical JSON. A number that no event can hold is null in it, so that its hash does not hold. */
function lineOf({ principal_member: _, ...event }: QueryRow): TrailLine {
  try {
    return { event, line: canonicalJson(event) };
  } catch {
    return { event, line: canonicalJson(JSON.parse(JSON.stringify(event))) };
  }
}

/** Each checkpoint's row as a line, by number. */
export async function openCheckpoints({ from, to, low, high }: Span, open: Open) {
  const last = to ?? from;
  const result = last && (await open(checkpointsSql, { low, high, from: from?.number ?? 0, to: last.number }));
  return {
    rows: result?.count ?? 0,
    async *lines() {
      for await (const page of result?.pages() ?? []) for (const row of page) yield lineOf(row);
    },
  };
}

/** Each chunk of what was returned to agents as a line: those of one event together, by number. */
export async function openRecordings(span: Span, open: Open) {
  const result = await open(recordingsSql, { low: span.low, high: span.high, stretches: JSON.stringify(span.chains) });
  return {
    rows: result.count,
    async *lines() {
      for await (const page of result.pages()) for (const row of page) yield lineOf(row);
    },
  };
}

const stretchesSql = `(
  SELECT
    JSON_VALUE(item, '$.chain') AS chain,
    CAST(JSON_VALUE(item, '$.after') AS INT64) AS after,
    CAST(JSON_VALUE(item, '$.upto') AS INT64) AS upto
  FROM UNNEST(JSON_QUERY_ARRAY(@stretches)) AS item
)`;

const joinedSql = `
FROM \`sallyport_audit.events\` AS event
JOIN ${stretchesSql} AS stretch ON stretch.chain = event.chain
WHERE event.time >= @low AND event.time < @high AND event.seq > stretch.after AND event.seq <= stretch.upto`;

const blocksSql = `
SELECT event.chain AS chain, DIV(event.seq, @block) AS block, COUNT(*) AS events
${joinedSql}
GROUP BY 1, 2
ORDER BY 1, 2`;

const rowsSql = `
SELECT event.*
${joinedSql}
ORDER BY event.chain, event.seq, event.\`hash\``;

const recordingsSql = `
SELECT DISTINCT recording.*
FROM (
  SELECT * REPLACE (SAFE_CONVERT_BYTES_TO_STRING(content) AS content)
  FROM \`sallyport_audit.recordings\`
  WHERE time >= @low AND time < @high
) AS recording
JOIN (
  SELECT DISTINCT event.event_id AS event_id
  ${joinedSql}
) AS told ON told.event_id = recording.event_id
ORDER BY recording.time, recording.event_id, recording.direction, recording.chunk, recording.sha256, recording.content, recording.offset_ms`;

const checkpointsSql = `
SELECT DISTINCT *
FROM \`sallyport_audit.checkpoints\`
WHERE time >= @low AND time < @high AND number >= @from AND number <= @to
ORDER BY number, \`hash\`, signature, body, heads`;
