import type { Field } from '../plan.ts';
import { Refusal } from '../refusal.ts';

/** Names of types as the REST API still has them → as GoogleSQL has them. */
const older: Readonly<Record<string, string>> = {
  INTEGER: 'INT64',
  FLOAT: 'FLOAT64',
  BOOLEAN: 'BOOL',
  RECORD: 'STRUCT',
};
const scalars = new Set([
  ...['STRING', 'BYTES', 'INT64', 'FLOAT64', 'NUMERIC', 'BIGNUMERIC', 'BOOL', 'DATE', 'DATETIME', 'TIME', 'TIMESTAMP'],
  ...['GEOGRAPHY', 'JSON', 'INTERVAL'],
]);
const ranges = new Set(['DATE', 'DATETIME', 'TIMESTAMP']);

/** As in GoogleSQL: `INT64`, `STRUCT`. */
export const typeNameOf = ({ type }: Pick<Field, 'type'>) => older[type] ?? type;

/** A name in backticks. Refuses one that has what backticks cannot hold as it is. */
export function quoted(name: string): string {
  if (/[`\\\r\n\0]/.test(name) || name === '')
    throw new Refusal('R4', 'A column has a name that cannot be written; ask for another');
  return `\`${name}\``;
}

/** `ARRAY<STRUCT<`a` INT64>>` and the like. */
export function typeText(field: Field): string {
  const element = elementText(field);
  return field.mode === 'REPEATED' ? `ARRAY<${element}>` : element;
}

/** The type of a value, or of one element of a repeated one. Refuses types that are not known. */
export function elementText(field: Field): string {
  const type = typeNameOf(field);
  if (type === 'STRUCT') return structText(field.fields ?? []);
  if (type === 'RANGE' && ranges.has(field.rangeOf ?? '')) return `RANGE<${field.rangeOf}>`;
  if (scalars.has(type)) return type;
  throw new Refusal('R3', `A column has the type ${type}, which is not read; name another table`);
}

export function structText(fields: readonly Field[]): string {
  if (fields.length === 0) throw new Refusal('R3', 'A table or record without columns is not read; name another table');
  return `STRUCT<${fields.map((field) => `${quoted(field.name)} ${typeText(field)}`).join(', ')}>`;
}

/** Whether two schemas are the same to whoever reads their rows: names, types and repetition, at every depth. */
export function sameSchema(one: readonly Field[], other: readonly Field[]): boolean {
  return (
    one.length === other.length &&
    one.every((field, index) => {
      const twin = other[index];
      return (
        twin !== undefined &&
        field.name === twin.name &&
        typeNameOf(field) === typeNameOf(twin) &&
        field.rangeOf === twin.rangeOf &&
        (field.mode === 'REPEATED') === (twin.mode === 'REPEATED') &&
        sameSchema(field.fields ?? [], twin.fields ?? [])
      );
    })
  );
}
