import { everyNode, type Fields, fieldsOf, nodesOf, ofType, textOf } from './syntax.ts';

const types = ['InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt'] as const;
type WriteType = (typeof types)[number];

/** One INSERT, UPDATE, DELETE or MERGE of a statement: the statement itself, or one in a CTE. */
export type WriteNode = {
  type: WriteType;
  fields: Fields;
  /** The fields of the RangeVar that names the table it writes to. */
  target: Fields;
};

export const isWriteType = (type: string | undefined): type is WriteType => types.some((known) => known === type);

/** Every write of a statement, wherever it stands. */
export function writesIn(statement: unknown): WriteNode[] {
  const found: WriteNode[] = [];
  for (const { type, fields } of everyNode(statement)) {
    if (isWriteType(type)) found.push({ type, fields, target: fieldsOf(fields['relation']) });
  }
  return found;
}

/** Column name → the node that names it, or the target where none does. */
type Assigned = ReadonlyMap<string, Fields>;

/** What a write does to the rows of its table. */
export type Effects = {
  inserts: boolean;
  deletes: boolean;
  /** Given values in new rows. */
  inserted: Assigned;
  /** Given values in rows that are there. */
  updated: Assigned;
};

/** The effects of a write to a table of these columns. */
export function effectsOf(write: WriteNode, columns: readonly string[]): Effects {
  const { type, fields } = write;
  const merge = (command: string) => mergeClauses(write).filter(({ commandType }) => commandType === command);
  const onConflict = fieldsOf(fields['onConflictClause'])['targetList'];
  const inserts = type === 'InsertStmt' ? [fields['cols']] : merge('CMD_INSERT').map(({ targetList }) => targetList);
  const updates =
    type === 'MergeStmt'
      ? merge('CMD_UPDATE').map(({ targetList }) => targetList)
      : [type === 'UpdateStmt' ? fields['targetList'] : onConflict];
  return {
    inserts: inserts.length > 0,
    deletes: type === 'DeleteStmt' || merge('CMD_DELETE').length > 0,
    inserted: new Map(
      inserts.flatMap((list) =>
        list === undefined ? columns.map((name) => [name, write.target] as const) : assignedIn(list),
      ),
    ),
    updated: new Map(updates.flatMap(assignedIn)),
  };
}

/** The WHEN clauses of a MERGE. */
export const mergeClauses = ({ fields }: WriteNode): Fields[] =>
  nodesOf(fields['mergeWhenClauses']).map((node) => ofType(node, 'MergeWhenClause') ?? {});

function assignedIn(list: unknown): [string, Fields][] {
  return nodesOf(list)
    .map((node) => ofType(node, 'ResTarget') ?? {})
    .map((target) => [textOf(target['name']) ?? '', target]);
}
