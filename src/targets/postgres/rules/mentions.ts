import { type Relation, systemColumns } from '../catalog/catalog.ts';
import { type Fields, fieldsOf, isFields, namesOf, nodesOf, ofType, textOf, typeOf } from '../language/syntax.ts';
import { isWriteType } from '../language/write-nodes.ts';

/** A relation of which a statement may not speak in full. */
export type Guarded = { relation: Relation; hidden: ReadonlySet<string> };

/** A place where a statement speaks of a hidden column, or may do so. */
export type Mention = {
  guarded: Guarded;
  /** As it is written; `*` or a name of the relation for its whole row. */
  words: string;
  whole: boolean;
  at: Fields;
};

/** A guarded relation under the names by which a query level can call it. */
type Named = Guarded & { range: Fields; names: Set<string> };

/** What is looked up by the fields of its RangeVar. */
type GuardedBy = (range: Fields) => Guarded | undefined;

/**
 * Every place that speaks of a hidden column, of a whole row that holds one, or of where such a row lies. A name counts for
 * every relation it could belong to: those of its own query level and of all around it. What passes only names that are not
 * hidden out of a subquery or CTE is clean, so what is read from there needs no look.
 */
export function* mentionsIn(
  value: unknown,
  guardedBy: GuardedBy,
  scope: readonly (readonly Named[])[] = [],
): Generator<Mention> {
  if (Array.isArray(value)) {
    for (const item of value) yield* mentionsIn(item, guardedBy, scope);
    return;
  }
  if (!isFields(value)) return;
  const type = typeOf(value);
  const fields = fieldsOf(type === undefined ? value : value[type]);
  if (type === 'SelectStmt') return yield* inSelect(fields, guardedBy, scope);
  if (isWriteType(type)) return yield* inWrite(fields, guardedBy, scope);
  if (type === 'ColumnRef') return yield* inColumn(fields, scope);
  if (type === 'SubLink' && existsOnly(fields)) return yield* inSelect(withoutTargets(fields), guardedBy, scope);
  if (type === 'IndexElem') yield* inNames([textOf(fields['name']) ?? ''], scope.at(-1) ?? []);
  for (const child of Object.values(fields)) yield* mentionsIn(child, guardedBy, scope);
}

function* inSelect(select: Fields, guardedBy: GuardedBy, outer: readonly (readonly Named[])[]): Generator<Mention> {
  const { withClause, larg, rarg, ...own } = select;
  yield* mentionsIn(withClause, guardedBy, outer);
  for (const side of [larg, rarg]) if (isFields(side)) yield* inSelect(side, guardedBy, outer);
  const level: Named[] = [];
  for (const item of nodesOf(own['fromClause'])) yield* inRange(item, guardedBy, level);
  for (const child of Object.values(own)) yield* mentionsIn(child, guardedBy, [...outer, level]);
}

/** The rows of an INSERT are made without sight of its table; all else of a write can see it. */
function* inWrite(write: Fields, guardedBy: GuardedBy, outer: readonly (readonly Named[])[]): Generator<Mention> {
  const { withClause, relation, selectStmt, ...own } = write;
  yield* mentionsIn(withClause, guardedBy, outer);
  yield* mentionsIn(selectStmt, guardedBy, outer);
  const range = fieldsOf(relation);
  const target = guardedBy(range);
  const level: Named[] = target === undefined ? [] : [named(target, range, returningNames(own['returningClause']))];
  const sources = [...nodesOf(own['fromClause']), ...nodesOf(own['usingClause']), fieldsOf(own['sourceRelation'])];
  for (const item of sources) yield* inRange(item, guardedBy, level);
  for (const child of Object.values(own)) yield* mentionsIn(child, guardedBy, [...outer, level]);
}

/** The names a RETURNING has for the row before and the row after. */
function returningNames(clause: unknown): string[] {
  if (clause === undefined) return [];
  const options = nodesOf(fieldsOf(clause)['options']).map((node) => ofType(node, 'ReturningOption') ?? {});
  return ['old', 'new', ...options.map(({ value }) => textOf(value) ?? '')];
}

function named(guarded: Guarded, range: Fields, more: readonly string[] = []): Named {
  const own = textOf(fieldsOf(range['alias'])['aliasname']) ?? textOf(range['relname']) ?? '';
  return { ...guarded, range, names: new Set([own, ...more]) };
}

/** Adds the guarded relations of a FROM item; joins that give their columns other names speak of all of them. */
function* inRange(item: Fields, guardedBy: GuardedBy, level: Named[]): Generator<Mention> {
  const sample = ofType(item, 'RangeTableSample');
  if (sample !== undefined) yield* inRange(fieldsOf(sample['relation']), guardedBy, level);
  const range = ofType(item, 'RangeVar');
  const guarded = range && guardedBy(range);
  if (guarded !== undefined) {
    const entry = named(guarded, range ?? {});
    level.push(entry);
    if (fieldsOf(entry.range['alias'])['colnames'] !== undefined) yield wholeOf(entry, '*', entry.range);
  }
  const join = ofType(item, 'JoinExpr');
  if (join === undefined) return;
  const before = level.length;
  for (const side of [join['larg'], join['rarg']]) yield* inRange(fieldsOf(side), guardedBy, level);
  const inside = level.slice(before);
  yield* inNames(namesOf(join['usingClause']), inside);
  for (const alias of [fieldsOf(join['alias']), fieldsOf(join['join_using_alias'])]) {
    const name = textOf(alias['aliasname']);
    for (const entry of inside) if (name !== undefined) entry.names.add(name);
    if (alias['colnames'] !== undefined) yield* inside.map((entry) => wholeOf(entry, '*', entry.range));
  }
  if (join['isNatural'] === true) yield* inside.map((entry) => wholeOf(entry, 'NATURAL JOIN', entry.range));
}

function* inNames(names: readonly string[], level: readonly Named[]): Generator<Mention> {
  for (const entry of level) {
    for (const name of names.filter((each) => entry.hidden.has(each))) yield columnOf(entry, name, entry.range);
  }
}

function* inColumn(column: Fields, scope: readonly (readonly Named[])[]): Generator<Mention> {
  const path = namesOf(column['fields']);
  const last = path.at(-1) ?? '*';
  const qualifier = path.at(-2);
  const entries = qualifier === undefined && last === '*' ? (scope.at(-1) ?? []) : scope.flat();
  for (const entry of entries) {
    const ours = qualifier === undefined || entry.names.has(qualifier);
    if (!ours || isOpen(entry, last, qualifier !== undefined)) continue;
    const whole = last === '*' || (qualifier === undefined && !entry.hidden.has(last) && !systemColumns.has(last));
    yield { guarded: entry, words: path.join('.'), whole, at: column };
  }
}

/** Whether a name tells nothing hidden, where it is written with the relation's own name before it and where it stands alone. */
function isOpen({ relation, hidden, names }: Named, last: string, qualified: boolean): boolean {
  if (hidden.has(last) || systemColumns.has(last)) return false;
  // Its columns hold nothing hidden: it is guarded for where its rows lie.
  if (hidden.size === 0 && last === '*') return true;
  if (!qualified) return last !== '*' && !names.has(last);
  // A name that is no column may be a function, which is then called with the whole row.
  return relation.columns.some(({ name }) => name === last);
}

const wholeOf = (guarded: Guarded, words: string, at: Fields): Mention => ({ guarded, words, whole: true, at });
const columnOf = (guarded: Guarded, words: string, at: Fields): Mention => ({ guarded, words, whole: false, at });

/** `EXISTS (SELECT * …)`: what such a query selects is not looked at. */
function existsOnly(link: Fields): boolean {
  const select = ofType(link['subselect'], 'SelectStmt');
  const [target, ...more] = nodesOf(select?.['targetList']);
  const path = namesOf(ofType(ofType(target, 'ResTarget')?.['val'], 'ColumnRef')?.['fields']);
  return link['subLinkType'] === 'EXISTS_SUBLINK' && more.length === 0 && path.join('.') === '*';
}

function withoutTargets(link: Fields): Fields {
  const { targetList: _, ...rest } = fieldsOf(ofType(link['subselect'], 'SelectStmt'));
  return rest;
}
