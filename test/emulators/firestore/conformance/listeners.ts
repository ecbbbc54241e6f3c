import type { DocumentReference, Query } from '@google-cloud/firestore';
import { describe, expect, test } from 'vitest';
import { DATABASE, official, ROOT, type Subject } from '../subject.ts';

export function listeners(subject: () => Subject): void {
  describe('listeners', () => {
    test('a listener of a document hears what it is, each change, and its end', async () => {
      const ref = subject().collection().doc('d');
      await ref.set({ v: 1 });
      const steps = [() => ref.set({ v: 2 }), () => ref.delete(), () => ref.set({ v: 3 })];

      const heard = await watchDocument(ref, steps);

      expect(heard).toEqual([{ v: 1 }, { v: 2 }, undefined, { v: 3 }]);
    });

    test('a listener of a missing document hears that it is missing', async () => {
      expect(await watchDocument(subject().collection().doc('d'), [])).toEqual([undefined]);
    });

    test('a listener of a query hears what enters, moves and leaves', async () => {
      const home = subject().collection();
      await home.doc('1').set({ on: true, i: 1 });
      const steps = [
        () => home.doc('2').set({ on: true, i: 0 }),
        () => home.doc('1').update({ i: -1 }),
        () => home.doc('1').update({ on: false }),
        () => home.doc('2').delete(),
      ];

      const heard = await watchQuery(home.where('on', '==', true).orderBy('i'), steps);

      expect(heard).toEqual([['added 1'], ['added 2'], ['modified 1'], ['removed 1'], ['removed 2']]);
    });

    test('a listener of an empty collection hears that it is empty, then what is added', async () => {
      const home = subject().collection();

      const heard = await watchQuery(home, [() => home.doc('n').set({ v: 1 })]);

      expect(heard).toEqual([[], ['added n']]);
    });

    test('a limited query pulls in the next document when one leaves', async () => {
      const home = subject().collection();
      for (const i of [1, 2, 3]) await home.doc(`d${i}`).set({ i });

      const heard = await watchQuery(home.orderBy('i').limit(2), [() => home.doc('d1').delete()]);

      expect(heard).toEqual([
        ['added d1', 'added d2'],
        ['removed d1', 'added d3'],
      ]);
    });

    test('a listener of a collection group hears every parent', async () => {
      const home = subject().collection();
      const group = `g-${home.id}`;

      const heard = await watchQuery(subject().db.collectionGroup(group), [
        () => home.doc('a').collection(group).doc('1').set({}),
        () => home.doc('b').collection(group).doc('2').set({}),
      ]);

      expect(heard).toEqual([[], ['added 1'], ['added 2']]);
    });

    test('a batch is heard at once', async () => {
      const home = subject().collection();
      const batch = subject().db.batch().set(home.doc('a'), {}).set(home.doc('b'), {});

      const heard = await watchQuery(home, [() => batch.commit()]);

      expect(heard).toEqual([[], ['added a', 'added b']]);
    });

    test('a listener that unsubscribed hears nothing more, others go on', async () => {
      const ref = subject().collection().doc('d');
      const quit: unknown[] = [];
      await new Promise<void>((resolve) => {
        const unsubscribe = ref.onSnapshot((snapshot) => {
          quit.push(snapshot.data());
          unsubscribe();
          resolve();
        });
      });

      const stayed = await watchDocument(ref, [() => ref.set({ v: 1 })]);

      expect(stayed).toEqual([undefined, { v: 1 }]);
      expect(quit).toEqual([undefined]);
    });
  });

  describe('listen streams', () => {
    const owner = { database: DATABASE };
    const document = (targetId: number, name: string) => ({
      ...owner,
      addTarget: { targetId, documents: { documents: [name] } },
    });
    const collection = (targetId: number, collectionId: string, more: object = {}) => ({
      ...owner,
      addTarget: { targetId, query: { parent: ROOT, structuredQuery: { from: [{ collectionId }] } }, ...more },
    });

    test('one stream carries several targets, each brought up to date', async () => {
      const home = subject().collection();
      await home.doc('a').set({ v: 1 });
      const requests = [document(2, `${ROOT}/${home.path}/a`), collection(4, home.id)];

      const messages = await subject().raw.listen(requests, (seen) => seen.filter(isCurrent).length === 2);

      expect(messages.flatMap(changedName)).toEqual(['a for 2', 'a for 4']);
    });

    /* Google's emulator says everything again. */
    test.skipIf(official)('a resumed target hears only what it missed', async () => {
      const home = subject().collection();
      await home.doc('same').set({ v: 1 });
      await home.doc('changed').set({ v: 1 });
      await home.doc('gone').set({ v: 1 });
      const before = await subject().raw.listen([collection(2, home.id)], (seen) => seen.some(isCurrent));
      const resumeToken = before.map(tokenOf).findLast((token) => token !== undefined);
      await home.doc('changed').set({ v: 2 });
      await home.doc('gone').delete();

      const after = await subject().raw.listen([collection(2, home.id, { resumeToken })], (seen) =>
        seen.some(isCurrent),
      );

      expect(resumeToken).toBeDefined();
      expect(after.flatMap(changedName)).toEqual(['changed for 2']);
      expect(after.flatMap(deletedName)).toEqual(['gone']);
    });
  });
}

/** Runs the next step after each snapshot, and gives what every snapshot held. */
function watchDocument(ref: DocumentReference, steps: (() => Promise<unknown>)[]): Promise<unknown[]> {
  return watch(steps, (next, fail) => ref.onSnapshot((snapshot) => next(snapshot.data()), fail));
}

function watchQuery(query: Query, steps: (() => Promise<unknown>)[]): Promise<unknown[]> {
  return watch(steps, (next, fail) =>
    query.onSnapshot((snapshot) => next(snapshot.docChanges().map(({ type, doc }) => `${type} ${doc.id}`)), fail),
  );
}

function watch(
  steps: (() => Promise<unknown>)[],
  subscribe: (next: (seen: unknown) => void, fail: (error: Error) => void) => () => void,
): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    const seen: unknown[] = [];
    const unsubscribe = subscribe((snapshot) => {
      seen.push(snapshot);
      const step = steps[seen.length - 1];
      if (step) return void step().catch(reject);
      setImmediate(() => unsubscribe());
      resolve(seen);
    }, reject);
  });
}

type Message = Record<string, unknown>;

const at = (message: unknown, ...path: string[]): unknown =>
  path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null ? Object.entries(value).find(([k]) => k === key)?.[1] : undefined,
    message,
  );

const isCurrent = (message: Message) => at(message, 'targetChange', 'targetChangeType') === 'CURRENT';

function tokenOf(message: Message): unknown {
  const token = at(message, 'targetChange', 'resumeToken');
  return Buffer.isBuffer(token) && token.length > 0 ? token : undefined;
}

function changedName(message: Message): string[] {
  const name = at(message, 'documentChange', 'document', 'name');
  return typeof name === 'string'
    ? [`${name.split('/').at(-1)} for ${String(at(message, 'documentChange', 'targetIds'))}`]
    : [];
}

function deletedName(message: Message): string[] {
  const name = at(message, 'documentDelete', 'document');
  return typeof name === 'string' ? [name.split('/').at(-1) ?? ''] : [];
}
