import { invalidQuery } from '../errors.ts';
import { quoted } from '../schema.ts';
import { orderItems } from './aggregates.ts';
import { expression } from './expressions.ts';
import { fromClause, joinItem } from './from.ts';
import { pivotOf, unpivotOf } from './pivot.ts';
import { count, setOperation, subquery } from './query.ts';
import { innerScope, type Scope } from './scope.ts';
import { selectItems } from './select.ts';
import { declare } from './table-operators.ts';

/** A table on its way through the pipe: what stands in FROM, and the name that reaches its rows, if one does. */
interface Table {
  from: string;
  scope: Scope;
  alias?: string;
  /** Conditions on several tables, whose names a subquery would lose. */
  where?: string;
}

/** `FROM …`, where a query begins with it. */
export function pipeStart(outer: Scope): Table {
  const scope = innerScope(outer);
  scope.cursor.expectWord('FROM');
  const from = fromClause(scope);
  const [alias, ...others] = scope.aliases.keys();
  return { from, scope, ...(alias !== undefined && others.length === 0 ? { alias } : {}) };
}

/** What a query comes to that is followed by `|>`. */
export const piped = (outer: Scope, sql: string): Table => ({ from: `(${sql})`, scope: innerScope(outer) });

/** Reads the operators that follow, each after its `|>`. */
export function pipe(outer: Scope, start: Table): string {
  const { cursor } = outer;
  let table = start;
  while (cursor.takeSymbol('|>')) {
    const word = cursor.peek().upper;
    const operator = Object.hasOwn(OPERATORS, word) ? OPERATORS[word] : undefined;
    const join = operator === undefined ? joinItem(table.scope) : undefined;
    if (join !== undefined && table.where !== undefined)
      throw invalidQuery('JOIN after WHERE of several tables is not supported by this emulator');
    if (join !== undefined) table = { from: `${table.from}${join}`, scope: table.scope };
    else if (operator === undefined)
      throw invalidQuery(`Pipe operator ${word} is not supported by this emulator at ${cursor.at()}`);
    else {
      cursor.next();
      table = operator(table, outer);
    }
  }
  return `SELECT * FROM ${table.from}${whereOf(table)}`;
}

const whereOf = ({ where }: Table) => (where === undefined ? '' : ` WHERE ${where}`);

type Operator = (table: Table, outer: Scope) => Table;

/** The same rows or columns more or less: the name stays. */
function kept(table: Table, outer: Scope, list: string, tail = ''): Table {
  const scope = innerScope(outer);
  const sql = `(SELECT ${list} FROM ${[table.from, ...table.scope.spreads].join(', ')}${whereOf(table)}${tail})`;
  const { alias } = table;
  if (alias === undefined) return { from: sql, scope };
  declare(scope, alias, 'table');
  return { from: `${sql} AS ${quoted(alias)}`, scope, alias };
}

const unnamed = (table: Table, outer: Scope, list: string, tail = '') =>
  kept({ from: table.from, scope: table.scope, ...(table.where ? { where: table.where } : {}) }, outer, list, tail);

function pairs(scope: Scope, item: () => string): string {
  const items = [item()];
  while (scope.cursor.takeSymbol(',')) items.push(item());
  return items.join(', ');
}

const OPERATORS: Record<string, Operator> = {
  WHERE: (table, outer) => {
    const condition = expression(table.scope).sql;
    if (table.scope.aliases.size < 2) return kept(table, outer, '*', ` WHERE ${condition}`);
    return { ...table, where: table.where === undefined ? condition : `${table.where} AND ${condition}` };
  },
  SELECT: (table, outer) => {
    const distinct = table.scope.cursor.takeWords('DISTINCT') ? 'DISTINCT ' : '';
    return unnamed(table, outer, distinct + listOf(table.scope));
  },
  DISTINCT: (table, outer) => kept(table, outer, 'DISTINCT *'),
  EXTEND: (table, outer) => kept(table, outer, `*, ${listOf(table.scope)}`),
  SET: (table, outer) => {
    const { scope } = table;
    const items = pairs(scope, () => {
      const name = scope.cursor.identifier();
      scope.cursor.expectSymbol('=');
      return `${expression(scope).sql} AS ${quoted(name)}`;
    });
    return kept(table, outer, `* REPLACE (${items})`);
  },
  DROP: (table, outer) =>
    kept(table, outer, `* EXCLUDE (${pairs(table.scope, () => quoted(table.scope.cursor.identifier()))})`),
  RENAME: (table, outer) => {
    const { cursor } = table.scope;
    const items = pairs(table.scope, () => {
      const name = quoted(cursor.identifier());
      cursor.takeWords('AS');
      return `${name} AS ${quoted(cursor.identifier())}`;
    });
    return kept(table, outer, `* RENAME (${items})`);
  },
  AS: (table, outer) => kept({ ...table, alias: table.scope.cursor.identifier() }, outer, '*'),
  AGGREGATE: (table, outer) => {
    const { scope } = table;
    const items = scope.cursor.isWord('GROUP') ? [] : selectItems(scope);
    const groups = scope.cursor.takeWords('GROUP', 'BY') ? selectItems(scope) : [];
    const list = [...groups, ...items].map((item) => item.sql).join(', ');
    return unnamed(
      table,
      outer,
      list,
      groups.length ? ` GROUP BY ${groups.map((_, index) => index + 1).join(', ')}` : '',
    );
  },
  ORDER: (table, outer) => {
    table.scope.cursor.expectWord('BY');
    return kept(table, outer, '*', ` ORDER BY ${orderItems(table.scope, true).join(', ')}`);
  },
  LIMIT: (table, outer) => {
    const most = count(table.scope);
    const skipped = table.scope.cursor.takeWords('OFFSET') ? ` OFFSET ${count(table.scope)}` : '';
    return kept(table, outer, '*', ` LIMIT ${most}${skipped}`);
  },
  PIVOT: (table, outer) => ({ from: pivotOf(table.scope, table.from), scope: innerScope(outer) }),
  UNPIVOT: (table, outer) => ({ from: unpivotOf(table.scope, table.from), scope: innerScope(outer) }),
  UNION: (table, outer) => combined(table, outer, 'UNION'),
  INTERSECT: (table, outer) => combined(table, outer, 'INTERSECT'),
  EXCEPT: (table, outer) => combined(table, outer, 'EXCEPT'),
};

const listOf = (scope: Scope) =>
  selectItems(scope)
    .map((item) => item.sql)
    .join(', ');

function combined(table: Table, outer: Scope, word: string): Table {
  const operation = setOperation(outer, word);
  let from = `SELECT * FROM ${table.from}${whereOf(table)}`;
  do from = `${from} ${operation} ${subquery(outer)}`;
  while (outer.cursor.takeSymbol(','));
  return { from: `(${from})`, scope: innerScope(outer) };
}
