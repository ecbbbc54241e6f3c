import { type Edit, splice } from '../language/splice.ts';
import {
  everyNode,
  type Fields,
  fieldsOf,
  isFields,
  locationOf,
  namesOf,
  nodesOf,
  ofType,
  type Parsed,
  textOf,
  typeOf,
} from '../language/syntax.ts';

/** What of a statement may be written to the trail. */
export type Recorded = { statement: string; parameters: (values: readonly unknown[]) => unknown[] };

export type Sealing = {
  /** A literal as the trail may hold it. */
  seal: (className: string, literal: string) => string;
  /** Column names that hold nothing classified in any relation the statement touches. */
  unclassified: ReadonlySet<string>;
  /** Of the columns that do. */
  classes: ReadonlyMap<string, string>;
  /** `none`: only what looks like a password. `tied`: all but what is compared with or written to unclassified columns. */
  scope: 'none' | 'tied' | 'all';
  /** Columns of the table that the fields of a RangeVar name, for an INSERT without a column list. */
  columnsOf: (range: Fields) => readonly string[];
};

const unknownClass = 'LITERAL';
const passwordLike = /passw|pwd=|secret|token|api[-_]?key|:\/\/[^\s/]*:[^\s/]*@/i;
const strings = new Set(['SCONST', 'USCONST', 'BCONST', 'XCONST']);

/** What each literal stands beside: a column's name, or something known to be no data. By byte offset, or `$n`. */
type Ties = Map<string, string>;
const notData = '';

/**
 * The statement and its parameters with every literal that may be classified replaced. Literals are sealed unless the tree
 * shows that they belong to an unclassified column, so that one that is overlooked is sealed too; comments are dropped.
 */
export function recordedAs(statement: string, parsed: Parsed, sealing: Sealing): Recorded {
  const ties = tiesIn(parsed.statement, sealing.columnsOf);
  const renamed = introducedNames(parsed.statement);
  const isOpen = (tie: string | undefined) =>
    tie === notData || (tie !== undefined && !renamed.has(tie) && sealing.unclassified.has(tie));
  const classFor = (tie: string | undefined) => sealing.classes.get(tie ?? '') ?? unknownClass;
  const secret = (literal: string, tie: string | undefined) =>
    passwordLike.test(tie ?? '') || passwordLike.test(literal);

  const edits: Edit[] = [];
  for (const { start, end, text, name } of parsed.tokens) {
    const string = strings.has(name);
    const number = name === 'ICONST' || name === 'FCONST';
    // The tree places a negative number at its sign.
    const tie = ties.get(String(start)) ?? (number ? ties.get(String(start - 1)) : undefined);
    // A short number that is beside nothing is a position, a length, a factor.
    const telling = string || (number && (tie !== undefined || text.length > 4));
    if (name.endsWith('COMMENT')) {
      if (sealing.scope !== 'none' || passwordLike.test(text))
        edits.push({ start, end, text: name === 'C_COMMENT' ? '/*…*/' : '--…' });
    } else if (string && secret(text, tie)) {
      edits.push({ start, end, text: sealing.seal('CREDENTIAL', literalOf(text)) });
    } else if (telling && (sealing.scope === 'all' || (sealing.scope === 'tied' && !isOpen(tie)))) {
      edits.push({ start, end, text: sealing.seal(classFor(tie), literalOf(text)) });
    }
  }
  return {
    statement: splice(statement, edits),
    parameters: (values) =>
      values.map((value, index) => {
        const tie = ties.get(`$${index + 1}`);
        if (value === null || typeof value === 'boolean') return value;
        if (typeof value === 'string' && secret(value, tie)) return sealing.seal('CREDENTIAL', value);
        return sealing.scope === 'none' || (sealing.scope === 'tied' && isOpen(tie))
          ? value
          : sealing.seal(classFor(tie), String(value));
      }),
  };
}

/** Equal literals seal equally, whether written in the statement or sent as a parameter. */
function literalOf(token: string): string {
  return /^'([^']|'')*'$/.test(token) ? token.slice(1, -1).replaceAll("''", "'") : token;
}

/** Names a statement gives to its own columns: they may stand for anything. */
function introducedNames(statement: Fields): Set<string> {
  const names = new Set<string>();
  const walk = (value: unknown) => {
    if (Array.isArray(value)) return value.forEach(walk);
    if (!isFields(value)) return;
    for (const list of ['colnames', 'aliascolnames']) for (const name of namesOf(value[list])) names.add(name);
    for (const target of [...nodesOf(value['targetList']), ...nodesOf(value['exprs'])]) {
      const { name, val } = ofType(target, 'ResTarget') ?? {};
      const own = namesOf(ofType(val, 'ColumnRef')?.['fields']).at(-1);
      for (const implied of impliedNames(val)) names.add(implied);
      // The left side of an assignment is no new name.
      if (typeof name === 'string' && name !== own && !assigns(value)) names.add(name);
    }
    for (const child of Object.values(value)) walk(child);
  };
  walk(statement);
  return names;
}

/** Whether the targets of a node are columns that are given values, and not names for what is selected. */
const assigns = (value: Fields) => ['relation', 'action', 'matchKind'].some((field) => field in value);

/** What the server calls a column that is given no name: the function or type at its root. */
function impliedNames(node: unknown): string[] {
  const call = namesOf(ofType(node, 'FuncCall')?.['funcname']).slice(-1);
  const type = namesOf(fieldsOf(ofType(node, 'TypeCast')?.['typeName'])['names']).slice(-1);
  const keyword = ['CaseExpr', 'CoalesceExpr', 'MinMaxExpr'].includes(typeOf(node) ?? '')
    ? ['case', 'coalesce', 'greatest', 'least']
    : [];
  return [...call, ...type, ...keyword];
}

function tiesIn(statement: Fields, columnsOf: Sealing['columnsOf']): Ties {
  const ties: Ties = new Map();

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
      const column = left ?? right;
      for (const side of literalSides) if (isPlain(side)) tieAll(side, column ?? unknownClass);
    } else if (type === 'CaseExpr' || type === 'CoalesceExpr' || type === 'MinMaxExpr') {
      const [column] = [fields['arg'], ...nodesOf(fields['args'])].map(columnOf).filter((name) => name !== undefined);
      const compared = nodesOf(fields['args']).map((arg) => ofType(arg, 'CaseWhen')?.['expr'] ?? arg);
      for (const side of compared) if (isPlain(side)) tieAll(side, column ?? unknownClass);
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
const keyOf = (literal: Fields) =>
  typeof literal['number'] === 'number' ? `$${literal['number']}` : String(locationOf(literal));
