import type { Query, WhereFilterOp } from '@google-cloud/firestore';
import {
  type Arbitrary,
  array,
  assert,
  asyncProperty,
  boolean,
  constantFrom,
  oneof,
  option,
  record,
  uniqueArray,
} from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Subject, startSubject } from './subject.ts';

/*
 * The oracle knows only small integers and short texts, so that it can be seen to be right: it filters, sorts and cuts
 * plain objects. Against Google's emulator the same oracle must hold.
 */

type Plain = number | string;
type Field = 'p' | 'q';

interface Row {
  id: string;
  p?: Plain;
  q?: Plain;
}

interface Where {
  field: Field;
  op: WhereFilterOp;
  value: Plain | Plain[];
}

interface Order {
  field: Field;
  descending: boolean;
}

interface Asked {
  wheres: Where[];
  order: Order | undefined;
  limit: number | undefined;
}

const RANGES = ['<', '<=', '>', '>='];

const value = constantFrom<Plain[]>(0, 1, 2, 3, '', 'a', 'b');
const field = constantFrom<Field[]>('p', 'q');
const rows: Arbitrary<Row[]> = uniqueArray(
  record({ id: constantFrom(...'abcdefghij'), p: value, q: value }, { requiredKeys: ['id'] }),
  { minLength: 3, maxLength: 10, selector: ({ id }) => id },
);
const where: Arbitrary<Where> = oneof(
  record({ field, op: constantFrom<WhereFilterOp[]>('==', '!=', '<', '<=', '>', '>='), value }),
  record({
    field,
    op: constantFrom<WhereFilterOp[]>('in'),
    value: uniqueArray(value, { minLength: 1, maxLength: 3 }),
  }),
);
const asked: Arbitrary<Asked> = record({
  wheres: array(where, { maxLength: 2 }).filter((all) => all.filter(({ op }) => op === '!=').length < 2),
  order: option(record({ field, descending: boolean() }), { nil: undefined }),
  limit: option(constantFrom(1, 2, 5), { nil: undefined }),
});

let subject: Subject;

beforeAll(async () => {
  subject = await startSubject();
});

afterAll(() => subject.stop());

test('random queries give what a naive search of plain objects gives', async () => {
  await assert(
    asyncProperty(rows, array(asked, { minLength: 6, maxLength: 6 }), async (data, queries) => {
      const home = subject.collection();
      const batch = subject.db.batch();
      for (const { id, ...fields } of data) batch.set(home.doc(id), fields);
      await batch.commit();

      const answers = await Promise.all(queries.map((query) => build(home, query).get()));

      expect(answers.map(({ docs }) => docs.map(({ id }) => id))).toEqual(queries.map((query) => search(data, query)));
    }),
    { numRuns: 60 },
  );
});

function build(home: Query, { wheres, order, limit }: Asked): Query {
  let query = home;
  for (const one of wheres) query = query.where(one.field, one.op, one.value);
  if (order) query = query.orderBy(order.field, order.descending ? 'desc' : 'asc');
  return limit === undefined ? query : query.limit(limit);
}

function search(data: Row[], { wheres, order, limit }: Asked): string[] {
  const sign = order?.descending ? -1 : 1;
  const compared = wheres.filter(({ op }) => op === '!=' || RANGES.includes(op)).map((one) => one.field);
  const sorting = [...new Set([...(order ? [order.field] : []), ...compared.toSorted()])];
  return data
    .filter((row) => sorting.every((name) => row[name] !== undefined))
    .filter((row) => wheres.every((one) => holds(row[one.field], one)))
    .sort((a, b) => {
      const byField = sorting.map((name) => compare(a[name], b[name])).find((difference) => difference !== 0);
      return sign * (byField ?? compare(a.id, b.id));
    })
    .slice(0, limit)
    .map(({ id }) => id);
}

function holds(stored: Plain | undefined, { op, value: operand }: Where): boolean {
  if (stored === undefined) return false;
  if (Array.isArray(operand)) return operand.includes(stored);
  if (op === '==') return stored === operand;
  if (op === '!=') return stored !== operand;
  if (typeof stored !== typeof operand) return false;
  const difference = compare(stored, operand);
  return op.includes('=') && difference === 0 ? true : op.startsWith('<') ? difference < 0 : difference > 0;
}

/** Numbers before texts. */
function compare(a: Plain | undefined, b: Plain | undefined): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : Number(a > b);
  return typeof a === 'number' ? -1 : 1;
}
