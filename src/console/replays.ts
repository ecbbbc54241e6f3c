import { z } from 'zod';
import type { OperationTold, Recorded, Replay, SessionTold } from '../evidence/evidence.ts';
import { check } from '../model/check.ts';
import { verbs } from '../model/documents.ts';
import { Problem } from '../model/problem.ts';
import type { Live, LiveSight } from './live.ts';
import type { Visit } from './visit.ts';

/** How an operation may stand, as one may look for it. */
export const outcomes = [
  ...['completed', 'failed', 'unknown', 'running'],
  ...['denied', 'refused', 'held', 'expired', 'simulated'],
] as const;

/** A form sends its empty fields, too. */
const field = <T extends z.ZodType>(schema: T) => z.preprocess((given) => given || undefined, schema.optional());
/** Where no zone is named, as in a form, it is UTC. */
const moment = z
  .union([z.iso.datetime({ offset: true, local: true }), z.iso.date()])
  .transform((text) => new Date(/T.*(Z|[+-]\d\d:?\d\d)$/.test(text) || !text.includes('T') ? text : `${text}Z`));
const periodSchema = z.object({ from: field(moment), to: field(moment), after: field(z.string().max(2000)) });
const filterSchema = periodSchema.extend({
  session: field(z.string().max(256)),
  principal: field(z.string().max(500)),
  connection: field(z.string().max(100)),
  verb: field(z.enum(verbs)),
  outcome: field(z.enum(outcomes)),
  policy: field(z.string().max(100)),
  text: field(z.string().max(200)),
});
const sessionQuerySchema = periodSchema.extend({ principal: field(z.string().max(500)) });

export type SessionFilter = z.output<typeof filterSchema> & { from: Date; to: Date };
/** `open`: no end of the period was asked for. */
export type SessionList = {
  filter: SessionFilter;
  open: boolean;
  sessions: readonly SessionTold[];
  next?: string | undefined;
};
export type SessionSight = {
  session: string;
  principal?: string | undefined;
  from: Date;
  to: Date;
  operations: readonly OperationTold[];
  next?: string | undefined;
};
/** `live`: it runs. */
export type OperationSight = { operation: OperationTold; recorded: Recorded; live?: LiveSight };

/** Sessions and recordings, for auditors alone. Who reads what is recorded before it is read. */
export type Replays = {
  list(visit: Visit, query: Record<string, string>): Promise<SessionList>;
  session(visit: Visit, name: string, query: Record<string, string>): Promise<SessionSight>;
  /** Of one that runs, what there is so far. Throws `not-found`. */
  recording(visit: Visit, operation: string): Promise<OperationSight>;
  /** The recording of a session, as it is written; of one that has ended, all of it at once. Throws `not-found`. */
  follow(visit: Visit, operation: string, signal: AbortSignal): Promise<Followed>;
};

/** An asciicast in pieces, and for how many seconds it has gone on. */
type Followed = { chunks: AsyncGenerator<string, undefined>; seconds: number };

const week = 7 * 24 * 3600 * 1000;

/** `from` is within the period and `to` is not; without them it is the last seven days. */
export function createReplays(source: Replay, live: Live, now: () => Date): Replays {
  function periodOf(asked: z.output<typeof periodSchema>) {
    const to = asked.to ?? now();
    const from = asked.from ?? new Date(to.getTime() - week);
    if (from.getUTCFullYear() < 1) throw new Problem('bad-request', { detail: 'Times must be in year 1 or after.' });
    if (from >= to) throw new Problem('bad-request', { detail: 'from must be before to.' });
    return { from, to };
  }

  const secondsSince = (time: string) => (now().getTime() - Date.parse(time)) / 1000;

  const tell = (visit: Visit, read: Record<string, unknown>) =>
    visit.note('console_access', {}, { note: JSON.stringify(read) });

  async function ended(id: string): Promise<OperationSight> {
    const operation = await source.operation(id);
    if (operation === undefined)
      throw new Problem('not-found', {
        detail: 'The trail tells of no such operation. What has just happened is there within seconds.',
        reason: 'no-such-operation',
      });
    return { operation, recorded: await source.recording(operation) };
  }

  /** What others decided of it is in the trail; what has just begun may not be there yet. */
  async function running(visit: Visit, id: string): Promise<OperationSight | undefined> {
    const sight = await live.find(visit, id);
    if (sight === undefined) return undefined;
    const told = (await source.operation(id)) ?? source.toldBy(sight.running.row);
    if (told === undefined || told.ended_at !== null) return undefined;
    return { operation: told, recorded: source.soFar(await live.recordingOf(sight.running)), live: sight };
  }

  return {
    async list(visit, query) {
      const asked = check(query, filterSchema);
      const filter = { ...asked, ...periodOf(asked) };
      const { after: _, text, ...said } = filter;
      // What one looks for may be what must not stand here.
      await tell(visit, {
        read: 'sessions',
        ...said,
        ...(text !== undefined && { text: `${text.length} characters` }),
      });
      const { page, next } = await source.sessions(filter);
      return { filter, open: asked.to === undefined, sessions: page, next };
    },

    async session(visit, session, query) {
      const { after, principal, ...asked } = check(query, sessionQuerySchema);
      const period = periodOf(asked);
      await tell(visit, { read: 'session', session, principal, ...period });
      const { page, next } = await source.session(session, { ...period, principal, after });
      return { session, principal, ...period, operations: page, next };
    },

    async recording(visit, id) {
      await tell(visit, { read: 'recording', operation: id.slice(0, 100) });
      return (await running(visit, id)) ?? ended(id);
    },

    async follow(visit, id, signal) {
      await tell(visit, { read: 'recording', operation: id.slice(0, 100), follow: true });
      const sight = await live.find(visit, id);
      if (sight !== undefined)
        return { chunks: live.follow(sight.running, signal), seconds: secondsSince(sight.running.since) };
      const { operation, recorded } = await ended(id);
      if (recorded.session === undefined)
        throw new Problem('not-found', { detail: 'There is no recording of a session.', reason: 'no-session' });
      return { chunks: once(recorded.content), seconds: secondsSince(operation.asked_at) };
    },
  };
}

async function* once(content: string): AsyncGenerator<string, undefined> {
  yield content;
}

/** A session's name as a part of an address: names are the callers' own, and `..` is none that an address may end with. */
export const sessionSegment = (name: string) => `~${encodeURIComponent(name)}`;
/** The name that such a part stands for; one `~` before it may be left out. */
export const sessionName = (segment: string) => segment.replace(/^~/, '');
