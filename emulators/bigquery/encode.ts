import {
  DuckDBBlobValue,
  DuckDBDecimalValue,
  DuckDBIntervalValue,
  DuckDBListValue,
  DuckDBStructValue,
  DuckDBTimestampTZValue,
  type DuckDBValue,
} from '@duckdb/node-api';
import { invalidQuery } from './errors.ts';
import { withoutZeros } from './scalar-text.ts';
import { elementOf, type Field, isRecord, isRepeated } from './schema.ts';

/** How the caller wants timestamps: `formatOptions` of the API. The service's default is floating point seconds. */
export interface FormatOptions {
  useInt64Timestamp?: boolean;
  timestampOutputFormat?: string;
}

/** A cell of a row: `{v}` where records are `{f: [{v}…]}` and arrays `[{v}…]`. */
export type Cell = null | string | { v: Cell }[] | { f: { v: Cell }[] };

/** A row in the API's JSON. */
export function encodeRow(fields: readonly Field[], row: readonly DuckDBValue[], format: FormatOptions) {
  return { f: fields.map((field, index) => ({ v: encodeCell(field, row[index] ?? null, format) })) };
}

function encodeCell(field: Field, value: DuckDBValue, format: FormatOptions): Cell {
  if (isRepeated(field)) {
    const items = value instanceof DuckDBListValue ? value.items : [];
    return items.map((item) => {
      if (item === null) throw invalidQuery(`Array cannot have a null element; error in writing field ${field.name}`);
      return { v: encodeCell(elementOf(field), item, format) };
    });
  }
  if (value === null) return null;
  if (isRecord(field) && value instanceof DuckDBStructValue) {
    const entries = Object.values(value.entries);
    return encodeRow(field.fields ?? [], entries, format);
  }
  return encodeScalar(field, value, format);
}

function encodeScalar(field: Field, value: DuckDBValue, format: FormatOptions): string {
  if (value instanceof DuckDBTimestampTZValue) return timestamp(value.micros, format);
  if (value instanceof DuckDBBlobValue) return Buffer.from(value.bytes).toString('base64');
  if (value instanceof DuckDBDecimalValue) return withoutZeros(value.toString());
  if (value instanceof DuckDBIntervalValue) return interval(value);
  if (typeof value === 'number') return field.type === 'FLOAT' ? float(value) : String(value);
  if (typeof value === 'bigint') return int64(value);
  return field.type === 'DATETIME' ? String(value).replace(' ', 'T') : String(value);
}

function int64(value: bigint): string {
  if (BigInt.asIntN(64, value) !== value) throw invalidQuery(`int64 overflow: ${value}`);
  return value.toString();
}

function float(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity';
  return Number.isInteger(value) && Math.abs(value) < 1e7
    ? `${value}.0`
    : String(value).replace('e+', 'E').replace('e', 'E');
}

/** Micros as the service writes them: an integer, ISO 8601, or seconds in scientific notation such as `1.7672256E9`. */
function timestamp(micros: bigint, format: FormatOptions): string {
  if (format.timestampOutputFormat === 'ISO8601_STRING') return iso(micros);
  if (format.useInt64Timestamp || format.timestampOutputFormat === 'INT64') return micros.toString();
  const sign = micros < 0n ? '-' : '';
  const digits = (micros < 0n ? -micros : micros).toString().padStart(7, '0');
  const seconds = withoutZeros(`${digits.slice(0, -6)}.${digits.slice(-6)}`);
  if (Number(seconds) < 1e7) return `${sign}${seconds.includes('.') ? seconds : `${seconds}.0`}`;
  const exponent = digits.length - 7;
  const mantissa = withoutZeros(`${digits.slice(0, 1)}.${digits.slice(1)}`);
  return `${sign}${mantissa.includes('.') ? mantissa : `${mantissa}.0`}E${exponent}`;
}

function iso(micros: bigint): string {
  const fraction = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const seconds = new Date(Number((micros - fraction) / 1000n)).toISOString().slice(0, 19);
  return `${seconds}.${fraction.toString().padStart(6, '0')}Z`;
}

/** `Y-M D H:M:S[.F]`, the service's canonical interval. */
function interval(value: DuckDBIntervalValue): string {
  const months = Math.abs(value.months);
  const micros = value.micros < 0n ? -value.micros : value.micros;
  const seconds = micros / 1_000_000n;
  const fraction = micros % 1_000_000n;
  const sign = (negative: boolean) => (negative ? '-' : '');
  const clock = `${seconds / 3600n}:${(seconds / 60n) % 60n}:${seconds % 60n}`;
  const tail = fraction ? `.${fraction.toString().padStart(6, '0')}` : '';
  return `${sign(value.months < 0)}${Math.floor(months / 12)}-${months % 12} ${value.days} ${sign(value.micros < 0n)}${clock}${tail}`;
}
