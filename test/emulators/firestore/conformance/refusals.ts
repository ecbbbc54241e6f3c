import { describe, expect, test } from 'vitest';
import { DATABASE, official, ROOT, type Subject } from '../subject.ts';

const INVALID_ARGUMENT = 3;

type Value = Record<string, unknown>;

const text = (stringValue: string): Value => ({ stringValue });
const integer = (integerValue: number): Value => ({ integerValue });
const list = (...values: Value[]): Value => ({ arrayValue: { values } });
const nested = (depth: number): Value =>
  depth === 0 ? integer(1) : { mapValue: { fields: { k: nested(depth - 1) } } };
const update = (fields: Record<string, Value>, name = `${ROOT}/refusals/d`) => ({ update: { name, fields } });
const masked = (fieldPath: string) => ({ ...update({}), updateMask: { fieldPaths: [fieldPath] } });
const transformed = (transform: Value) => ({ ...update({}), updateTransforms: [{ fieldPath: 'a', ...transform }] });

const writes: Record<string, object> = {
  'a write without an operation': {},
  'an empty name': update({}, ''),
  'a name that is no path': update({}, 'nonsense'),
  'a name of a collection': update({}, `${ROOT}/a`),
  'a name with an empty segment': update({}, `${ROOT}/a//b/c`),
  'a name with a dot for an id': update({}, `${ROOT}/a/.`),
  'a name with a reserved id': update({}, `${ROOT}/a/__x__`),
  'an id over 1,500 bytes': update({}, `${ROOT}/a/${'x'.repeat(1501)}`),
  'a reserved field name': update({ __x__: integer(1) }),
  'an empty field name': update({ '': integer(1) }),
  'a field name over 1,500 bytes': update({ ['x'.repeat(1501)]: integer(1) }),
  'a value without a type': update({ a: {} }),
  'an array in an array': update({ a: list(list()) }),
  'more than 20 levels': update({ a: nested(21) }),
  'a document over 1 MiB': update({ a: text('x'.repeat(1_048_576)) }),
  'a time after the year 9999': update({ a: { timestampValue: { seconds: 253_402_300_800 } } }),
  'a place off the globe': update({ a: { geoPointValue: { latitude: 91, longitude: 0 } } }),
  'a reference to nothing': update({ a: { referenceValue: 'nonsense' } }),
  'a mask with an empty part': masked('a..b'),
  'a mask with an unquoted odd name': masked('a-b'),
  'an increment by a text': transformed({ increment: text('x') }),
  'a required update time with nanoseconds': {
    ...update({}),
    currentDocument: { updateTime: { seconds: 1_700_000_000, nanos: 5 } },
  },
};

const field = (fieldPath: string) => ({ fieldPath });
const where = (fieldPath: string, op: string, value: Value) => ({
  fieldFilter: { field: field(fieldPath), op, value },
});
const both = (...filters: object[]) => ({ compositeFilter: { op: 'AND', filters } });
const either = (...filters: object[]) => ({ compositeFilter: { op: 'OR', filters } });
const many = (count: number) => list(...Array.from({ length: count }, (_, i) => integer(i)));
const from = [{ collectionId: 'refusals' }];

const badQueries: Record<string, object> = {
  'two collections': { from: [...from, ...from] },
  'a collection id with a slash': { from: [{ collectionId: 'a/b' }] },
  'a negative limit': { from, limit: { value: -1 } },
  'a negative offset': { from, offset: -1 },
  'a filter without an operator': { from, where: where('a', 'OPERATOR_UNSPECIFIED', integer(1)) },
  'a filter on a malformed field': { from, where: where('a..b', 'EQUAL', integer(1)) },
  'a document id compared with a text': { from, where: where('__name__', 'EQUAL', text('a')) },
  'not-in together with in': { from, where: both(where('a', 'NOT_IN', many(1)), where('b', 'IN', many(1))) },
  'not-in together with not-equal': {
    from,
    where: both(where('a', 'NOT_IN', many(1)), where('b', 'NOT_EQUAL', integer(1))),
  },
  'not-in together with or': {
    from,
    where: both(
      where('a', 'NOT_IN', many(1)),
      either(where('b', 'EQUAL', integer(1)), where('b', 'EQUAL', integer(2))),
    ),
  },
  'two different array-contains': {
    from,
    where: both(where('a', 'ARRAY_CONTAINS', integer(1)), where('b', 'ARRAY_CONTAINS_ANY', many(2))),
  },
  'more than 30 disjunctions': { from, where: both(where('a', 'IN', many(6)), where('b', 'IN', many(6))) },
  'more than 10 values in not-in': { from, where: where('a', 'NOT_IN', many(11)) },
  'a cursor longer than the orders': { from, startAt: { values: [integer(1), integer(2)] } },
  'one order twice': { from, orderBy: [{ field: field('a') }, { field: field('a'), direction: 'DESCENDING' }] },
  'an order after the name': { from, orderBy: [{ field: field('__name__') }, { field: field('a') }] },
};

export function refusals(subject: () => Subject): void {
  const commit = (write: object) => subject().raw.call('Commit', { database: DATABASE, writes: [write] });
  const run = (structuredQuery: object, parent = ROOT) => subject().raw.stream('RunQuery', { parent, structuredQuery });

  describe('bad input', () => {
    test.each(Object.entries(writes))('%s is refused', async (_what, write) => {
      await expect(commit(write)).rejects.toMatchObject({ code: INVALID_ARGUMENT });
    });

    test.each(Object.entries(badQueries))('a query with %s is refused', async (_what, query) => {
      await expect(run(query)).rejects.toMatchObject({ code: INVALID_ARGUMENT });
    });

    test('20 levels, a document just under 1 MiB, and more than 500 writes are accepted', async () => {
      const writes = [
        update({ a: nested(19) }),
        update({ a: text('x'.repeat(1_048_400)) }),
        ...Array.from({ length: 501 }, (_, i) => update({}, `${ROOT}/refusals/m${i}`)),
      ];

      const { writeResults } = await subject().raw.call('Commit', { database: DATABASE, writes });

      expect(writeResults).toHaveLength(writes.length);
    });

    test('a malformed database, parent or document name is refused', async () => {
      const { raw } = subject();

      await expect(raw.call('Commit', { database: 'nonsense' })).rejects.toMatchObject({ code: INVALID_ARGUMENT });
      await expect(run({ from }, 'nonsense')).rejects.toMatchObject({ code: INVALID_ARGUMENT });
      await expect(
        raw.stream('BatchGetDocuments', { database: DATABASE, documents: ['nonsense'] }),
      ).rejects.toMatchObject({ code: INVALID_ARGUMENT });
    });

    test('one document twice in a batch of separate writes is refused', async () => {
      const batch = { database: DATABASE, writes: [update({}), update({})] };

      await expect(subject().raw.call('BatchWrite', batch)).rejects.toMatchObject({ code: INVALID_ARGUMENT });
    });

    test('a read in the future is refused', async () => {
      const readTime = { seconds: 4_000_000_000 };
      const reading = subject().raw.stream('RunQuery', { parent: ROOT, structuredQuery: { from }, readTime });

      await expect(reading).rejects.toMatchObject({ code: INVALID_ARGUMENT });
    });

    /* Google's emulator lets these through, or ends the stream with UNKNOWN; the service does not. */
    describe.skipIf(official)('that only the service refuses', () => {
      test('a document of another database', async () => {
        const write = update({}, 'projects/conformance/databases/other/documents/a/b');

        await expect(commit(write)).rejects.toMatchObject({ code: INVALID_ARGUMENT });
      });

      test('a request over 10 MiB', async () => {
        const writes = Array.from({ length: 12 }, (_, i) =>
          update({ a: text('x'.repeat(950_000)) }, `${ROOT}/refusals/b${i}`),
        );

        const large = subject().raw.call('Commit', { database: DATABASE, writes });

        await expect(large).rejects.toMatchObject({ code: INVALID_ARGUMENT });
      });

      test('bytes that are no message', async () => {
        const garbage = subject().raw.bytes('Commit', Buffer.from([0xff, 0xff, 0xff]));

        await expect(garbage).rejects.toMatchObject({ code: INVALID_ARGUMENT });
      });

      test('more than five aggregations', async () => {
        const aggregations = Array.from({ length: 6 }, (_, i) => ({ alias: `a${i}`, count: {} }));
        const structuredAggregationQuery = { structuredQuery: { from }, aggregations };

        const run = subject().raw.stream('RunAggregationQuery', { parent: ROOT, structuredAggregationQuery });

        await expect(run).rejects.toMatchObject({ code: INVALID_ARGUMENT });
      });

      test('a watched query that cannot run is removed with the reason, and the stream goes on', async () => {
        const bad = { targetId: 2, query: { parent: ROOT, structuredQuery: { from: [...from, ...from] } } };
        const good = { targetId: 4, documents: { documents: [`${ROOT}/refusals/none`] } };
        const requests = [bad, good].map((addTarget) => ({ database: DATABASE, addTarget }));

        const messages = await subject().raw.listen(requests, (seen) => JSON.stringify(seen).includes('CURRENT'));

        expect(messages).toContainEqual(
          expect.objectContaining({
            targetChange: expect.objectContaining({
              targetChangeType: 'REMOVE',
              targetIds: [2],
              cause: expect.objectContaining({ code: INVALID_ARGUMENT }),
            }),
          }),
        );
      });

      test('vector search and pipelines, with UNIMPLEMENTED', async () => {
        const findNearest = {
          vectorField: field('v'),
          queryVector: list({ doubleValue: 1 }),
          limit: { value: 1 },
          distanceMeasure: 'COSINE',
        };

        await expect(run({ from, findNearest })).rejects.toMatchObject({ code: 12 });
        await expect(subject().raw.stream('ExecutePipeline', { database: DATABASE })).rejects.toMatchObject({
          code: 12,
        });
      });
    });
  });
}
