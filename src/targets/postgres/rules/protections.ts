import type { Connection } from '../../../model/connection.ts';
import type { Transform } from '../../../model/documents.ts';
import { type Catalog, isSystem, nameOf, type Relation, type View } from '../catalog/catalog.ts';
import { linksOf, relatives } from '../catalog/links.ts';
import { Refusal } from '../refusal.ts';
import { hiddenColumns } from './allowed-catalog.ts';
import { type Entry, entriesOf } from './entries.ts';
import { type Columns, genuineColumns } from './genuine.ts';
import { type Classes, viewColumns } from './view-columns.ts';

/** What stands in a relation whose columns nobody classified, where the connection says to mask it. */
const unclassifiedClass = 'UNCLASSIFIED';

/** Of one relation: the classes of its columns, or why it may not be read or written at all. */
export type Protection = {
  classes: Classes;
  refusal?: Refusal;
  /** How the connection masks each class. */
  transforms?: ReadonlyMap<string, Transform>;
  /** Columns that hold what the classification speaks of as it stands. */
  genuine?: ReadonlySet<string>;
};

export type Protections = (relation: Relation) => Protection;

const none: Protection = { classes: new Map() };

/**
 * R5: what the classification means for every relation: those it names, and those that hold the same values by inheritance,
 * partitions, foreign keys, generated columns and views. What it says nothing of is treated as the connection says.
 */
export function protectionsOf(catalog: Catalog, connection: Connection): Protections {
  const entriesFor = entriesOf(connection.classification);
  const closure: Closure = {
    catalog,
    connection,
    entriesFor,
    classes: new Map(),
    named: new Set(),
    spoken: new Map(),
    refusals: new Map(),
  };
  for (const relation of catalog.byOid.values()) if (!isSystem(relation)) start(closure, relation);
  nameRelatives(closure);
  if (connection.document.unclassified === 'mask') maskUnnamed(closure);
  spread(closure);
  const genuine = genuineColumns(
    catalog,
    closure.spoken,
    (oid, column) => closure.classes.get(oid)?.has(column) === true,
  );
  const settled = new Map<number, Protection>();
  return (relation) => {
    if (isSystem(relation)) return none;
    const known = settled.get(relation.oid) ?? settle(closure, relation, genuine);
    settled.set(relation.oid, known);
    return known;
  };
}

/** What is being worked out for a catalog and a classification. */
type Closure = {
  catalog: Catalog;
  connection: Connection;
  entriesFor: (name: string) => readonly Entry[];
  classes: Map<number, Map<string, Set<string>>>;
  /** Relations the classification speaks of, by name or by what they are made of. */
  named: Set<number>;
  /** The columns that the classification itself names. */
  spoken: Map<number, Set<string>>;
  refusals: Map<number, Refusal>;
};

/** What the classification itself says of it. */
function start(closure: Closure, relation: Relation) {
  const name = nameOf(relation);
  const entries = closure.entriesFor(name);
  if (entries.length > 0) closure.named.add(relation.oid);
  for (const [column, className] of entries.flatMap((entry) => [...entry])) {
    if (!relation.columns.some((known) => known.name === column)) continue;
    add(closure, relation, column, [className]);
    closure.spoken.set(relation.oid, (closure.spoken.get(relation.oid) ?? new Set()).add(column));
  }
  const strange = [...(closure.connection.classification.get(name)?.keys() ?? [])].find(
    (column) => !relation.columns.some((known) => known.name === column),
  );
  if (strange !== undefined) {
    refuse(
      closure,
      relation,
      `The classification of this connection names a column ${strange} that ${name} does not have; mend it there`,
    );
  }
}

/**
 * Carries classes along everything that copies values, until nothing changes. Only what changed is looked at again, so that the
 * work grows with the catalog and not with its square.
 */
function spread(closure: Closure) {
  const { catalog, classes } = closure;
  const { readers } = linksOf(catalog);
  const pending = new Set([...classes.keys(), ...catalog.views.keys()]);
  const changed = (oid: number, hasChanged: boolean) => {
    if (!hasChanged) return;
    pending.add(oid);
    const relation = catalog.byOid.get(oid);
    // Whether a part may be read at all depends on what it is a part of.
    const parts = relation === undefined ? [] : relatives(relation, catalog, 'child');
    for (const part of parts) for (const reader of readers(part.oid)) pending.add(reader);
  };
  // A set that grows while it is walked is walked to its end; what changes after its turn has another.
  for (const oid of pending) {
    pending.delete(oid);
    const view = catalog.views.get(oid);
    if (view !== undefined) changed(oid, spreadInto(closure, view));
    changed(oid, spreadGenerated(closure, oid));
    spreadInheritance(closure, oid, changed);
    spreadForeignKeys(closure, oid, changed);
  }
}

/** A partition is known where its parent is, and a view where all it reads is. */
function nameRelatives(closure: Closure) {
  const { catalog, named } = closure;
  const { children, readers } = linksOf(catalog);
  const nameView = (oid: number) => {
    if (catalog.views.get(oid)?.reads.every((read) => isKnown(closure, read))) named.add(oid);
  };
  for (const oid of catalog.views.keys()) nameView(oid);
  for (const oid of named) {
    for (const child of children(oid)) named.add(child);
    for (const reader of readers(oid)) nameView(reader);
  }
}

function isKnown(closure: Closure, oid: number): boolean {
  const relation = closure.catalog.byOid.get(oid);
  return closure.named.has(oid) || (relation !== undefined && isSystem(relation));
}

function maskUnnamed(closure: Closure) {
  for (const relation of closure.catalog.byOid.values()) {
    if (isSystem(relation) || closure.named.has(relation.oid) || closure.catalog.views.has(relation.oid)) continue;
    for (const column of relation.columns) add(closure, relation, column.name, [unclassifiedClass]);
  }
}

type Changed = (oid: number, hasChanged: boolean) => void;

function spreadInheritance(closure: Closure, from: number, changed: Changed) {
  const { children, parents } = linksOf(closure.catalog);
  for (const to of [...children(from), ...parents(from)]) {
    const relation = closure.catalog.byOid.get(to);
    for (const [column, classes] of closure.classes.get(from) ?? []) {
      if (relation?.columns.some(({ name }) => name === column)) changed(to, add(closure, relation, column, classes));
    }
  }
}

function spreadForeignKeys(closure: Closure, from: number, changed: Changed) {
  for (const { child, parentColumns, childColumns } of linksOf(closure.catalog).keysTo(from)) {
    parentColumns.forEach((number, index) => {
      changed(child, copy(closure, from, number, child, childColumns[index]));
    });
  }
}

function spreadGenerated(closure: Closure, oid: number): boolean {
  const { generated } = linksOf(closure.catalog);
  return generated(oid)
    .map(({ source, column }) => copy(closure, oid, source, oid, column))
    .includes(true);
}

function copy(closure: Closure, from: number, fromColumn: number, to: number, toColumn: number | undefined): boolean {
  const nameIn = (oid: number, wanted: number | undefined) =>
    closure.catalog.byOid.get(oid)?.columns.find(({ number }) => number === wanted)?.name;
  const classes = closure.classes.get(from)?.get(nameIn(from, fromColumn) ?? '');
  const target = closure.catalog.byOid.get(to);
  const name = nameIn(to, toColumn);
  return classes !== undefined && target !== undefined && name !== undefined && add(closure, target, name, classes);
}

function spreadInto(closure: Closure, view: View): boolean {
  const relation = closure.catalog.byOid.get(view.oid);
  if (relation === undefined || closure.refusals.has(view.oid)) return false;
  try {
    const found = viewColumns(view, relation, readBy(closure, view.reads), closure.catalog);
    return relation.columns.map(({ name }, index) => add(closure, relation, name, found[index] ?? [])).includes(true);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    closure.refusals.set(view.oid, error);
    return true;
  }
}

function readBy(closure: Closure, oids: readonly number[]): Classes {
  const all = new Map<string, readonly string[]>();
  for (const oid of oids) {
    const relation = closure.catalog.byOid.get(oid);
    const refusal =
      relation === undefined ? new Refusal('R5', 'A view reads what is not known') : obstacle(closure, relation);
    if (refusal !== undefined) throw refusal;
    for (const { name } of (relation && hiddenColumns(relation)) ?? []) all.set(name, [unclassifiedClass]);
    const parts = relation === undefined ? [] : relatives(relation, closure.catalog, 'child');
    for (const [column, classes] of parts.flatMap((part) => [...(closure.classes.get(part.oid) ?? [])])) {
      all.set(column, [...new Set([...(all.get(column) ?? []), ...classes])]);
    }
  }
  return all;
}

/** Why nothing that reads the relation can be proven. */
function obstacle(closure: Closure, relation: Relation): Refusal | undefined {
  const name = nameOf(relation);
  if (isSystem(relation)) {
    return hiddenColumns(relation) === undefined ? new Refusal('R8', `${name} may not be read`) : undefined;
  }
  if (closure.refusals.has(relation.oid)) return closure.refusals.get(relation.oid);
  if (relation.kind === 'S') return new Refusal('R8', `${name} is a sequence, which cannot be read`);
  if (relation.kind === 'f' && closure.entriesFor(name).length === 0) {
    return new Refusal(
      'R5',
      `${name} is a foreign table; name its columns in the classification of this connection to allow it`,
    );
  }
  // In which partition a row is decides in which order rows come, too.
  const chosenBy = (['child', 'parent'] as const)
    .flatMap((side) => relatives(relation, closure.catalog, side))
    .find((relative) => isPartitionedByClass(closure, relative));
  if (chosenBy !== undefined) {
    return new Refusal(
      'R5',
      `${nameOf(chosenBy)} is partitioned by a classified column, so that where a row is tells of it; use other tables`,
    );
  }
  const classified = closure.classes.get(relation.oid);
  const guarded = linksOf(closure.catalog)
    .rowSecurity(relation.oid)
    .some(
      ({ column }) =>
        column === 0 || relation.columns.some(({ name, number }) => number === column && classified?.has(name)),
    );
  if (!guarded) return undefined;
  return new Refusal(
    'R5',
    `Row-level security of ${name} looks at a classified column or another relation, or runs code of the database`,
  );
}

/** Then which of its parts a row is in tells of the value. */
function isPartitionedByClass({ catalog, classes }: Closure, { oid, columns }: Relation): boolean {
  const key = linksOf(catalog)
    .partitionKeys(oid)
    .flatMap((each) => each.columns);
  return columns.some(({ name, number }) => key.includes(number) && classes.get(oid)?.has(name));
}

function settle(closure: Closure, relation: Relation, genuine: Columns): Protection {
  const classes = new Map(
    [...(closure.classes.get(relation.oid) ?? [])].map(([column, found]) => [column, [...found]]),
  );
  const refusal = obstacle(closure, relation) ?? unnamed(closure, relation);
  const protection: Protection = {
    classes,
    transforms: closure.connection.transforms,
    genuine: genuine.get(relation.oid) ?? new Set(),
  };
  return refusal === undefined ? protection : { ...protection, refusal };
}

function unnamed(closure: Closure, relation: Relation): Refusal | undefined {
  if (closure.connection.document.unclassified !== 'deny' || closure.named.has(relation.oid)) return undefined;
  const name = nameOf(relation);
  return new Refusal(
    'R5',
    `The classification of this connection says nothing of ${name}; add "${name}: {}" there if it holds nothing classified, or name its columns`,
  );
}

function refuse(closure: Closure, relation: Relation, detail: string) {
  closure.refusals.set(relation.oid, new Refusal('R5', detail));
}

function add(closure: Closure, relation: Relation, column: string, classes: Iterable<string>): boolean {
  const columns = closure.classes.get(relation.oid) ?? new Map<string, Set<string>>();
  const known = columns.get(column) ?? new Set<string>();
  const before = known.size;
  for (const className of classes) known.add(className);
  if (known.size === before) return false;
  columns.set(column, known);
  closure.classes.set(relation.oid, columns);
  return true;
}
