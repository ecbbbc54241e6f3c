import type { AuditEvent } from '../../src/model/audit-event.ts';
import { faultsOf } from '../audit/trail.ts';
import type { Aftermath } from './chaos.ts';

/** Every way in which the promises were broken, in words. Empty when they held. */
export function judge({ ran, acknowledged, events, duplicates, outbox, spent }: Aftermath): string[] {
  const byOperation = Map.groupBy(events, ({ operation }) => operation);
  const count = (operation: string, phase: AuditEvent['phase']) =>
    (byOperation.get(operation) ?? []).filter((event) => event.phase === phase).length;
  const intents = events.filter(({ phase }) => phase === 'intent');
  const outcomes = Map.groupBy(
    events.filter(({ phase }) => phase === 'outcome'),
    ({ event_id }) => event_id,
  );
  const approvals = Map.groupBy(ran, ({ approval }) => approval);

  return [
    ...ran
      .filter(({ operation }) => count(operation, 'intent') !== 1)
      .map(({ operation }) => `${operation} ran without exactly one intent`),
    ...ran
      .filter(({ operation, at }) =>
        byOperation.get(operation)?.some(({ phase, time }) => phase === 'intent' && Date.parse(time) > at),
      )
      .map(({ operation }) => `${operation} ran before its intent`),
    ...[...approvals].filter(([, uses]) => uses.length > 1).map(([approval]) => `${approval} was used more than once`),
    ...intents
      .filter(({ event_id }) => outcomes.get(event_id)?.length !== 1)
      .map(({ operation }) => `${operation} has not exactly one outcome`),
    ...acknowledged
      .filter(
        (operation) => !byOperation.get(operation)?.some(({ type }) => type === 'completed' || type === 'outcome_late'),
      )
      .map((operation) => `${operation} was acknowledged and is not in the trail`),
    ...faultsOf(events),
    ...(intents.length === spent ? [] : [`${spent} approvals are spent by ${intents.length} intents`]),
    ...(duplicates.length === 0 ? [] : [`${duplicates.length} ids have two contents`]),
    ...(outbox === 0 ? [] : [`${outbox} documents are left in the outbox`]),
  ];
}
