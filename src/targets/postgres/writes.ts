import { type Catalog, nameOf, type Relation } from './catalog.ts';
import type { Seen } from './gate.ts';
import type { Cover } from './masks.ts';
import type { Protections } from './protections.ts';
import type { Reference } from './references.ts';
import { Refusal } from './refusal.ts';
import { type Fields, fieldsOf, namesOf, nodesOf, ofType, textOf, typeOf } from './syntax.ts';

export type Write = {
  /** The fields of the INSERT, UPDATE or DELETE. */
  fields: Fields;
  type: 'InsertStmt' | 'UpdateStmt' | 'DeleteStmt';
  target: Relation;
  /** Of the target; with no masks where it holds nothing classified. */
  cover: Cover;
};

export type Surroundings = {
  references: readonly Reference[];
  coverOf: (reference: Reference) => Cover | undefined;
  seen: Seen;
  catalog: Catalog;
  protections: Protections;
  /** Whether there is anything in this database that this identity may not see. */
  anythingHidden: boolean;
};

const systemColumns = new Set(['ctid', 'xmin', 'xmax', 'cmin', 'cmax']);

/**
 * R9: a write may not read what is classified, neither by its text nor by whether it succeeds. Refuses what could: classified
 * names, whole rows, code that a write runs, and unique, check and foreign keys that look at classified columns.
 */
export function checkWrite(
  write: Write,
  { references, coverOf, seen, catalog, protections, anythingHidden }: Surroundings,
): void {
  const { target, cover, fields } = write;
  const name = nameOf(target);
  if (target.kind !== 'r' && target.kind !== 'p')
    throw new Refusal('R9', `${name} is not a table; write to the table itself`);
  if (target.rules) throw new Refusal('R9', `${name} has rules that turn a write into something else`);

  const read = references.find(
    (reference) => reference.fields !== fields['relation'] && coverOf(reference) !== undefined,
  );
  if (read !== undefined) {
    throw new Refusal(
      'R9',
      `A write may not read ${read.name}, which holds classified columns; read first, then write the values`,
      read.fields,
    );
  }
  const running = anythingHidden
    ? descendants(target, catalog).find(({ oid }) => catalog.userCode.has(oid))
    : undefined;
  if (running !== undefined) {
    throw new Refusal(
      'R9',
      `A write to ${nameOf(running)} runs code of the database (a trigger, or a function in a check, a default, an index or a domain), which may read classified columns`,
    );
  }
  if (cover.masked.size > 0) {
    checkNames(write, seen);
    checkOracles(write, catalog);
  }
  checkCascades(write, catalog, protections);
}

function descendants(relation: Relation, catalog: Catalog): Relation[] {
  const found = [relation];
  for (const { oid } of found) {
    for (const { child, parent } of catalog.inheritance) {
      const relative = parent === oid ? catalog.byOid.get(child) : undefined;
      if (relative !== undefined && !found.includes(relative)) found.push(relative);
    }
  }
  return found;
}

/** No classified name, whole row or place of a row may stand anywhere but on the left of an assignment. */
function checkNames({ fields, target, cover }: Write, seen: Seen): void {
  const alias = textOf(fieldsOf(fieldsOf(fields['relation'])['alias'])['aliasname']) ?? target.name;
  const forbidden = (name: string) =>
    cover.masked.has(name) ||
    systemColumns.has(name) ||
    ['*', alias, target.name, 'excluded', 'old', 'new'].includes(name);
  for (const column of seen.columnRefs) {
    const path = namesOf(column['fields']);
    if (forbidden(path.at(-1) ?? '*')) {
      throw new Refusal(
        'R9',
        `A write to ${nameOf(target)} may not look at ${path.join('.')}; name unclassified columns only`,
        column,
      );
    }
  }
  const attribute = [...seen.attributes].find((name) => cover.masked.has(name) || name === '*');
  if (attribute !== undefined) throw new Refusal('R9', `A write to ${nameOf(target)} may not look at .${attribute}`);
}

/** Whether a write succeeds must not depend on classified values that are there already. */
function checkOracles(write: Write, catalog: Catalog): void {
  const { target, cover, type } = write;
  const numberOf = (column: string) => target.columns.find((known) => known.name === column)?.number;
  const classified = new Set([...cover.masked.keys()].map(numberOf));
  const isClassified = (number: number) => classified.has(number);
  const assigned = assignedColumns(write, catalog);
  const inserted = type === 'InsertStmt';

  for (const unique of catalog.uniques) {
    if (unique.relation !== target.oid || !unique.columns.some(isClassified)) continue;
    const givesValue = unique.columns.some(
      (number) => isClassified(number) && (assigned.has(number) || hasDefault(target, number)),
    );
    const touches = unique.columns.some((number) => assigned.has(number));
    if (inserted ? givesValue || !unique.plain : touches) {
      throw new Refusal(
        'R9',
        `A unique index of ${nameOf(target)} would tell whether a classified value is there already`,
      );
    }
  }
  for (const check of catalog.checks) {
    if (check.relation !== target.oid || !check.columns.some(isClassified) || inserted || type === 'DeleteStmt')
      continue;
    if (!check.validated || check.columns.some((number) => assigned.has(number))) {
      throw new Refusal('R9', `A check of ${nameOf(target)} would tell of a classified value`);
    }
  }
  for (const key of catalog.foreignKeys) {
    if (key.child !== target.oid || type === 'DeleteStmt') continue;
    if (key.childColumns.some((number) => isClassified(number) && assigned.has(number))) {
      throw new Refusal('R9', `A foreign key of ${nameOf(target)} would tell whether a classified value exists`);
    }
  }
}

function hasDefault(relation: Relation, number: number): boolean {
  const column = relation.columns.find((known) => known.number === number);
  return column === undefined || (column.hasDefault && !column.generated);
}

/** Numbers of the columns a write gives values to, generated ones included. */
function assignedColumns({ fields, type, target }: Write, catalog: Catalog): Set<number> {
  const names = (list: unknown) => nodesOf(list).map((node) => textOf(ofType(node, 'ResTarget')?.['name']) ?? '');
  const onConflict = names(fieldsOf(fields['onConflictClause'])['targetList']);
  const written =
    type === 'UpdateStmt'
      ? names(fields['targetList'])
      : type === 'DeleteStmt'
        ? []
        : fields['cols'] === undefined
          ? target.columns.map((column) => column.name)
          : [...names(fields['cols']), ...onConflict];
  const assigned = new Set(target.columns.filter(({ name }) => written.includes(name)).map(({ number }) => number));
  for (const { relation, column, source } of catalog.generated) {
    if (relation === target.oid && assigned.has(source)) assigned.add(column);
  }
  return assigned;
}

/** Taking away a row that is referred to by a classified value would tell that the value is there, here or down a cascade. */
function checkCascades(write: Write, catalog: Catalog, protections: Protections): void {
  if (write.type === 'InsertStmt') return;
  const assigned = assignedColumns(write, catalog);
  const reached = [write.target];
  for (const relation of reached) {
    const classified = protections(relation).classes;
    const nameOfNumber = (number: number) => relation.columns.find((column) => column.number === number)?.name ?? '';
    for (const key of catalog.foreignKeys.filter(({ parent }) => parent === relation.oid)) {
      const concerned = write.type === 'DeleteStmt' || key.parentColumns.some((number) => assigned.has(number));
      if (concerned && key.parentColumns.some((number) => classified.has(nameOfNumber(number)))) {
        throw new Refusal('R9', `A foreign key to ${nameOf(relation)} would tell of a classified value`);
      }
      const child = catalog.byOid.get(key.child);
      if (key.onDelete === 'c' && write.type === 'DeleteStmt' && child && !reached.includes(child)) reached.push(child);
    }
  }
}

/** The write at the top of a statement, when it is one. */
export function writeType(statement: Fields): Write['type'] | undefined {
  const type = typeOf(statement);
  return type === 'InsertStmt' || type === 'UpdateStmt' || type === 'DeleteStmt' ? type : undefined;
}
