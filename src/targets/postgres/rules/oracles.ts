import { type Catalog, nameOf, type Relation } from '../catalog/catalog.ts';
import { linksOf, relatives } from '../catalog/links.ts';
import type { Fields } from '../language/syntax.ts';
import { type Effects, effectsOf, type WriteNode } from '../language/write-nodes.ts';
import { Refusal } from '../refusal.ts';

/** What tells whether a write's success depends on what may not be seen. */
export type Sight = {
  catalog: Catalog;
  /** Names of the columns of a relation that this identity may not see. */
  hiddenIn: (relation: Relation) => ReadonlySet<string>;
  /** Whether there is anything in this database that this identity may not see. */
  anythingHidden: boolean;
};

/**
 * Whether a write succeeds must not depend on hidden values that are there already: in the table, in a part of it, or in
 * one that a foreign key reaches. Refuses indexes, checks, generated columns, partition keys and foreign keys that would tell.
 */
export function checkOracles(write: WriteNode, target: Relation, sight: Sight): void {
  const effects = effectsOf(
    write,
    target.columns.map(({ name }) => name),
  );
  checkSubscripts(effects, sight.hiddenIn(target), target);
  for (const relation of relatives(target, sight.catalog, 'child')) {
    const facts = factsOf(relation, effects, write.target, sight);
    checkUniques(facts);
    checkComputed(facts);
    checkKeys(facts);
    checkMoves(facts);
  }
  for (const relation of relatives(target, sight.catalog, 'parent')) {
    checkPartitionKey(factsOf(relation, effects, write.target, sight));
  }
  checkCascades(target, effects, write.target, sight);
}

/** Refuses a relation whose writes run code of the database. */
export function checkCode(relation: Relation, catalog: Catalog, at: Fields): void {
  if (!catalog.userCode.has(relation.oid)) return;
  throw new Refusal(
    'R9',
    `A write to ${nameOf(relation)} runs code of the database (a trigger, or a function in a check, a default, an index or a domain), which may read classified columns; write to a table without such code`,
    at,
  );
}

/** An element or a field of a value is set in the value that is there. */
function checkSubscripts({ updated }: Effects, hidden: ReadonlySet<string>, target: Relation): void {
  for (const [name, place] of updated) {
    if (!hidden.has(name) || place['indirection'] === undefined) continue;
    throw new Refusal(
      'R9',
      `Setting a part of ${nameOf(target)}.${name} would tell of the classified value; set all of it`,
      place,
    );
  }
}

/** What a write does to the columns of one relation, by their numbers. */
type Facts = {
  relation: Relation;
  catalog: Catalog;
  isHidden: (number: number) => boolean;
  isInserted: (number: number) => boolean;
  isUpdated: (number: number) => boolean;
  /** All of them: a whole row (0) is every column. */
  expand: (numbers: readonly number[]) => readonly number[];
  inserts: boolean;
  updates: boolean;
  /** Throws, naming the column that is written where it is one of these. */
  refuse: (message: string, numbers?: readonly number[]) => never;
};

function factsOf(relation: Relation, effects: Effects, target: Fields, { catalog, hiddenIn }: Sight): Facts {
  const hidden = hiddenIn(relation);
  const numbersOf = (has: (name: string) => boolean) =>
    new Set(relation.columns.filter(({ name }) => has(name)).map(({ number }) => number));
  const isHidden = numbersOf((name) => hidden.has(name));
  const withGenerated = (assigned: Set<number>) => {
    for (const { column, source } of linksOf(catalog).generated(relation.oid))
      if (assigned.has(source)) assigned.add(column);
    return assigned;
  };
  const inserted = withGenerated(numbersOf((name) => effects.inserted.has(name)));
  const updated = withGenerated(numbersOf((name) => effects.updated.has(name)));
  return {
    relation,
    catalog,
    isHidden: (number) => isHidden.has(number),
    isInserted: (number) => inserted.has(number),
    isUpdated: (number) => updated.has(number),
    expand: (numbers) => (numbers.includes(0) ? relation.columns.map(({ number }) => number) : numbers),
    inserts: effects.inserts,
    updates: updated.size > 0,
    refuse(message, numbers = []) {
      const name = relation.columns.find(
        ({ name, number }) => numbers.includes(number) && (effects.updated.has(name) || effects.inserted.has(name)),
      )?.name;
      const place = name === undefined ? undefined : (effects.updated.get(name) ?? effects.inserted.get(name));
      throw new Refusal('R9', message, place ?? target);
    },
  };
}

function hasDefault(relation: Relation, number: number): boolean {
  const column = relation.columns.find((known) => known.number === number);
  return column === undefined || column.hasDefault;
}

function checkUniques(facts: Facts): void {
  const { catalog, relation, inserts, isHidden, isInserted, isUpdated, expand } = facts;
  for (const { columns, plain } of linksOf(catalog).uniques(relation.oid)) {
    const numbers = expand(columns);
    if (!numbers.some(isHidden)) continue;
    const gives = numbers.some((number) => isHidden(number) && (isInserted(number) || hasDefault(relation, number)));
    if ((inserts && (gives || !plain)) || numbers.some(isUpdated)) {
      facts.refuse(
        `A unique index of ${nameOf(relation)} would tell whether a classified value is there already; leave out the columns it is over`,
        numbers,
      );
    }
  }
}

/** What is computed anew when one of its columns changes may fail by another that is hidden and stays. */
function checkComputed(facts: Facts): void {
  const { catalog, relation, updates, isHidden, isUpdated, expand } = facts;
  if (!updates) return;
  const mixes = (numbers: readonly number[]) =>
    numbers.some(isUpdated) && numbers.some((number) => isHidden(number) && !isUpdated(number));

  for (const { columns, validated } of linksOf(catalog).checks(relation.oid)) {
    const numbers = expand(columns);
    const unproven = !validated && numbers.some((number) => isHidden(number) && !isUpdated(number));
    if (unproven || mixes(numbers))
      facts.refuse(
        `A check of ${nameOf(relation)} would tell of a classified value; leave out the columns it is over`,
        numbers,
      );
  }
  for (const { columns } of linksOf(catalog).indexes(relation.oid)) {
    const numbers = expand(columns);
    if (mixes(numbers))
      facts.refuse(
        `An index of ${nameOf(relation)} is over a classified column as well, and would tell of it; set all classified columns of it, or leave this one out`,
        numbers,
      );
  }
  if (relation.columns.some(({ number, inline }) => inline && isHidden(number) && !isUpdated(number)))
    facts.refuse(
      `A row of ${nameOf(relation)} may become too long by a classified value that is kept within it; delete and insert rows instead`,
    );
  const generated = linksOf(catalog).generated(relation.oid);
  for (const { column } of generated) {
    const sources = generated.filter((one) => one.column === column).map(({ source }) => source);
    // The generated column itself counts as hidden once a source is, so it is the sources that are asked.
    if (mixes(sources))
      facts.refuse(
        `A generated column of ${nameOf(relation)} is computed from a classified one as well, and would tell of it; leave this column out`,
        sources,
      );
  }
}

/** Which part of a table a row moves to, and whether there is one, is told by all columns of the partition key. */
function checkPartitionKey(facts: Facts): void {
  const { catalog, relation, isHidden, isUpdated } = facts;
  for (const { columns } of linksOf(catalog).partitionKeys(relation.oid)) {
    if (columns.some(isUpdated) && columns.some((number) => isHidden(number) && !isUpdated(number)))
      facts.refuse(
        `${nameOf(relation)} is partitioned by a classified column as well, and a move would tell of it; leave this column out`,
        columns,
      );
  }
}

/** A row that moves to another part is asked for all that this part demands: unique indexes, checks, keys of its own. */
function checkMoves(facts: Facts): void {
  const { catalog, relation, isHidden, isUpdated } = facts;
  for (const { columns } of linksOf(catalog).partitionKeys(relation.oid)) {
    if (columns.some(isUpdated) && relation.columns.some(({ number }) => isHidden(number)))
      facts.refuse(
        `A row of ${nameOf(relation)} holds classified values, and a move to another partition would tell of them; leave this column out`,
        columns,
      );
  }
}

function checkKeys(facts: Facts): void {
  const { catalog, relation, isHidden, isInserted, isUpdated } = facts;
  for (const { childColumns } of linksOf(catalog).keysFrom(relation.oid)) {
    if (!childColumns.some(isHidden)) continue;
    const gives = childColumns.some(
      (number) => isHidden(number) && (isInserted(number) || hasDefault(relation, number)),
    );
    if ((facts.inserts && gives) || childColumns.some(isUpdated))
      facts.refuse(
        `A foreign key of ${nameOf(relation)} would tell whether a classified value exists; leave out its columns`,
        childColumns,
      );
  }
}

/** Taking away a row that is referred to by a classified value would tell that the value is there, here or down a cascade. */
function checkCascades(target: Relation, effects: Effects, at: Fields, sight: Sight): void {
  const { catalog, hiddenIn, anythingHidden } = sight;
  const reached = relatives(target, catalog, 'child');
  const own = new Set(reached);
  for (const relation of reached) {
    const { isHidden, isUpdated } = factsOf(relation, effects, at, sight);
    for (const key of linksOf(catalog).keysTo(relation.oid)) {
      // What a cascade changes further down is not followed column by column.
      const changed = !own.has(relation) || key.parentColumns.some(isUpdated);
      const gone = !own.has(relation) || effects.deletes;
      const child = catalog.byOid.get(key.child);
      if ((!changed && !gone) || child === undefined) continue;
      const hiddenInChild = hiddenIn(child);
      const ofChild = (number: number) =>
        child.columns.some((column) => column.number === number && hiddenInChild.has(column.name));
      if (key.parentColumns.some(isHidden) || key.childColumns.some(ofChild)) {
        throw new Refusal(
          'R9',
          `A foreign key of ${nameOf(child)} to ${nameOf(relation)} would tell of a classified value; change other columns, and delete nothing there`,
          at,
        );
      }
      const actions = [...(gone ? [key.onDelete] : []), ...(changed ? [key.onUpdate] : [])];
      if (!actions.some((action) => ['c', 'n', 'd'].includes(action))) continue;
      const updates =
        (gone && ['n', 'd'].includes(key.onDelete)) || (changed && ['c', 'n', 'd'].includes(key.onUpdate));
      for (const part of relatives(child, catalog, 'child')) {
        if (anythingHidden) checkCode(part, catalog, at);
        if (updates) checkChanged(part, at, sight);
        if (!reached.includes(part)) reached.push(part);
      }
    }
  }
}

/** A cascade may set columns to something else, which what is computed over classified columns could refuse. */
function checkChanged(relation: Relation, at: Fields, { catalog, hiddenIn }: Sight): void {
  const links = linksOf(catalog);
  const several = (columns: readonly number[]) => columns.length > 1 || columns.includes(0);
  const looks = [
    ...links.uniques(relation.oid).map(({ columns }) => columns),
    ...links.indexes(relation.oid).map(({ columns }) => columns),
    ...links.generated(relation.oid).map(({ source }) => [source]),
    ...links
      .checks(relation.oid)
      .filter(({ columns, validated }) => !validated || several(columns))
      .map(({ columns }) => columns),
  ];
  const tells = (known: Relation, lists: readonly (readonly number[])[]) => {
    const hidden = hiddenIn(known);
    const numbers = known.columns.filter(({ name }) => hidden.has(name)).map(({ number }) => number);
    return lists.some((columns) =>
      columns.some((number) => numbers.includes(number) || (number === 0 && numbers.length > 0)),
    );
  };
  const moves = relatives(relation, catalog, 'parent').some((parent) =>
    tells(
      parent,
      links.partitionKeys(parent.oid).map(({ columns }) => columns),
    ),
  );
  const moved = links.partitionKeys(relation.oid).length > 0 && hiddenIn(relation).size > 0;
  if (moves || moved || tells(relation, looks))
    throw new Refusal(
      'R9',
      `A change of ${nameOf(relation)} by a foreign key would tell of a classified value; leave this key as it is`,
      at,
    );
}
