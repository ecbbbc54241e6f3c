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

/** `FORMAT('%t', x)` and `FORMAT('%T', x)` for DuckDB: any value as text, or as the literal that makes it. Source: GoogleSQL docs, "FORMAT". */
export const printedTextFunctions = (): DuckDBScalarFunction[] => [
  textFunction('bq_printed', (value, type) => printed(value, type, false)),
  textFunction('bq_printed_literal', (value, type) => printed(value, type, true)),
];

function printed(value: DuckDBValue, type: DuckDBType, literal: boolean): string {
  if (value === null) return 'NULL';
  if (value instanceof DuckDBListValue && type instanceof DuckDBListType)
    return `[${value.items.map((item) => printed(item, type.valueType, literal)).join(', ')}]`;
  if (value instanceof DuckDBStructValue && type instanceof DuckDBStructType) {
    const { entries } = value;
    const fields = type.entryNames.map((name, index) =>
      printed(entries[name] ?? null, type.entryTypes[index] ?? VARCHAR, literal),
    );
    return `${literal && fields.length === 1 ? 'STRUCT' : ''}(${fields.join(', ')})`;
  }
  const text = scalar(value);
  return literal ? literalOf(value, text, type) : text;
}

function scalar(value: DuckDBValue): string {
  if (typeof value === 'number')
    return Number.isInteger(value) && Math.abs(value) < 1e15 ? `${value}.0` : String(value);
  if (value instanceof DuckDBDecimalValue) return withoutZeros(value.toString());
  if (value instanceof DuckDBTimestampTZValue) return `${moment(value.micros)}+00`;
  if (value instanceof DuckDBTimestampValue) return moment(value.micros);
  if (value instanceof DuckDBBlobValue) return escaped(Buffer.from(value.bytes).toString('latin1'));
  return String(value);
}

function literalOf(value: DuckDBValue, text: string, type: DuckDBType): string {
  if (typeof value === 'string') return type.alias === 'JSON' ? `JSON ${quotedText(text)}` : quotedText(text);
  if (value instanceof DuckDBBlobValue) return `b"${text}"`;
  if (value instanceof DuckDBDecimalValue) return `NUMERIC "${text}"`;
  if (value instanceof DuckDBTimestampTZValue) return `TIMESTAMP "${text}"`;
  if (value instanceof DuckDBTimestampValue) return `DATETIME "${text}"`;
  if (value instanceof DuckDBDateValue) return `DATE "${text}"`;
  if (value instanceof DuckDBTimeValue) return `TIME "${text}"`;
  return text;
}

/** In double quotes, but where there are some in the text and no single ones. */
function quotedText(text: string): string {
  const quote = text.includes('"') && !text.includes("'") ? "'" : '"';
  const plain = text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t');
  return `${quote}${plain.replaceAll(quote, `\\${quote}`)}${quote}`;
}

const escaped = (latin1: string) =>
  latin1.replace(/[^\x20-\x7e]|["\\]/g, (character) =>
    /["\\]/.test(character) ? `\\${character}` : `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );

/** `2026-01-01 10:00:00[.fff[fff]]`. */
const moment = (micros: bigint) => civil(micros).replace('T', ' ');
