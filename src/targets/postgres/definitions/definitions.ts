import { type Fields, fieldsOf, textOf, typeOf } from '../language/syntax.ts';
import { Refusal } from '../refusal.ts';
import type { Check, Checked, Ground } from './ground.ts';
import { alterEnum, comment, createEnum, createSchema, createSequence, drop, rename, truncate } from './names.ts';
import { createTableAs, createView, refresh } from './queries.ts';
import { alterTable, createIndex, createTable } from './tables.ts';

const definitions: Readonly<Record<string, Check>> = {
  CreateStmt: createTable,
  AlterTableStmt: alterTable,
  IndexStmt: createIndex,
  ViewStmt: createView,
  CreateTableAsStmt: createTableAs,
  RefreshMatViewStmt: refresh,
  CreateSchemaStmt: createSchema,
  CreateSeqStmt: createSequence,
  CreateEnumStmt: createEnum,
  AlterEnumStmt: alterEnum,
  RenameStmt: rename,
  DropStmt: drop,
  TruncateStmt: truncate,
  CommentStmt: comment,
};

/**
 * DDL that tells nothing of classified values by whether it succeeds, runs no code of the database's own, and leaves nothing
 * classified under another name: by an allow-list of commands; everything else is refused.
 */
export function checkDefinition(statement: Fields, ground: Ground): Checked {
  const type = typeOf(statement) ?? '';
  const check = definitions[type];
  if (check === undefined) throw new Refusal('R2', `${spoken(type)} cannot be proven safe, so it is not run`);
  for (const { fields } of ground.references) {
    if (fields['relpersistence'] !== 'p' || textOf(fields['schemaname'])?.startsWith('pg_')) {
      throw new Refusal('R2', 'Temporary, unlogged and system tables are not made', fields);
    }
  }
  return check(fieldsOf(statement[type]), ground);
}

const spoken = (type: string) =>
  type
    .replace(/Stmt$/, '')
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toUpperCase();
