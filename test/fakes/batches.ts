import type { Batch } from '../../src/model/result.ts';

/** A value as it stands in the JSON of an answer. */
type Value = string | number | boolean | null | readonly Value[] | { readonly [key: string]: Value };
export type Row = readonly Value[];

/** Rows of values as a target hands them over; all may hold text unless it is said that none may. */
export function batchOf(rows: readonly Row[], mayHoldText = true): Batch {
  const texts: number[] = [];
  let bytes = Buffer.alloc(0);
  const write = (text: string) => {
    bytes = Buffer.concat([bytes, Buffer.from(text)]);
  };
  for (const row of rows) {
    for (const [index, value] of row.entries()) {
      write(index === 0 ? '[' : ',');
      const start = bytes.length;
      write(jsonOf(value));
      if (mayHoldText) texts.push(start, bytes.length);
    }
    write(row.length === 0 ? '[]\n' : ']\n');
  }
  return { bytes, rows: rows.length, texts };
}

/** Without recursion, as tests nest deep. */
function jsonOf(value: Value): string {
  let depth = 0;
  let inner = value;
  while (Array.isArray(inner) && inner.length === 1) {
    inner = inner[0];
    depth++;
  }
  return '['.repeat(depth) + JSON.stringify(inner) + ']'.repeat(depth);
}

export function rowsOf({ bytes }: { bytes: Uint8Array }): Row[] {
  const lines = Buffer.from(bytes).toString('utf8').split('\n');
  if (lines.pop() !== '') throw new Error('The last line has no end.');
  return lines.map((line) => JSON.parse(line));
}
