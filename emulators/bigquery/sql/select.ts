import { invalidQuery } from '../errors.ts';
import { quoted } from '../schema.ts';
import { window } from './aggregates.ts';
import { expression, startsQuery } from './expressions.ts';
import { fromClause } from './from.ts';
import { aliasKind, columnPath, type Expression, type Scope } from './scope.ts';

interface Item {
  sql: string;
  /** The columns this item adds, by name; a star has none. */
  name?: string;
  alias?: { name: string; mentionsItself: boolean };
  /** What a name in GROUP BY stands for where it is the name of this item and not of a column alone. */
  path?: string;
}

/** A SELECT up to, and without, its ORDER BY; `asRecord` says that its rows are to become records, after ORDER BY and LIMIT. */
export interface Select {
  sql: string;
  asRecord: boolean;
}

export function select(scope: Scope): Select {
  const { cursor } = scope;
  cursor.expectWord('SELECT');
  const distinct = cursor.takeWords('DISTINCT') ? 'DISTINCT ' : '';
  if (!distinct) cursor.takeWords('ALL');
  const asStruct = cursor.takeWords('AS', 'STRUCT');
  if (cursor.isWord('AS') && cursor.isWord('VALUE', 1))
    throw invalidQuery('SELECT AS VALUE is not supported by this emulator');
  // FROM declares the aliases that the items before it use, so it is read first.
  const listAt = cursor.peek().offset;
  skipList(scope);
  const from = cursor.takeWords('FROM') ? `FROM ${fromClause(scope)}` : '';
  const after = cursor.peek().offset;
  const items = itemsAt(scope, listAt);
  if (asStruct && items.some((item) => item.sql.startsWith('*')) && [...scope.aliases.values()].includes('unnest'))
    throw invalidQuery(
      'SELECT AS STRUCT * over UNNEST is not supported by this emulator; write the alias before the star',
    );
  if (from && !cursor.isWord('FROM')) throw cursor.unexpected();
  if (from) cursor.skipTo(after);
  const asRecord = asStruct && items.some((item) => item.name === undefined);
  const list = asStruct && !asRecord ? structItem(items) : items.map((item) => item.sql).join(', ');
  const parts = [`SELECT ${distinct}${list}`];
  const relations = [...(from ? [from] : []), ...scope.spreads].join(', ');
  if (relations) parts.push(from ? relations : `FROM ${relations}`);
  parts.push(...clauses(scope, items, from !== ''));
  return { sql: parts.join(' '), asRecord };
}

/** Skips the select list: to FROM, or to what may follow a list without FROM. */
function skipList(scope: Scope): void {
  const { cursor } = scope;
  let depth = 0;
  while (cursor.peek().kind !== 'end') {
    if (cursor.isSymbol('(') || cursor.isSymbol('[')) depth += 1;
    if (cursor.isSymbol(')') || cursor.isSymbol(']')) depth -= 1;
    if (depth < 0 || (depth === 0 && endsList(scope))) return;
    cursor.next();
  }
}

const AFTER_LIST = ['WHERE', 'GROUP', 'HAVING', 'QUALIFY', 'WINDOW', 'ORDER', 'LIMIT', 'UNION', 'INTERSECT'];

function endsList(scope: Scope): boolean {
  const { cursor } = scope;
  if (cursor.isWord('FROM')) return !cursor.isWord('DISTINCT', -1);
  if (cursor.isWord('EXCEPT')) return !cursor.isSymbol('*', -1);
  return cursor.isSymbol(';') || cursor.isSymbol('|>') || AFTER_LIST.some((word) => cursor.isWord(word));
}

function itemsAt(scope: Scope, offset: number): Item[] {
  scope.cursor.backTo(offset);
  return selectItems(scope);
}

/** A select list, read where the cursor is. */
export function selectItems(scope: Scope): Item[] {
  const items: Item[] = [];
  let anonymous = 0;
  do {
    const item = selectItem(scope, () => `f${anonymous++}_`);
    items.push(item);
  } while (scope.cursor.takeSymbol(',') && !scope.cursor.isWord('FROM') && !scope.cursor.isSymbol('|>'));
  return items;
}

function selectItem(scope: Scope, anonymous: () => string): Item {
  const { cursor } = scope;
  if (cursor.takeSymbol('*')) {
    for (const [alias, kind] of scope.aliases) if (kind === 'unnest') scope.session.starred.add(alias);
    return { sql: `*${starModifiers(scope, scope.wildcards.size > 0)}` };
  }
  const start = cursor.peek().offset;
  const value = expression(scope);
  if (cursor.isSymbol('.') && cursor.isSymbol('*', 1)) return starOf(scope, value);
  const between = cursor.source.slice(start, cursor.peek().offset);
  const given = aliasName(scope);
  const name = given ?? value.name ?? anonymous();
  const itself = new RegExp(`\\b${name.replace(/\W/g, '.')}\\b`, 'i');
  const alias = given && !value.path ? { alias: { name, mentionsItself: itself.test(between) } } : {};
  const path = value.path && value.path.length > 1 ? { path: value.sql } : {};
  return { sql: `${value.sql} AS ${quoted(name)}`, name, ...alias, ...path };
}

function aliasName(scope: Scope): string | undefined {
  const { cursor } = scope;
  if (cursor.takeWords('AS')) return cursor.identifier();
  return implicitAlias(scope);
}

/** An alias without AS: any identifier that is no keyword of what may follow. */
export function implicitAlias(scope: Scope, refused: readonly string[] = []): string | undefined {
  const { cursor } = scope;
  const token = cursor.peek();
  if (token.kind === 'quoted') return cursor.next().text;
  const isName = token.kind === 'word' && !refused.includes(token.upper) && !cursor.reserved();
  return isName ? cursor.next().text : undefined;
}

function starOf(scope: Scope, value: Expression): Item {
  scope.cursor.expectSymbol('.');
  scope.cursor.expectSymbol('*');
  const [only, ...others] = value.path ?? [];
  const modifiers = starModifiers(scope, !others.length && scope.wildcards.has(only?.toLowerCase() ?? ''));
  const isTable = only !== undefined && !others.length && aliasKind(scope, only) === 'table';
  if (isTable) return { sql: `${columnPath([only])}.*${modifiers}` };
  if (!modifiers) return { sql: `UNNEST(${value.sql})` };
  scope.session.unnests += 1;
  const spread = quoted(`spread ${scope.session.unnests}`);
  scope.spreads.push(`LATERAL (SELECT UNNEST(${value.sql})) AS ${spread}`);
  return { sql: `${spread}.*${modifiers}` };
}

/** `EXCEPT` and `REPLACE` after a star; of a wildcard table the suffix is left out as well. */
function starModifiers(scope: Scope, wildcard: boolean): string {
  const { cursor } = scope;
  const names = wildcard ? ['"_TABLE_SUFFIX"'] : [];
  let modifiers = '';
  if (cursor.isWord('EXCEPT') && cursor.isSymbol('(', 1) && !startsQuery(scope, 1)) {
    cursor.next();
    cursor.next();
    do names.push(quoted(cursor.identifier()));
    while (cursor.takeSymbol(','));
    cursor.expectSymbol(')');
  }
  if (names.length > 0) modifiers += ` EXCLUDE (${names.join(', ')})`;
  if (cursor.takeWords('REPLACE')) modifiers += ` REPLACE (${replacements(scope).join(', ')})`;
  return modifiers;
}

function replacements(scope: Scope): string[] {
  const { cursor } = scope;
  cursor.expectSymbol('(');
  const items: string[] = [];
  do {
    const value = expression(scope).sql;
    cursor.expectWord('AS');
    items.push(`${value} AS ${quoted(cursor.identifier())}`);
  } while (cursor.takeSymbol(','));
  cursor.expectSymbol(')');
  return items;
}

/** `SELECT AS STRUCT` without stars: the items as one record. */
function structItem(items: readonly Item[]): string {
  const fields = items.map((item) => {
    if (item.name === undefined) throw new Error('A star has no name');
    const suffix = ` AS ${quoted(item.name)}`;
    return `${quoted(item.name)} := ${item.sql.slice(0, -suffix.length)}`;
  });
  return `struct_pack(${fields.join(', ')})`;
}

function clauses(scope: Scope, items: readonly Item[], hasFrom: boolean): string[] {
  const { cursor } = scope;
  const parts: string[] = [];
  if (cursor.isWord('WHERE') && !hasFrom)
    throw invalidQuery(`Query without FROM clause cannot have a WHERE clause at ${cursor.at()}`);
  if (cursor.takeWords('WHERE')) parts.push(`WHERE ${expression(scope).sql}`);
  if (cursor.takeWords('GROUP', 'BY')) parts.push(`GROUP BY ${grouping(scope, items)}`);
  if (cursor.takeWords('HAVING')) parts.push(`HAVING ${expression(scope).sql}`);
  const qualify = cursor.takeWords('QUALIFY') ? `QUALIFY ${expression(scope).sql}` : '';
  if (cursor.takeWords('WINDOW')) parts.push(`WINDOW ${windows(scope).join(', ')}`);
  if (qualify) parts.push(qualify);
  return parts;
}

function windows(scope: Scope): string[] {
  const { cursor } = scope;
  const items: string[] = [];
  do {
    const name = cursor.identifier();
    cursor.expectWord('AS');
    items.push(`${quoted(name)} AS ${window(scope)}`);
  } while (cursor.takeSymbol(','));
  return items;
}

function grouping(scope: Scope, items: readonly Item[]): string {
  const { cursor } = scope;
  if (cursor.takeWords('ALL')) return 'ALL';
  if (cursor.takeWords('GROUPING', 'SETS')) return groupingSets(scope, items);
  for (const kind of ['ROLLUP', 'CUBE']) {
    if (!cursor.isWord(kind) || !cursor.isSymbol('(', 1)) continue;
    cursor.next();
    cursor.next();
    const columns = groupingItems(scope, items);
    cursor.expectSymbol(')');
    return `${kind} (${columns.join(', ')})`;
  }
  return groupingItems(scope, items).join(', ');
}

/** `GROUPING SETS ((a, b), c, ())`. */
function groupingSets(scope: Scope, items: readonly Item[]): string {
  const { cursor } = scope;
  const sets: string[] = [];
  cursor.expectSymbol('(');
  do {
    if (!cursor.takeSymbol('(')) sets.push(groupingItem(scope, items));
    else {
      sets.push(cursor.isSymbol(')') ? '()' : `(${groupingItems(scope, items).join(', ')})`);
      cursor.expectSymbol(')');
    }
  } while (cursor.takeSymbol(','));
  cursor.expectSymbol(')');
  return `GROUPING SETS (${sets.join(', ')})`;
}

function groupingItems(scope: Scope, items: readonly Item[]): string[] {
  const { cursor } = scope;
  const columns: string[] = [];
  do {
    if (cursor.peek().kind === 'integer') columns.push(cursor.next().text);
    else columns.push(groupingItem(scope, items));
  } while (cursor.takeSymbol(','));
  return columns;
}

/**
 * Refuses a name that is both a column and another expression's alias: GoogleSQL and DuckDB may choose differently. The name of an
 * item that is a field (`approval.id AS approval`) stands for that field, as GoogleSQL has it.
 */
function groupingItem(scope: Scope, items: readonly Item[]): string {
  const at = scope.cursor.at();
  const value = expression(scope);
  const [only, ...others] = value.path ?? [];
  const alias = items.find((item) => !others.length && item.alias?.name.toLowerCase() === only?.toLowerCase())?.alias;
  if (alias?.mentionsItself) throw invalidQuery(`Name ${only} in the GROUP BY clause is ambiguous at ${at}`);
  const item = items.find(({ name }) => !others.length && name?.toLowerCase() === only?.toLowerCase());
  return item?.path ?? value.sql;
}
