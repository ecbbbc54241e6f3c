import { csvLine } from '../model/csv.ts';

/** A table as CSV. */
export function csvOf(columns: readonly string[], rows: readonly (readonly unknown[])[]): string {
  return [columns, ...rows].map(csvLine).join('');
}
