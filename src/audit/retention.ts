import type { Logger } from '../platform/logger.ts';
import { atMost } from './timing.ts';

const DAY = 86_400_000;
const PATIENCE = 5_000;

/** How long rows of a table are kept. */
export type Retention = {
  /** Milliseconds from the beginning of their day; null for ever. */
  of(table: string): number | null;
};

export const keepAll: Retention = { of: () => null };

/** Days by table; what is not named is kept for ever, and so is everything under legal hold. */
export function createRetention(days: Readonly<Record<string, number>>, legalHold: boolean): Retention {
  return { of: (table) => (legalHold || days[table] === undefined ? null : days[table] * DAY) };
}

export const wordsOf = (milliseconds: number | null) => {
  if (milliseconds === null) return 'for ever';
  return milliseconds === DAY ? 'for 1 day' : `for ${milliseconds / DAY} days`;
};

/** The first day (UTC) no row of which has been deleted: a partition goes once its beginning is that long ago. */
function firstKeptDay(now: Date, milliseconds: number): string {
  const day = Math.floor((now.getTime() - milliseconds) / DAY) + 1;
  return new Date(day * DAY).toISOString().slice(0, 10);
}

/**
 * From which day on rows of a table are kept, for checkpoints to say: told from the table itself, and never more than what was
 * configured. So whoever shortens the retention of the table alone cannot have it signed: that is an alert, and what is
 * deleted then is found missing. Null while everything is kept, or while BigQuery does not answer.
 */
export function createRetainedFrom(deps: {
  table: 'events' | 'recordings';
  /** What is set on it. */
  keepsFor: () => Promise<{ milliseconds: number | null; doomed: boolean }>;
  retention: Retention;
  log: Logger;
}): (now: Date) => Promise<string | null> {
  const { table, keepsFor, retention, log } = deps;
  const configured = retention.of(table);
  let alerted = false;

  function compare(isShort: boolean, found: number | null) {
    if (isShort === alerted) return;
    alerted = isShort;
    const fields = { table, found: wordsOf(found), configured: wordsOf(configured) };
    if (isShort)
      log.alert({ alert: 'retention-shortened', ...fields }, 'Rows of the trail would be deleted before their time.');
    else log.info({ recovered: 'retention-shortened', ...fields }, 'Rows of the trail are kept as configured again.');
  }

  return async (now) => {
    try {
      const found = await atMost(PATIENCE, keepsFor());
      if (found === 'late') throw new Error('BigQuery did not say in time how long rows are kept.');
      const { milliseconds, doomed } = found;
      const isShort = milliseconds !== null && (configured === null || milliseconds < configured);
      compare(isShort || doomed, milliseconds);
      if (milliseconds === null || configured === null) return null;
      return firstKeptDay(now, Math.max(milliseconds, configured));
    } catch (error) {
      log.warn({ error, table }, 'How long rows of the trail are kept is not known for the moment.');
      return null;
    }
  };
}
