import { invalidQuery } from '../errors.ts';
import { duckType, quoted } from '../schema.ts';
import { expression, expressionList, startsQuery } from './expressions.ts';
import { query, subquery } from './query.ts';
import { columnPath, type Names, type Scope, textScope } from './scope.ts';
import { implicitAlias } from './select.ts';
import { aliased, declare, NOT_ALIASES } from './table-operators.ts';

/** What follows FROM: items joined by commas and JOINs. Declares the items' aliases in the scope. */
export function fromClause(scope: Scope): string {
  const { cursor } = scope;
  let sql = fromItem(scope).sql;
  for (;;) {
    if (cursor.takeSymbol(',')) sql += `, ${fromItem(scope).sql}`;
    else {
      const join = joinItem(scope);
      if (!join) return sql;
      sql += join;
    }
  }
}

/** A JOIN with its item and condition; `undefined` where none is next. */
export function joinItem(scope: Scope): string | undefined {
  const join = joinWord(scope);
  return join && joined(scope, join);
}

const JOINS: [words: string[], sql: string][] = [
  [['CROSS', 'JOIN'], 'CROSS JOIN'],
  [['INNER', 'JOIN'], 'JOIN'],
  [['JOIN'], 'JOIN'],
  [['LEFT', 'OUTER', 'JOIN'], 'LEFT JOIN'],
  [['LEFT', 'JOIN'], 'LEFT JOIN'],
  [['RIGHT', 'OUTER', 'JOIN'], 'RIGHT JOIN'],
  [['RIGHT', 'JOIN'], 'RIGHT JOIN'],
  [['FULL', 'OUTER', 'JOIN'], 'FULL JOIN'],
  [['FULL', 'JOIN'], 'FULL JOIN'],
];

function joinWord(scope: Scope): string | undefined {
  return JOINS.find(([words]) => scope.cursor.takeWords(...words))?.[1];
}

function joined(scope: Scope, join: string): string {
  const { cursor } = scope;
  const item = fromItem(scope);
  if (join === 'CROSS JOIN') return ` CROSS JOIN ${item.sql}`;
  if (cursor.takeWords('ON')) return ` ${join} ${item.sql} ON ${expression(scope).sql}`;
  if (cursor.takeWords('USING')) return ` ${join} ${item.sql} USING (${usingColumns(scope).join(', ')})`;
  if (item.correlated && join !== 'RIGHT JOIN' && join !== 'FULL JOIN') return ` ${join} ${item.sql} ON TRUE`;
  throw cursor.unexpected('keyword ON or keyword USING');
}

function usingColumns(scope: Scope): string[] {
  scope.cursor.expectSymbol('(');
  const columns: string[] = [];
  do columns.push(quoted(scope.cursor.identifier()));
  while (scope.cursor.takeSymbol(','));
  scope.cursor.expectSymbol(')');
  return columns;
}

interface FromItem {
  sql: string;
  correlated?: boolean;
}

function fromItem(scope: Scope): FromItem {
  const { cursor } = scope;
  if (cursor.takeWords('UNNEST')) return unnestCall(scope);
  if (startsQuery(scope) && cursor.isSymbol('(') && !holdsJoin(scope)) return { sql: aliased(scope, subquery(scope)) };
  if (cursor.takeSymbol('(')) {
    const inside = fromClause(scope);
    cursor.expectSymbol(')');
    return { sql: `(${inside})` };
  }
  const at = cursor.at();
  const { text: name } = cursor.peek();
  // A quoted name with dots in it is one name for WITH, and a path for the catalog.
  if (
    !cursor.isSymbol('.', 1) &&
    !cursor.isSymbol('(', 1) &&
    !cursor.isSymbol('-', 1) &&
    scope.ctes.has(name.toLowerCase())
  )
    return { sql: aliased(scope, quoted(cursor.identifier()), { implied: name }) };
  const parts = tablePath(scope);
  if (cursor.isSymbol('(')) return { sql: aliased(scope, tableFunctionCall(scope, parts, at)) };
  const [first = '', ...others] = parts;
  if (others.length && scope.aliases.has(first.toLowerCase())) return unnest(scope, columnPath(parts), parts.at(-1));
  return { sql: table(scope, parts) };
}

/** Whether a parenthesis ahead of a parenthesised query holds a join of it, and not the query alone. */
function holdsJoin(scope: Scope): boolean {
  const { cursor } = scope;
  if (!cursor.isSymbol('(', 1)) return false;
  let ahead = 2;
  for (let depth = 1; depth > 0; ahead += 1) {
    if (cursor.peek(ahead).kind === 'end') return false;
    if (cursor.isSymbol('(', ahead)) depth += 1;
    if (cursor.isSymbol(')', ahead)) depth -= 1;
  }
  const after = cursor.peek(ahead);
  const continues = ['UNION', 'INTERSECT', 'EXCEPT', 'ORDER', 'LIMIT'].includes(after.upper);
  return !continues && (after.kind === 'word' || after.kind === 'quoted' || cursor.isSymbol(',', ahead));
}

/** A table's name in one or more parts: quoted whole or by part, or bare with dashes in the project. */
export function tablePath(scope: Scope): string[] {
  const { cursor } = scope;
  const token = cursor.peek();
  const dashed = /[A-Za-z_]\w*(?:-\w+)+(?:\.\w[\w-]*)*/y;
  dashed.lastIndex = token.offset;
  const bare = token.kind === 'word' ? dashed.exec(cursor.source)?.[0] : undefined;
  if (bare) {
    cursor.skipTo(token.offset + bare.length);
    return bare.split('.');
  }
  const parts = cursor.isWord('INFORMATION_SCHEMA') ? [cursor.next().text] : cursor.identifier().split('.');
  while (cursor.takeSymbol('.')) {
    const next = cursor.peek();
    if (next.kind !== 'word' && next.kind !== 'quoted') throw cursor.unexpected('identifier');
    parts.push(...cursor.next().text.split('.'));
  }
  return parts;
}

function table(scope: Scope, parts: readonly string[]): string {
  const implied = parts.at(-1);
  const found = scope.names.relation(parts);
  if (found.kind === 'catalog') return aliased(scope, found.sql, { implied });
  if (found.kind === 'wildcard') {
    scope.session.referenced.push(...found.references);
    return aliased(scope, found.sql, { implied, wildcard: true });
  }
  scope.session.referenced.push(found.reference);
  if (found.kind === 'stored') return aliased(scope, found.sql, { implied, changed: found.changed });
  return aliased(scope, wholeText(scope, found.names, found.query), { implied });
}

/** A view's query or a table function's body, translated in its own scope. */
function wholeText(scope: Scope, names: Names, text: string, given?: ReadonlyMap<string, string>): string {
  scope.session.depth += 1;
  const inner = textScope(scope.session, names, text, given);
  const sql = query(inner);
  inner.cursor.takeSymbol(';');
  if (inner.cursor.peek().kind !== 'end') throw inner.cursor.unexpected();
  scope.session.depth -= 1;
  return `(${sql})`;
}

function tableFunctionCall(scope: Scope, parts: readonly string[], at: string): string {
  const { cursor } = scope;
  const { reference, parameters, query: body, names } = scope.names.tableFunction(parts, at);
  scope.session.routines.push(reference);
  cursor.expectSymbol('(');
  const values = cursor.isSymbol(')') ? [] : expressionList({ ...scope, constant: true });
  cursor.expectSymbol(')');
  if (values.length !== parameters.length) {
    throw invalidQuery(
      `No matching signature for table-valued function ${parts.join('.')}: ${parameters.length} arguments expected at ${at}`,
    );
  }
  const given = parameters.map((parameter, index): [string, string] => [
    parameter.name.toLowerCase(),
    `CAST(${values[index]?.sql} AS ${duckType(parameter)})`,
  ]);
  return wholeText(scope, names, body, new Map(given));
}

function unnestCall(scope: Scope): FromItem {
  scope.cursor.expectSymbol('(');
  const array = expression(scope).sql;
  scope.cursor.expectSymbol(')');
  return unnest(scope, array, undefined);
}

/** `UNNEST(array) AS x WITH OFFSET AS i`; without an alias, records are spread into their fields. */
function unnest(scope: Scope, array: string, implied: string | undefined): FromItem {
  const { cursor, session } = scope;
  const alias =
    (cursor.takeWords('AS') ? cursor.identifier() : implicitAlias(scope, [...NOT_ALIASES, 'WITH'])) ?? implied;
  const offset = cursor.takeWords('WITH', 'OFFSET') ? offsetAlias(scope) : undefined;
  if (alias !== undefined) declare(scope, alias, 'unnest');
  session.unnests += 1;
  const element = alias === undefined ? `UNNEST(${array}, max_depth := 2)` : `UNNEST(${array}) AS ${quoted(alias)}`;
  const index = offset === undefined ? '' : `, generate_subscripts(${array}, 1) - 1 AS ${quoted(offset)}`;
  return { sql: `LATERAL (SELECT ${element}${index}) AS "unnest ${session.unnests}"`, correlated: true };
}

function offsetAlias(scope: Scope): string {
  return (scope.cursor.takeWords('AS') ? scope.cursor.identifier() : implicitAlias(scope, NOT_ALIASES)) ?? 'offset';
}
