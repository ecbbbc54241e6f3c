import type { Limits } from '../model/documents.ts';

/** The lowest of each. */
export function lowest(all: readonly Limits[]): Limits {
  const limits: Limits = {};
  for (const key of ['rows', 'bytes', 'seconds', 'concurrent'] as const) {
    const values = all.map((each) => each[key]).filter((value) => value !== undefined);
    if (values.length > 0) limits[key] = Math.min(...values);
  }
  return limits;
}
