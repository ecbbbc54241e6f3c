import {
  DuckDBBlobValue,
  DuckDBListValue,
  DuckDBStructValue,
  DuckDBTimestampTZValue,
  type DuckDBValue,
} from '@duckdb/node-api';
import { z } from 'zod';
import { BadValue, decodeField } from './decode.ts';
import { invalid, invalidQuery } from './errors.ts';
import { apiType, duckType, elementOf, type Field, isRecord, isRepeated, quoted } from './schema.ts';
import { sqlString } from './sql/scope.ts';

interface ParameterType {
  type: string;
  arrayType?: ParameterType | undefined;
  structTypes?: { name?: string | undefined; type: ParameterType }[] | undefined;
}

interface ParameterValue {
  value?: unknown;
  arrayValues?: ParameterValue[] | undefined;
  structValues?: Record<string, ParameterValue> | undefined;
}

const typeSchema: z.ZodType<ParameterType> = z.lazy(() =>
  z.looseObject({
    type: z.string(),
    arrayType: typeSchema.optional(),
    structTypes: z.array(z.looseObject({ name: z.string().optional(), type: typeSchema })).optional(),
  }),
);
const valueSchema: z.ZodType<ParameterValue> = z.lazy(() =>
  z.looseObject({
    value: z.unknown().optional(),
    arrayValues: z.array(valueSchema).optional(),
    structValues: z.record(z.string(), valueSchema).optional(),
  }),
);

/** `queryParameters[]` of a query. */
export const parameterSchema = z.looseObject({
  name: z.string().nullish(),
  parameterType: typeSchema,
  parameterValue: valueSchema.nullish(),
});
export type QueryParameter = z.infer<typeof parameterSchema>;

/** Finds a query's parameters by name or position as typed SQL literals. Refuses missing and malformed ones. */
export function parameterLiterals(parameters: readonly QueryParameter[]): (key: string | number, at: string) => string {
  return (key, at) => {
    const found =
      typeof key === 'number'
        ? parameters.filter((parameter) => !parameter.name)[key - 1]
        : parameters.find((parameter) => parameter.name?.toLowerCase() === key.toLowerCase());
    if (!found) {
      throw invalidQuery(
        typeof key === 'number'
          ? `Query parameter number ${key} is not defined at ${at}`
          : `Query parameter '${key}' not found at ${at}`,
      );
    }
    const field = parameterField(String(key), found.parameterType);
    return literal(field, parameterValue(field, found.parameterValue ?? {}));
  };
}

function parameterField(name: string, { type, arrayType, structTypes }: ParameterType): Field {
  if (type === 'ARRAY') {
    if (!arrayType) throw invalid(`Missing array type of query parameter ${name}`);
    return { ...parameterField(name, arrayType), mode: 'REPEATED' };
  }
  const known = apiType(type);
  if (!known) throw invalid(`Invalid type of query parameter ${name}: ${type}`);
  if (known !== 'RECORD') return { name, type: known };
  const fields = (structTypes ?? []).map((inner, index) =>
    parameterField(inner.name ?? `_field_${index + 1}`, inner.type),
  );
  return { name, type: known, fields };
}

function parameterValue(field: Field, given: ParameterValue): DuckDBValue {
  try {
    return decodeField(field, plainValue(field, given), { ignoreUnknown: false });
  } catch (error) {
    if (error instanceof BadValue) throw invalid(`Invalid value for query parameter ${field.name}: ${error.message}`);
    throw error;
  }
}

/** The parameter's nested wrappers as plain JSON. */
function plainValue(field: Field, given: ParameterValue): unknown {
  if (isRepeated(field)) return (given.arrayValues ?? []).map((item) => plainValue(elementOf(field), item));
  if (!isRecord(field)) return given.value ?? null;
  return Object.fromEntries(
    (field.fields ?? []).map((inner) => [inner.name, plainValue(inner, given.structValues?.[inner.name] ?? {})]),
  );
}

/** A value as SQL that DuckDB reads back as the same value of the same type. */
function literal(field: Field, value: DuckDBValue): string {
  if (value === null) return `CAST(NULL AS ${duckType(field)})`;
  if (value instanceof DuckDBListValue) {
    return `CAST([${value.items.map((item) => literal(elementOf(field), item)).join(', ')}] AS ${duckType(field)})`;
  }
  if (value instanceof DuckDBStructValue) {
    const { entries } = value;
    const parts = (field.fields ?? []).map(
      (inner) => `${quoted(inner.name)} := ${literal(inner, entries[inner.name] ?? null)}`,
    );
    return `struct_pack(${parts.join(', ')})`;
  }
  if (value instanceof DuckDBTimestampTZValue) return `make_timestamptz(${value.micros})`;
  if (value instanceof DuckDBBlobValue) return `unhex('${Buffer.from(value.bytes).toString('hex')}')`;
  if (typeof value === 'string' && field.type === 'STRING') return sqlString(value);
  return `CAST(${sqlString(String(value))} AS ${duckType(field)})`;
}
