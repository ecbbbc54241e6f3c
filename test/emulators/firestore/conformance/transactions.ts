import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { DATABASE, type Subject } from '../subject.ts';

const INVALID_ARGUMENT = 3;

export function transactions(subject: () => Subject): void {
  describe('transactions', () => {
    test('a transaction reads, then writes', async () => {
      const ref = subject().collection().doc('d');
      await ref.set({ n: 1 });

      await subject().db.runTransaction(async (tx) => {
        const n = (await tx.get(ref)).get('n');
        tx.update(ref, { n: n + 1 });
      });

      expect((await ref.get()).get('n')).toBe(2);
    });

    test('a transaction that throws writes nothing', async () => {
      const ref = subject().collection().doc('d');
      await ref.set({ n: 1 });

      const failed = subject().db.runTransaction(async (tx) => {
        await tx.get(ref);
        tx.update(ref, { n: 2 });
        throw new Error('changed my mind');
      });

      await expect(failed).rejects.toThrow('changed my mind');
      expect((await ref.get()).get('n')).toBe(1);
    });

    test('no update of contending transactions is lost', async () => {
      const ref = subject().collection().doc('d');
      await ref.set({ n: 0 });
      const once = () =>
        subject().db.runTransaction(
          async (tx) => {
            const n = (await tx.get(ref)).get('n');
            tx.update(ref, { n: n + 1 });
          },
          { maxAttempts: 20 },
        );

      await Promise.all(Array.from({ length: 5 }, once));

      expect((await ref.get()).get('n')).toBe(5);
    });

    test('of contending transactions that spend one document exactly one does', async () => {
      const ref = subject().collection().doc('d');
      await ref.set({ state: 'granted' });
      const spend = () =>
        subject().db.runTransaction(
          async (tx) => {
            if ((await tx.get(ref)).get('state') !== 'granted') return false;
            tx.update(ref, { state: 'spent' });
            return true;
          },
          { maxAttempts: 20 },
        );

      const spent = await Promise.all(Array.from({ length: 5 }, spend));

      expect(spent.filter(Boolean)).toHaveLength(1);
    });

    test('a transaction may query, count and read several documents', async () => {
      const home = subject().collection();
      await home.doc('1').set({ v: 1 });
      await home.doc('2').set({ v: 2 });

      const seen = await subject().db.runTransaction(async (tx) => {
        const query = await tx.get(home.where('v', '>', 1));
        const count = await tx.get(home.count());
        const all = await tx.getAll(home.doc('1'), home.doc('2'));
        return [query.size, count.data().count, all.length];
      });

      expect(seen).toEqual([1, 2, 2]);
    });

    test('all reads of a read-only transaction are of one moment', async () => {
      const ref = subject().collection().doc('d');
      await ref.set({ v: 1 });

      const seen = await subject().db.runTransaction(
        async (tx) => {
          const before = (await tx.get(ref)).get('v');
          await ref.set({ v: 2 });
          return [before, (await tx.get(ref)).get('v')];
        },
        { readOnly: true },
      );

      expect(seen).toEqual([1, 1]);
    });

    test('documents and queries can be read as they were at a moment', async () => {
      const home = subject().collection();
      await home.doc('gone').set({ v: 1 });
      const { writeTime } = await home.doc('d').set({ v: 1 });
      await home.doc('d').set({ v: 2 });
      await home.doc('gone').delete();
      await home.doc('new').set({ v: 1 });

      const seen = await subject().db.runTransaction(
        async (tx) => [
          (await tx.get(home.doc('d'))).get('v'),
          (await tx.get(home.where('v', '==', 1))).docs.map(({ id }) => id),
        ],
        { readOnly: true, readTime: writeTime },
      );

      expect(seen).toEqual([1, ['d', 'gone']]);
    });

    test('a read-only transaction may not write', async () => {
      const { raw } = subject();
      const { transaction } = await raw.call('BeginTransaction', { database: DATABASE, options: { readOnly: {} } });
      const writes = [{ update: { name: `${DATABASE}/documents/ro/x`, fields: {} } }];

      const commit = raw.call('Commit', { database: DATABASE, transaction, writes });

      await expect(commit).rejects.toMatchObject({ code: INVALID_ARGUMENT });
    });

    test('an ended transaction cannot be committed again', async () => {
      const { raw } = subject();
      const { transaction } = await raw.call('BeginTransaction', { database: DATABASE });
      await raw.call('Rollback', { database: DATABASE, transaction });

      const commit = raw.call('Commit', { database: DATABASE, transaction, writes: [] });

      await expect(commit).rejects.toMatchObject({ code: INVALID_ARGUMENT });
    });

    test('a made-up transaction is refused', async () => {
      const commit = subject().raw.call('Commit', { database: DATABASE, transaction: randomBytes(5), writes: [] });

      await expect(commit).rejects.toMatchObject({ code: INVALID_ARGUMENT });
    });
  });
}
