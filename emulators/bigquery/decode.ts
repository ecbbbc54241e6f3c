import {
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBListValue,
  DuckDBStructValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBTimeValue,
  type DuckDBValue,
} from '@duckdb/node-api';
import { elementOf, type Field, isRecord, isRepeated, isRequired } from './schema.ts';

/** Why a value of a row or a parameter is refused; `location` is the field's path. */
export class BadValue extends Error {
  readonly location: string;

  constructor(location: string, message: string) {
    super(message);
    this.location = location;
  }
}

/** Options of one insertAll request. */
export interface DecodeOptions {
  ignoreUnknown: boolean;
}

/** A row's values in the order of its fields. Refuses unknown, missing and wrongly typed fields with `BadValue`. */
export type RowDecoder = (row: object, options: DecodeOptions) => DuckDBValue[];
type FieldDecoder = (value: unknown, options: DecodeOptions) => DuckDBValue;

const known = new WeakMap<readonly Field[], RowDecoder>();

/** How rows with these fields are read: worked out once for each schema. */
export function rowDecoder(fields: readonly Field[]): RowDecoder {
  const decode = known.get(fields) ?? makeDecoder(fields, '');
  known.set(fields, decode);
  return decode;
}

function makeDecoder(fields: readonly Field[], path: string): RowDecoder {
  const decoders = fields.map((field) => fieldDecoder(field, `${path}${field.name}`));
  const places = new Map(fields.map(({ name }, place) => [name.toLowerCase(), place]));
  for (const [place, { name }] of fields.entries()) places.set(name, place);
  return (row, options) => {
    const given = new Array<unknown>(fields.length);
    let unknown: string | undefined;
    for (const [name, value] of Object.entries(row)) {
      const place = places.get(name) ?? places.get(name.toLowerCase());
      if (place === undefined) unknown ??= name;
      else given[place] = value;
    }
    const values = decoders.map((decode, place) => decode(given[place], options));
    if (unknown === undefined || options.ignoreUnknown) return values;
    throw new BadValue(`${path}${unknown}`, `no such field: ${path}${unknown}.`);
  };
}

/** One field's value from its JSON form. */
export const decodeField = (field: Field, value: unknown, options: DecodeOptions): DuckDBValue =>
  fieldDecoder(field, field.name)(value, options);

function fieldDecoder(field: Field, path: string): FieldDecoder {
  if (isRepeated(field)) return listDecoder(field, path);
  const decode = isRecord(field)
    ? recordDecoder(field, path)
    : (value: unknown) => decodeScalar(field.type, value, path);
  return (value, options) => {
    if (value === null || value === undefined) {
      if (isRequired(field)) throw new BadValue(path, `Missing required field: ${path}.`);
      return null;
    }
    if (Array.isArray(value) && field.type !== 'JSON') {
      throw new BadValue(path, `Array specified for non-repeated field: ${path}.`);
    }
    return decode(value, options);
  };
}

function recordDecoder({ fields = [] }: Field, path: string): FieldDecoder {
  const decode = makeDecoder(fields, `${path}.`);
  const empty = Object.fromEntries(fields.map(({ name }): [string, DuckDBValue] => [name, null]));
  return (value, options) => {
    if (typeof value !== 'object' || value === null) throw new BadValue(path, `This field: ${path} is not a record.`);
    const values = decode(value, options);
    const entries = { ...empty };
    for (const [place, { name }] of fields.entries()) entries[name] = values[place] ?? null;
    return new DuckDBStructValue(entries);
  };
}

function listDecoder(field: Field, path: string): FieldDecoder {
  const decode = fieldDecoder(elementOf(field), path);
  return (value, options) => {
    if (value === null || value === undefined) return new DuckDBListValue([]);
    const items: unknown[] = Array.isArray(value) ? value : [value];
    return new DuckDBListValue(
      items.map((item) => {
        if (item === null)
          throw new BadValue(path, `Only optional fields can be set to NULL. Field: ${path}; Value: NULL`);
        return decode(item, options);
      }),
    );
  };
}

const BOOLEANS = new Map([
  ['true', true],
  ['false', false],
]);
const SPECIAL_FLOATS = new Map([
  ['nan', Number.NaN],
  ['inf', Number.POSITIVE_INFINITY],
  ['infinity', Number.POSITIVE_INFINITY],
]);

const DECODERS: Record<string, (text: string) => DuckDBValue | undefined> = {
  INTEGER: integer,
  FLOAT: float,
  STRING: (text) => text,
  BOOLEAN: (text) => BOOLEANS.get(text.toLowerCase()),
  BYTES: bytes,
  TIMESTAMP: (text) => wrap(timestampMicros(text), (micros) => new DuckDBTimestampTZValue(micros)),
  DATETIME: (text) => wrap(datetimeMicros(text), (micros) => new DuckDBTimestampValue(micros)),
  DATE: (text) => wrap(datetimeMicros(text, DATE_ONLY), (micros) => new DuckDBDateValue(Number(micros / DAY))),
  TIME: (text) => wrap(datetimeMicros(`1970-01-01 ${text}`), (micros) => new DuckDBTimeValue(micros)),
  NUMERIC: numeric,
};

const COMPLAINTS: Record<string, (value: string) => string> = {
  INTEGER: (value) => `Cannot convert value to integer (bad value): ${value}`,
  FLOAT: (value) => `Cannot convert value to floating point (bad value): ${value}`,
  BOOLEAN: (value) => `Cannot convert value to boolean: ${value}`,
  BYTES: (value) => `Could not decode base64 string to bytes. Value: ${value}`,
  NUMERIC: (value) => `Invalid NUMERIC value: ${value}`,
  TIMESTAMP: (value) =>
    `Could not parse '${value}' as a timestamp. Required format is YYYY-MM-DD HH:MM[:SS[.SSSSSS]] or YYYY/MM/DD HH:MM[:SS[.SSSSSS]]`,
};

function decodeScalar(type: string, value: unknown, path: string): DuckDBValue {
  if (type === 'JSON') return json(value, path);
  if (typeof value === 'object')
    throw new BadValue(path, `Cannot convert value to ${type.toLowerCase()}: a record was given.`);
  const decoded = DECODERS[type]?.(String(value));
  if (decoded !== undefined) return decoded;
  const complain = COMPLAINTS[type] ?? ((text: string) => `Invalid ${type.toLowerCase()}: '${text}'`);
  throw new BadValue(path, complain(String(value)));
}

function wrap<T, R>(value: T | undefined, make: (value: T) => R): R | undefined {
  return value === undefined ? undefined : make(value);
}

function integer(text: string): bigint | undefined {
  if (!/^[+-]?\d+(?:\.0+)?$/.test(text)) return undefined;
  const value = BigInt(text.replace(/^\+/, '').replace(/\.0+$/, ''));
  return BigInt.asIntN(64, value) === value ? value : undefined;
}

function float(text: string): number | undefined {
  const named = SPECIAL_FLOATS.get(text.toLowerCase().replace(/^[+-]/, ''));
  if (named !== undefined) return text.startsWith('-') ? -named : named;
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text) ? Number(text) : undefined;
}

function bytes(text: string): DuckDBBlobValue | undefined {
  const standard = text.replaceAll('-', '+').replaceAll('_', '/');
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(standard)) return undefined;
  return new DuckDBBlobValue(new Uint8Array(Buffer.from(standard, 'base64')));
}

/** NUMERIC: 29 digits before and 9 after the point. */
function numeric(text: string): DuckDBDecimalValue | undefined {
  const parts = /^([+-]?)(\d*)(?:\.(\d*))?$/.exec(text);
  if (!parts || !/\d/.test(text)) return undefined;
  const [, sign = '', whole = '', fraction = ''] = parts;
  if (whole.replace(/^0+/, '').length > 29 || fraction.replace(/0+$/, '').length > 9) return undefined;
  const value = BigInt(whole + fraction.slice(0, 9).padEnd(9, '0'));
  return new DuckDBDecimalValue(sign === '-' ? -value : value, 38, 9);
}

/** JSON text without insignificant space. A string is taken as JSON text, as the streaming API does. */
function json(value: unknown, path: string): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  try {
    JSON.parse(text);
  } catch {
    throw new BadValue(path, `Invalid JSON: ${text.slice(0, 80)}`);
  }
  return text.replace(/("(?:\\.|[^"\\])*")|\s+/g, '$1');
}

const DAY = 86_400_000_000n;
const DATE_ONLY = /^(\d{4})-(\d{1,2})-(\d{1,2})$/;
const DATETIME = /^(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[ Tt](\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,9}))?)?)?$/;

/** Microseconds since 1970 of a civil time; `undefined` for what is not one, February 30th included. */
function datetimeMicros(text: string, pattern: RegExp = DATETIME): bigint | undefined {
  const parts = pattern.exec(text.trim());
  if (!parts) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts
    .slice(1, 7)
    .map((part) => Number(part ?? 0));
  const date = new Date(Date.UTC(2000, month - 1, day, hour, minute, second));
  date.setUTCFullYear(year, month - 1, day);
  const valid =
    date.getUTCMonth() === month - 1 && date.getUTCDate() === day && hour < 24 && minute < 60 && second < 60;
  if (!valid || year < 1) return undefined;
  return BigInt(date.getTime()) * 1000n + BigInt((parts[7] ?? '').slice(0, 6).padEnd(6, '0'));
}

/** Microseconds since 1970 of a timestamp: a civil time with `Z`, `UTC` or an offset (UTC without one), or epoch seconds. */
export function timestampMicros(text: string): bigint | undefined {
  if (/^-?\d+(\.\d+)?(?:[eE][+]?\d+)?$/.test(text)) return epochMicros(text);
  const parts = /^(.*?)\s*(?:(Z|UTC)|([+-])(\d{1,2})(?::?(\d{2}))?)?$/i.exec(text.trim());
  const isDate = DATE_ONLY.test(text.trim());
  const micros = datetimeMicros(isDate ? text : (parts?.[1] ?? ''));
  if (micros === undefined || !parts || isDate) return micros;
  const offset = BigInt(Number(parts[4] ?? 0) * 60 + Number(parts[5] ?? 0)) * 60_000_000n;
  return parts[3] === '-' ? micros + offset : micros - offset;
}

function epochMicros(text: string): bigint {
  const [whole = '0', fraction = ''] = text.split('.');
  if (/[eE]/.test(text)) return BigInt(Math.round(Number(text) * 1e6));
  const micros = BigInt(fraction.slice(0, 6).padEnd(6, '0'));
  return BigInt(whole) * 1_000_000n + (whole.startsWith('-') ? -micros : micros);
}
