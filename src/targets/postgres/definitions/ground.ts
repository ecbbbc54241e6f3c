import type { Classification } from '../../../model/connection.ts';
import { type Catalog, nameOf, type Relation } from '../catalog/catalog.ts';
import type { Reference } from '../language/references.ts';
import { everyNode, type Fields, fieldsOf, namesOf, nodesOf } from '../language/syntax.ts';
import { Refusal } from '../refusal.ts';
import { gate, type Seen } from '../rules/gate.ts';
import type { Protections } from '../rules/protections.ts';

/** What a definition is checked against. What an identity is exempt from counts for nothing: what is made is there for all. */
export type Ground = {
  references: readonly Reference[];
  /** What DROP and COMMENT name; undefined where there is no such relation. */
  named: readonly (Relation | undefined)[];
  catalog: Catalog;
  protections: Protections;
  classification: Classification;
  searchPath: readonly string[];
};

/**
 * What was met in checking it. Where there is a list of types, every name in the text must be written with its schema, and it
 * runs where the server looks into `pg_catalog` only: an expression must not find a function or operator of the database's own.
 */
export type Checked = { types: Seen['types'] } | undefined;

export type Check = (fields: Fields, ground: Ground) => Checked;

export function onlyFields(fields: Fields, words: string, what: string) {
  const strange = Object.keys(fields).find((name) => name !== 'location' && !words.split(' ').includes(name));
  if (strange !== undefined) throw new Refusal('R3', `${what} with ${strange} cannot be proven safe`, fields);
}

export const cascade = () => new Refusal('R2', 'CASCADE would touch what the statement does not name; name everything');

/** The relation that a field of a definition names. */
export function referenceTo(fields: unknown, { references }: Ground): Reference {
  const found = references.find((reference) => reference.fields === fields);
  if (found === undefined) throw new Refusal('R4', 'What it is about is not known', fieldsOf(fields));
  return found;
}

export function tableAt(fields: unknown, ground: Ground): Relation {
  const { relation, name } = referenceTo(fields, ground);
  if (relation === undefined) throw new Refusal('R4', `There is no relation ${name}`);
  if (relation.kind !== 'r' && relation.kind !== 'p') throw new Refusal('R2', `${nameOf(relation)} is not a table`);
  return relation;
}

/** What is made is made in the first schema of the search path, whatever has its name in another. */
export function checkNew(fields: unknown, ground: Ground): Reference {
  const reference = referenceTo(fields, ground);
  const elsewhere = reference.relation !== undefined && reference.relation.schema !== ground.searchPath[0];
  if (reference.fields['catalogname'] !== undefined || (elsewhere && reference.fields['schemaname'] === undefined)) {
    throw new Refusal('R4', `Write ${reference.name} with its schema, and without its database`, reference.fields);
  }
  return reference;
}

/** Throws unless all that is in a column of a table may be told of. */
export function checkOpen(table: Relation, column: string, { protections }: Ground, what: string): void {
  const { classes, refusal } = protections(table);
  if (refusal !== undefined) throw refusal;
  if (classes.has(column))
    throw new Refusal('R9', `${what} on ${nameOf(table)}.${column} would tell of a classified value`);
}

/** What may stand in a query, less what extensions bring: a definition outlives them, and what they are audited for is a query. */
export function gated(node: unknown, { catalog, searchPath }: Pick<Ground, 'catalog' | 'searchPath'>): Seen {
  const seen = gate(node, catalog, searchPath);
  const [call] = seen.calls;
  if (call !== undefined)
    throw new Refusal(
      'R6',
      'A definition calls functions that came with the server, and none of an extension',
      call.fields,
    );
  return seen;
}

/** An expression over open columns of one table, and nothing else: no whole row, no subquery. */
export function checkExpression(
  node: unknown,
  columns: ReadonlySet<string>,
  open: (column: string) => void,
  ground: Ground,
): Seen['types'] {
  const seen = gated(node, ground);
  for (const { type, fields } of everyNode(node)) {
    if (type === 'SubLink' || type === 'ParamRef')
      throw new Refusal('R3', 'An expression in a definition holds neither queries nor parameters', fields);
    if (type !== 'ColumnRef') continue;
    const name = namesOf(fields['fields']).at(-1) ?? '*';
    if (!columns.has(name)) throw new Refusal('R4', `${name} is not a column of this table`, fields);
    open(name);
  }
  return seen.types;
}

export const columnNames = (relation: Relation) => new Set(relation.columns.map(({ name }) => name));

/** The option list of a CREATE, by name. */
export const optionsOf = (fields: Fields) =>
  nodesOf(fields['options']).map((node) => fieldsOf(fieldsOf(node)['DefElem']));
