import { setTimeout as sleep } from 'node:timers/promises';
import type { Move } from './flow.ts';
import type { Monitoring, Requests } from './monitoring.ts';

/** What must not stand in the logs even once while a release goes on: names of alerts in terraform/monitoring.tf. */
export const TROUBLE = ['unknown-outcome', 'checkpoint-late', 'row-refused', 'approval-forged'] as const;

/** How far back the revision before is looked at: long enough to have been called, also where it gets nothing any more. */
const HOUR_MS = 3_600_000;

export type Limits = {
  /** How long each step is watched, in seconds. */
  seconds: number;
  /** The share of answers with 5xx that a new revision may have, of 1. */
  errors: number;
  /** How long events may wait to be in BigQuery, in seconds. */
  lag: number;
};

/** Watches what was moved, and throws as soon as something is wrong with it, or when the new keeper gives no sign of life. */
export function createWatch(options: {
  monitoring: Monitoring;
  limits: Limits;
  signal: AbortSignal;
  now: () => Date;
  say(line: string): void;
}): (moves: readonly Move[]) => Promise<void> {
  const { monitoring, limits, signal, now, say } = options;

  async function look(moves: readonly Move[], since: Date) {
    const trouble = await monitoring.counts(TROUBLE, since);
    for (const [name, count] of Object.entries(trouble)) {
      if (count > 0) throw new Error(`${name} stands in the logs, ${count} times since ${since.toISOString()}.`);
    }
    for (const move of moves) {
      const now = await monitoring.requests(move.service, since);
      const lastHour = await monitoring.requests(move.service, new Date(since.getTime() - HOUR_MS));
      const complaint = complaintOf({ now, lastHour }, move, limits.errors);
      if (complaint !== undefined) throw new Error(complaint);
    }
    const keeper = moves.find(({ role }) => role === 'keeper');
    if (keeper === undefined) return true;
    const lag = await monitoring.lag(keeper.candidate, since);
    if (lag !== undefined && lag > limits.lag)
      throw new Error(`Events wait ${Math.round(lag)} s to be in BigQuery, more than ${limits.lag} s.`);
    return lag !== undefined;
  }

  return async (moves) => {
    const since = now();
    const at = (seconds: number) => since.getTime() + seconds * 1000;
    let told = false;
    // What happens is in Monitoring some minutes later: the keeper, which tells each minute, has twice the time to be heard.
    while (now().getTime() < at(limits.seconds) || (!told && now().getTime() < at(2 * limits.seconds))) {
      await sleep(Math.min(30_000, (limits.seconds * 1000) / 10), undefined, { signal }).catch(() =>
        signal.throwIfAborted(),
      );
      told = await look(moves, since);
    }
    if (!told) throw new Error('The new keeper has not told how far the trail is: is it running?');
    say(`Nothing was wrong in ${Math.round((now().getTime() - since.getTime()) / 1000)} s.`);
  };
}

/**
 * Too many failures since the step began: more than one, more than the limit's share, and more than twice the share that the revision before
 * had in the last hour (`lastHour`). What targets get wrong (502, 504) fails under both alike, and so stops nothing.
 */
export function complaintOf(
  requests: { now: Requests; lastHour: Requests },
  { before, candidate }: Move,
  limit: number,
): string | undefined {
  const now = failuresOf(requests.now[candidate]);
  const then = failuresOf(requests.lastHour[before]);
  if (now.failed <= 1 || now.share <= limit || now.share <= 2 * then.share) return undefined;
  return `${candidate} failed ${now.failed} of ${now.all} requests, ${before} ${then.failed} of ${then.all} in an hour.`;
}

function failuresOf(classes: Readonly<Record<string, number>> = {}) {
  const all = Object.values(classes).reduce((total, count) => total + count, 0);
  const failed = classes['5xx'] ?? 0;
  return { all, failed, share: all === 0 ? 0 : failed / all };
}
