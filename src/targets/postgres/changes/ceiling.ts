import { Problem } from '../../../model/problem.ts';

/**
 * Rows that this transaction inserted, updated or deleted in any table, cascades and triggers included, which the command tag
 * leaves out. Until the server gathers them, the counts of earlier transactions of the same session are among them.
 */
export const changesSql = `SELECT coalesce(sum(pg_stat_get_xact_tuples_inserted(c.oid) + pg_stat_get_xact_tuples_updated(c.oid)
    + pg_stat_get_xact_tuples_deleted(c.oid)), 0), current_setting('track_counts')
  FROM pg_class c WHERE c.oid >= 16384 AND c.relkind IN ('r', 'm')`;

export type Ceiling = {
  /** A row of `changesSql`: the first before the statement, the second after it, in one transaction. */
  read(row: readonly (string | null)[]): void;
  /** Why the transaction must not be committed. */
  verdict(): Problem | undefined;
};

/** Keeps a write to at most so many rows. What cannot be counted is not committed. */
export function createCeiling(atMost: number): Ceiling {
  const readings: number[] = [];
  let counts = true;
  return {
    read([rows, counting]) {
      readings.push(Number(rows ?? Number.NaN));
      counts &&= counting === 'on';
    },
    verdict() {
      const [before = Number.NaN, after = Number.NaN] = readings;
      const changed = after - before;
      if (!counts || !Number.isSafeInteger(changed) || changed < 0) {
        return new Problem('target-rejected', {
          detail: 'The target does not count what a transaction changes (track_counts); nothing was changed.',
        });
      }
      if (changed <= atMost) return undefined;
      return overCeiling(changed, atMost);
    },
  };
}

/** What would change is more than was allowed; where more is meant, the caller has to say so, and policy to agree. */
export const overCeiling = (changes: number, atMost: number) =>
  new Problem('target-rejected', {
    detail: `It would change ${spoken(changes)}, and at most ${spoken(atMost)} may change; nothing was changed. Where more is meant, say how many in at_most.`,
  });

const spoken = (rows: number) => `${rows.toLocaleString('en')} ${rows === 1 ? 'row' : 'rows'}`;
