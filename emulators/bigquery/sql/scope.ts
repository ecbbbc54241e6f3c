import { invalidQuery } from '../errors.ts';
import { type Field, quoted } from '../schema.ts';
import { type Cursor, createCursor } from './cursor.ts';

/** A table's address in the API. */
export interface TableReference {
  projectId: string;
  datasetId: string;
  tableId: string;
}

/** What a name in FROM stands for. A view gives its GoogleSQL text, translated where it is used with the names it was made with. */
export type Relation =
  | { kind: 'stored'; reference: TableReference; sql: string; changed: number }
  | { kind: 'view'; reference: TableReference; query: string; names: Names }
  | { kind: 'wildcard'; references: TableReference[]; sql: string }
  | { kind: 'catalog'; sql: string };

interface TableFunction {
  reference: TableReference;
  parameters: Field[];
  query: string;
  names: Names;
}

/** What a translation asks of its surroundings. Each throws the service's error for an unknown name. */
export interface Names {
  relation(parts: readonly string[]): Relation;
  tableFunction(parts: readonly string[], at: string): TableFunction;
  /** A query parameter as a typed SQL literal: by name, or by position from 1. */
  parameter(nameOrPosition: string | number, at: string): string;
}

/** What one statement's translation gathers, views included. */
export interface Session {
  referenced: TableReference[];
  routines: TableReference[];
  unnests: number;
  depth: number;
  /** Aliases of UNNEST beside a bare `*`: its records would have to be spread, which needs types. */
  starred: Set<string>;
}

/** What a name may mean at one place of one text. */
export interface Scope {
  session: Session;
  names: Names;
  cursor: Cursor;
  ctes: ReadonlySet<string>;
  /** FROM aliases of this SELECT, lower case. */
  aliases: Map<string, 'table' | 'unnest'>;
  /** FROM aliases of the SELECTs around this one. */
  outer: ReadonlyMap<string, 'table' | 'unnest'>;
  /** A table function's arguments, as SQL. */
  arguments: ReadonlyMap<string, string>;
  /** Column names are refused: the arguments of a table function are constants. */
  constant: boolean;
  /** Records become columns of a table, which GoogleSQL matches by position and DuckDB by name: their names are left out. */
  stored: boolean;
  /** Records that the select list spreads by `.* EXCEPT` or `.* REPLACE`: relations to join to its FROM. */
  spreads: string[];
  /** Aliases of wildcard tables, whose `_TABLE_SUFFIX` no star shows. */
  wildcards: Set<string>;
}

/** A translated expression. `name` is the column name it implies, `path` its parts where it is one, `text` a string literal's value. */
export interface Expression {
  sql: string;
  name?: string;
  path?: string[];
  text?: string;
  /** A number or an interval by its form: no check at run time is needed. */
  constant?: boolean;
  /** A record without its field names, as comparisons take it: GoogleSQL compares by position, DuckDB by name. */
  unnamed?: string;
  /** A call of ERROR, which has no type: DuckDB would take what is made of it for NULL, unrun. */
  fails?: boolean;
}

const DEEPEST = 16;

export function createSession(): Session {
  return { referenced: [], routines: [], unnests: 0, depth: 0, starred: new Set() };
}

/** The scope of a whole text: a statement, a view's query, a table function's body. Refuses views nested too deep or in circles. */
export function textScope(
  session: Session,
  names: Names,
  text: string,
  given: ReadonlyMap<string, string> = new Map(),
): Scope {
  if (session.depth > DEEPEST) throw invalidQuery('View nesting exceeds the maximum of 16 levels');
  const none = new Map<string, 'table' | 'unnest'>();
  const cursor = createCursor(text);
  return {
    session,
    names,
    cursor,
    ctes: new Set(),
    aliases: new Map(),
    outer: none,
    arguments: given,
    constant: false,
    stored: false,
    spreads: [],
    wildcards: new Set(),
  };
}

/** The scope of a SELECT inside another: it sees what is around it and has its own FROM. */
export function innerScope(scope: Scope): Scope {
  return {
    ...scope,
    outer: new Map([...scope.outer, ...scope.aliases]),
    aliases: new Map(),
    spreads: [],
    wildcards: new Set(),
  };
}

export function aliasKind(scope: Scope, name: string): 'table' | 'unnest' | undefined {
  return scope.aliases.get(name.toLowerCase()) ?? scope.outer.get(name.toLowerCase());
}

/** A string literal for DuckDB; NUL, which ends its input, is spelled by code. */
export function sqlString(text: string): string {
  const parts = text.split('\0').map((part) => `'${part.replaceAll("'", "''")}'`);
  return parts.length === 1 ? parts.join('') : `(${parts.join(' || chr(0) || ')})`;
}

export const columnPath = (parts: readonly string[]) => parts.map(quoted).join('.');
