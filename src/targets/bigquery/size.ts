import type { Job } from './api/answers.ts';

const units: readonly (readonly [number, string])[] = [
  [1e12, 'TB'],
  [1e9, 'GB'],
  [1e6, 'MB'],
];

/** BigQuery bills no less for a table. */
const LEAST = 10_000_000;

/**
 * The next 1, 2 or 5 × 10^k bytes, and no less than what is billed at least. How many bytes a column has depends on its values, so a
 * caller for whom something is hidden is told about how many there are and no more.
 */
export function about(bytes: number): number {
  if (bytes === 0) return 0;
  const base = 10 ** Math.floor(Math.log10(Math.max(bytes, LEAST)));
  const factor = [1, 2, 5, 10].find((each) => each * base >= bytes) ?? 10;
  return Math.max(factor * base, LEAST);
}

/** In words; undefined where nothing was. */
export function billedIn({ statistics }: Job, hides: boolean): string | undefined {
  const bytes = statistics.query?.totalBytesBilled ?? 0;
  if (bytes === 0) return undefined;
  return hides ? `up to ${inWords(about(bytes))}` : inWords(bytes);
}

function inWords(bytes: number): string {
  const [unit, name] = units.find(([size]) => bytes >= size) ?? [1e6, 'MB'];
  return `${Number((bytes / unit).toFixed(2))} ${name}`;
}
