import type { AuditEvent } from '../../../src/model/audit-event.ts';
import { faultsOf } from '../../audit/trail.ts';
import type { Entry } from './journal.ts';
import type { Ran } from './server-log.ts';
import type { Answer } from './stand.ts';

/** What is judged by: the logs of the target and of the stores, what callers were told, and what came to BigQuery. */
export type Evidence = {
  /** The target's own log. */
  ran: readonly Ran[];
  answers: readonly Answer[];
  /** The log of Firestore. */
  journal: readonly Entry[];
  /** When BigQuery said of a row, by its hash, that it has it. */
  acknowledged: ReadonlyMap<string, number>;
  /** Through the view. */
  events: readonly AuditEvent[];
  duplicates: readonly unknown[];
  /** Documents left in it. */
  outbox: number;
  /** All that the roles logged. */
  said: string;
};

/** Every way in which the promises were broken, in words. Empty when they held. */
export function judge(evidence: Evidence): string[] {
  return [
    ...intentsFirst(evidence),
    ...oneOutcomeEach(evidence),
    ...spentOnce(evidence),
    ...toldTheTruth(evidence),
    ...allArrived(evidence),
    ...nothingShown(evidence),
    ...faultsOf(evidence.events),
  ];
}

/** Each call is a session of its own, as its parameters may be sealed in the trail. */
export const sessionOf = (key: number) => `key-${key}`;
export const keyOf = ({ session }: Pick<AuditEvent, 'session'>) => Number(session?.slice('key-'.length));

const durable = ({ journal }: Evidence) =>
  journal.flatMap(({ rows, at, commit, path }) => rows.map((row) => ({ row, at, commit, path })));

/** I1: what ran had exactly one intent, durable before; and nothing ran twice. */
function intentsFirst(evidence: Evidence): string[] {
  const intents = Map.groupBy(
    firsts(evidence).filter(({ row }) => row.phase === 'intent'),
    ({ row }) => keyOf(row),
  );
  const runs = Map.groupBy(evidence.ran, ({ key }) => key);
  return [...runs].flatMap(([key, [first, ...more]]) => {
    const [intent, ...others] = intents.get(key) ?? [];
    return [
      ...(more.length > 0 ? [`${key} ran ${more.length + 1} times`] : []),
      ...(others.length > 0 ? [`${key} ran and has ${others.length + 1} intents`] : []),
      ...(intent === undefined ? [`${key} ran without an intent`] : []),
      ...(intent !== undefined && first !== undefined && Math.floor(intent.at) > first.at
        ? [`${key} ran ${Math.floor(intent.at) - first.at} ms before its intent was durable`]
        : []),
    ];
  });
}

/** Each row once, when it first became durable: the document of an outcome holds its intent again. */
function firsts(evidence: Evidence) {
  const seen = new Set<string>();
  return durable(evidence).filter(({ row }) => !seen.has(row.hash) && seen.add(row.hash));
}

/** I3: each intent has one outcome; where that is unknown, a late one may follow. */
function oneOutcomeEach({ events }: Evidence): string[] {
  const byId = Map.groupBy(events, ({ event_id }) => event_id);
  return events
    .filter(({ phase }) => phase === 'intent')
    .flatMap((intent) => {
      const all = byId.get(intent.event_id) ?? [];
      const outcomes = all.filter(({ phase }) => phase === 'outcome');
      const late = all.filter(({ phase }) => phase === 'late');
      return [
        ...(outcomes.length === 1 ? [] : [`${keyOf(intent)} has ${outcomes.length} outcomes`]),
        ...(late.length > 0 && outcomes[0]?.type !== 'unknown'
          ? [`${keyOf(intent)} has a late outcome and a timely one`]
          : []),
        ...(late.length > 1 ? [`${keyOf(intent)} has ${late.length} late outcomes`] : []),
      ];
    });
}

/** I2: an approval is spent once, in the commit of an intent that names it. */
function spentOnce({ journal }: Evidence): string[] {
  const spending = journal.filter(({ path, state }) => path.startsWith('approvals/') && state === 'spent');
  return [...Map.groupBy(spending, ({ path }) => path)].flatMap(([path, times]) => {
    const id = path.slice('approvals/'.length);
    const isTold = ({ commit }: Entry) =>
      journal.some(
        (entry) =>
          entry.commit === commit &&
          entry.rows.some(({ phase, approval }) => phase === 'intent' && approval?.id === id),
      );
    return [
      ...(times.length === 1 ? [] : [`${id} was spent ${times.length} times`]),
      ...times.filter((entry) => !isTold(entry)).map(() => `${id} was spent without an intent that says so`),
    ];
  });
}

/** An answer is given only when its outcome is durable; what is said to be completed did run. */
function toldTheTruth(evidence: Evidence): string[] {
  // Where a keeper took the chain meanwhile, the real outcome is a further event.
  const outcomes = firsts(evidence).filter(
    ({ row }) => row.type === 'completed' || (row.type === 'outcome_late' && row.note === 'completed'),
  );
  const ran = new Set(evidence.ran.map(({ key }) => key));
  const lowest = Math.min(...evidence.answers.map(({ key }) => key));
  return [
    ...evidence.answers
      .filter(({ status }) => status === 200)
      .filter(({ key, at }) => !outcomes.some((outcome) => keyOf(outcome.row) === key && Math.floor(outcome.at) <= at))
      .map(({ key }) => `${key} was answered before its outcome was durable`),
    ...outcomes
      .map(({ row }) => keyOf(row))
      .filter((key) => key >= lowest && !ran.has(key))
      .map((key) => `${key} is said to be completed and did not run`),
  ];
}

/** I4: whatever was durable is in BigQuery, as it was, and left the outbox only after that. */
function allArrived(evidence: Evidence): string[] {
  const { events, acknowledged, journal, duplicates, outbox } = evidence;
  const arrived = new Set(events.map(({ hash }) => hash));
  const rows = firsts(evidence);
  const rowsAt = Map.groupBy(rows, ({ path }) => path);
  const deletions = journal.filter(({ op, path }) => op === 'delete' && path.startsWith('outbox/'));
  return [
    ...rows
      .filter(({ row }) => !arrived.has(row.hash))
      .map(({ row }) => `${row.type} ${row.event_id} never came to BigQuery`),
    ...deletions.flatMap(({ path, at }) =>
      (rowsAt.get(path) ?? [])
        .filter(({ row }) => (acknowledged.get(row.hash) ?? Number.POSITIVE_INFINITY) > at + 1)
        .map(({ row }) => `${row.type} ${row.event_id} left the outbox before BigQuery had it`),
    ),
    ...(duplicates.length === 0 ? [] : [`${duplicates.length} ids or places have two contents`]),
    ...(outbox === 0 ? [] : [`${outbox} documents are left in the outbox`]),
  ];
}

/** I6 and I7: the customers' addresses are in no log and no row. */
function nothingShown({ said, events }: Evidence): string[] {
  const address = /customer\d+@/;
  return [
    ...(address.test(said) ? ['a classified value stands in a log'] : []),
    ...events
      .filter((event) => address.test(JSON.stringify(event)))
      .map(({ event_id }) => `a classified value stands in ${event_id}`),
  ];
}
