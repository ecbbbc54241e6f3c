import type { Cursor } from './cursor.ts';
import { tablePath } from './from.ts';
import { query } from './query.ts';
import type { Scope } from './scope.ts';

/** What begins a script whatever follows. Source: "Procedural language". */
const PROCEDURAL = 'DECLARE BEGIN IF LOOP WHILE REPEAT FOR SET EXECUTE COMMIT ROLLBACK RAISE RETURN LEAVE BREAK'.split(
  ' ',
);

/** Whether the text is a script: several statements, or procedural language. */
export function isScript(cursor: Cursor): boolean {
  if (PROCEDURAL.includes(cursor.peek().upper)) return true;
  for (let ahead = 0; cursor.peek(ahead).kind !== 'end'; ahead += 1) {
    if (cursor.isSymbol(';', ahead) && cursor.peek(ahead + 1).kind !== 'end') return true;
  }
  return false;
}

/** Statements of which only the kind is known: a dry run tells it, and running them is refused. */
const STATEMENTS: [words: string, statementType: string][] = [
  ['CALL', 'CALL'],
  ['EXPORT DATA', 'EXPORT_DATA'],
  ['EXPORT MODEL', 'EXPORT_MODEL'],
  ['LOAD DATA', 'LOAD_DATA'],
  ['ALTER TABLE', 'ALTER_TABLE'],
  ['ALTER VIEW', 'ALTER_VIEW'],
  ['ALTER MATERIALIZED VIEW', 'ALTER_MATERIALIZED_VIEW'],
  ['ALTER SCHEMA', 'ALTER_SCHEMA'],
  ...['CREATE', 'CREATE OR REPLACE'].flatMap((create): [string, string][] => [
    [`${create} FUNCTION`, 'CREATE_FUNCTION'],
    [`${create} AGGREGATE FUNCTION`, 'CREATE_FUNCTION'],
    [`${create} PROCEDURE`, 'CREATE_PROCEDURE'],
    [`${create} MODEL`, 'CREATE_MODEL'],
    [`${create} MATERIALIZED VIEW`, 'CREATE_MATERIALIZED_VIEW'],
    [`${create} SNAPSHOT TABLE`, 'CREATE_SNAPSHOT_TABLE'],
    [`${create} EXTERNAL TABLE`, 'CREATE_EXTERNAL_TABLE'],
    [`${create} ROW ACCESS POLICY`, 'CREATE_ROW_ACCESS_POLICY'],
  ]),
  ['DROP FUNCTION', 'DROP_FUNCTION'],
  ['DROP PROCEDURE', 'DROP_PROCEDURE'],
  ['DROP MODEL', 'DROP_MODEL'],
  ['DROP MATERIALIZED VIEW', 'DROP_MATERIALIZED_VIEW'],
  ['DROP ROW ACCESS POLICY', 'DROP_ROW_ACCESS_POLICY'],
];

/** The type of a statement that is recognised only, by its first words. */
export function recognisedWords(cursor: Cursor): string | undefined {
  return STATEMENTS.find(([words]) => words.split(' ').every((word, ahead) => cursor.isWord(word, ahead)))?.[1];
}

/** Reads a statement that is recognised only, and notes the tables that it plainly names; `undefined` for others. */
export function recognised(scope: Scope): string | undefined {
  const { cursor } = scope;
  const found = recognisedWords(cursor);
  if (found === undefined) return undefined;
  if (found === 'EXPORT_DATA') exported(scope);
  if (found === 'ALTER_TABLE') altered(scope);
  skipRest(cursor);
  return found;
}

/** `EXPORT DATA OPTIONS(…) AS query`. */
function exported(scope: Scope): void {
  const { cursor } = scope;
  while (cursor.peek().kind !== 'end' && !cursor.isWord('AS')) cursor.next();
  cursor.expectWord('AS');
  query(scope);
}

function altered(scope: Scope): void {
  const { cursor } = scope;
  cursor.takeWords('ALTER', 'TABLE');
  cursor.takeWords('IF', 'EXISTS');
  const found = scope.names.relation(tablePath(scope));
  if ('reference' in found) scope.session.referenced.push(found.reference);
}

export function skipRest(cursor: Cursor): void {
  while (cursor.peek().kind !== 'end') cursor.next();
}
