import type { AuditEvent } from '../../model/audit-event.ts';
import type { Chain } from './chain.ts';
import type { Pause, Sealed } from './checkpoints.ts';
import type { Findings } from './findings.ts';
import type { Tolerance } from './tolerance.ts';

export type Times = {
  take(event: AuditEvent, chain: Chain): void;
  /** First and last time of all events, in milliseconds. */
  finish(): { from: number; to: number } | undefined;
  notes(): string[];
};

type Course = { latest: number; complained: boolean };

/**
 * Compares what events say of their time with the checkpoints on both sides of them, whose order is signed. Finds events
 * that are dated before a checkpoint that does not have them or after one that has them, and pauses between checkpoints in which something happened.
 */
export function createTimes(deps: { sealed: Sealed; findings: Findings; tolerance: Tolerance }): Times {
  const { sealed, findings, tolerance } = deps;
  const { marks, pauses } = sealed;
  const courses = new Map<string, Course>();
  const busy = new Map<Pause, number>();
  let [from, to] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];

  function take(event: AuditEvent, chain: Chain) {
    const time = Date.parse(event.time);
    from = Math.min(from, time);
    to = Math.max(to, time);
    const course = courses.get(event.chain) ?? { latest: time, complained: false };
    courses.set(event.chain, course);
    const flaw = flawOf(event, chain, time, course.latest);
    if (flaw && !course.complained) {
      const { chain: name, seq, event_id } = event;
      findings.add({
        kind: flaw.kind,
        chain: name,
        seq,
        event_id,
        detail: `It is dated ${event.time}: ${flaw.detail}`,
      });
    }
    for (const pause of pauses) if (tellsOf(pause, time, course.latest)) busy.set(pause, (busy.get(pause) ?? 0) + 1);
    course.complained = flaw !== undefined;
    course.latest = Math.max(course.latest, time);
  }

  function flawOf({ seq }: AuditEvent, { heads }: Chain, time: number, latest: number) {
    const head = heads.covering(seq);
    const after = head && marks[head.position];
    const before = head ? marks[head.position - 1] : marks.at(-1);
    if (after && time > after.time + tolerance.wait)
      return { kind: 'time', detail: `checkpoint ${after.number}, which covers it, is older.` } as const;
    if (before && head && time < before.time - tolerance.wait)
      return { kind: 'time', detail: `checkpoint ${before.number}, which is later, does not cover it.` } as const;
    if (before && !head && time < before.time - tolerance.lag)
      return { kind: 'added', detail: `checkpoint ${before.number}, the last, should have had it.` } as const;
    if (time < latest - tolerance.wait)
      return { kind: 'time', detail: `its chain had come to ${new Date(latest).toISOString()}.` } as const;
    return undefined;
  }

  /** Something ran meanwhile: it says so, or its chain was there before and went on afterwards. */
  function tellsOf({ from, to }: Pause, time: number, latest: number) {
    const [start, end] = [from + 2 * tolerance.clocks, to - tolerance.orphan];
    return (time > start && time < end) || (latest <= start && time >= end && latest < time);
  }

  return {
    take,
    finish() {
      for (const [pause, count] of busy)
        findings.add({
          kind: 'late-checkpoint',
          checkpoint: pause.number,
          detail: `${minutesOf(pause)} minutes after the one before, and ${count} events tell of work meanwhile.`,
        });
      return from <= to ? { from, to } : undefined;
    },
    notes: () =>
      pauses
        .filter((pause) => !busy.has(pause))
        .map((pause) => `Nothing ran in the ${minutesOf(pause)} minutes before checkpoint ${pause.number}.`),
  };
}

const minutesOf = ({ from, to }: Pause) => Math.round((to - from) / 60_000);
