import { type Field, isRecord, isRepeated } from './schema.ts';

/** The service's sizes of fixed-width types. Source: BigQuery docs, "Data type sizes". */
const WIDTHS: Record<string, number> = { BOOLEAN: 1, NUMERIC: 16, INTERVAL: 16 };
/** What a STRING, BYTES or JSON, and a repetition, is taken to hold: an estimate, since nothing is measured. */
const TEXT = 32;
const REPETITIONS = 2;

/** About how many bytes a row of these columns takes: enough to compare queries, not to bill them. */
export function byteWidth(fields: readonly Field[]): number {
  return fields.reduce((sum, field) => sum + width(field), 0);
}

function width(field: Field): number {
  const one = isRecord(field) ? byteWidth(field.fields ?? []) : (WIDTHS[field.type] ?? textOrNumber(field));
  return isRepeated(field) ? one * REPETITIONS : one;
}

const textOrNumber = (field: Field) => (['STRING', 'BYTES', 'JSON'].includes(field.type) ? TEXT : 8);
