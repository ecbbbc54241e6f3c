import { invalidQuery } from '../errors.ts';
import { quoted } from '../schema.ts';
import { expression } from './expressions.ts';
import { pivotOf, unpivotOf } from './pivot.ts';
import type { Scope } from './scope.ts';
import { implicitAlias } from './select.ts';

/** Words that may follow a FROM item and are not reserved as aliases. */
export const NOT_ALIASES = ['WINDOW', 'QUALIFY', 'TABLESAMPLE', 'PIVOT', 'UNPIVOT', 'FOR'];

interface Aliased {
  /** The alias where none is written. */
  implied?: string | undefined;
  /** When a stored table was changed last: nothing is known of it before. */
  changed?: number | undefined;
  wildcard?: boolean;
}

/** A relation with its operators and its alias, which is declared in the scope. */
export function aliased(scope: Scope, source: string, { implied, changed, wildcard }: Aliased = {}): string {
  let sql = source;
  let alias = implied;
  if (isPivoted(scope)) {
    sql = pivoted(scope, sql);
    alias = undefined;
  }
  alias = writtenAlias(scope) ?? alias;
  const asOf = timeTravel(scope, changed);
  if (asOf !== undefined) {
    sql = `(SELECT * FROM ${sql} WHERE ${asOf})`;
    alias = writtenAlias(scope) ?? alias;
  }
  wholeSample(scope);
  if (isPivoted(scope)) {
    sql = pivoted(scope, alias === undefined ? sql : `${sql} AS ${quoted(alias)}`);
    alias = writtenAlias(scope);
  }
  if (alias === undefined) return sql;
  declare(scope, alias, 'table');
  if (wildcard) scope.wildcards.add(alias.toLowerCase());
  return `${sql} AS ${quoted(alias)}`;
}

/** Makes an alias known to the scope. Refuses a second one of the name. */
export function declare(scope: Scope, alias: string, kind: 'table' | 'unnest'): void {
  if (scope.aliases.has(alias.toLowerCase()))
    throw invalidQuery(`Duplicate table alias ${alias} in the same FROM clause`);
  scope.aliases.set(alias.toLowerCase(), kind);
}

function writtenAlias(scope: Scope): string | undefined {
  return scope.cursor.takeWords('AS') ? scope.cursor.identifier() : implicitAlias(scope, NOT_ALIASES);
}

/** Whether a pivot is next; without a parenthesis the word is an alias. */
function isPivoted({ cursor }: Scope): boolean {
  return (
    (cursor.isWord('PIVOT') && cursor.isSymbol('(', 1)) || (cursor.isWord('UNPIVOT') && cursor.peek(1).kind !== 'end')
  );
}

function pivoted(scope: Scope, sql: string): string {
  return scope.cursor.next().upper === 'PIVOT' ? pivotOf(scope, sql) : unpivotOf(scope, sql);
}

/** `FOR SYSTEM_TIME AS OF t`: true while nothing has changed since, else a failure, as no history is kept. */
function timeTravel(scope: Scope, changed: number | undefined): string | undefined {
  const { cursor } = scope;
  if (!cursor.isWord('FOR')) return undefined;
  const known = [['SYSTEM_TIME'], ['SYSTEM', 'TIME']].some((words) => cursor.takeWords('FOR', ...words, 'AS', 'OF'));
  // In PIVOT the word begins something else.
  if (!known) return undefined;
  if (changed === undefined)
    throw invalidQuery('FOR SYSTEM_TIME AS OF is supported for stored tables only by this emulator');
  return `bq_unchanged_since(${expression(scope).sql}, ${changed})`;
}

/** `TABLESAMPLE SYSTEM (100 PERCENT)`; which rows a smaller part holds is the service's secret. */
function wholeSample({ cursor }: Scope): void {
  if (!cursor.takeWords('TABLESAMPLE')) return;
  cursor.expectWord('SYSTEM');
  cursor.expectSymbol('(');
  const share = cursor.next().text;
  cursor.expectWord('PERCENT');
  cursor.expectSymbol(')');
  if (share !== '100') throw invalidQuery('TABLESAMPLE of less than all is not supported by this emulator');
}
