import { maskText } from '../../../masking/masking.ts';
import type { Connection } from '../../../model/connection.ts';
import type { StructureQuestion } from '../../../model/structure.ts';
import { pageOf } from '../../../model/structure-page.ts';
import { coverOf, maskOf } from '../masks/masks.ts';
import type { Protections } from '../rules/protections.ts';
import { type Catalog, isSystem, nameOf, type Relation } from './catalog.ts';
import { linksOf } from './links.ts';
import { protectionOf } from './privileges.ts';
import type { Details } from './schema-details.ts';

const kinds: Readonly<Partial<Record<Relation['kind'], string>>> = {
  r: 'table',
  p: 'table',
  v: 'view',
  m: 'materialized view',
  f: 'foreign table',
};

export type SchemaGround = {
  catalog: Catalog;
  connection: Connection;
  protections: Protections;
  /** Of those relations that the gateway's login may do anything with. */
  detailsOf: (relations: readonly Relation[]) => Promise<readonly Details[]>;
};

/**
 * What agents may know of the structure, a page at a time: each relation that can be read, with the class and mask of its columns.
 * What a relation refers to or is part of is told only where that may be known as well. Comments in which a detector finds
 * anything are left out.
 */
export async function schemaOf(ground: SchemaGround, { query, mayTouch }: StructureQuestion) {
  const { catalog, connection, detailsOf } = ground;
  const isVisible = visibleIn(ground, mayTouch);
  const { page, next } = pageOf(namesIn(catalog), query, (name) => isVisible(catalog.relations.get(name)));
  const relations = page.map((name) => catalog.relations.get(name)).filter((relation) => relation !== undefined);
  const details = new Map((await detailsOf(relations)).map((each) => [each.oid, each]));
  const tables = relations.flatMap((relation) => {
    const known = details.get(relation.oid);
    return known === undefined ? [] : [tableOf(relation, known, ground, isVisible)];
  });
  const overall = (['rewritten', 'proven'] as const).find((kind) =>
    tables.some(({ protection }) => protection === kind),
  );
  return {
    connection: connection.name,
    protection: overall,
    tables,
    ...(next !== undefined && { next_page_token: next }),
  };
}

type IsVisible = (relation: Relation | undefined) => relation is Relation;

function visibleIn({ protections }: SchemaGround, mayTouch: (resource: string) => boolean): IsVisible {
  return (relation): relation is Relation =>
    relation !== undefined && protections(relation).refusal === undefined && mayTouch(nameOf(relation));
}

const ordered = new WeakMap<Catalog, readonly string[]>();

/** Of all relations of users, in order. */
function namesIn(catalog: Catalog): readonly string[] {
  const names =
    ordered.get(catalog) ??
    [...catalog.relations.values()]
      .filter((relation) => !isSystem(relation) && kinds[relation.kind] !== undefined)
      .map(nameOf)
      .sort();
  ordered.set(catalog, names);
  return names;
}

function tableOf(relation: Relation, details: Details, { catalog, protections }: SchemaGround, isVisible: IsVisible) {
  const cover = coverOf(relation, protections, [], catalog);
  const hiddenIn = (other: Relation) => coverOf(other, protections, [], catalog).masked.keys();
  const byNumber = new Map(details.columns.map((column) => [column.number, column]));
  const columns = relation.columns.flatMap(({ name, number }) => {
    const known = byNumber.get(number);
    const className = cover.masked.get(name);
    if (known === undefined) return [];
    return {
      name,
      type: known.type,
      nullable: known.nullable,
      default: known.default,
      ...commentOf(known),
      ...(className !== undefined && { class: className, mask: maskOf(cover, name, className).transform }),
    };
  });
  return {
    name: nameOf(relation),
    kind: kinds[relation.kind],
    protection: protectionOf([relation], hiddenIn, catalog),
    ...commentOf(details),
    ...(details.rows !== null && { row_estimate: details.rows }),
    columns,
    ...keysOf(relation, details, catalog, isVisible),
    ...partsOf(relation, catalog, isVisible),
  };
}

/** Free text, in which people may have written anything. */
function commentOf({ comment }: { comment: string | null }) {
  return comment === null || maskText(comment, { unmask: [] }).findings.length > 0 ? {} : { comment };
}

function keysOf(relation: Relation, { primaryKey, uniques }: Details, catalog: Catalog, isVisible: IsVisible) {
  const foreign = linksOf(catalog)
    .keysFrom(relation.oid)
    .flatMap(({ parent, childColumns, parentColumns }) => {
      const other = catalog.byOid.get(parent);
      if (!isVisible(other)) return [];
      const references = { table: nameOf(other), columns: namesOf(other, parentColumns) };
      return [{ columns: namesOf(relation, childColumns), references }];
    });
  return {
    ...(primaryKey !== null && { primary_key: namesOf(relation, primaryKey) }),
    ...(uniques.length > 0 && { unique_keys: uniques.map((columns) => namesOf(relation, columns)) }),
    ...(foreign.length > 0 && { foreign_keys: foreign }),
  };
}

function namesOf({ columns }: Relation, numbers: readonly number[]): string[] {
  return numbers.flatMap((wanted) => columns.find(({ number }) => number === wanted)?.name ?? []);
}

/** Parts that are named; a table may have thousands. */
const mostParts = 100;

function partsOf({ oid }: Relation, catalog: Catalog, isVisible: IsVisible) {
  const named = (oids: readonly number[]) =>
    oids.map((other) => catalog.byOid.get(other)).flatMap((other) => (isVisible(other) ? [nameOf(other)] : []));
  const [wholes, children] = [linksOf(catalog).parents(oid), linksOf(catalog).children(oid)];
  const parts = named(children.slice(0, mostParts));
  return {
    ...(wholes.length > 0 && { part_of: named(wholes) }),
    ...(parts.length > 0 && { parts, parts_complete: children.length <= mostParts }),
  };
}
