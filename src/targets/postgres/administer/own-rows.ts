import type { Limits } from '../../../model/connection.ts';
import type { Batch } from '../../../model/result.ts';

/** A row of what the gateway itself answers: names, counts and words of its own. */
export type OwnRow = readonly (string | number | boolean | null)[];

export type OwnRows = {
  /** The rows as they leave, in order, as far as the limits go; after that none. */
  take(rows: readonly OwnRow[]): Batch;
  truncated(): boolean;
};

/** Holds what the gateway itself answers to the limits of rows and bytes. */
export function createOwnRows({ rows: mostRows, bytes: mostBytes }: Limits): OwnRows {
  let rows = mostRows ?? Number.POSITIVE_INFINITY;
  let bytes = mostBytes ?? Number.POSITIVE_INFINITY;
  let truncated = false;
  const fits = (line: Buffer) => {
    rows -= 1;
    bytes -= line.length;
    truncated ||= rows < 0 || bytes < 0;
    return !truncated;
  };
  return {
    take(batch) {
      const texts: number[] = [];
      const lines: Buffer[] = [];
      let at = 0;
      for (const row of batch) {
        const line = Buffer.from(`${JSON.stringify(row)}\n`);
        if (!fits(line)) break;
        lines.push(line);
        texts.push(...textsIn(row).flatMap(([start, end]) => [at + start, at + end]));
        at += line.length;
      }
      return { bytes: Buffer.concat(lines), rows: lines.length, texts };
    },
    truncated: () => truncated,
  };
}

/** Where in the JSON of a row its texts stand. */
function textsIn(row: OwnRow): [start: number, end: number][] {
  let at = 1;
  return row.flatMap((value) => {
    const start = at;
    const end = start + Buffer.byteLength(JSON.stringify(value));
    at = end + 1;
    return typeof value === 'string' ? [[start, end]] : [];
  });
}
