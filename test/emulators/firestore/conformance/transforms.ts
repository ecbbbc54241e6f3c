import { FieldValue } from '@google-cloud/firestore';
import { describe, expect, test } from 'vitest';
import type { Subject } from '../subject.ts';

export function transforms(subject: () => Subject): void {
  describe('transforms', () => {
    const doc = () => subject().collection().doc('d');

    test('the server time is a whole millisecond, not after the write', async () => {
      const ref = doc();

      const { writeTime } = await ref.set({ at: FieldValue.serverTimestamp() });

      const at = (await ref.get()).get('at');
      expect(at.nanoseconds % 1_000_000).toBe(0);
      expect(at.valueOf() <= writeTime.valueOf()).toBe(true);
    });

    test('increments add up, from nothing and from a double too', async () => {
      const ref = doc();
      await ref.set({ n: 1, d: 0.5, text: 'x' });

      await ref.update({
        n: FieldValue.increment(2),
        d: FieldValue.increment(1),
        fresh: FieldValue.increment(3),
        text: FieldValue.increment(4),
      });

      expect((await ref.get()).data()).toEqual({ n: 3, d: 1.5, fresh: 3, text: 4 });
    });

    test('50 concurrent increments are all counted', async () => {
      const ref = doc();
      await ref.set({ n: 0 });

      await Promise.all(Array.from({ length: 50 }, () => ref.update({ n: FieldValue.increment(1) })));

      expect((await ref.get()).get('n')).toBe(50);
    });

    test('array union adds what is missing, array remove takes every copy', async () => {
      const ref = doc();
      await ref.set({ a: ['x', 1], b: ['x', 'y', 'x'], c: 'no array' });

      await ref.update({
        a: FieldValue.arrayUnion('x', 'z', 1),
        b: FieldValue.arrayRemove('x'),
        c: FieldValue.arrayUnion(1),
      });

      expect((await ref.get()).data()).toEqual({ a: ['x', 1, 'z'], b: ['y'], c: [1] });
    });

    test('a transform inside a map reaches only its path', async () => {
      const ref = doc();
      await ref.set({ m: { n: 1, keep: true } });

      await ref.update({ 'm.n': FieldValue.increment(1) });

      expect((await ref.get()).data()).toEqual({ m: { n: 2, keep: true } });
    });
  });
}
