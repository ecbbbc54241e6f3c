import {
  everyNode,
  type Fields,
  fieldsOf,
  isFields,
  locationOf,
  namesOf,
  nodesOf,
  ofType,
  textOf,
  typeOf,
} from '../language/syntax.ts';

/** What each literal stands beside: a column's name, or something known to be no data. By byte offset, or `$n`. */
export type Ties = ReadonlyMap<string, string>;

/** Beside nothing that is known. No column is called so, as it would be lower-case. */
export const unknownClass = 'LITERAL';
/** A position, a length, a number of rows. */
export const notData = '';

/** `columnsOf`: of the table that the fields of a RangeVar name, for an INSERT without a column list. */
export function tiesIn(statement: Fields, columnsOf: (range: Fields) => readonly string[]): Ties {
  const ties = new Map<string, string>();

  /** A literal met twice, beside different columns, is beside none. */
  const tie = (key: string, column: string) =>
    ties.set(key, ties.has(key) && ties.get(key) !== column ? unknownClass : column);
  const tied = new Set<Fields>();
  const tieAll = (value: unknown, column: string) => {
    for (const literal of literalsIn(value)) {
      tied.add(literal);
      tie(keyOf(literal), column);
    }
  };

  const walk = (value: unknown) => {
    if (Array.isArray(value)) return value.forEach(walk);
    if (!isFields(value)) return;
    const type = typeOf(value);
    if (type !== undefined) relate(type, fieldsOf(value[type]));
    for (const child of Object.values(value)) walk(child);
  };

  const relate = (type: string, fields: Fields) => {
    if (type === 'A_Expr') {
      const [left, right] = [columnOf(fields['lexpr']), columnOf(fields['rexpr'])];
      const literalSides = [
        left === undefined ? fields['lexpr'] : undefined,
        right === undefined ? fields['rexpr'] : undefined,
      ];
      // What is put together with a column is not compared with it.
      const column = namesOf(fields['name']).at(-1) === '||' ? undefined : (left ?? right);
      for (const side of literalSides) if (isPlain(side)) tieAll(side, column ?? unknownClass);
    } else if (type === 'CaseExpr' || type === 'CoalesceExpr' || type === 'MinMaxExpr') {
      const [column] = [fields['arg'], ...nodesOf(fields['args'])].map(columnOf).filter((name) => name !== undefined);
      const compared = nodesOf(fields['args']).map((arg) => ofType(arg, 'CaseWhen')?.['expr'] ?? arg);
      for (const side of compared) if (isPlain(side)) tieAll(side, column ?? unknownClass);
    } else if (type === 'TypeName') {
      tieAll(fields['typmods'], notData);
    } else if (type === 'SelectStmt') {
      // LIMIT, OFFSET, and ORDER BY or GROUP BY a position.
      const positions = nodesOf(fields['sortClause']).map((node) => ofType(node, 'SortBy')?.['node']);
      for (const place of [
        fields['limitCount'],
        fields['limitOffset'],
        ...positions,
        ...nodesOf(fields['groupClause']),
      ]) {
        if (isPlain(place)) tieAll(place, notData);
      }
    } else if (type === 'InsertStmt') {
      const select = ofType(fields['selectStmt'], 'SelectStmt');
      for (const row of nodesOf(select?.['valuesLists'])) {
        tieRow(ofType(row, 'List')?.['items'], fields['cols'], fieldsOf(fields['relation']));
      }
      for (const target of nodesOf(fieldsOf(fields['onConflictClause'])['targetList'])) tieAssignment(target);
    } else if (type === 'UpdateStmt') {
      for (const target of nodesOf(fields['targetList'])) tieAssignment(target);
    } else if (type === 'MergeStmt') {
      for (const clause of nodesOf(fields['mergeWhenClauses']).map((node) => ofType(node, 'MergeWhenClause') ?? {})) {
        if (clause['values'] !== undefined)
          tieRow(clause['values'], clause['targetList'], fieldsOf(fields['relation']));
        else for (const target of nodesOf(clause['targetList'])) tieAssignment(target);
      }
    }
  };

  const tieRow = (values: unknown, targets: unknown, range: Fields) => {
    const named = nodesOf(targets).map((node) => textOf(ofType(node, 'ResTarget')?.['name']) ?? '');
    const columns = targets === undefined ? columnsOf(range) : named;
    nodesOf(values).forEach((value, index) => {
      if (isPlain(value)) tieAll(value, columns[index] ?? unknownClass);
    });
  };

  const tieAssignment = (node: Fields) => {
    const { name, val } = ofType(node, 'ResTarget') ?? {};
    const { source, colno } = ofType(val, 'MultiAssignRef') ?? {};
    const value = source === undefined ? val : nodesOf(ofType(source, 'RowExpr')?.['args'])[Number(colno) - 1];
    if (isPlain(value)) tieAll(value, textOf(name) ?? unknownClass);
  };

  walk(statement);
  // A parameter that stands beside nothing somewhere is beside nothing.
  for (const { type, fields } of everyNode(statement)) {
    if (type === 'ParamRef' && !tied.has(fields)) ties.set(keyOf(fields), unknownClass);
  }
  return ties;
}

/** The column a side of a comparison is, casts aside. */
function columnOf(node: unknown): string | undefined {
  const cast = ofType(node, 'TypeCast');
  if (cast !== undefined) return columnOf(cast['arg']);
  return namesOf(ofType(node, 'ColumnRef')?.['fields']).at(-1);
}

/** Literals only: constants, parameters, casts, lists, rows and arrays of them. */
function isPlain(node: unknown): boolean {
  const list =
    ofType(node, 'List')?.['items'] ?? ofType(node, 'A_ArrayExpr')?.['elements'] ?? ofType(node, 'RowExpr')?.['args'];
  if (list !== undefined) return nodesOf(list).every(isPlain);
  const cast = ofType(node, 'TypeCast');
  if (cast !== undefined) return isPlain(cast['arg']);
  return ['A_Const', 'ParamRef'].includes(typeOf(node) ?? '');
}

/** The constants and parameters below a value, subqueries aside. */
function literalsIn(value: unknown): Fields[] {
  if (Array.isArray(value)) return value.flatMap(literalsIn);
  if (!isFields(value) || typeOf(value) === 'SubLink') return [];
  const literal = ofType(value, 'A_Const') ?? ofType(value, 'ParamRef');
  return literal === undefined ? Object.values(value).flatMap(literalsIn) : [literal];
}

/** `$n` of a parameter, the byte offset of a constant. */
export const keyOf = (literal: Fields) =>
  typeof literal['number'] === 'number' ? `$${literal['number']}` : String(locationOf(literal));
