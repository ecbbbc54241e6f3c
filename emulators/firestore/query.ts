import { type Condition, fieldConditions, readCondition, refuseVectors } from './conditions.ts';
import type { Database } from './database.ts';
import { failedPrecondition, invalid } from './errors.ts';
import { NAME, parseFieldPath, project } from './field-paths.ts';
import type { IndexCheck } from './indexes.ts';
import { matcher } from './matching.ts';
import { checkId, checkParent } from './names.ts';
import { comparator, hasEveryOrder, type Order, readOrders, withinCursors } from './orders.ts';
import { inRange, type Range } from './ranges.ts';
import type { StoredDocument } from './storage.ts';
import type { Fields, StructuredQuery } from './wire.ts';

/** A query that was checked and may be run any number of times. */
export interface Query {
  range: Range;
  condition: Condition | undefined;
  orders: Order[];
  /** Whether a change of one document can change which others are in the result. */
  windowed: boolean;
  /** Whether one document is in the result, limit and offset aside. */
  admits(document: StoredDocument): boolean;
  compare(a: StoredDocument, b: StoredDocument): number;
  run(database: Database, at?: number): StoredDocument[];
  select(fields: Fields): Fields;
}

/** Checks a structured query; refuses with INVALID_ARGUMENT, or FAILED_PRECONDITION where an index is missing. */
export function readQuery(
  parent: string,
  asked: StructuredQuery | undefined,
  requireIndex: IndexCheck,
  aggregated: readonly string[] = [],
): Query {
  if (!asked) throw invalid('A query is required.');
  refuseVectors(asked.findNearest);
  const range = readRange(checkParent(parent), asked.from);
  const condition = readCondition(asked.where);
  const orders = readOrders(asked.orderBy, condition);
  refuseBackwards(range, condition, orders);
  const { offset } = asked;
  const limit = asked.limit?.value ?? Number.POSITIVE_INFINITY;
  if (offset < 0 || limit < 0) throw invalid('A limit or an offset is negative.');
  const matches = matcher(condition);
  const sortable = hasEveryOrder(orders);
  const inside = withinCursors(orders, asked.startAt, asked.endAt);
  const compare = comparator(orders);
  requireIndex({ parent, range, condition, orders, aggregated });
  const fits = (document: StoredDocument) => sortable(document) && matches(document) && inside(document);
  return {
    range,
    condition,
    orders,
    windowed: offset > 0 || Number.isFinite(limit),
    admits: (document) => inRange(range, document.name) && fits(document),
    compare,
    run: (database, at) =>
      database
        .scan(range, at)
        .filter(fits)
        .sort(compare)
        .slice(offset, offset + limit),
    select: selection(asked.select),
  };
}

/** No index has the names alone in descending order. */
function refuseBackwards(range: Range, condition: Condition | undefined, orders: readonly Order[]): void {
  const byNameOnly = orders.length === 1 && fieldConditions(condition).every(({ path }) => path === NAME);
  if (range.kind === 'collection' && byNameOnly && orders[0]?.descending)
    throw failedPrecondition('Firestore does not support descending key scans');
}

function readRange(parent: string, from: StructuredQuery['from']): Range {
  const [selector, ...more] = from;
  if (more.length > 0) throw invalid('A query may name one collection only.');
  const { collectionId, allDescendants } = selector ?? { collectionId: '', allDescendants: false };
  if (collectionId === '') return allDescendants ? { kind: 'subtree', parent } : { kind: 'children', parent };
  checkId(collectionId, 'collection id');
  return allDescendants
    ? { kind: 'group', parent, collectionId }
    : { kind: 'collection', path: `${parent}/${collectionId}` };
}

function selection(select: StructuredQuery['select']): (fields: Fields) => Fields {
  if (select === null || select.fields.length === 0) return (fields) => fields;
  const paths = select.fields.filter(({ fieldPath }) => fieldPath !== NAME).map(({ fieldPath }) => fieldPath);
  const parsed = paths.map(parseFieldPath);
  return (fields) => project(fields, parsed);
}
