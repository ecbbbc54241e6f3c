import type { Cell } from '../api/answers.ts';
import { withheld } from '../api/refused.ts';
import type { Field } from '../plan.ts';
import { mayHoldText, type Written } from './written.ts';

/** A row as a line of JSON: an array of its values, and a newline. */
export function writeRow(written: Written, fields: readonly Field[], cells: readonly { v: Cell }[]): void {
  fields.forEach((field, index) => {
    written.add(index === 0 ? '[' : ',');
    writeValue(written, field, cells[index]?.v ?? null);
  });
  written.add(fields.length === 0 ? '[]\n' : ']\n');
}

/**
 * A value: integers beyond 2^53, NUMERIC and floats that are no numbers as strings, bytes in base64, times as ISO 8601, JSON as it is, a
 * STRUCT as an object, an ARRAY as an array.
 */
function writeValue(written: Written, field: Field, cell: Cell): void {
  if (field.mode === 'REPEATED') {
    writeArray(written, field, cell);
    return;
  }
  if (cell === null) {
    written.add('null');
    return;
  }
  if (field.type === 'STRUCT') {
    writeStruct(written, field, cell);
    return;
  }
  if (typeof cell !== 'string') throw misfit();
  const json = jsonOf(field.type, cell);
  if (mayHoldText(field.type)) written.addText(json);
  else written.add(json);
}

function writeArray(written: Written, field: Field, cell: Cell): void {
  if (cell !== null && !Array.isArray(cell)) throw misfit();
  written.add('[');
  for (const [index, { v }] of (cell ?? []).entries()) {
    if (index > 0) written.add(',');
    writeValue(written, { ...field, mode: 'NULLABLE' }, v);
  }
  written.add(']');
}

/** Fields without a name, or with one that is there already, are told apart by their place. */
function writeStruct(written: Written, { fields = [] }: Field, cell: Cell): void {
  if (cell === null || typeof cell === 'string' || Array.isArray(cell)) throw misfit();
  const seen = new Set<string>();
  written.add('{');
  for (const [index, field] of fields.entries()) {
    const name = field.name === '' || seen.has(field.name) ? `_field_${index + 1}` : field.name;
    seen.add(name);
    written.add(`${index === 0 ? '' : ','}${JSON.stringify(name)}:`);
    writeValue(written, field, cell.f[index]?.v ?? null);
  }
  written.add('}');
}

function jsonOf(type: string, text: string): string {
  switch (type) {
    case 'INT64':
      return Number.isSafeInteger(Number(text)) ? String(Number(text)) : JSON.stringify(text);
    case 'FLOAT64':
      return Number.isFinite(Number(text)) ? JSON.stringify(Number(text)) : JSON.stringify(text);
    case 'BOOL':
      return text === 'true' || text === 'false' ? text : JSON.stringify(text);
    case 'TIMESTAMP':
      return JSON.stringify(isoTime(text));
    case 'JSON':
      return jsonIn(text);
    default:
      return JSON.stringify(text);
  }
}

/** Microseconds since 1970 in ISO 8601, without a fraction where there is none. */
function isoTime(text: string): string {
  if (!/^-?\d{1,18}$/.test(text)) return text;
  const micros = BigInt(text);
  const fraction = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const seconds = new Date(Number((micros - fraction) / 1000n)).toISOString().slice(0, -5);
  return `${seconds}${fraction === 0n ? '' : `.${String(fraction).padStart(6, '0')}`}Z`;
}

/** JSON stays what it is, its numbers as they are written; a line break in it can only stand between its parts. */
function jsonIn(text: string): string {
  try {
    JSON.parse(text);
  } catch {
    return JSON.stringify(text);
  }
  return text.replace(/[\r\n]/g, ' ');
}

const misfit = () => withheld('answer', 'BigQuery answered a value that does not fit its type.');
