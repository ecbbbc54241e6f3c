import { DuckDBListValue, DuckDBStructValue, type DuckDBValue } from '@duckdb/node-api';
import { invalid } from './errors.ts';
import { elementOf, type Field, isRepeated } from './schema.ts';

/** The part of a schema that `selectedFields` (`a,b.c`) names; all of it where it names none. Refuses a field that there is not. */
export function selectedFields(fields: readonly Field[], wanted: string | null, path = ''): Field[] {
  if (!wanted) return [...fields];
  const paths = wanted.split(',').map((name) => name.trim().toLowerCase());
  const missing = paths.find((name) => !fields.some((field) => headOf(name) === field.name.toLowerCase()));
  if (missing !== undefined) throw invalid(`No such field: ${path}${headOf(missing)}.`, 'selectedFields');
  return fields.flatMap((field) => {
    const own = paths.filter((name) => headOf(name) === field.name.toLowerCase());
    if (own.length === 0) return [];
    const inner = own.map((name) => name.slice(field.name.length + 1));
    if (inner.includes('') || !field.fields) return [field];
    return [{ ...field, fields: selectedFields(field.fields, inner.join(','), `${path}${field.name}.`) }];
  });
}

const headOf = (name: string) => name.split('.')[0];

/** A stored value with the fields alone that `field` keeps. */
export function selectedValue(field: Field, value: DuckDBValue): DuckDBValue {
  if (value instanceof DuckDBListValue && isRepeated(field)) {
    return new DuckDBListValue(value.items.map((item) => selectedValue(elementOf(field), item)));
  }
  if (!(value instanceof DuckDBStructValue)) return value;
  const { entries } = value;
  const kept = (field.fields ?? []).map((inner) => [inner.name, selectedValue(inner, entries[inner.name] ?? null)]);
  return new DuckDBStructValue(Object.fromEntries(kept));
}
