import { DuckDBDecimalType, DuckDBListType, DuckDBStructType, type DuckDBType, DuckDBTypeId } from '@duckdb/node-api';
import { invalid, invalidQuery } from './errors.ts';

/** A column as the API writes it: a TableFieldSchema. Types carry their API names (INTEGER, RECORD, …). */
export interface Field {
  name: string;
  type: string;
  mode?: string;
  description?: string;
  fields?: Field[];
  /** Full resource names of the column's policy tags. */
  policyTags?: { names?: string[] };
}

/** API type → DuckDB type. NUMERIC keeps the service's scale of 9. */
const TYPES: Record<string, string> = {
  INTEGER: 'BIGINT',
  FLOAT: 'DOUBLE',
  STRING: 'VARCHAR',
  BYTES: 'BLOB',
  BOOLEAN: 'BOOLEAN',
  TIMESTAMP: 'TIMESTAMP WITH TIME ZONE',
  DATETIME: 'TIMESTAMP',
  DATE: 'DATE',
  TIME: 'TIME',
  JSON: 'JSON',
  NUMERIC: 'DECIMAL(38,9)',
  INTERVAL: 'INTERVAL',
};

const ALIASES: Record<string, string> = {
  INT64: 'INTEGER',
  INT: 'INTEGER',
  SMALLINT: 'INTEGER',
  BIGINT: 'INTEGER',
  TINYINT: 'INTEGER',
  BYTEINT: 'INTEGER',
  FLOAT64: 'FLOAT',
  BOOL: 'BOOLEAN',
  STRUCT: 'RECORD',
  DECIMAL: 'NUMERIC',
};

export const isRepeated = (field: Field) => field.mode?.toUpperCase() === 'REPEATED';
export const isRequired = (field: Field) => field.mode?.toUpperCase() === 'REQUIRED';
export const isRecord = (field: Field) => field.type === 'RECORD';
/** A repeated field's element. */
export const elementOf = (field: Field): Field => ({ ...field, mode: 'NULLABLE' });
export const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;

/** The API's name of a type written in SQL or in a schema; `undefined` for one that the emulator does not hold. */
export function apiType(name: string): string | undefined {
  const upper = name.toUpperCase();
  const type = ALIASES[upper] ?? upper;
  return type === 'RECORD' || type in TYPES ? type : undefined;
}

/** The DuckDB type that stores the field. */
export function duckType(field: Field): string {
  if (isRepeated(field)) return `${duckType(elementOf(field))}[]`;
  if (!isRecord(field)) return TYPES[field.type] ?? 'VARCHAR';
  return `STRUCT(${(field.fields ?? []).map((inner) => `${quoted(inner.name)} ${duckType(inner)}`).join(', ')})`;
}

/** A schema with every type and mode in its API name. Refuses unknown types, bad names and duplicates, as the service does. */
export function normalizeFields(fields: readonly Field[], path = ''): Field[] {
  const seen = new Set<string>();
  return fields.map((field) => {
    const name = String(field.name ?? '');
    if (!/^[\p{L}_][\p{L}\p{N}\p{M}_ -]{0,299}$/u.test(name)) {
      throw invalid(
        `Invalid field name "${path}${name}". Fields must contain the allowed characters, and be at most 300 characters long.`,
      );
    }
    if (seen.has(name.toLowerCase())) throw invalid(`Field ${path}${name} already exists in schema`);
    seen.add(name.toLowerCase());
    return { ...field, ...normalizeType(field, `${path}${name}`) };
  });
}

function normalizeType(field: Field, path: string): Pick<Field, 'type' | 'mode' | 'fields'> {
  const type = apiType(String(field.type ?? ''));
  if (!type) throw invalid(`Invalid value for type: ${field.type} is not a valid value`);
  const mode = (field.mode ?? 'NULLABLE').toUpperCase();
  if (!['NULLABLE', 'REQUIRED', 'REPEATED'].includes(mode)) {
    throw invalid(`Invalid value for mode: ${field.mode} is not a valid value`);
  }
  if (type !== 'RECORD') return { type, mode };
  if (!field.fields?.length) throw invalid(`Field ${path} is type RECORD but has no schema`);
  return { type, mode, fields: normalizeFields(field.fields, `${path}.`) };
}

const RESULT_TYPES: Partial<Record<DuckDBTypeId, string>> = {
  [DuckDBTypeId.BOOLEAN]: 'BOOLEAN',
  [DuckDBTypeId.TINYINT]: 'INTEGER',
  [DuckDBTypeId.SMALLINT]: 'INTEGER',
  [DuckDBTypeId.INTEGER]: 'INTEGER',
  [DuckDBTypeId.BIGINT]: 'INTEGER',
  [DuckDBTypeId.HUGEINT]: 'INTEGER',
  [DuckDBTypeId.UBIGINT]: 'INTEGER',
  [DuckDBTypeId.UINTEGER]: 'INTEGER',
  [DuckDBTypeId.SQLNULL]: 'INTEGER',
  [DuckDBTypeId.FLOAT]: 'FLOAT',
  [DuckDBTypeId.DOUBLE]: 'FLOAT',
  [DuckDBTypeId.VARCHAR]: 'STRING',
  [DuckDBTypeId.BLOB]: 'BYTES',
  [DuckDBTypeId.TIMESTAMP_TZ]: 'TIMESTAMP',
  [DuckDBTypeId.TIMESTAMP]: 'DATETIME',
  [DuckDBTypeId.DATE]: 'DATE',
  [DuckDBTypeId.TIME]: 'TIME',
  [DuckDBTypeId.INTERVAL]: 'INTERVAL',
};

/** The API's field for a column of a DuckDB result. */
export function fieldOf(name: string, type: DuckDBType): Field {
  if (type instanceof DuckDBListType) return { ...fieldOf(name, type.valueType), mode: 'REPEATED' };
  if (type instanceof DuckDBStructType) {
    if (type.entryNames.includes(''))
      throw invalidQuery('A STRUCT without field names in a result is not supported by this emulator');
    const fields = type.entryNames.map((entry, index) => fieldOf(entry, type.entryTypes[index] ?? type));
    return { name, type: 'RECORD', mode: 'NULLABLE', fields };
  }
  if (type.alias === 'JSON') return { name, type: 'JSON', mode: 'NULLABLE' };
  if (type instanceof DuckDBDecimalType) return { name, type: 'NUMERIC', mode: 'NULLABLE' };
  const known = RESULT_TYPES[type.typeId];
  if (!known) throw new Error(`No BigQuery type for DuckDB's ${type}`);
  return { name, type: known, mode: 'NULLABLE' };
}
