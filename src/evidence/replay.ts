import { z } from 'zod';
import { Problem } from '../model/problem.ts';
import type { BigQueryClient } from '../platform/bigquery.ts';
import { timeOf } from '../platform/ids.ts';
import { type Datasets, qualify } from './qualify.ts';
import { readSql } from './questions.ts';
import { chunkSchema, jsonIn, type Recorded, recordedOf, recordedSoFar } from './recorded.ts';
import { type OperationTold, timelineOf, toldEventSchema } from './timeline.ts';

type Period = { from: Date; to: Date };

/** Of operations; a session is listed for those that match. Absent: any. */
type SessionFilter = Period & {
  session?: string | undefined;
  principal?: string | undefined;
  connection?: string | undefined;
  verb?: string | undefined;
  outcome?: string | undefined;
  policy?: string | undefined;
  /** Part of the statement, as it is in the trail; capitals make no difference. */
  text?: string | undefined;
  /** Where the page before ended: its `next`. */
  after?: string | undefined;
};

const sessionSchema = z.object({
  session: z.string(),
  principal: z.string(),
  principal_kind: z.string(),
  agents: z.array(z.string()),
  connections: z.array(z.string()),
  verbs: z.array(z.string()),
  first_at: z.string(),
  last_at: z.string(),
  operations: z.number(),
  completed: z.number(),
  failed: z.number(),
  not_known: z.number(),
  refused: z.number(),
  rows_returned: z.number(),
  bytes_recorded: z.number(),
});
/** What one identity asked for under one name. */
export type SessionTold = z.output<typeof sessionSchema>;

/** `next`: where it ends, if there is more. */
type Page<T> = { page: readonly T[]; next?: string };

/** What agents did and were sent, from the trail. Everything throws when BigQuery cannot be asked. */
export interface Replay {
  /** The latest first, a page at a time. */
  sessions(filter: SessionFilter): Promise<Page<SessionTold>>;
  /** Operations of one session in the order in which they began, a page at a time; without a principal, of all who used its name. */
  session(
    name: string,
    options: Period & { principal?: string | undefined; after?: string | undefined },
  ): Promise<Page<OperationTold>>;
  /** Undefined where the trail tells of none. */
  operation(id: string): Promise<OperationTold | undefined>;
  /** What the intent of an operation says, for one that runs and that BigQuery may not know yet. */
  toldBy(intent: string): OperationTold | undefined;
  soFar: typeof recordedSoFar;
  /** What is kept of the operation's answer, checked against its outcome. */
  recording(operation: OperationTold): Promise<Recorded>;
}

const most = { sessions: 50, operations: 100 };
const day = 24 * 3600 * 1000;
/** How long before and after its name was given something may be told of an operation. */
const around = { before: day / 24, after: 8 * day };

export function createReplay(deps: {
  query: BigQueryClient['query'];
  project: string;
  datasets: Datasets;
  now: () => Date;
  /** Milliseconds that recordings are kept, from the beginning of their day; null for ever. */
  keptFor: number | null;
}): Replay {
  const ask = (name: string, parameters: Parameters<BigQueryClient['query']>[1]) =>
    deps.query(qualify(readSql(name), deps.project, deps.datasets), parameters);

  async function events(name: string, parameters: Parameters<BigQueryClient['query']>[1]) {
    return timelineOf((await ask(name, parameters)).map((row) => toldEventSchema.parse(row)));
  }

  return {
    async sessions({ from, to, after, ...filter }) {
      const { session = '', principal = '', connection = '', verb = '', outcome = '', policy = '', text = '' } = filter;
      const [time, after_session, after_principal] = placeIn(after, [to.toISOString(), '', '']);
      const rows = await ask('session_list', {
        ...{ from, to, session, principal, connection, verb, outcome, policy, text },
        ...{ after_time: new Date(time), after_session, after_principal, most: most.sessions + 1 },
      });
      const told = rows.map((row) => sessionSchema.parse(row));
      return pageOf(told, most.sessions, (last) => [last.last_at, last.session, last.principal]);
    },

    async session(session, { from, to, principal = '', after }) {
      const [time, after_operation] = placeIn(after, [new Date(0).toISOString(), '', '']);
      const operations = await events('session_events', {
        ...{ from, to, session, principal },
        ...{ after_time: new Date(time), after_operation, most: most.operations + 1 },
      });
      return pageOf(operations, most.operations, (last) => [last.asked_at, last.operation, '']);
    },

    async operation(operation) {
      const made = timeOf(operation);
      if (made === undefined) return undefined;
      const [from, to] = [new Date(made - around.before), new Date(made + around.after)];
      return (await events('operation_events', { from, to, operation }))[0];
    },

    toldBy: (intent) => timelineOf([toldEventSchema.parse(JSON.parse(intent))])[0],
    soFar: recordedSoFar,

    async recording(told) {
      if (told.recording === null) return recordedOf(told, []);
      const { event_id: event, time } = told.recording;
      const rows = await ask('operation_recording', { time: new Date(time), operation: told.operation, event });
      const isOver = deps.keptFor !== null && dayOf(time) + deps.keptFor <= deps.now().getTime();
      return recordedOf(
        told,
        rows.map((row) => chunkSchema.parse(row)),
        isOver,
      );
    },
  };
}

const dayOf = (time: string) => Math.floor(Date.parse(time) / day) * day;

/** Where a page ended, in its order. */
type Place = readonly [time: string, first: string, second: string];
const placeSchema = z.tuple([z.iso.datetime(), z.string(), z.string()]);

function placeIn(after: string | undefined, beginning: Place): Place {
  if (after === undefined) return beginning;
  const read = placeSchema.safeParse(jsonIn(Buffer.from(after, 'base64url').toString()));
  if (!read.success) throw new Problem('bad-request', { detail: 'after is not the end of a page.' });
  return read.data;
}

/** A page, of which one more was asked for, to know whether there is another. */
function pageOf<T>(
  all: readonly T[],
  most: number,
  placeOf: (last: T) => Place,
): { page: readonly T[]; next?: string } {
  const shown = all.slice(0, most);
  const last = shown.at(-1);
  if (all.length <= most || last === undefined) return { page: shown };
  return { page: shown, next: Buffer.from(JSON.stringify(placeOf(last))).toString('base64url') };
}
