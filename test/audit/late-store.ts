import { type Store, type Write, WriteConflict, WriteUncertain } from '../../src/platform/store.ts';

/** A store whose answers can be lost while the request is still on its way: it is applied later, if it still can be. */
export function lateStore(store: Store): Store & { delayNext(): void; attempts: (readonly Write[])[] } {
  const onTheirWay: (readonly Write[])[] = [];
  const attempts: (readonly Write[])[] = [];
  let delays = 0;

  async function arrive() {
    for (const writes of onTheirWay.splice(0))
      await store.commit(writes).catch((error) => {
        if (!(error instanceof WriteConflict || error instanceof WriteUncertain)) throw error;
      });
  }

  return {
    ...store,
    attempts,
    delayNext: () => void delays++,
    async get(path) {
      const found = await store.get(path);
      await arrive();
      return found;
    },
    async commit(writes) {
      attempts.push(writes);
      if (delays > 0) {
        delays--;
        onTheirWay.push(writes);
        throw new WriteUncertain('the answer was lost');
      }
      const revisions = await store.commit(writes);
      await arrive();
      return revisions;
    },
  };
}
