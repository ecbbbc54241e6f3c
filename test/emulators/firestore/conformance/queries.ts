import { AggregateField, FieldPath, Filter, type Query, Timestamp } from '@google-cloud/firestore';
import { beforeAll, describe, expect, test } from 'vitest';
import { ROOT, type Subject } from '../subject.ts';

export function queries(subject: () => Subject): void {
  describe('queries', () => {
    let six: Query;

    beforeAll(async () => {
      const home = subject().collection();
      const batch = subject().db.batch();
      for (let i = 0; i < 6; i++)
        batch.set(home.doc(`d${i}`), { i, side: i % 2 ? 'odd' : 'even', tags: [`t${i}`, 'all'] });
      await batch.commit();
      six = home;
    });

    const ids = async (query: Query) => (await query.get()).docs.map(({ id }) => id);
    const numbers = async (query: Query) => (await query.get()).docs.map((doc) => doc.get('i'));

    test('documents come in the order of their names when none is asked', async () => {
      expect(await ids(six)).toEqual(['d0', 'd1', 'd2', 'd3', 'd4', 'd5']);
    });

    test('an equality with an order and a limit', async () => {
      expect(await numbers(six.where('side', '==', 'even').orderBy('i', 'desc').limit(2))).toEqual([4, 2]);
    });

    test('ranges, alone and together', async () => {
      expect(await numbers(six.where('i', '>=', 2).where('i', '<', 5))).toEqual([2, 3, 4]);
      expect(await numbers(six.where('i', '>', 4))).toEqual([5]);
      expect(await numbers(six.where('i', '<=', 0))).toEqual([0]);
    });

    test('inequalities on several fields, ordered by them', async () => {
      expect(await numbers(six.where('side', '>', 'even').where('i', '>', 1))).toEqual([3, 5]);
    });

    test('in, not-in and not-equal', async () => {
      expect(await numbers(six.where('i', 'in', [1, 2, 9]))).toEqual([1, 2]);
      expect(await numbers(six.where('i', 'not-in', [1, 2]))).toEqual([0, 3, 4, 5]);
      expect(await numbers(six.where('i', '!=', 1))).toEqual([0, 2, 3, 4, 5]);
    });

    test('array-contains and array-contains-any', async () => {
      expect(await numbers(six.where('tags', 'array-contains', 't3'))).toEqual([3]);
      expect(await numbers(six.where('tags', 'array-contains-any', ['t3', 't4', 'none']))).toEqual([3, 4]);
    });

    test('and inside or', async () => {
      const filter = Filter.or(
        Filter.where('i', '==', 0),
        Filter.and(Filter.where('side', '==', 'odd'), Filter.where('tags', 'array-contains', 't5')),
      );

      expect(await numbers(six.where(filter))).toEqual([0, 5]);
    });

    test('cursors include or exclude where they stand', async () => {
      const sorted = six.orderBy('i');

      expect(await numbers(sorted.startAt(4))).toEqual([4, 5]);
      expect(await numbers(sorted.startAfter(4))).toEqual([5]);
      expect(await numbers(sorted.endAt(1))).toEqual([0, 1]);
      expect(await numbers(sorted.endBefore(1))).toEqual([0]);
    });

    test('a cursor may be a document', async () => {
      const page = await six.orderBy('side').limit(2).get();
      const [, last] = page.docs;

      const next = six.orderBy('side').startAfter(last).limit(2);

      expect(await numbers(next)).toEqual([4, 1]);
    });

    test('offset, limit to the last, and selected fields', async () => {
      expect(await numbers(six.orderBy('i').offset(4))).toEqual([4, 5]);
      expect(await numbers(six.orderBy('i').limitToLast(2))).toEqual([4, 5]);
      expect((await six.select('i').limit(1).get()).docs.map((doc) => doc.data())).toEqual([{ i: 0 }]);
    });

    test('selecting no field gives names only', async () => {
      expect((await six.select().limit(1).get()).docs.map((doc) => [doc.id, doc.data()])).toEqual([['d0', {}]]);
    });

    test('document ids can be compared and ordered', async () => {
      const id = FieldPath.documentId();

      expect(await ids(six.where(id, '==', 'd2'))).toEqual(['d2']);
      expect(await ids(six.where(id, 'in', ['d1', 'd9']))).toEqual(['d1']);
      expect(await ids(six.where(id, '>', 'd4'))).toEqual(['d5']);
      expect(await ids(six.where('side', '==', 'odd').orderBy(id, 'desc'))).toEqual(['d5', 'd3', 'd1']);
    });

    test('all documents backwards by name is refused, as no index has that order', async () => {
      const orderBy = [{ field: { fieldPath: '__name__' }, direction: 'DESCENDING' }];
      const structuredQuery = { from: [{ collectionId: 'any' }], orderBy };

      const backwards = subject().raw.stream('RunQuery', { parent: ROOT, structuredQuery });

      await expect(backwards).rejects.toMatchObject({ code: 9 });
    });

    test('results can be streamed', async () => {
      const streamed: unknown[] = [];

      for await (const doc of six.stream()) streamed.push(doc);

      expect(streamed).toHaveLength(6);
    });

    test('a document without the field is in no order and no filter of it', async () => {
      const home = subject().collection();
      await home.doc('with').set({ v: 1 });
      await home.doc('without').set({ w: 1 });

      expect(await ids(home.orderBy('v'))).toEqual(['with']);
      expect(await ids(home.where('v', '!=', 2))).toEqual(['with']);
      expect(await ids(home.where('v', 'not-in', [2]))).toEqual(['with']);
    });

    test('null and NaN are found only by asking for them', async () => {
      const home = subject().collection();
      await home.doc('nan').set({ v: Number.NaN });
      await home.doc('null').set({ v: null });
      await home.doc('one').set({ v: 1 });

      expect(await ids(home.where('v', '==', null))).toEqual(['null']);
      expect(await ids(home.where('v', '!=', null))).toEqual(['nan', 'one']);
      expect(await ids(home.where('v', '==', Number.NaN))).toEqual(['nan']);
      expect(await ids(home.where('v', '!=', Number.NaN))).toEqual(['one']);
      expect(await ids(home.where('v', '<=', 5))).toEqual(['one']);
      expect(await ids(home.where('v', 'in', [null, 1]))).toEqual(['one']);
      expect(await ids(home.where('v', 'not-in', [null, 1]))).toEqual([]);
    });

    test('types are ordered as Firestore orders them', async () => {
      const home = subject().collection();
      const ordered = [
        null,
        false,
        true,
        Number.NaN,
        Number.NEGATIVE_INFINITY,
        -1,
        0.5,
        1,
        Timestamp.fromMillis(1),
        '',
        'a',
        '￿',
        '😀',
        Buffer.from([1]),
        home.doc('x'),
        [],
        [1],
        [1, 2],
        [2],
        {},
        { a: 1 },
        { a: 1, b: 1 },
        { b: 0 },
      ];
      const places = [...ordered.keys()].map((place) => String(place).padStart(2, '0'));
      for (const [i, v] of ordered.entries()) await home.doc(places[i] ?? '').set({ v });

      expect(await ids(home.orderBy('v'))).toEqual(places);
      expect(await ids(home.orderBy('v', 'desc'))).toEqual(places.toReversed());
    });

    test('a comparison stays within the type of its operand', async () => {
      const home = subject().collection();
      for (const [id, v] of Object.entries({ text: 'a', number: 5, truth: true })) await home.doc(id).set({ v });

      expect(await ids(home.where('v', '>', 0))).toEqual(['number']);
      expect(await ids(home.where('v', '<', 'b'))).toEqual(['text']);
    });

    test('integers and doubles of one value are equal, and large integers stay distinct', async () => {
      const home = subject().collection();
      await home.doc('int').set({ v: 2 });
      await home.doc('double').set({ v: 2.5 });

      expect(await ids(home.where('v', '>', 2).where('v', '<', 3))).toEqual(['double']);
      expect(await ids(home.where('v', '==', 2))).toEqual(['int']);
    });

    test('nested fields can be filtered and ordered', async () => {
      const home = subject().collection();
      await home.doc('a').set({ m: { n: 2 } });
      await home.doc('b').set({ m: { n: 1 } });
      await home.doc('c').set({ m: 3 });

      expect(await ids(home.orderBy('m.n'))).toEqual(['b', 'a']);
      expect(await ids(home.where('m.n', '==', 2))).toEqual(['a']);
    });

    test('counts, sums and averages', async () => {
      const totals = await six
        .aggregate({ n: AggregateField.count(), sum: AggregateField.sum('i'), mean: AggregateField.average('i') })
        .get();

      expect(totals.data()).toEqual({ n: 6, sum: 15, mean: 2.5 });
      expect((await six.where('side', '==', 'odd').count().get()).data().count).toBe(3);
      expect((await six.limit(4).count().get()).data().count).toBe(4);
    });

    test('sums skip what is no number, averages of nothing are null', async () => {
      const home = subject().collection();
      await home.doc('a').set({ v: 1 });
      await home.doc('b').set({ v: 'x' });
      await home.doc('c').set({ v: 2.5 });

      const totals = await home.aggregate({ sum: AggregateField.sum('v') }).get();
      const none = await home.aggregate({ mean: AggregateField.average('absent') }).get();

      expect(totals.data()).toEqual({ sum: 3.5 });
      expect(none.data()).toEqual({ mean: null });
    });

    test('a collection group spans parents, and stays below its own', async () => {
      const home = subject().collection();
      const group = `g-${home.id}`;
      await home.doc('a').collection(group).doc('1').set({ v: 1 });
      await home.doc('b').collection(group).doc('2').set({ v: 2 });
      await home.doc('b').collection('else').doc('3').set({ v: 3 });

      expect(await ids(subject().db.collectionGroup(group).where('v', '>', 0))).toEqual(['1', '2']);
    });

    test('a query sees its own collection only, not those below', async () => {
      const home = subject().collection();
      await home.doc('a').set({});
      await home.doc('a').collection('sub').doc('b').set({});

      expect(await ids(home)).toEqual(['a']);
    });

    test('several orders apply one after the other, each in its direction', async () => {
      expect(await numbers(six.orderBy('side', 'desc').orderBy('i', 'desc').limit(4))).toEqual([5, 3, 1, 4]);
    });
  });
}
