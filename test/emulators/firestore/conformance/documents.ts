import { FieldValue, GeoPoint, Timestamp } from '@google-cloud/firestore';
import { describe, expect, test } from 'vitest';
import type { Subject } from '../subject.ts';

const ALREADY_EXISTS = 6;
const NOT_FOUND = 5;
const FAILED_PRECONDITION = 9;

export function documents(subject: () => Subject): void {
  describe('documents', () => {
    const doc = (id = 'd') => subject().collection().doc(id);

    test('every type of value comes back as it was written', async () => {
      const ref = doc();
      const values = {
        text: 'é😀',
        integer: 7,
        large: Number.MAX_SAFE_INTEGER,
        double: 1.5,
        nothing: null,
        yes: true,
        time: Timestamp.fromMillis(1_700_000_000_123),
        list: [1, { inner: 2 }],
        map: { a: { b: 'c' } },
        bytes: Buffer.from([0, 1, 255]),
        place: new GeoPoint(1, -2),
        link: ref,
      };

      await ref.set(values);

      expect((await ref.get()).data()).toEqual(values);
    });

    test('NaN and infinities are kept', async () => {
      const ref = doc();

      await ref.set({ nan: Number.NaN, up: Number.POSITIVE_INFINITY });

      expect((await ref.get()).data()).toEqual({ nan: Number.NaN, up: Number.POSITIVE_INFINITY });
    });

    test('times are kept to the microsecond', async () => {
      const ref = doc();

      await ref.set({ at: new Timestamp(1_700_000_000, 123_456_789) });

      expect((await ref.get()).get('at')).toEqual(new Timestamp(1_700_000_000, 123_456_000));
    });

    test('a missing document is reported missing', async () => {
      expect((await doc().get()).exists).toBe(false);
    });

    test('an empty document exists', async () => {
      const ref = doc();

      await ref.set({});

      expect((await ref.get()).data()).toEqual({});
    });

    test('the read gives the update time of the write', async () => {
      const ref = doc();

      const { writeTime } = await ref.set({ v: 1 });

      expect((await ref.get()).updateTime).toEqual(writeTime);
    });

    test('the creation time stays through updates', async () => {
      const ref = doc();
      const { writeTime } = await ref.create({ v: 1 });

      await ref.update({ v: 2 });

      expect((await ref.get()).createTime).toEqual(writeTime);
    });

    test('update times strictly increase', async () => {
      const ref = doc();
      const times: string[] = [];

      for (let v = 0; v < 20; v++) times.push((await ref.set({ v })).writeTime.valueOf());

      expect(times).toEqual([...new Set(times)].sort());
    });

    test('a write that changes nothing keeps the update time', async () => {
      const ref = doc();
      const first = await ref.set({ v: 1 });

      await ref.set({ v: 1 });

      expect((await ref.get()).updateTime).toEqual(first.writeTime);
    });

    test('creating twice is refused and leaves the first', async () => {
      const ref = doc();
      await ref.create({ v: 1 });

      await expect(ref.create({ v: 2 })).rejects.toMatchObject({ code: ALREADY_EXISTS });

      expect((await ref.get()).data()).toEqual({ v: 1 });
    });

    test('updating a missing document is refused', async () => {
      await expect(doc().update({ v: 1 })).rejects.toMatchObject({ code: NOT_FOUND });
    });

    test('an update touches only the paths it names', async () => {
      const ref = doc();
      await ref.set({ m: { a: 1, b: 2 } });

      await ref.update({ 'm.a': 5, 'n.q': 1 });

      expect((await ref.get()).data()).toEqual({ m: { a: 5, b: 2 }, n: { q: 1 } });
    });

    test('a field with an odd name can be set, read and deleted', async () => {
      const ref = doc();
      await ref.set({ 'a`b.c\\d': 1, keep: 1 });

      await ref.set({ 'a`b.c\\d': FieldValue.delete() }, { merge: true });

      expect((await ref.get()).data()).toEqual({ keep: 1 });
    });

    test('a field named like a property of every object is an ordinary field', async () => {
      const home = subject().collection();
      await home.doc('with').set({ constructor: 'x' });
      await home.doc('without').set({});

      const found = await home.orderBy('constructor').get();

      expect(found.docs.map((doc) => doc.data())).toEqual([{ constructor: 'x' }]);
    });

    test('a merge keeps what it does not name', async () => {
      const ref = doc();
      await ref.set({ a: 1, m: { x: 1 } });

      await ref.set({ m: { y: 2 } }, { merge: true });
      await ref.set({ a: 9, ignored: 1 }, { mergeFields: ['a'] });

      expect((await ref.get()).data()).toEqual({ a: 9, m: { x: 1, y: 2 } });
    });

    test('a deleted field is gone', async () => {
      const ref = doc();
      await ref.set({ a: 1, b: { c: 1, d: 2 } });

      await ref.update({ a: FieldValue.delete(), 'b.c': FieldValue.delete() });

      expect((await ref.get()).data()).toEqual({ b: { d: 2 } });
    });

    test('deleting is repeatable, and refused where existence is demanded', async () => {
      const ref = doc();
      await ref.set({ v: 1 });

      await ref.delete();
      await ref.delete();

      await expect(ref.delete({ exists: true })).rejects.toMatchObject({ code: NOT_FOUND });
    });

    test('an update with the last update time succeeds, and with an older one is refused', async () => {
      const ref = doc();
      const first = await ref.set({ v: 1 });

      await ref.update({ v: 2 }, { lastUpdateTime: first.writeTime });

      await expect(ref.update({ v: 3 }, { lastUpdateTime: first.writeTime })).rejects.toMatchObject({
        code: FAILED_PRECONDITION,
      });
      expect((await ref.get()).data()).toEqual({ v: 2 });
    });

    test('an update with an update time of a document that is gone is refused', async () => {
      const ref = doc();
      const { writeTime } = await ref.set({ v: 1 });
      await ref.delete();

      const late = ref.update({ v: 2 }, { lastUpdateTime: writeTime });

      await expect(late).rejects.toMatchObject({ code: FAILED_PRECONDITION });
    });

    test('a delete with an older update time is refused', async () => {
      const ref = doc();
      const { writeTime } = await ref.set({ v: 1 });
      await ref.set({ v: 2 });

      await expect(ref.delete({ lastUpdateTime: writeTime })).rejects.toMatchObject({ code: FAILED_PRECONDITION });
    });

    test('of 50 racers that spend one document by its update time exactly one succeeds', async () => {
      const ref = doc();
      const { writeTime } = await ref.set({ state: 'granted' });

      const codes = await Promise.all(
        Array.from({ length: 50 }, (_, racer) =>
          ref.update({ state: 'spent', racer }, { lastUpdateTime: writeTime }).then(
            () => 'won',
            (error) => error.code,
          ),
        ),
      );

      expect(codes.filter((code) => code === 'won')).toHaveLength(1);
      expect(codes.filter((code) => code === FAILED_PRECONDITION)).toHaveLength(49);
    });

    test('a batch is stored whole at one moment', async () => {
      const { db } = subject();
      const refs = [doc('1'), doc('2')];
      const batch = db.batch();
      for (const ref of refs) batch.set(ref, { v: 1 });

      await batch.commit();

      const [first, second] = await db.getAll(...refs);
      expect(first?.updateTime).toEqual(second?.updateTime);
    });

    test('a batch with one refused write stores nothing', async () => {
      const taken = doc('taken');
      const fresh = doc('fresh');
      await taken.set({ v: 0 });
      const batch = subject().db.batch().set(fresh, { v: 1 }).create(taken, { v: 1 });

      await expect(batch.commit()).rejects.toMatchObject({ code: ALREADY_EXISTS });

      expect((await fresh.get()).exists).toBe(false);
    });

    test('later writes of a batch see earlier ones', async () => {
      const ref = doc();
      const batch = subject().db.batch();
      batch
        .create(ref, { n: 1 })
        .update(ref, { n: FieldValue.increment(2) })
        .update(ref, { more: true });

      await batch.commit();

      expect((await ref.get()).data()).toEqual({ n: 3, more: true });
    });

    test('a bulk writer stores many documents, and a recursive delete takes them and what is below', async () => {
      const root = subject().collection();
      const writer = subject().db.bulkWriter();
      for (let i = 0; i < 30; i++) void writer.set(root.doc(`d${i}`), { i });
      void writer.set(root.doc('d1').collection('below').doc('x'), {});
      await writer.close();
      expect((await root.get()).size).toBe(30);

      await subject().db.recursiveDelete(root);

      expect((await root.get()).size).toBe(0);
      expect(await root.listDocuments()).toEqual([]);
    });

    test('a masked read of several documents gives the named fields and says which are missing', async () => {
      const home = subject().collection();
      await home.doc('1').set({ a: 1, b: 2 });

      const [found, missing] = await subject().db.getAll(home.doc('1'), home.doc('no'), { fieldMask: ['a'] });

      expect(found?.data()).toEqual({ a: 1 });
      expect(missing?.exists).toBe(false);
    });

    test('collections and missing parents are listed', async () => {
      const home = subject().collection();
      await home.doc('there').collection('s1').doc('x').set({});
      await home.doc('there').collection('s2').doc('x').set({});

      const collections = await home.doc('there').listCollections();

      expect(collections.map(({ id }) => id)).toEqual(['s1', 's2']);
      expect((await home.listDocuments()).map(({ id }) => id)).toEqual(['there']);
    });

    test('databases of one project know nothing of each other', async () => {
      const ref = doc();
      await ref.set({ v: 1 });

      const elsewhere = await subject().other('runtime').doc(ref.path).get();

      expect(elsewhere.exists).toBe(false);
    });
  });
}
