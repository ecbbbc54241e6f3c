import type { Connection } from '../../../model/connection.ts';
import { Problem } from '../../../model/problem.ts';
import { type Catalog, type Column, isSystem, nameOf, type Relation } from '../catalog/catalog.ts';
import { type Protection, type Protections, protectionsOf } from '../rules/protections.ts';

/**
 * Given the catalog before DDL and as DDL has left it, both of one transaction: what the classification should now say. Throws where
 * something hidden has come open.
 */
export type Recheck = (before: Catalog, after: Catalog) => string[];

/**
 * Every column that was hidden must be hidden still, by the same classes, wherever it is and whatever it is called now; and a
 * view that is new must be one whose columns can be told. Rows are not compared: only a view or a table made of a query could
 * copy them, and those are proven by themselves.
 */
export function recheckAgainst(connection: Connection): Recheck {
  return (before, after) => {
    const [then, now] = [protectionsOf(before, connection), protectionsOf(after, connection)];
    for (const relation of after.byOid.values()) {
      if (isSystem(relation)) continue;
      const known = before.byOid.get(relation.oid);
      const opened = known === undefined ? openedBy(relation, now, after) : openedIn(known, relation, then, now);
      if (opened !== undefined) throw new Problem('masking-unprovable', { detail: opened, reason: 'R5' });
    }
    return [...news(before, after, now), ...gone(before, after, connection)];
  };
}

function openedIn(before: Relation, after: Relation, then: Protections, now: Protections): string | undefined {
  const [was, is] = [then(before), now(after)];
  if (is.refusal !== undefined) return undefined;
  for (const column of after.columns) {
    const old = before.columns.find(({ number }) => number === column.number);
    if (old === undefined) continue;
    if (!isKept(was, old.name, is, column.name)) {
      return `R5: ${nameOf(before)}.${old.name} would no longer be hidden as it was, so nothing was changed; change the classification of this connection first`;
    }
  }
  return undefined;
}

/** Hidden by every class it was hidden by; and as strictly: only a value as it stands may keep some of it in its mask. */
function isKept(was: Protection, from: string, is: Protection, to: string): boolean {
  const now = is.classes.get(to) ?? [];
  const then = was.classes.get(from) ?? [];
  if (was.refusal !== undefined) return now.length > 0;
  if (then.length > 0 && is.genuine?.has(to) === true && was.genuine?.has(from) !== true) return false;
  return then.every((one) => now.includes(one));
}

/** A new view is made of what is there; a new table is empty, or was proven to hold nothing classified. */
function openedBy(relation: Relation, now: Protections, after: Catalog): string | undefined {
  if (!after.views.has(relation.oid)) return undefined;
  const { refusal } = now(relation);
  return refusal === undefined ? undefined : `${refusal.rule}: ${refusal.message}; nothing was changed`;
}

/** What has appeared, of which the classification says nothing. */
function news(before: Catalog, after: Catalog, now: Protections): string[] {
  const warnings: string[] = [];
  for (const relation of after.byOid.values()) {
    if (isSystem(relation) || relation.kind === 'S' || after.views.has(relation.oid)) continue;
    const known = before.byOid.get(relation.oid);
    const { classes, refusal } = now(relation);
    const isNew = ({ number, name }: Column) =>
      known?.columns.every((column) => column.number !== number) && !classes.has(name);
    if (known === undefined && refusal !== undefined) warnings.push(`${nameOf(relation)} is new. ${refusal.message}.`);
    else if (known === undefined && classes.size === 0) {
      warnings.push(
        `${nameOf(relation)} is new and holds nothing classified as far as the classification says; name its columns there if it does.`,
      );
    } else if (known !== undefined) {
      for (const { name } of relation.columns.filter(isNew)) {
        warnings.push(
          `${nameOf(relation)}.${name} is new and holds nothing classified as far as the classification says; name it there if it does.`,
        );
      }
    }
  }
  return warnings;
}

/** What the classification names and this has taken away. */
function gone(before: Catalog, after: Catalog, { classification }: Connection): string[] {
  const warnings: string[] = [];
  for (const [name, columns] of classification) {
    const [then, now] = [before.relations.get(name), after.relations.get(name)];
    if (then !== undefined && now === undefined) {
      warnings.push(`The classification names ${name}, which is gone; take it out there.`);
    }
    const has = (relation: Relation | undefined, column: string) =>
      relation?.columns.some((known) => known.name === column);
    for (const column of columns.keys()) {
      if (now === undefined || !has(then, column) || has(now, column)) continue;
      warnings.push(
        `The classification names ${name}.${column}, which is gone; until it is taken out there, ${name} is refused.`,
      );
    }
  }
  return warnings;
}
