import { invalidQuery } from '../errors.ts';
import type { Field } from '../schema.ts';
import { createStatement, dropStatement } from './ddl.ts';
import { deleteStatement, insertStatement, mergeStatement, truncateStatement, updateStatement } from './dml.ts';
import { query } from './query.ts';
import { isScript, recognised, recognisedWords, skipRest } from './recognised.ts';
import { createSession, type Names, type Scope, type TableReference, textScope } from './scope.ts';

/** What a CREATE TABLE or VIEW says beside its columns. */
export interface TableOptions {
  description?: string;
  friendlyName?: string;
  requirePartitionFilter?: boolean;
}

export interface Partitioning {
  field: string;
  type: string;
}

/** What is to be created: `parts` is the name as written. */
export type Creation = {
  parts: string[];
  replace: boolean;
  ifNotExists: boolean;
  options: TableOptions;
} & (
  | { what: 'SCHEMA' }
  | { what: 'VIEW'; query: string }
  | { what: 'TABLE'; fields?: Field[]; partitioning?: Partitioning; clustering?: string[]; asSql?: string }
  | { what: 'TABLE_FUNCTION'; parameters: Field[]; query: string }
);

export interface Removal {
  what: 'SCHEMA' | 'VIEW' | 'TABLE' | 'TABLE_FUNCTION';
  parts: string[];
  ifExists: boolean;
  cascade: boolean;
}

/** A statement made ready: SQL for DuckDB, or what the catalog has to do. */
export type Prepared = {
  statementType: string;
  referenced: TableReference[];
  routines: TableReference[];
  starred: ReadonlySet<string>;
} & (
  | { kind: 'query'; sql: string }
  | { kind: 'dml'; sql: string }
  | { kind: 'create'; creation: Creation }
  | { kind: 'drop'; removal: Removal }
  | { kind: 'recognised' }
);

type Action =
  | { kind: 'query'; sql: string }
  | { kind: 'dml'; sql: string }
  | { kind: 'create'; creation: Creation }
  | { kind: 'drop'; removal: Removal }
  | { kind: 'recognised' };

/** Translates one GoogleSQL statement, or only tells what it is: scripts and some others are recognised. Refuses the rest. */
export function prepare(text: string, names: Names): Prepared {
  const session = createSession();
  const scope = textScope(session, names, text);
  const { statementType, action } = isScript(scope.cursor) ? script(scope) : statement(scope);
  scope.cursor.takeSymbol(';');
  if (scope.cursor.peek().kind !== 'end') throw scope.cursor.unexpected('end of input');
  const { starred } = session;
  const [referenced, routines] = [unique(session.referenced), unique(session.routines)];
  return { statementType, referenced, routines, starred, ...action };
}

function statement(scope: Scope): { statementType: string; action: Action } {
  const { cursor } = scope;
  const word = cursor.peek().upper;
  const modify = Object.hasOwn(DML, word) ? DML[word] : undefined;
  if (modify)
    return {
      statementType: word === 'TRUNCATE' ? 'TRUNCATE_TABLE' : word,
      action: { kind: 'dml', sql: modify(scope) },
    };
  if (cursor.isWord('CREATE') && !recognisedWords(cursor)) return created(createStatement(scope));
  if (cursor.isWord('DROP')) {
    const removal = dropStatement(scope);
    return { statementType: `DROP_${removal.what}`, action: { kind: 'drop', removal } };
  }
  const known = recognised(scope);
  if (known) return { statementType: known, action: { kind: 'recognised' } };
  if (UNSUPPORTED.has(word))
    throw invalidQuery(`${word} statements are not supported by this emulator at ${cursor.at()}`);
  if (!['SELECT', 'WITH', 'FROM'].some((word) => cursor.isWord(word)) && !cursor.isSymbol('('))
    throw cursor.unexpected();
  return { statementType: 'SELECT', action: { kind: 'query', sql: query(scope) } };
}

const DML: Record<string, (scope: Scope) => string> = {
  INSERT: insertStatement,
  UPDATE: updateStatement,
  DELETE: deleteStatement,
  MERGE: mergeStatement,
  TRUNCATE: truncateStatement,
};

const UNSUPPORTED = new Set('ASSERT EXPLAIN GRANT REVOKE SHOW'.split(' '));

function script(scope: Scope): { statementType: string; action: Action } {
  skipRest(scope.cursor);
  return { statementType: 'SCRIPT', action: { kind: 'recognised' } };
}

function created(creation: Creation): { statementType: string; action: Action } {
  const asSelect = creation.what === 'TABLE' && creation.asSql ? '_AS_SELECT' : '';
  return { statementType: `CREATE_${creation.what}${asSelect}`, action: { kind: 'create', creation } };
}

function unique(references: readonly TableReference[]): TableReference[] {
  return [...new Map(references.map((reference) => [Object.values(reference).join('\0'), reference])).values()];
}
