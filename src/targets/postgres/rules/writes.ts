import { type Catalog, isSystem, nameOf, type Relation } from '../catalog/catalog.ts';
import { relatives } from '../catalog/links.ts';
import type { Reference } from '../language/references.ts';
import type { Fields } from '../language/syntax.ts';
import type { WriteNode } from '../language/write-nodes.ts';
import type { Cover } from '../masks/masks.ts';
import { Refusal } from '../refusal.ts';
import { type Guarded, type Mention, mentionsIn } from './mentions.ts';
import { checkCode, checkOracles, type Sight } from './oracles.ts';
import { checkTokenWrites } from './token-writes.ts';

export type Surroundings = Sight & {
  references: readonly Reference[];
  /** Of a relation that holds something this identity may not see. */
  coverOf: (reference: Reference) => Cover | undefined;
};

/**
 * R9: a statement that writes may not speak of what is hidden, neither in the tables it writes to nor in those it reads, and
 * whether it succeeds must not depend on it. A mask is never written as if it were data. Answers the references to the tables
 * it writes to, which stay uncovered.
 */
export function checkWrites(statement: Fields, writes: readonly WriteNode[], around: Surroundings): Set<Reference> {
  const targets = new Map(
    writes.map(({ target }) => [target, around.references.find(({ fields }) => fields === target)]),
  );
  const tableOf = (target: Fields) => {
    const relation = targets.get(target)?.relation;
    if (relation === undefined) throw new Refusal('R4', 'The table to write to is not known', target);
    return relation;
  };
  for (const { target } of writes) checkTable(tableOf(target), target, around);
  const guards = new Map<Fields, Guarded>();
  for (const reference of around.references) {
    const guarded = guardOf(reference, targets.has(reference.fields), around);
    if (guarded !== undefined) guards.set(reference.fields, guarded);
  }
  for (const mention of mentionsIn(statement, (range) => guards.get(range))) throw refusalOf(mention, targets);
  for (const write of writes) {
    checkEffects(write, tableOf(write.target), around);
    const target = targets.get(write.target);
    checkTokenWrites(write, target && around.coverOf(target), around.catalog);
  }
  return new Set([...targets.values()].filter((target) => target !== undefined));
}

function checkTable(relation: Relation, at: Fields, { catalog }: Surroundings): void {
  const name = nameOf(relation);
  if (isSystem(relation)) throw new Refusal('R8', `${name} belongs to the system and cannot be written to`, at);
  if (relation.kind !== 'r' && relation.kind !== 'p') {
    throw new Refusal('R9', `${name} is not a table; write to ${insteadOf(relation, catalog)}`, at);
  }
  if (relation.rules)
    throw new Refusal(
      'R9',
      `${name} has rules that turn a write into something else; write to a table without them`,
      at,
    );
}

function checkEffects(write: WriteNode, relation: Relation, around: Surroundings): void {
  const { catalog, anythingHidden } = around;
  // What a partition may hold is said by the tables it is a part of.
  const run = [...relatives(relation, catalog, 'child'), ...relatives(relation, catalog, 'parent')];
  if (anythingHidden) for (const each of run) checkCode(each, catalog, write.target);
  checkOracles(write, relation, around);
}

/** The tables a view is made of. */
function insteadOf({ oid }: Relation, { views, byOid }: Catalog): string {
  const tables = (views.get(oid)?.reads ?? [])
    .map((read) => byOid.get(read))
    .filter((read) => read?.kind === 'r' || read?.kind === 'p');
  return tables.map((table) => table && nameOf(table)).join(' or ') || 'a table';
}

/** A target is guarded for what its parts hide, too: where one of their rows lies may tell of it. */
function guardOf(reference: Reference, written: boolean, around: Surroundings): Guarded | undefined {
  const { relation } = reference;
  if (relation === undefined) return undefined;
  const cover = around.coverOf(reference);
  const hidden = new Set(cover?.replacements.keys());
  const telling =
    written && relatives(relation, around.catalog, 'child').some((part) => around.hiddenIn(part).size > 0);
  return cover !== undefined || telling ? { relation, hidden } : undefined;
}

const mostNamed = 12;

function refusalOf(
  { guarded, words, whole, at }: Mention,
  targets: ReadonlyMap<Fields, Reference | undefined>,
): Refusal {
  const { relation, hidden } = guarded;
  const open = relation.columns.map(({ name }) => name).filter((name) => !hidden.has(name));
  const some = `${open.slice(0, mostNamed).join(', ')}${open.length > mostNamed ? ', …' : ''}`;
  const written = [...targets.values()].some((target) => target?.relation === relation);
  const why = written
    ? `A write to ${nameOf(relation)} may not look at ${words}`
    : `What is written may not come from or depend on ${words}, of which ${nameOf(relation)} gives masks only`;
  const instead = whole
    ? `name the columns you need, out of ${some}`
    : `${words.includes('.') ? '' : "where another table's column is meant, write it with that table's name; "}of ${nameOf(relation)} you may use ${some}`;
  return new Refusal('R9', `${why}; ${instead}`, at);
}
