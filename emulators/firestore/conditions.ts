import { isDeepStrictEqual } from 'node:util';
import { admitValue } from './admission.ts';
import { invalid, unimplemented } from './errors.ts';
import { NAME, parseFieldPath } from './field-paths.ts';
import { NULL } from './values.ts';
import type { FieldOperator, FieldReference, Filter, UnaryOperator, Value } from './wire.ts';

/** A filter with unary operators written like the others, their operand null. */
export type Condition = { op: 'AND' | 'OR'; parts: Condition[] } | FieldCondition;

export interface FieldCondition {
  op: FieldOperator | UnaryOperator;
  path: string;
  value: Value;
}

const RANGES: ReadonlySet<string> = new Set([
  'LESS_THAN',
  'LESS_THAN_OR_EQUAL',
  'GREATER_THAN',
  'GREATER_THAN_OR_EQUAL',
]);
const LISTS: ReadonlySet<string> = new Set(['IN', 'NOT_IN', 'ARRAY_CONTAINS_ANY']);
const MAX_DISJUNCTIONS = 30;
const MAX_NOT_IN = 10;
const INEQUALITIES: ReadonlySet<string> = new Set([...RANGES, 'NOT_EQUAL', 'NOT_IN', 'IS_NOT_NULL', 'IS_NOT_NAN']);
const EQUALITIES: ReadonlySet<string> = new Set(['EQUAL', 'IS_NULL', 'IS_NAN']);

/** Reads a filter; refuses unknown operators, wrong operands and combinations that Firestore does not run. */
export function readCondition(filter: Filter | null): Condition | undefined {
  if (filter === null) return undefined;
  const condition = fromFilter(filter);
  const branches = disjunctsOf(condition);
  if (branches.length > 1 && fieldConditions(condition).some(({ op }) => op === 'NOT_IN')) throw negated();
  for (const branch of branches) checkBranch(branch);
  return condition;
}

/** Range and negative comparisons: their fields take part in the sort order. */
export const isInequality = ({ op }: FieldCondition): boolean => INEQUALITIES.has(op);

/** Comparisons that leave one value only. */
export const isEquality = ({ op }: FieldCondition): boolean => EQUALITIES.has(op);

export function fieldConditions(condition: Condition | undefined): FieldCondition[] {
  if (condition === undefined) return [];
  return 'parts' in condition ? condition.parts.flatMap(fieldConditions) : [condition];
}

/** The condition as a list of AND-ed branches, `OR` multiplied out, `IN` and `ARRAY_CONTAINS_ANY` kept as they are. */
export function disjunctsOf(condition: Condition | undefined): FieldCondition[][] {
  if (condition === undefined) return [[]];
  if (!('parts' in condition)) return [[condition]];
  if (condition.op === 'OR') return capped(condition.parts.flatMap(disjunctsOf));
  return condition.parts.reduce<FieldCondition[][]>(
    (branches, part) => capped(branches.flatMap((branch) => disjunctsOf(part).map((more) => [...branch, ...more]))),
    [[]],
  );
}

function fromFilter(filter: Filter): Condition {
  if (filter.filterType === 'compositeFilter') return composite(filter.compositeFilter);
  if (filter.filterType === 'unaryFilter') {
    const { op, field } = filter.unaryFilter;
    if (op === 'OPERATOR_UNSPECIFIED') throw invalid('A unary filter has no operator.');
    return { op, path: pathOf(field), value: NULL };
  }
  if (filter.filterType !== 'fieldFilter') throw invalid('A filter is empty.');
  const { field, op, value } = filter.fieldFilter;
  if (op === 'OPERATOR_UNSPECIFIED') throw invalid('A field filter has no operator.');
  if (value === null) throw invalid('A field filter has no value.');
  const condition = { op, path: pathOf(field), value };
  checkOperand(condition);
  return condition;
}

function composite({ op, filters }: { op: string; filters: Filter[] }): Condition {
  if (op !== 'AND' && op !== 'OR') throw invalid('A composite filter must be AND or OR.');
  return { op: filters.length === 0 ? 'AND' : op, parts: filters.map(fromFilter) };
}

function pathOf(field: FieldReference | null | undefined): string {
  if (!field) throw invalid('A filter names no field.');
  if (field.fieldPath !== NAME) parseFieldPath(field.fieldPath);
  return field.fieldPath;
}

function checkOperand({ op, path, value }: FieldCondition): void {
  const operands = LISTS.has(op) ? listOf(op, value) : [value];
  for (const operand of operands) admitValue(operand);
  if (path !== NAME) return;
  if (op.startsWith('ARRAY_') || operands.some(({ valueType }) => valueType !== 'referenceValue'))
    throw invalid('__key__ filter value must be a Key');
}

/** The alternatives of a list operator; unlike a stored array, the list may hold arrays. */
function listOf(op: FieldCondition['op'], value: Value): Value[] {
  const list = value.valueType === 'arrayValue' ? value.arrayValue.values : [];
  const most = op === 'NOT_IN' ? MAX_NOT_IN : MAX_DISJUNCTIONS;
  if (list.length === 0) throw invalid(`'${op}' requires a non-empty ArrayValue.`);
  if (list.length > most) throw invalid(`'${op}' supports up to ${most} comparison values.`);
  return list;
}

function checkBranch(branch: FieldCondition[]): void {
  const distinct = branch.filter((one, i) => branch.findIndex((other) => isDeepStrictEqual(one, other)) === i);
  const count = (...ops: FieldCondition['op'][]) => distinct.filter(({ op }) => ops.includes(op)).length;
  if (count('ARRAY_CONTAINS', 'ARRAY_CONTAINS_ANY') > 1)
    throw invalid("A maximum of 1 'ARRAY_CONTAINS' filter is allowed per disjunction.");
  if (count('NOT_IN') > 1) throw invalid("Only a single 'NOT_IN' filter is allowed per query.");
  if (count('NOT_IN') > 0 && count('IN', 'ARRAY_CONTAINS_ANY') > 0) throw negated();
  if (count('NOT_IN') > 0 && count('NOT_EQUAL') > 0)
    throw invalid("'NOT_IN' cannot be used in the same query with 'NOT_EQUAL'.");
  if (count('NOT_EQUAL') > 1) throw invalid("Only a single 'NOT_EQUAL' filter is allowed per query.");
  const combined = branch.reduce((product, { op, value }) => {
    const lists = op === 'IN' || op === 'ARRAY_CONTAINS_ANY';
    return lists && value.valueType === 'arrayValue' ? product * value.arrayValue.values.length : product;
  }, 1);
  if (combined > MAX_DISJUNCTIONS) throw tooMany();
}

function capped(branches: FieldCondition[][]): FieldCondition[][] {
  if (branches.length > MAX_DISJUNCTIONS) throw tooMany();
  return branches;
}

const negated = () => invalid("'NOT_IN' cannot be used in the same query with 'IN', 'ARRAY_CONTAINS_ANY' or 'OR'.");

const tooMany = () => invalid(`Query would be too complex: more than ${MAX_DISJUNCTIONS} disjunctions.`);

export function refuseVectors(findNearest: object | null): void {
  if (findNearest !== null) throw unimplemented('findNearest is not supported by this emulator.');
}
