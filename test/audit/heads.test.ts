import { expect, test } from 'vitest';
import { createHeads } from '../../src/audit/heads.ts';
import type { Store, Write } from '../../src/platform/store.ts';
import { aPassage, aTrail, eventOf, faultsOf, quick, type Trail } from './trail.ts';

const headsIn = (trail: Trail) => Object.values(trail.store.contents('heads')).map(({ chain, seq }) => [chain, seq]);
const hash = (digit: string) => digit.repeat(64);
const at = (seq: number, chain = 'ch_a') => ({ chain, seq, hash: hash(String(seq)) });

/** Whatever leaves the outbox in a commit, and is not covered by its chain's head in that very commit. Also heads that move back. */
function watched(store: Store, faults: string[]): Store {
  const heads = new Map<string, number>();
  const rows = new Map<string, { chain: string; seq: number }[]>();
  const durable = new Map<string, number>();

  function note(write: Write) {
    if (write.op === 'delete') return;
    if (write.path.startsWith('heads/')) {
      const [chain, seq] = [String(write.data['chain']), Number(write.data['seq'])];
      if (seq < (heads.get(chain) ?? 0)) faults.push(`${chain} moves back to ${seq}`);
      heads.set(chain, seq);
    }
    if (!write.path.startsWith('outbox/')) return;
    const events = (write.data['rows'] as string[]).map((json) => eventOf(JSON.parse(json)));
    rows.set(write.path, events);
    for (const { chain, seq } of events) durable.set(chain, Math.max(seq, durable.get(chain) ?? 0));
  }
  function judge(writes: readonly Write[]) {
    for (const { op, path } of writes)
      for (const { chain, seq } of op === 'delete' ? (rows.get(path) ?? []) : [])
        if (seq > (heads.get(chain) ?? -1)) faults.push(`${chain}:${seq} leaves without its head`);
    for (const [chain, seq] of heads)
      if (seq > (durable.get(chain) ?? -1)) faults.push(`the head of ${chain} is ahead of what is durable`);
  }
  return {
    ...store,
    async commit(writes) {
      const revisions = await store.commit(writes);
      for (const write of writes) note(write);
      judge(writes);
      return revisions;
    },
  };
}

test('no row leaves the outbox unless the head of its chain covers it, no head is ahead of what is durable or moves back', async () => {
  const trail = aTrail();
  const faults: string[] = [];
  const store = watched(trail.store, faults);
  const keeper = trail.another('keeper', { store });
  const gateway = trail.another('gateway', { store, timing: { ...quick, renew: 3 } });
  const dead = trail.another('dead', { store, append: () => new Promise(() => {}) });
  await Promise.all([keeper.open(), gateway.open(), dead.open()]);

  for (const audit of [gateway, dead, gateway]) {
    const intents = Array.from({ length: 20 }, () => audit.intend(aPassage()));
    await Promise.all((await Promise.all(intents)).slice(3).map((intent) => intent.complete({ type: 'completed' })));
  }
  trail.clock.advance(60_000);
  await keeper.sweep();
  await Promise.all([gateway.close(), keeper.close()]);

  expect(faults).toEqual([]);
  expect(trail.store.contents('outbox')).toEqual({});
  expect(faultsOf(trail.table.events())).toEqual([]);
  const last = Map.groupBy(trail.table.events(), ({ chain }) => chain);
  expect(headsIn(trail)).toEqual([...last].map(([chain, events]) => [chain, events.length - 1]).sort());
});

test('the watcher of the test above finds rows that leave without their heads', async () => {
  const trail = aTrail();
  const faults: string[] = [];
  const store = watched({ ...trail.store, commit: (writes) => trail.store.commit(writes) }, faults);
  const headless: Store = {
    ...store,
    commit: (writes) => store.commit(writes.filter(({ op, path }) => op === 'create' || !path.startsWith('heads/'))),
  };
  const audit = trail.another('headless', { store: headless });
  await audit.open();
  await audit.note('denied', {});

  await audit.close();

  expect(faults).toContain('ch_000001:1 leaves without its head');
});

test('a chain has a head from its first event on', async () => {
  const trail = aTrail();
  const mute = trail.another('mute', { append: () => new Promise(() => {}) });

  await mute.open();

  expect(headsIn(trail)).toEqual([['ch_000001', 0]]);
});

test('the head of an idle table follows with the lease', async () => {
  const trail = aTrail();
  const mute = trail.another('mute', { append: () => new Promise(() => {}), timing: { ...quick, renew: 5 } });
  await mute.open();

  await mute.note('denied', {});

  await expect.poll(() => headsIn(trail)).toEqual([['ch_000001', 1]]);
});

test('a slow keeper moves no head back', async () => {
  const { store, clock, log } = aTrail();
  store.seed('heads/ch_a', { ...at(1), closed_at: null });
  const [slow, quick] = [createHeads({ store, clock, log }), createHeads({ store, clock, log })];
  await slow.commit([], [at(2)]);

  await quick.commit([], [at(5)]);
  await slow.commit([], [at(3)]);

  expect(store.contents('heads')['heads/ch_a']).toMatchObject(at(5));
});

test('a copy of a move that arrives late changes nothing', async () => {
  const { store, clock, log } = aTrail();
  store.seed('heads/ch_a', { ...at(1), closed_at: null });
  const sent: (readonly Write[])[] = [];
  const lossy: Store = {
    ...store,
    async commit(writes) {
      sent.push(writes);
      return store.commit(writes);
    },
  };
  const heads = createHeads({ store: lossy, clock, log });
  store.failNext('uncertain-lost');

  await expect(heads.commit([], [at(2)])).rejects.toThrow('injected');
  await heads.commit([], [at(4)]);

  await expect(store.commit(sent[0] ?? [])).rejects.toThrow('was changed');
  expect(store.contents('heads')['heads/ch_a']).toMatchObject(at(4));
});

test('the precondition that a caller lost is told, and is not taken for a race about the head', async () => {
  const { store, clock, log } = aTrail();
  store.seed('heads/ch_a', { ...at(1), closed_at: null });
  store.seed('chains/ch_a', { state: 'open' });
  const heads = createHeads({ store, clock, log });

  const committing = heads.commit([{ op: 'create', path: 'chains/ch_a', data: {} }], [at(2)]);

  await expect(committing).rejects.toThrow('exists already');
  expect(store.contents('heads')['heads/ch_a']).toMatchObject(at(1));
});

test('nothing is deleted where two events claim one place of a chain', async () => {
  const { store, clock, log } = aTrail();
  store.seed('heads/ch_a', { ...at(2), closed_at: null });
  store.seed('outbox/ev_1', { state: 'done' });
  const heads = createHeads({ store, clock, log });

  const deleting = heads.commit([{ op: 'delete', path: 'outbox/ev_1' }], [{ ...at(2), hash: hash('f') }]);

  await expect(deleting).rejects.toThrow('fork');
  expect(Object.keys(store.contents('outbox'))).toEqual(['outbox/ev_1']);
});

test('a row of a chain that was over is shipped all the same, and makes no new head', async () => {
  const { store, clock, log } = aTrail();
  store.seed('outbox/ev_1', { state: 'done' });
  const heads = createHeads({ store, clock, log });

  await heads.commit([{ op: 'delete', path: 'outbox/ev_1' }], [at(2)]);

  expect(store.contents()).toEqual({});
});

test('a chain whose row waits in the document of another is not closed before that is shipped', async () => {
  const trail = aTrail();
  const dead = trail.another('dead', { append: () => new Promise(() => {}) });
  await dead.open();
  await dead.intend(aPassage());
  trail.clock.advance(60_000);
  const closer = trail.another('closer', { append: () => new Promise(() => {}) });
  await closer.open();
  void closer.sweep();
  await expect
    .poll(() => Object.values(trail.store.contents('outbox')).some(({ also }) => also !== undefined))
    .toBe(true);
  trail.clock.advance(60_000);
  const refusesTheIntent = {
    async append(table: string, rows: Parameters<Trail['table']['append']>[1]) {
      const refused = rows.flatMap(({ json }, index) =>
        json['phase'] === 'outcome' ? [{ index, reason: 'timeout' }] : [],
      );
      trail.table.of(table).push(...rows.filter((_, index) => !refused.some((one) => one.index === index)));
      return refused;
    },
  };
  const keeper = trail.another('keeper', refusesTheIntent);
  await keeper.open();

  await keeper.sweep();
  const before = trail.store.contents('chains');
  await trail.another('another').sweep();

  expect(Object.values(before).map(({ state }) => state)).toEqual(['taken', 'taken', 'open']);
  expect(Object.values(trail.store.contents('chains')).map(({ state }) => state)).toEqual(['closed', 'closed', 'open']);
});
