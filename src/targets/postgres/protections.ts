import type { Classification, Connection } from '../../model/connection.ts';
import { hiddenColumns } from './allowed-catalog.ts';
import { type Catalog, isSystem, nameOf, type Relation } from './catalog.ts';
import { Refusal } from './refusal.ts';
import { type Classes, viewColumns } from './view-columns.ts';

/** What stands in a relation whose columns nobody classified, where the connection says to mask it. */
const unclassifiedClass = 'UNCLASSIFIED';

/** Of one relation: the classes of its columns, or why it may not be read or written at all. */
export type Protection = { classes: Classes; refusal?: Refusal };

export type Protections = (relation: Relation) => Protection;

const none: Protection = { classes: new Map() };

/**
 * R5: what the classification means for every relation: those it names, and those that hold the same values by inheritance,
 * partitions, foreign keys, generated columns and views. What it says nothing of is treated as the connection says.
 */
export function protectionsOf(catalog: Catalog, connection: Connection): Protections {
  const closure = new Closure(catalog, connection);
  closure.spread();
  const settled = new Map<number, Protection>();
  return (relation) => {
    if (isSystem(relation)) return none;
    const known = settled.get(relation.oid) ?? closure.settle(relation);
    settled.set(relation.oid, known);
    return known;
  };
}

class Closure {
  readonly #catalog: Catalog;
  readonly #connection: Connection;
  readonly #classes = new Map<number, Map<string, Set<string>>>();
  readonly #named = new Set<number>();
  readonly #refusals = new Map<number, Refusal>();

  constructor(catalog: Catalog, connection: Connection) {
    this.#catalog = catalog;
    this.#connection = connection;
    for (const relation of catalog.relations.values()) if (!isSystem(relation)) this.#start(relation);
  }

  /** What the classification itself says of it. */
  #start(relation: Relation) {
    const name = nameOf(relation);
    const entries = entriesFor(this.#connection.classification, name);
    if (entries.length > 0) this.#named.add(relation.oid);
    for (const [column, className] of entries.flatMap((entry) => [...entry])) {
      if (relation.columns.some((known) => known.name === column)) this.#add(relation, column, [className]);
    }
    const strange = [...(this.#connection.classification.get(name)?.keys() ?? [])].find(
      (column) => !relation.columns.some((known) => known.name === column),
    );
    if (strange !== undefined) {
      this.#refuse(
        relation,
        `The classification of this connection names a column ${strange} that ${name} does not have; mend it there`,
      );
    }
  }

  /** Carries classes along everything that copies values, until nothing changes. */
  spread() {
    this.#nameRelatives();
    if (this.#connection.document.unclassified === 'mask') this.#maskUnnamed();
    for (let changed = true; changed; ) {
      changed = this.#spreadInheritance();
      changed = this.#spreadForeignKeys() || changed;
      changed = this.#spreadGenerated() || changed;
      changed = this.#spreadViews() || changed;
    }
  }

  /** A partition is known where its parent is, and a view where all it reads is. */
  #nameRelatives() {
    for (let size = -1; size !== this.#named.size; ) {
      size = this.#named.size;
      for (const { child, parent } of this.#catalog.inheritance) if (this.#named.has(parent)) this.#named.add(child);
      for (const view of this.#catalog.views.values()) {
        if (view.reads.every((oid) => this.#isKnown(oid))) this.#named.add(view.oid);
      }
    }
  }

  #isKnown(oid: number): boolean {
    const relation = this.#catalog.byOid.get(oid);
    return this.#named.has(oid) || (relation !== undefined && isSystem(relation));
  }

  #maskUnnamed() {
    for (const relation of this.#catalog.relations.values()) {
      if (isSystem(relation) || this.#named.has(relation.oid) || this.#catalog.views.has(relation.oid)) continue;
      for (const column of relation.columns) this.#add(relation, column.name, [unclassifiedClass]);
    }
  }

  #spreadInheritance(): boolean {
    let changed = false;
    for (const { child, parent } of this.#catalog.inheritance) {
      for (const [from, to] of [
        [parent, child],
        [child, parent],
      ] as const) {
        const relation = this.#catalog.byOid.get(to);
        for (const [column, classes] of this.#classes.get(from) ?? []) {
          if (relation?.columns.some(({ name }) => name === column))
            changed = this.#add(relation, column, classes) || changed;
        }
      }
    }
    return changed;
  }

  #spreadForeignKeys(): boolean {
    let changed = false;
    for (const key of this.#catalog.foreignKeys) {
      key.parentColumns.forEach((number, index) => {
        changed = this.#copy(key.parent, number, key.child, key.childColumns[index]) || changed;
      });
    }
    return changed;
  }

  #spreadGenerated(): boolean {
    let changed = false;
    for (const { relation, source, column } of this.#catalog.generated) {
      changed = this.#copy(relation, source, relation, column) || changed;
    }
    return changed;
  }

  #copy(from: number, fromColumn: number, to: number, toColumn: number | undefined): boolean {
    const nameIn = (oid: number, wanted: number | undefined) =>
      this.#catalog.byOid.get(oid)?.columns.find(({ number }) => number === wanted)?.name;
    const classes = this.#classes.get(from)?.get(nameIn(from, fromColumn) ?? '');
    const target = this.#catalog.byOid.get(to);
    const name = nameIn(to, toColumn);
    return classes !== undefined && target !== undefined && name !== undefined && this.#add(target, name, classes);
  }

  #spreadViews(): boolean {
    let changed = false;
    for (const view of this.#catalog.views.values()) {
      const relation = this.#catalog.byOid.get(view.oid);
      if (relation === undefined || this.#refusals.has(view.oid)) continue;
      try {
        const found = viewColumns(view, nameOf(relation), this.#readBy(view.reads), this.#catalog);
        relation.columns.forEach((column, index) => {
          changed = this.#add(relation, column.name, found[index] ?? []) || changed;
        });
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        this.#refusals.set(view.oid, error);
        changed = true;
      }
    }
    return changed;
  }

  #readBy(oids: readonly number[]): Classes {
    const all = new Map<string, readonly string[]>();
    for (const oid of oids) {
      const relation = this.#catalog.byOid.get(oid);
      const refusal =
        relation === undefined ? new Refusal('R5', 'A view reads what is not known') : this.#obstacle(relation);
      if (refusal !== undefined) throw refusal;
      for (const { name } of (relation && hiddenColumns(relation)) ?? []) all.set(name, [unclassifiedClass]);
      for (const [column, classes] of this.#classes.get(oid) ?? []) {
        all.set(column, [...new Set([...(all.get(column) ?? []), ...classes])]);
      }
    }
    return all;
  }

  /** Why nothing that reads the relation can be proven. */
  #obstacle(relation: Relation): Refusal | undefined {
    const name = nameOf(relation);
    if (isSystem(relation)) {
      return hiddenColumns(relation) === undefined ? new Refusal('R8', `${name} may not be read`) : undefined;
    }
    if (this.#refusals.has(relation.oid)) return this.#refusals.get(relation.oid);
    if (relation.kind === 'S') return new Refusal('R8', `${name} is a sequence, which cannot be read`);
    if (relation.kind === 'f' && entriesFor(this.#connection.classification, name).length === 0) {
      return new Refusal(
        'R5',
        `${name} is a foreign table; name its columns in the classification of this connection to allow it`,
      );
    }
    const classified = this.#classes.get(relation.oid);
    const guarded = this.#catalog.rowSecurity.some(
      ({ relation: oid, column }) =>
        oid === relation.oid && relation.columns.some(({ name, number }) => number === column && classified?.has(name)),
    );
    return guarded ? new Refusal('R5', `Row-level security of ${name} looks at a classified column`) : undefined;
  }

  settle(relation: Relation): Protection {
    const classes = new Map(
      [...(this.#classes.get(relation.oid) ?? [])].map(([column, found]) => [column, [...found]]),
    );
    const refusal = this.#obstacle(relation) ?? this.#unnamed(relation);
    return refusal === undefined ? { classes } : { classes, refusal };
  }

  #unnamed(relation: Relation): Refusal | undefined {
    if (this.#connection.document.unclassified !== 'deny' || this.#named.has(relation.oid)) return undefined;
    const name = nameOf(relation);
    return new Refusal(
      'R5',
      `The classification of this connection says nothing of ${name}; add "${name}: {}" there if it holds nothing classified, or name its columns`,
    );
  }

  #refuse(relation: Relation, detail: string) {
    this.#refusals.set(relation.oid, new Refusal('R5', detail));
  }

  #add(relation: Relation, column: string, classes: Iterable<string>): boolean {
    const columns = this.#classes.get(relation.oid) ?? new Map<string, Set<string>>();
    const known = columns.get(column) ?? new Set<string>();
    const before = known.size;
    for (const className of classes) known.add(className);
    if (known.size === before) return false;
    columns.set(column, known);
    this.#classes.set(relation.oid, columns);
    return true;
  }
}

/** The entries that speak of a relation: the one by its name, else every glob that matches. */
function entriesFor(classification: Classification, name: string): ReadonlyMap<string, string>[] {
  const exact = classification.get(name);
  if (exact !== undefined) return [exact];
  return [...classification].filter(([key]) => key.includes('*') && globMatches(key, name)).map(([, entry]) => entry);
}

function globMatches(glob: string, name: string): boolean {
  const pattern = glob.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${pattern.join('.*')}$`).test(name);
}
