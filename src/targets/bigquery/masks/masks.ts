import type { Transform } from '../../../model/documents.ts';
import type { Mask } from '../../../model/operation.ts';
import type { Field, Table } from '../plan.ts';
import { Refusal } from '../refusal.ts';
import { elementText, quoted, structText, typeNameOf, typeText } from './types.ts';

/** What of a table is hidden from an identity, and how. */
export type Cover = {
  table: Table;
  /** Path in lower case → the classes that hide it. */
  hidden: ReadonlyMap<string, readonly string[]>;
  transforms: ReadonlyMap<string, Transform>;
};

/**
 * How a class is masked here. A token would need its key in the text or the parameters of a job, where whoever may list jobs reads it: it is
 * redacted. Where classes meet nothing is shown in part.
 */
function transformOf(classes: readonly string[], { transforms }: Cover): Exclude<Transform, 'token'> {
  const chosen = classes.map((className) => transforms.get(className) ?? 'redact');
  if (chosen.includes('null')) return 'null';
  return chosen.length === 1 && chosen[0] === 'partial' ? 'partial' : 'redact';
}

/** What is masked of a table, for the operation; `resource` is how policies call it. */
export function masksOf(cover: Cover, resource: string): Mask[] {
  return [...cover.hidden].map(([path, classes]) => {
    const [className = ''] = classes;
    return { resource: `${resource}.${path}`, class: className, transform: transformOf(classes, cover) };
  });
}

/** A relation without rows that has the columns of the table, and reads nothing. */
export function emptyRelation({ fields }: Table): string {
  return `(SELECT * FROM UNNEST(ARRAY<${structText(fields)}>[]))`;
}

const row = 'sallyport_row';

/**
 * The table as an identity may see it: every column by its name, so that none comes that was not known; those that are hidden as masks. `options`
 * is what stands after the table.
 */
export function maskedRelation(cover: Cover, options = ''): string {
  const columns = cover.table.fields.map((field) => {
    const value = `${row}.${quoted(field.name)}`;
    const masked = maskedField(field, field.name.toLowerCase(), { value, cover, depth: 1 });
    return masked === undefined ? value : `${masked} AS ${quoted(field.name)}`;
  });
  const name = quoted(cover.table.name);
  return `(SELECT ${columns.join(', ')} FROM ${name} AS ${row}${options === '' ? '' : ` ${options}`})`;
}

type Place = { value: string; cover: Cover; depth: number };

/** What stands in the place of a field; undefined where nothing of it is hidden. */
function maskedField(field: Field, path: string, place: Place): string | undefined {
  const classes = place.cover.hidden.get(path);
  if (classes !== undefined) return hiddenValue(field, classes, place);
  const below = [...place.cover.hidden.keys()].some((each) => each.startsWith(`${path}.`));
  if (!below) return undefined;
  return field.mode === 'REPEATED' ? repeatedRecord(field, path, place) : record(field, path, place);
}

/** NULL where it is NULL; else a record of the same fields. */
function record(field: Field, path: string, { value, cover, depth }: Place): string {
  return `IF(${value} IS NULL, NULL, STRUCT(${membersOf(field, path, { value, cover, depth })}))`;
}

/** The elements in their order; NULL where it is NULL, and empty where it is empty. */
function repeatedRecord(field: Field, path: string, { value, cover, depth }: Place): string {
  const [element, order] = [`sallyport_element_${depth}`, `sallyport_order_${depth}`];
  const members = membersOf(field, path, { value: element, cover, depth: depth + 1 });
  const made = `ARRAY(SELECT AS STRUCT ${members} FROM UNNEST(${value}) AS ${element} WITH OFFSET AS ${order} ORDER BY ${order})`;
  return `IF(${value} IS NULL, NULL, ${made})`;
}

function membersOf(field: Field, path: string, { value, cover, depth }: Place): string {
  const members = (field.fields ?? []).map((member) => {
    const own = `${value}.${quoted(member.name)}`;
    const masked = maskedField(member, `${path}.${member.name.toLowerCase()}`, { value: own, cover, depth });
    return `${masked ?? own} AS ${quoted(member.name)}`;
  });
  return members.join(', ');
}

function hiddenValue(field: Field, classes: readonly string[], { value, cover, depth }: Place): string {
  const transform = transformOf(classes, cover);
  const [className = ''] = classes;
  const type = typeNameOf(field);
  const shown = transform === 'partial' ? partOf(type, className) : undefined;
  if (field.mode !== 'REPEATED') {
    if (shown !== undefined) return shown(value);
    return transform !== 'null' && type === 'STRING' ? label(className) : `CAST(NULL AS ${typeText(field)})`;
  }
  if (shown !== undefined) {
    const [element, order] = [`sallyport_element_${depth}`, `sallyport_order_${depth}`];
    return `ARRAY(SELECT ${shown(element)} FROM UNNEST(${value}) AS ${element} WITH OFFSET AS ${order} ORDER BY ${order})`;
  }
  return transform !== 'null' && type === 'STRING' ? `[${label(className)}]` : `ARRAY<${elementText(field)}>[]`;
}

/** `'[CLASS]'`. Only capitals, digits and _ can stand in it. */
function label(className: string): string {
  if (!/^[A-Z][A-Z0-9_]{0,79}$/.test(className))
    throw new Refusal('R5', 'A class has a name that is not in capitals; mend the classification');
  return `'[${className}]'`;
}

/** The last four characters, as of PostgreSQL; undefined for types that are not shown in part. */
function partOf(type: string, className: string): ((value: string) => string) | undefined {
  if (type === 'STRING')
    return (value) =>
      `CASE WHEN ${value} IS NULL THEN NULL WHEN CHAR_LENGTH(${value}) >= 8 THEN CONCAT('****', SUBSTR(${value}, -4)) ELSE ${label(className)} END`;
  if (type === 'INT64') return (value) => `IF(${value} >= 10000000, MOD(${value}, 10000), NULL)`;
  if (type === 'NUMERIC' || type === 'BIGNUMERIC')
    return (value) => `IF(${value} >= 10000000, MOD(TRUNC(${value}), 10000), NULL)`;
  return undefined;
}
