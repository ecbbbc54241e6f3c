import { invalidQuery } from '../errors.ts';
import { quoted } from '../schema.ts';
import { expression } from './expressions.ts';
import { fromClause, tablePath } from './from.ts';
import { query } from './query.ts';
import { innerScope, type Scope } from './scope.ts';
import { implicitAlias } from './select.ts';

interface Target {
  sql: string;
  name: string;
}

/** The table that a statement changes. Refuses views and the catalog. */
function target(scope: Scope): Target {
  const parts = tablePath(scope);
  const found = scope.names.relation(parts);
  if (found.kind !== 'stored') throw invalidQuery(`${parts.join('.')} is not a table and cannot be changed`);
  scope.session.referenced.push(found.reference);
  return { sql: found.sql, name: parts.at(-1) ?? '' };
}

/** ` AS "alias"`: the written alias or the table's name, so that `table.column` resolves as in GoogleSQL. */
function alias(scope: Scope, table: Target): string {
  const written = scope.cursor.takeWords('AS')
    ? scope.cursor.identifier()
    : implicitAlias(scope, ['SET', 'WHERE', 'USING', 'FROM']);
  scope.aliases.set((written ?? table.name).toLowerCase(), 'table');
  return ` AS ${quoted(written ?? table.name)}`;
}

function columnList(scope: Scope): string {
  if (!scope.cursor.takeSymbol('(')) return '';
  const columns: string[] = [];
  do columns.push(quoted(scope.cursor.identifier()));
  while (scope.cursor.takeSymbol(','));
  scope.cursor.expectSymbol(')');
  return ` (${columns.join(', ')})`;
}

/** `INSERT [INTO] t [(columns)] VALUES (…), … | query`. */
export function insertStatement(outer: Scope): string {
  const scope = { ...outer, stored: true };
  const { cursor } = scope;
  cursor.expectWord('INSERT');
  cursor.takeWords('INTO');
  const table = target(scope);
  const columns = columnList(scope);
  if (!cursor.isWord('VALUES')) return `INSERT INTO ${table.sql}${columns} ${query(scope)}`;
  return `INSERT INTO ${table.sql}${columns} ${values(scope)}`;
}

function values(scope: Scope): string {
  scope.cursor.expectWord('VALUES');
  const rows: string[] = [];
  do rows.push(row(scope));
  while (scope.cursor.takeSymbol(','));
  return `VALUES ${rows.join(', ')}`;
}

function row(scope: Scope): string {
  scope.cursor.expectSymbol('(');
  const cells: string[] = [];
  do cells.push(scope.cursor.takeWords('DEFAULT') ? 'DEFAULT' : expression(scope).sql);
  while (scope.cursor.takeSymbol(','));
  scope.cursor.expectSymbol(')');
  return `(${cells.join(', ')})`;
}

/** `UPDATE t SET … [FROM …] WHERE …`. Like the service, refuses one without WHERE. */
export function updateStatement(outer: Scope): string {
  const scope = innerScope(outer);
  const { cursor } = scope;
  const at = cursor.at();
  cursor.expectWord('UPDATE');
  const table = target(scope);
  const named = alias(scope, table);
  cursor.expectWord('SET');
  const sets = assignments(scope);
  const from = cursor.takeWords('FROM') ? ` FROM ${fromClause(scope)}` : '';
  if (!cursor.takeWords('WHERE')) throw invalidQuery(`UPDATE must have a WHERE clause at ${at}`);
  return `UPDATE ${table.sql}${named} SET ${sets}${from} WHERE ${expression(scope).sql}`;
}

function assignments(scope: Scope): string {
  const sets: string[] = [];
  do {
    const path = [scope.cursor.identifier()];
    while (scope.cursor.takeSymbol('.')) path.push(scope.cursor.identifier());
    if (path.length > 1 && scope.aliases.has(path[0]?.toLowerCase() ?? '')) path.shift();
    scope.cursor.expectSymbol('=');
    sets.push(assignment(path, expression({ ...scope, stored: true }).sql));
  } while (scope.cursor.takeSymbol(','));
  return sets.join(', ');
}

/** `a.b.c = v` replaces the field inside the record, and the record in the column. */
function assignment(path: readonly string[], value: string): string {
  const [column = '', ...fields] = path;
  const replaced = fields.reduceRight((inner, field, index) => {
    const record = [column, ...fields.slice(0, index)].map(quoted).join('.');
    return `struct_update(${record}, ${quoted(field)} := ${inner})`;
  }, value);
  return `${quoted(column)} = ${replaced}`;
}

/** `DELETE [FROM] t WHERE …`. Like the service, refuses one without WHERE. */
export function deleteStatement(outer: Scope): string {
  const scope = innerScope(outer);
  const { cursor } = scope;
  const at = cursor.at();
  cursor.expectWord('DELETE');
  cursor.takeWords('FROM');
  const table = target(scope);
  const named = alias(scope, table);
  if (!cursor.takeWords('WHERE')) throw invalidQuery(`DELETE must have a WHERE clause at ${at}`);
  return `DELETE FROM ${table.sql}${named} WHERE ${expression(scope).sql}`;
}

/** `TRUNCATE TABLE t`. */
export function truncateStatement(scope: Scope): string {
  scope.cursor.expectWord('TRUNCATE');
  scope.cursor.expectWord('TABLE');
  return `DELETE FROM ${target(scope).sql}`;
}

/** `MERGE [INTO] t USING source ON condition WHEN …`. */
export function mergeStatement(outer: Scope): string {
  const scope = innerScope(outer);
  const { cursor } = scope;
  cursor.expectWord('MERGE');
  cursor.takeWords('INTO');
  const table = target(scope);
  const named = alias(scope, table);
  cursor.expectWord('USING');
  const source = fromClause(scope);
  cursor.expectWord('ON');
  const parts = [`MERGE INTO ${table.sql}${named} USING ${source} ON (${expression(scope).sql})`];
  while (cursor.takeWords('WHEN')) parts.push(mergeClause(scope));
  if (parts.length === 1) throw cursor.unexpected('keyword WHEN');
  return parts.join(' ');
}

function mergeClause(scope: Scope): string {
  const { cursor } = scope;
  const matched = !cursor.takeWords('NOT');
  cursor.expectWord('MATCHED');
  const bySource = !matched && cursor.takeWords('BY', 'SOURCE');
  if (!matched && !bySource) cursor.takeWords('BY', 'TARGET');
  const when = `WHEN ${matched ? 'MATCHED' : `NOT MATCHED${bySource ? ' BY SOURCE' : ''}`}`;
  const condition = cursor.takeWords('AND') ? ` AND ${expression(scope).sql}` : '';
  cursor.expectWord('THEN');
  return `${when}${condition} THEN ${mergeAction(scope)}`;
}

function mergeAction(scope: Scope): string {
  const { cursor } = scope;
  if (cursor.takeWords('DELETE')) return 'DELETE';
  if (cursor.takeWords('UPDATE', 'SET')) return `UPDATE SET ${assignments(scope)}`;
  cursor.expectWord('INSERT');
  if (cursor.takeWords('ROW')) throw invalidQuery('INSERT ROW is not supported by this emulator');
  const columns = columnList(scope);
  cursor.expectWord('VALUES');
  return `INSERT${columns} VALUES ${row({ ...scope, stored: true })}`;
}
