import { type Catalog, nameOf, type Relation } from './catalog.ts';
import type { Seen } from './gate.ts';
import { relatives } from './links.ts';
import type { Cover } from './masks.ts';
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
  /** Names of the columns of a relation that this identity may not see. */
  hiddenIn: (relation: Relation) => ReadonlySet<string>;
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
  { references, coverOf, seen, catalog, hiddenIn, anythingHidden }: Surroundings,
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
  // What a partition may hold is said by the tables it is a part of.
  const run = [...relatives(target, catalog, 'child'), ...relatives(target, catalog, 'parent')];
  if (anythingHidden) for (const relation of run) checkCode(relation, catalog);
  if (cover.masked.size > 0) checkNames(write, seen);
  for (const relation of relatives(target, catalog, 'child')) checkOracles(write, relation, catalog, hiddenIn);
  checkCascades(write, { catalog, hiddenIn, anythingHidden });
}

function checkCode(relation: Relation, catalog: Catalog): void {
  if (!catalog.userCode.has(relation.oid)) return;
  throw new Refusal(
    'R9',
    `A write to ${nameOf(relation)} runs code of the database (a trigger, or a function in a check, a default, an index or a domain), which may read classified columns`,
  );
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

/** Whether a write succeeds must not depend on classified values that are there already, in the table or in a part of it. */
function checkOracles(write: Write, relation: Relation, catalog: Catalog, hiddenIn: Surroundings['hiddenIn']): void {
  const isClassified = columnTest(relation, hiddenIn(relation));
  const inserted = assignedColumns(write, relation, catalog, 'insert');
  const updated = assignedColumns(write, relation, catalog, 'update');
  const isInserted = (number: number) => inserted.has(number) || (number === 0 && inserted.size > 0);
  const isUpdated = (number: number) => updated.has(number) || (number === 0 && updated.size > 0);
  const inserts = write.type === 'InsertStmt';

  for (const unique of catalog.uniques) {
    if (unique.relation !== relation.oid || !unique.columns.some(isClassified)) continue;
    const givesValue = unique.columns.some(
      (number) => isClassified(number) && (isInserted(number) || hasDefault(relation, number)),
    );
    if ((inserts && (givesValue || !unique.plain)) || unique.columns.some(isUpdated)) {
      throw new Refusal(
        'R9',
        `A unique index of ${nameOf(relation)} would tell whether a classified value is there already`,
      );
    }
  }
  for (const check of catalog.checks) {
    if (check.relation !== relation.oid || !check.columns.some(isClassified) || updated.size === 0) continue;
    if (!check.validated || check.columns.some(isUpdated)) {
      throw new Refusal('R9', `A check of ${nameOf(relation)} would tell of a classified value`);
    }
  }
  for (const key of catalog.foreignKeys) {
    if (key.child !== relation.oid) continue;
    if (key.childColumns.some((number) => isClassified(number) && (isInserted(number) || isUpdated(number)))) {
      throw new Refusal('R9', `A foreign key of ${nameOf(relation)} would tell whether a classified value exists`);
    }
  }
}

/** Whether a column is one of those named, by its number; a whole row (0) is when any is. */
function columnTest(relation: Relation, names: ReadonlySet<string>): (number: number) => boolean {
  const numbers = new Set(relation.columns.filter(({ name }) => names.has(name)).map(({ number }) => number));
  return (number) => numbers.has(number) || (number === 0 && numbers.size > 0);
}

function hasDefault(relation: Relation, number: number): boolean {
  const column = relation.columns.find((known) => known.number === number);
  return column === undefined || (column.hasDefault && !column.generated);
}

/** Numbers of the columns a write gives values to in new rows or in rows that are there, generated ones included. */
function assignedColumns(
  { fields, type, target }: Write,
  relation: Relation,
  catalog: Catalog,
  rows: 'insert' | 'update',
): Set<number> {
  const names = (list: unknown) => nodesOf(list).map((node) => textOf(ofType(node, 'ResTarget')?.['name']) ?? '');
  const all = () => target.columns.map((column) => column.name);
  const inserted = type === 'InsertStmt' ? (fields['cols'] === undefined ? all() : names(fields['cols'])) : [];
  const updated =
    type === 'UpdateStmt'
      ? names(fields['targetList'])
      : type === 'InsertStmt'
        ? names(fieldsOf(fields['onConflictClause'])['targetList'])
        : [];
  const written = rows === 'insert' ? inserted : updated;
  const assigned = new Set(relation.columns.filter(({ name }) => written.includes(name)).map(({ number }) => number));
  for (const { relation: oid, column, source } of catalog.generated) {
    if (oid === relation.oid && assigned.has(source)) assigned.add(column);
  }
  return assigned;
}

/** Taking away a row that is referred to by a classified value would tell that the value is there, here or down a cascade. */
function checkCascades(write: Write, around: Pick<Surroundings, 'catalog' | 'hiddenIn' | 'anythingHidden'>): void {
  const { catalog, hiddenIn, anythingHidden } = around;
  const deletes = write.type === 'DeleteStmt';
  const reached = relatives(write.target, catalog, 'child');
  const own = new Set(reached);
  for (const relation of reached) {
    const assigned = assignedColumns(write, relation, catalog, 'update');
    const isClassified = columnTest(relation, hiddenIn(relation));
    for (const key of catalog.foreignKeys.filter(({ parent }) => parent === relation.oid)) {
      // What a cascade changes further down is not followed column by column.
      const concerned = deletes || !own.has(relation) || key.parentColumns.some((number) => assigned.has(number));
      const child = catalog.byOid.get(key.child);
      if (!concerned || child === undefined) continue;
      const ofChild = columnTest(child, hiddenIn(child));
      if (key.parentColumns.some(isClassified) || key.childColumns.some(ofChild)) {
        throw new Refusal('R9', `A foreign key to ${nameOf(relation)} would tell of a classified value`);
      }
      const changes = [...(deletes ? [key.onDelete] : []), ...(deletes && own.has(relation) ? [] : [key.onUpdate])];
      if (!changes.some((action) => ['c', 'n', 'd'].includes(action))) continue;
      for (const part of relatives(child, catalog, 'child')) {
        if (anythingHidden) checkCode(part, catalog);
        checkChanged(part, catalog, hiddenIn);
        if (!reached.includes(part)) reached.push(part);
      }
    }
  }
}

/** A cascade may set columns to something else, which a check or unique index over classified columns could refuse. */
function checkChanged(relation: Relation, catalog: Catalog, hiddenIn: Surroundings['hiddenIn']): void {
  const isClassified = columnTest(relation, hiddenIn(relation));
  const looks = [...catalog.checks, ...catalog.uniques].some(
    ({ relation: oid, columns }) => oid === relation.oid && columns.some(isClassified),
  );
  if (looks)
    throw new Refusal('R9', `A change of ${nameOf(relation)} by a foreign key would tell of a classified value`);
}

/** The write at the top of a statement, when it is one. */
export function writeType(statement: Fields): Write['type'] | undefined {
  const type = typeOf(statement);
  return type === 'InsertStmt' || type === 'UpdateStmt' || type === 'DeleteStmt' ? type : undefined;
}
