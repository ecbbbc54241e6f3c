import {
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBListType,
  DuckDBListValue,
  type DuckDBScalarFunction,
  DuckDBStructType,
  DuckDBStructValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBTimeValue,
  type DuckDBType,
  type DuckDBValue,
  VARCHAR,
} from '@duckdb/node-api';
import { civil, withoutZeros } from './scalar-text.ts';
import { textFunction } from './text-function.ts';

/** `TO_JSON_STRING` for DuckDB: its own to_json writes times and bytes differently. Source: GoogleSQL docs, "JSON encodings". */
export const jsonTextFunction = (): DuckDBScalarFunction => textFunction('bq_json_text', jsonText);

function jsonText(value: DuckDBValue, type: DuckDBType): string {
  if (value === null) return 'null';
  if (value instanceof DuckDBListValue && type instanceof DuckDBListType) {
    return `[${value.items.map((item) => jsonText(item, type.valueType)).join(',')}]`;
  }
  if (value instanceof DuckDBStructValue && type instanceof DuckDBStructType) {
    const { entries } = value;
    const fields = type.entryNames.map((name, index) => {
      const inner = type.entryTypes[index] ?? VARCHAR;
      return `${JSON.stringify(name)}:${jsonText(entries[name] ?? null, inner)}`;
    });
    return `{${fields.join(',')}}`;
  }
  if (typeof value === 'string') return type.alias === 'JSON' ? value : JSON.stringify(value);
  return scalar(value);
}

/** Numbers that a double cannot hold are strings. */
function scalar(value: DuckDBValue): string {
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : JSON.stringify(String(value));
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? String(value) : `"${value}"`;
  if (value instanceof DuckDBDecimalValue) return decimal(value.toString());
  if (value instanceof DuckDBBlobValue) return `"${Buffer.from(value.bytes).toString('base64')}"`;
  if (value instanceof DuckDBTimestampTZValue) return `"${civil(value.micros)}Z"`;
  if (value instanceof DuckDBTimestampValue) return `"${civil(value.micros)}"`;
  if (value instanceof DuckDBTimeValue) return `"${civil(value.micros).slice(11)}"`;
  if (value instanceof DuckDBDateValue) return `"${value}"`;
  throw new Error(`TO_JSON_STRING does not support this type in this emulator`);
}

function decimal(text: string): string {
  const short = withoutZeros(text);
  return short.includes('.') || !Number.isSafeInteger(Number(short)) ? `"${short}"` : short;
}
