import { type Fields, fieldsOf, isFields, ofType, typeOf } from '../language/syntax.ts';
import { keyOf } from './ties.ts';

/** What of a node chooses rows and is no part of them. */
const choosing = new Set([
  'whereClause',
  'havingClause',
  'groupClause',
  'sortClause',
  'limitCount',
  'limitOffset',
  'quals',
  'agg_filter',
]);

/** What a write returns is what it says that it does, made of what it was given. */
const writes = new Set(['InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt']);

/** Keys, as of ties, of the literals and parameters that may come back in the answer as they are or as something was made of them. */
export function returnedLiterals(statement: Fields): Set<string> {
  const keys = new Set<string>();
  // A plan tells of conditions, too.
  const isPlan = ofType(statement, 'ExplainStmt') !== undefined;

  const walk = (value: unknown) => {
    if (Array.isArray(value)) return value.forEach(walk);
    if (!isFields(value)) return;
    const literal = ofType(value, 'A_Const') ?? ofType(value, 'ParamRef');
    if (literal !== undefined) return void keys.add(keyOf(literal));
    const type = typeOf(value);
    const fields = type === undefined ? value : fieldsOf(value[type]);
    const isSilent =
      !isPlan && writes.has(type ?? '') && (fields['returningList'] ?? fields['returningClause']) === undefined;
    for (const [name, child] of Object.entries(fields)) {
      if (isSilent ? name === 'withClause' : isPlan || !choosing.has(name)) walk(child);
    }
  };

  walk(statement);
  return keys;
}
