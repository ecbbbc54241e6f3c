import { isSystem, nameOf, type Relation } from '../catalog/catalog.ts';
import { linksOf } from '../catalog/links.ts';
import type { Reference } from '../language/references.ts';
import { everyNode, fieldsOf, nodesOf, ofType, textOf, typeOf } from '../language/syntax.ts';
import { Refusal } from '../refusal.ts';
import { checkColumnTypes, type Seen } from '../rules/gate.ts';
import { viewColumns } from '../rules/view-columns.ts';
import { type Check, checkNew, type Ground, gated, onlyFields, referenceTo } from './ground.ts';

export const createView: Check = (fields, ground) => {
  onlyFields(fields, 'view aliases query replace withCheckOption', 'CREATE VIEW');
  if (fields['withCheckOption'] !== 'NO_CHECK_OPTION')
    throw new Refusal('R3', 'A view WITH CHECK OPTION cannot be proven safe; leave it out');
  const made = checkNew(fields['view'], ground);
  if (made.relation !== undefined && made.relation.kind !== 'v') throw new Refusal('R2', `${made.name} is not a view`);
  const { seen, read } = checkQuery(fields['query'], made, ground);
  classesOf(fields['query'], kept(made, 'v'), read, ground);
  return { types: seen.types };
};

/** CREATE TABLE AS and CREATE MATERIALIZED VIEW. */
export const createTableAs: Check = (fields, ground) => {
  onlyFields(fields, 'query into objtype if_not_exists', 'CREATE TABLE AS');
  const into = fieldsOf(fields['into']);
  onlyFields(into, 'rel colNames onCommit', 'CREATE TABLE AS');
  const made = checkNew(into['rel'], ground);
  const { seen, read } = checkQuery(fields['query'], made, ground);
  if (fields['objtype'] === 'OBJECT_MATVIEW') {
    checkComputed(fields['query'], kept(made, 'm'), read, ground);
    return { types: seen.types };
  }
  const classified = read.find((relation) => ground.protections(relation).classes.size > 0);
  if (classified !== undefined) {
    throw new Refusal(
      'R5',
      `${made.name} would hold what ${nameOf(classified)} holds, and the classification would say nothing of it; make a view instead`,
    );
  }
  return { types: seen.types };
};

export const refresh: Check = (fields, ground) => {
  onlyFields(fields, 'relation concurrent', 'REFRESH MATERIALIZED VIEW');
  const { relation, name } = referenceTo(fields['relation'], ground);
  const view = relation?.kind === 'm' ? ground.catalog.views.get(relation.oid) : undefined;
  if (relation === undefined || view === undefined) throw new Refusal('R4', `There is no materialized view ${name}`);
  const { classes, refusal } = ground.protections(relation);
  if (refusal !== undefined) throw refusal;
  const read = view.reads.flatMap((oid) => ground.catalog.byOid.get(oid) ?? []);
  checkComputed(view.query, relation, read, ground);
  const numbers = relation.columns.filter((column) => classes.has(column.name)).map(({ number }) => number);
  const told = linksOf(ground.catalog)
    .uniques(relation.oid)
    .some(({ columns }) => numbers.length > 0 && columns.some((number) => number === 0 || numbers.includes(number)));
  if (told) throw new Refusal('R9', `A unique index of ${name} would tell of a classified value`);
  return undefined;
};

/** A query that is kept, to be run for whoever reads: of relations that are known, by nodes and functions that are. */
function checkQuery(query: unknown, made: Reference, ground: Ground): { seen: Seen; read: Relation[] } {
  if (typeOf(query) !== 'SelectStmt') throw new Refusal('R2', 'Only the result of a SELECT can be kept');
  const read = ground.references
    .filter((reference) => reference !== made)
    .map((reference) => readable(reference, ground));
  const seen = gated(query, ground);
  for (const { type, fields } of everyNode(query)) {
    if (type === 'RangeTableSample') throw new Refusal('R3', 'Which rows a sample takes depends on their size', fields);
    if (type === 'ParamRef') throw new Refusal('R3', 'A definition takes no parameters; write the value', fields);
  }
  return { seen, read };
}

function readable({ relation, name, fields }: Reference, { catalog, protections }: Ground): Relation {
  if (relation === undefined) throw new Refusal('R4', `There is no relation ${name} here`, fields);
  if (isSystem(relation)) throw new Refusal('R8', `${name} is of the system; read it without keeping it`, fields);
  const { refusal } = protections(relation);
  if (refusal !== undefined) throw new Refusal(refusal.rule, refusal.message, fields);
  checkColumnTypes(relation, catalog);
  return relation;
}

/** A view that is not there yet. */
function kept({ home, fields }: Reference, kind: 'v' | 'm'): Relation {
  const name = textOf(fields['relname']) ?? '';
  return { oid: 0, schema: home, name, kind, columns: [], rules: false, fingerprint: '', writeFingerprint: '' };
}

/** By position, the classes of what the query gives; throws where they decide which rows there are. */
function classesOf(
  query: unknown,
  relation: Relation,
  read: readonly Relation[],
  ground: Ground,
): (readonly string[])[] {
  const all = new Map<string, readonly string[]>();
  for (const source of read) {
    for (const [column, classes] of ground.protections(source).classes)
      all.set(column, [...new Set([...(all.get(column) ?? []), ...classes])]);
  }
  const view = { oid: 0, query: fieldsOf(query), reads: read.map(({ oid }) => oid), userCode: false };
  return viewColumns(view, relation, all, ground.catalog);
}

/** What is computed at once may fail at once: classified columns are kept as they are, or not at all. */
function checkComputed(query: unknown, relation: Relation, read: readonly Relation[], ground: Ground): void {
  const classes = classesOf(query, relation, read, ground);
  const targets = nodesOf(fieldsOf(fieldsOf(query)['SelectStmt'])['targetList']);
  const computed = targets.findIndex(
    (target, index) =>
      (classes[index]?.length ?? 0) > 0 && typeOf(ofType(target, 'ResTarget')?.['val']) !== 'ColumnRef',
  );
  if (computed >= 0)
    throw new Refusal(
      'R9',
      `Column ${computed + 1} of ${nameOf(relation)} is computed from a classified value, and could fail by it; keep the value as it is`,
    );
}
