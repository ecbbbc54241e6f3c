import { describe, expect, test } from 'vitest';
import { type Store, type StoredDocument, Utf8, WriteConflict } from '../../src/platform/store.ts';

/** What every Store promises; `collection` gives a fresh, empty collection's name for each test. */
export function storeContract(name: string, open: () => Promise<Store>, collection: () => string) {
  describe(`${name} keeps the promises of a Store`, () => {
    test('a document that was created is read back as it was given, without what was undefined', async () => {
      const store = await open();
      const path = `${collection()}/one`;

      await store.commit([{ op: 'create', path, data: { a: 1, b: undefined, c: { d: [1, 'x', null, true] } } }]);

      expect(await store.get(path)).toMatchObject({ path, data: { a: 1, c: { d: [1, 'x', null, true] } } });
      expect(Object.keys((await store.get(path))?.data ?? {})).toEqual(['a', 'c']);
    });

    test('text that was given as its bytes is read back as the text', async () => {
      const store = await open();
      const path = `${collection()}/one`;

      await store.commit([{ op: 'create', path, data: { a: new Utf8(Buffer.from('"é 漢 🎉"\n')) } }]);

      expect((await store.get(path))?.data).toEqual({ a: '"é 漢 🎉"\n' });
    });

    test('a commit tells the revision of each document it wrote, so that the next write need not read', async () => {
      const store = await open();
      const [one, two, three] = ['one', 'two', 'three'].map((name) => `${collection()}/${name}`) as [
        string,
        string,
        string,
      ];
      await store.commit([{ op: 'create', path: two, data: { a: 1 } }]);

      const revisions = await store.commit([
        { op: 'create', path: one, data: { a: 1 } },
        { op: 'delete', path: two },
        { op: 'set', path: three, data: { a: 1 } },
      ]);

      expect(revisions).toEqual([(await read(store, one)).revision, undefined, (await read(store, three)).revision]);
    });

    test('counts the documents of a collection that match, without reading them', async () => {
      const store = await open();
      const name = collection();
      await store.commit([1, 2, 2].map((a, index) => ({ op: 'create', path: `${name}/d${index}`, data: { a } })));

      const counts = [
        await store.count({ collection: name }),
        await store.count({ collection: name, where: [['a', '==', 2]] }),
        await store.count({ collection: name, where: [['a', '>', 2]] }),
      ];

      expect(counts).toEqual([3, 2, 0]);
    });

    test('creating what exists already is a conflict and changes nothing', async () => {
      const store = await open();
      const path = `${collection()}/one`;
      await store.commit([{ op: 'create', path, data: { a: 1 } }]);

      const again = store.commit([{ op: 'create', path, data: { a: 2 } }]);

      await expect(again).rejects.toBeInstanceOf(WriteConflict);
      expect((await store.get(path))?.data).toEqual({ a: 1 });
    });

    test('replacing leaves nothing of the old document, even in nested maps', async () => {
      const store = await open();
      const path = `${collection()}/one`;
      await store.commit([{ op: 'create', path, data: { gone: 1, map: { gone: 1, 'dotted.key': 1 }, list: [1] } }]);
      const before = await read(store, path);

      await store.commit([{ op: 'replace', path, data: { map: { 'a.b': 2 } }, revision: before.revision }]);

      const after = await read(store, path);
      expect(after.data).toEqual({ map: { 'a.b': 2 } });
      expect(after.revision).not.toBe(before.revision);
    });

    test('replacing with an old revision is a conflict', async () => {
      const store = await open();
      const path = `${collection()}/one`;
      await store.commit([{ op: 'create', path, data: { a: 1 } }]);
      const { revision } = await read(store, path);
      await store.commit([{ op: 'replace', path, data: { a: 2 }, revision }]);

      const late = store.commit([{ op: 'replace', path, data: { a: 3 }, revision }]);

      await expect(late).rejects.toBeInstanceOf(WriteConflict);
      expect((await store.get(path))?.data).toEqual({ a: 2 });
    });

    test('replacing or deleting by revision what is gone is a conflict', async () => {
      const store = await open();
      const path = `${collection()}/one`;
      await store.commit([{ op: 'create', path, data: { a: 1 } }]);
      const { revision } = await read(store, path);
      await store.commit([{ op: 'delete', path, revision }]);

      const [replace, remove] = await Promise.allSettled([
        store.commit([{ op: 'replace', path, data: { a: 3 }, revision }]),
        store.commit([{ op: 'delete', path, revision }]),
      ]);

      expect(replace).toMatchObject({ reason: expect.any(WriteConflict) });
      expect(remove).toMatchObject({ reason: expect.any(WriteConflict) });
      expect(await store.get(path)).toBeUndefined();
    });

    test('writing what is there already leaves the revision as it is', async () => {
      const store = await open();
      const path = `${collection()}/one`;
      await store.commit([{ op: 'create', path, data: { a: 1, b: 2 } }]);
      const before = await read(store, path);

      await store.commit([{ op: 'replace', path, data: { b: 2, a: 1 }, revision: before.revision }]);

      expect((await read(store, path)).revision).toBe(before.revision);
    });

    test('one lost precondition undoes the whole commit', async () => {
      const store = await open();
      const at = collection();
      await store.commit([{ op: 'create', path: `${at}/one`, data: {} }]);

      const both = store.commit([
        { op: 'create', path: `${at}/two`, data: {} },
        { op: 'create', path: `${at}/one`, data: {} },
      ]);

      await expect(both).rejects.toBeInstanceOf(WriteConflict);
      expect(await store.get(`${at}/two`)).toBeUndefined();
    });

    test('of twenty racers with the same revision exactly one wins', async () => {
      const store = await open();
      const path = `${collection()}/one`;
      await store.commit([{ op: 'create', path, data: { spent: null } }]);
      const { revision } = await read(store, path);

      const racers = Array.from({ length: 20 }, (_, racer) =>
        store.commit([{ op: 'replace', path, data: { spent: racer }, revision }]),
      );
      const settled = await Promise.allSettled(racers);

      expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      for (const outcome of settled)
        if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(WriteConflict);
    });

    test('a query filters, orders and limits', async () => {
      const store = await open();
      const at = collection();
      const states = ['pending', 'spent', 'pending', 'pending'];
      await store.commit(
        states.map((state, n) => ({ op: 'set', path: `${at}/d${n}`, data: { state, requested_at: `2026-0${9 - n}` } })),
      );

      const found = await store.query({
        collection: at,
        where: [['state', '==', 'pending']],
        orderBy: [['requested_at', 'asc']],
        limit: 2,
      });

      expect(found.map(({ path }) => path)).toEqual([`${at}/d3`, `${at}/d2`]);
    });

    test('a listener sees the collection as it is and then each change, until it is stopped', async () => {
      const store = await open();
      const at = collection();
      await store.commit([{ op: 'set', path: `${at}/one`, data: { n: 1 } }]);
      const seen = recorder();
      const stop = store.listen(at, seen.onChange, seen.onError);

      await seen.until((documents) => documents.length === 1);
      await store.commit([{ op: 'set', path: `${at}/two`, data: { n: 2 } }]);
      await seen.until((documents) => documents.length === 2);
      await store.commit([{ op: 'delete', path: `${at}/one` }]);
      const left = await seen.until((documents) => documents.length === 1);
      stop();

      expect(left.map(({ path }) => path)).toEqual([`${at}/two`]);
      expect(seen.errors).toEqual([]);
    });

    test('a listener on one document sees that it is missing, comes and goes', async () => {
      const store = await open();
      const path = `${collection()}/one`;
      const seen = recorder();
      const stop = store.listen(path, seen.onChange, seen.onError);

      await seen.until((documents) => documents.length === 0);
      await store.commit([{ op: 'create', path, data: { n: 1 } }]);
      const [document] = await seen.until((documents) => documents.length === 1);
      await store.commit([{ op: 'delete', path }]);
      await seen.until((documents) => documents.length === 0);
      stop();

      expect(document).toMatchObject({ path, data: { n: 1 } });
    });
  });
}

async function read(store: Store, path: string): Promise<StoredDocument> {
  const found = await store.get(path);
  if (!found) throw new Error(`${path} is missing`);
  return found;
}

function recorder() {
  let latest: readonly StoredDocument[] | undefined;
  let wake = () => {};
  const errors: unknown[] = [];
  return {
    errors,
    onChange(documents: readonly StoredDocument[]) {
      latest = documents;
      wake();
    },
    onError: (error: unknown) => void errors.push(error),
    async until(wanted: (documents: readonly StoredDocument[]) => boolean) {
      while (!latest || !wanted(latest)) await new Promise<void>((resolve) => (wake = resolve));
      return latest;
    },
  };
}
