import { invalidQuery } from '../errors.ts';
import { quoted } from '../schema.ts';
import { orderItems } from './aggregates.ts';
import { expression } from './expressions.ts';
import { pipe, piped, pipeStart } from './pipes.ts';
import { innerScope, type Scope } from './scope.ts';
import { type Select, select } from './select.ts';

const SET_OPERATIONS = ['UNION', 'INTERSECT', 'EXCEPT'];

/** A query in parentheses, as an expression or a FROM item takes it. */
export function subquery(scope: Scope): string {
  scope.cursor.expectSymbol('(');
  const sql = query(scope);
  scope.cursor.expectSymbol(')');
  return `(${sql})`;
}

/** A query with its WITH, set operations, ORDER BY and LIMIT. */
export function query(scope: Scope): string {
  const { cursor } = scope;
  const inner = { ...scope };
  const parts = cursor.isWord('WITH') ? [withClause(inner)] : [];
  if (cursor.isWord('FROM')) parts.push(pipe(inner, pipeStart(inner)));
  else {
    const sql = setOperations(inner);
    parts.push(cursor.isSymbol('|>') ? pipe(inner, piped(inner, sql)) : sql);
  }
  return parts.join(' ');
}

function withClause(scope: Scope): string {
  const { cursor } = scope;
  cursor.expectWord('WITH');
  const recursive = cursor.takeWords('RECURSIVE');
  const items: string[] = [];
  do {
    const name = cursor.identifier();
    const known = new Set([...scope.ctes, name.toLowerCase()]);
    cursor.expectWord('AS');
    const body = subquery(recursive ? { ...scope, ctes: known } : scope);
    items.push(`${quoted(name)} AS ${body}`);
    scope.ctes = known;
  } while (cursor.takeSymbol(','));
  return `WITH ${recursive ? 'RECURSIVE ' : ''}${items.join(', ')}`;
}

function setOperations(scope: Scope): string {
  const { cursor } = scope;
  const first = term(scope);
  const parts: string[] = [];
  let operation: string | undefined;
  while (SET_OPERATIONS.some((word) => cursor.isWord(word))) {
    const next = setOperation(scope, scope.cursor.next().upper);
    if (operation && operation !== next) {
      throw invalidQuery(
        'Syntax error: Different set operations cannot be used in the same query without using parentheses for grouping',
      );
    }
    operation = next;
    parts.push(next, alone(term(scope)));
  }
  const tail = orderAndLimit(scope, operation ? undefined : first.scope);
  if (operation) return [alone(first), ...parts, ...tail].join(' ');
  const sql = [first.sql, ...tail].join(' ');
  return first.asRecord ? asRecords(sql) : sql;
}

const alone = ({ sql, asRecord }: Term) => (asRecord ? `(${asRecords(sql)})` : sql);

/** `UNION ALL` and its kin, read after its first word. */
export function setOperation({ cursor }: Scope, word: string): string {
  if (cursor.takeWords('DISTINCT')) return word;
  if (word === 'UNION' && cursor.takeWords('ALL')) return 'UNION ALL';
  throw cursor.unexpected(word === 'UNION' ? 'keyword ALL or keyword DISTINCT' : 'keyword DISTINCT');
}

interface Term extends Select {
  scope?: Scope;
}

/** One SELECT or a query in parentheses; `scope` is the SELECT's own, for its ORDER BY. */
function term(scope: Scope): Term {
  if (scope.cursor.isSymbol('(')) return { sql: subquery(scope), asRecord: false };
  const inner = innerScope(scope);
  return { ...select(inner), scope: inner };
}

/** The rows of a query as records, in their order. */
const asRecords = (sql: string) => `SELECT "the row" FROM (${sql}) AS "the row"`;

function orderAndLimit(outer: Scope, own: Scope | undefined): string[] {
  const scope = own ?? innerScope(outer);
  const { cursor } = scope;
  const parts: string[] = [];
  if (cursor.takeWords('ORDER', 'BY')) parts.push(`ORDER BY ${orderItems(scope, true).join(', ')}`);
  if (cursor.takeWords('LIMIT')) {
    parts.push(`LIMIT ${count(scope)}`);
    if (cursor.takeWords('OFFSET')) parts.push(`OFFSET ${count(scope)}`);
  }
  return parts;
}

/** A number of rows, as LIMIT takes it. */
export function count(scope: Scope): string {
  const token = scope.cursor.peek();
  const isParameter = token.kind === 'parameter' || scope.cursor.isSymbol('?');
  if (token.kind !== 'integer' && !isParameter) throw scope.cursor.unexpected('integer literal');
  return expression(scope, 11).sql;
}
