import { z } from 'zod';

/** What the trail tells of an operation, read for people: fields of other versions of the product are let pass. */

const text = z.string();
const nullable = text.nullable();
const number = z.number().nullable();

export const toldEventSchema = z.object({
  event_id: text,
  phase: text,
  type: text,
  time: text,
  chain: text,
  seq: z.number(),
  session: nullable,
  operation: text,
  principal: z.object({ member: text, email: nullable, kind: text, issuer: text, subject: text }).nullable(),
  agent: z
    .object({
      name: nullable,
      version: nullable,
      model: nullable,
      conversation: nullable,
      attested: z.boolean(),
      reason: nullable,
    })
    .nullable(),
  connection: nullable,
  target_kind: nullable,
  verb: nullable,
  risks: z.array(text),
  resources: z.array(text),
  classes: z.array(text),
  statement: nullable,
  statement_sha256: nullable,
  parameters: nullable,
  decision: z
    .object({
      effect: text,
      policies: z.array(text),
      policy_version: text,
      overridden: z.array(text),
      unmask: z.array(text),
    })
    .nullable(),
  approval: z
    .object({
      id: text,
      digest: text,
      requester: text,
      approvers: z.array(text),
      requested_at: nullable,
      decided_at: nullable,
      reason: nullable,
    })
    .nullable(),
  protection: nullable,
  masks: z.array(z.object({ resource: text, class: text, transform: text, values: number })),
  findings: z.array(z.object({ class: text, count: z.number() })),
  result: z
    .object({
      rows: number,
      affected: number,
      bytes: number,
      sha256: nullable,
      truncated: z.boolean(),
      status: number,
      error_code: nullable,
    })
    .nullable(),
  recording: z.object({ chunks: z.number(), bytes: z.number(), sha256: text, truncated: z.boolean() }).nullable(),
  credential: z.object({ secret: text, version: text }).nullable(),
  duration_ms: z.object({ total: z.number(), queue: z.number(), target: z.number(), audit: z.number() }).nullable(),
  trace: nullable,
  note: nullable,
});
export type ToldEvent = z.output<typeof toldEventSchema>;

/** One thing that happened to an operation. */
type Step = Pick<ToldEvent, 'time' | 'type' | 'event_id' | 'chain' | 'seq' | 'note'> & { by: string | null };

type Asked = Omit<ToldEvent, 'event_id' | 'phase' | 'type' | 'time' | 'chain' | 'seq' | 'note' | 'recording'>;

/** An operation as it is told to an auditor: what was asked, what was decided, and how it ended. */
export type OperationTold = Asked & {
  /** How it stands: `completed`, `failed`, `unknown`, `running`, or why it did not run. */
  outcome: string;
  /** Why, in the product's own words. */
  why: string | null;
  asked_at: string;
  ended_at: string | null;
  recording: (NonNullable<ToldEvent['recording']> & { event_id: string; time: string }) | null;
  /** Why there is no recording, where there could be one. */
  unrecorded: string | null;
  steps: readonly Step[];
};

/** Operations in the order in which they began, of events in any order. */
export function timelineOf(events: readonly ToldEvent[]): OperationTold[] {
  const sorted = [...events].sort((a, b) => compare(a.time, b.time) || compare(a.chain, b.chain) || a.seq - b.seq);
  return [...Map.groupBy(sorted, ({ operation }) => operation).values()].flatMap(operationOf);
}

const compare = (a: string, b: string) => (a < b ? -1 : Number(a > b));

/** What others did to it: their events name the operation, but they did not ask for it. */
const byOthers = new Set([
  'approved',
  'approval_denied',
  'alert_raised',
  'alert_acknowledged',
  'alert_closed',
  'ending_requested',
]);

function operationOf(events: readonly ToldEvent[]): OperationTold[] {
  const own = events.filter(({ type }) => !byOthers.has(type));
  const asked = own.find(({ phase }) => phase === 'intent') ?? own.at(-1);
  if (asked === undefined) return [];
  const ended = own.find(({ phase }) => phase === 'late') ?? own.find(({ phase }) => phase === 'outcome');
  const last = ended ?? asked;
  const { event_id: _, phase: __, type: ___, time: ____, chain: _____, seq: ______, note: _______, ...facts } = asked;
  const { masks, findings, result, credential, duration_ms } = last;
  return [
    {
      ...{ ...facts, masks, findings, result, credential, duration_ms },
      outcome: outcomeOf(last),
      why: last.type === 'outcome_late' || last.note?.startsWith('unrecorded:') ? null : last.note,
      asked_at: (own[0] ?? asked).time,
      ended_at: ended?.time ?? null,
      recording: ended?.recording ? { ...ended.recording, event_id: ended.event_id, time: ended.time } : null,
      unrecorded: ended === undefined || ended.recording !== null ? null : whyUnrecorded(ended),
      steps: events.map(({ time, type, event_id, chain, seq, note, principal }) => ({
        ...{ time, type, event_id, chain, seq, note },
        by: principal?.member ?? null,
      })),
    },
  ];
}

function outcomeOf({ type, phase, note }: ToldEvent): string {
  if (type === 'outcome_late') return note ?? 'unknown';
  return phase === 'intent' ? 'running' : type;
}

function whyUnrecorded({ decision, note, result, type }: ToldEvent): string {
  if (note === 'unrecorded:literals')
    return 'The answer may hold values of the statement that are sealed, so it was not kept.';
  if (note === 'unrecorded:digest') return 'The connection keeps no answers, only their hashes.';
  if (decision !== null && decision.unmask.length > 0)
    return 'Policy left classified values in the clear for this identity, so the answer is not kept.';
  if (type === 'unknown') return 'How it ended is not known, and nothing of its answer was kept.';
  return result?.rows === null ? 'Nothing was answered.' : 'The answer was not kept.';
}
