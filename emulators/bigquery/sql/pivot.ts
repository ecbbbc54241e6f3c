import { invalidQuery } from '../errors.ts';
import { quoted } from '../schema.ts';
import { isAggregate } from './aggregates.ts';
import { expression } from './expressions.ts';
import { type Scope, sqlString } from './scope.ts';

/** One aggregate of a PIVOT over a plain column, or over whole rows. */
interface Aggregated {
  sql: string;
  column?: string;
  alias?: string;
}

/**
 * `PIVOT (aggregate(column) [AS a], … FOR column IN (value [AS b], …))`, read after its word. Refuses aggregates of more than a column: which columns
 * group what is left depends on them.
 */
export function pivotOf(scope: Scope, source: string): string {
  const { cursor } = scope;
  cursor.expectSymbol('(');
  const aggregates = [aggregated(scope)];
  while (cursor.takeSymbol(',')) aggregates.push(aggregated(scope));
  cursor.expectWord('FOR');
  const input = quoted(cursor.identifier());
  cursor.expectWord('IN');
  cursor.expectSymbol('(');
  const columns: string[] = [];
  do {
    const { sql, name } = pivotValue(scope);
    for (const each of aggregates) {
      const alias = quoted([...(each.alias ? [each.alias] : []), name].join('_'));
      columns.push(`${each.sql} FILTER (WHERE ${input} IS NOT DISTINCT FROM ${sql}) AS ${alias}`);
    }
  } while (cursor.takeSymbol(','));
  cursor.expectSymbol(')');
  cursor.expectSymbol(')');
  const used = new Set([input, ...aggregates.flatMap(({ column }) => (column ? [column] : []))]);
  return `(SELECT * EXCLUDE (${[...used].join(', ')}), ${columns.join(', ')} FROM ${source} GROUP BY ALL)`;
}

function aggregated(scope: Scope): Aggregated {
  const { cursor } = scope;
  const star = cursor.isSymbol('*', 2);
  const column = cursor.peek(2);
  const isPlain = isAggregate(cursor.peek().upper) && cursor.isSymbol('(', 1) && cursor.isSymbol(')', 3);
  if (!isPlain || (!star && column.kind !== 'word' && column.kind !== 'quoted')) {
    throw invalidQuery(
      `PIVOT with other aggregates than of one column is not supported by this emulator at ${cursor.at()}`,
    );
  }
  const { sql } = expression(scope);
  const alias = cursor.takeWords('AS') ? cursor.identifier() : undefined;
  return { sql, ...(star ? {} : { column: quoted(column.text) }), ...(alias ? { alias } : {}) };
}

function pivotValue(scope: Scope): { sql: string; name: string } {
  const { cursor } = scope;
  const token = cursor.peek();
  const value = expression(scope);
  const given = cursor.takeWords('AS') ? cursor.identifier() : undefined;
  const implied = value.text ?? (token.kind === 'integer' ? `_${token.text}` : token.text.toLowerCase());
  if (given === undefined && !/^[A-Za-z_]\w*$/.test(implied))
    throw invalidQuery(`This emulator needs an alias for a value of PIVOT at ${cursor.at(token)}`);
  return { sql: value.sql, name: given ?? implied };
}

/** `UNPIVOT [INCLUDE | EXCLUDE NULLS] (value FOR name IN (column [AS 'x'], …))`, read after its word. */
export function unpivotOf(scope: Scope, source: string): string {
  const { cursor } = scope;
  const includes = cursor.takeWords('INCLUDE', 'NULLS');
  if (!includes) cursor.takeWords('EXCLUDE', 'NULLS');
  cursor.expectSymbol('(');
  const value = quoted(cursor.identifier());
  cursor.expectWord('FOR');
  const name = quoted(cursor.identifier());
  cursor.expectWord('IN');
  cursor.expectSymbol('(');
  const columns: string[] = [];
  const records: string[] = [];
  do {
    const column = cursor.identifier();
    const label = cursor.takeWords('AS') ? expression(scope).text : column;
    if (label === undefined)
      throw invalidQuery('UNPIVOT with a name that is no text is not supported by this emulator');
    columns.push(quoted(column));
    records.push(`struct_pack(${value} := ${quoted(column)}, ${name} := ${sqlString(label)})`);
  } while (cursor.takeSymbol(','));
  cursor.expectSymbol(')');
  cursor.expectSymbol(')');
  const sql = `SELECT * EXCLUDE (${columns.join(', ')}), UNNEST([${records.join(', ')}], max_depth := 2) FROM ${source}`;
  return includes ? `(${sql})` : `(SELECT * FROM (${sql}) WHERE ${value} IS NOT NULL)`;
}
