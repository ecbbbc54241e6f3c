import type { AuditEvent } from '../../model/audit-event.ts';
import type { Findings } from './findings.ts';
import type { IdTable } from './id-table.ts';
import type { Tolerance } from './tolerance.ts';

/** Of an intent or an outcome that has no other half yet. */
type Half = { chain: string; seq: number; event_id: string; time: number; type: AuditEvent['type'] };

export type Operations = {
  take(event: AuditEvent): void;
  /** Finds what has no other half. `endOf`: when a chain was closed, where it was. */
  finish(end: number, endOf: (chain: string) => number | undefined): { running: number; earlier: number };
};

/**
 * Every intent has exactly one outcome, and every outcome its intent. `horizon`: the time before which events are not part
 * of what is looked at, or may have been deleted; the intents of outcomes soon after it are not asked for.
 */
export function createOperations(deps: {
  findings: Findings;
  ids: IdTable;
  tolerance: Tolerance;
  horizon: () => number | undefined;
}): Operations {
  const { findings, ids, tolerance, horizon } = deps;
  const intents = new Map<string, Half>();
  const outcomes = new Map<string, Half>();
  const late = new Map<string, Half>();

  function take(event: AuditEvent) {
    const { event_id, phase } = event;
    if (phase === 'intent') takeIntent(event_id, halfOf(event));
    else if (phase === 'late') late.set(event_id, halfOf(event));
    else if (phase === 'outcome' && !intents.delete(event_id)) outcomes.set(event_id, halfOf(event));
  }

  function takeIntent(id: string, intent: Half) {
    const outcome = outcomes.get(id);
    if (outcome === undefined) {
      intents.set(id, intent);
      return;
    }
    outcomes.delete(id);
    if (outcome.chain === intent.chain && outcome.seq < intent.seq)
      findings.add({
        kind: 'no-intent',
        ...placeOf(outcome),
        detail: `Its intent was recorded after it, in row ${intent.seq}.`,
      });
  }

  function finish(end: number, endOf: (chain: string) => number | undefined) {
    let [running, earlier] = [0, 0];
    for (const intent of intents.values()) {
      const closed = endOf(intent.chain);
      const due =
        closed === undefined ? intent.time + tolerance.operation : Math.max(closed, intent.time) + tolerance.orphan;
      if (end <= due) running++;
      else findings.add({ kind: 'no-outcome', ...placeOf(intent), detail: 'Nothing says how it ended.' });
    }
    for (const half of outcomes.values())
      if (isAfterHorizon(half)) earlier++;
      else findings.add({ kind: 'no-intent', ...placeOf(half), detail: 'Nothing says that it was intended.' });
    for (const half of late.values())
      if (ids.get(half.event_id, 'outcome') === undefined && !isAfterHorizon(half))
        findings.add({ kind: 'no-intent', ...placeOf(half), detail: 'It is late for nothing.' });
    return { running, earlier };
  }

  /** A keeper may close what was left long after; an instance may not outlive its operation. */
  function isAfterHorizon({ time, type }: Half) {
    const since = horizon();
    if (since === undefined) return false;
    return time <= since + (type === 'unknown' || type === 'outcome_late' ? day : tolerance.operation);
  }

  return { take, finish };
}

const day = 86_400_000;

const halfOf = ({ chain, seq, event_id, time, type }: AuditEvent): Half => ({
  ...{ chain, seq, event_id, type },
  time: Date.parse(time),
});

const placeOf = ({ chain, seq, event_id }: Half) => ({ chain, seq, event_id });
