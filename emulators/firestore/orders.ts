import { admitValue } from './admission.ts';
import { type Condition, fieldConditions, isInequality } from './conditions.ts';
import { invalid } from './errors.ts';
import { fieldReader, NAME, parseFieldPath } from './field-paths.ts';
import { compareNames, compareText, compareValues } from './values.ts';
import type { Cursor, Fields, StructuredQuery, Value } from './wire.ts';

export interface Order {
  path: string;
  descending: boolean;
}

interface Sortable {
  name: string;
  fields: Fields;
}

/** The orders asked for, then the fields of inequalities, then `__name__`, the added ones in the last asked direction. */
export function readOrders(asked: StructuredQuery['orderBy'], condition: Condition | undefined): Order[] {
  const orders = asked.map(({ field, direction }) => ({
    path: checkedPath(field?.fieldPath ?? ''),
    descending: direction === 'DESCENDING',
  }));
  refuseRepeats(orders.map(({ path }) => path));
  const descending = orders.at(-1)?.descending ?? false;
  const implied = fieldConditions(condition)
    .filter(isInequality)
    .map(({ path }) => path)
    .filter((path) => path !== NAME)
    .sort(compareText);
  for (const path of [...implied, NAME])
    if (!orders.some((order) => order.path === path)) orders.push({ path, descending });
  return orders;
}

function refuseRepeats(paths: readonly string[]): void {
  const repeated = paths.find((path, i) => paths.indexOf(path) !== i);
  if (repeated !== undefined) throw invalid(`order by clause cannot contain duplicate fields ${repeated}`);
  if (paths.slice(0, -1).includes(NAME)) throw invalid('order by clause cannot contain more fields after the key');
}

export const hasEveryOrder = (orders: readonly Order[]): ((document: Sortable) => boolean) => {
  const readers = orders.filter(({ path }) => path !== NAME).map(({ path }) => fieldReader(path));
  return (document) => readers.every((read) => read(document) !== undefined);
};

export function comparator(orders: readonly Order[]): (a: Sortable, b: Sortable) => number {
  const steps = orders.map(({ path, descending }) => {
    const sign = descending ? -1 : 1;
    if (path === NAME) return (a: Sortable, b: Sortable) => sign * compareNames(a.name, b.name);
    const read = fieldReader(path);
    return (a: Sortable, b: Sortable) => sign * compareMaybe(read(a), read(b));
  });
  return (a, b) => {
    for (const step of steps) {
      const order = step(a, b);
      if (order !== 0) return order;
    }
    return 0;
  };
}

/** Whether a document lies between a query's cursors. Refuses a cursor with more values than orders. */
export function withinCursors(
  orders: readonly Order[],
  startAt: Cursor | null,
  endAt: Cursor | null,
): (document: Sortable) => boolean {
  const start = startAt && position(orders, startAt);
  const end = endAt && position(orders, endAt);
  return (document) => {
    if (startAt && start && (startAt.before ? start(document) < 0 : start(document) <= 0)) return false;
    if (endAt && end && (endAt.before ? end(document) >= 0 : end(document) > 0)) return false;
    return true;
  };
}

/** Where a document lies relative to a cursor: negative before, zero at it. */
function position(orders: readonly Order[], { values }: Cursor): (document: Sortable) => number {
  if (values.length > orders.length) throw invalid('A cursor has more values than the query has orders.');
  const steps = values.map((value, i) => {
    admitValue(value);
    const { path, descending } = orders[i] ?? { path: NAME, descending: false };
    if (path === NAME && value.valueType !== 'referenceValue')
      throw invalid('A cursor on __name__ must be a reference.');
    const read = fieldReader(path);
    return (document: Sortable) => (descending ? -1 : 1) * compareMaybe(read(document), value);
  });
  return (document) => {
    for (const step of steps) {
      const order = step(document);
      if (order !== 0) return order;
    }
    return 0;
  };
}

const compareMaybe = (a: Value | undefined, b: Value | undefined): number =>
  a === undefined || b === undefined ? Number(a !== undefined) - Number(b !== undefined) : compareValues(a, b);

function checkedPath(path: string): string {
  if (path !== NAME) parseFieldPath(path);
  return path;
}
