import type { Change } from './storage.ts';

export interface ChangeLog {
  append(changes: readonly Change[]): void;
  /** Every change after a moment, newest first; only complete for moments at or after `floor()`. */
  since(micros: number): Change[];
  floor(): number;
}

const KEPT_MICROS = 60 * 60 * 1_000_000;
const KEPT_CHANGES = 20_000;

/**
 * The changes of the last hour, at most 20,000 of them, from which past moments and missed changes are worked out.
 * `start` is the last commit before this process: nothing older can be told.
 */
export function createChangeLog(start: number): ChangeLog {
  let log: Change[] = [];
  let floor = start;

  function prune(newest: number): void {
    if (log.length < 2 * KEPT_CHANGES && (log[0]?.at ?? newest) > newest - 2 * KEPT_MICROS) return;
    const recent = log.findIndex(({ at }) => at > newest - KEPT_MICROS);
    const drop = Math.max(recent, log.length - KEPT_CHANGES, 0);
    floor = log[drop - 1]?.at ?? floor;
    log = log.slice(drop).filter(({ at }) => at > floor);
  }

  return {
    append(changes) {
      log.push(...changes);
      const newest = changes.at(-1);
      if (newest !== undefined) prune(newest.at);
    },
    since(micros) {
      const found: Change[] = [];
      for (let i = log.length - 1; i >= 0; i--) {
        const change = log[i];
        if (change === undefined || change.at <= micros) break;
        found.push(change);
      }
      return found;
    },
    floor: () => floor,
  };
}
