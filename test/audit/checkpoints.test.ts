import { describe, expect, test } from 'vitest';
import { noCheckpoint } from '../../src/model/checkpoint.ts';
import type { Store, Write } from '../../src/platform/store.ts';
import { aKeeper, checkpointsOf, flawsOf, signer } from './keeper.ts';
import { aPassage, aTrail, type Trail } from './trail.ts';

const minute = 60_000;

describe('a checkpoint', () => {
  test('holds the head of every chain, is signed, and follows the one before', async () => {
    const trail = aTrail();
    const other = trail.another('second');
    await Promise.all([trail.audit.open(), other.open()]);
    await trail.audit.note('denied', aPassage());
    const keeper = aKeeper(trail);

    await keeper.make();
    await Promise.all([trail.audit.close(), other.close()]);
    trail.clock.advance(minute);
    await keeper.make();

    const [first, second] = checkpointsOf(trail);
    expect(flawsOf(checkpointsOf(trail))).toEqual([]);
    expect(first?.said).toMatchObject({ number: 0, previous: noCheckpoint, heads: 2, keeper: 'ins_keeper' });
    expect(second?.said).toMatchObject({ number: 1, previous: first?.hash, heads: 2, events: 5 });
    expect(second?.key).toBe(signer.keyVersion);
  });

  test('is made in an empty minute, too, and where there never was anything', async () => {
    const trail = aTrail();
    const keeper = aKeeper(trail);

    await keeper.make();
    trail.clock.advance(minute);
    await keeper.make();

    expect(checkpointsOf(trail).map(({ said }) => [said.number, said.heads, said.events])).toEqual([
      [0, 0, 0],
      [1, 0, 0],
    ]);
    expect(flawsOf(checkpointsOf(trail))).toEqual([]);
  });

  test('says once of a chain that it is over, after which nothing of it is left but the trail', async () => {
    const trail = aTrail();
    const keeper = aKeeper(trail);
    await trail.audit.open();
    await trail.audit.close();

    for (let minutes = 0; minutes < 5; minutes++) {
      await keeper.make();
      trail.clock.advance(minute);
    }

    expect(checkpointsOf(trail).map(({ chains }) => chains.map(({ seq, closed }) => [seq, closed]))).toEqual([
      [[1, false]],
      [[1, false]],
      [[1, true]],
      [],
      [],
    ]);
    expect(checkpointsOf(trail).map(({ said }) => said.events)).toEqual([2, 2, 2, 2, 2]);
    expect(trail.store.contents('heads')).toEqual({});
    expect(trail.store.contents('chains')).toEqual({});
    expect(flawsOf(checkpointsOf(trail))).toEqual([]);
  });

  test('is later than the one before it, also where the clock was set back', async () => {
    const trail = aTrail();
    const keeper = aKeeper(trail);

    await keeper.make();
    trail.clock.advance(-3600_000);
    await keeper.make();
    trail.clock.advance(minute);
    await keeper.make();

    expect(checkpointsOf(trail)).toHaveLength(3);
    expect(flawsOf(checkpointsOf(trail))).toEqual([]);
  });

  test('is not made twice in a minute where it is said so', async () => {
    const trail = aTrail();
    const keeper = aKeeper(trail);
    await keeper.make();
    trail.clock.advance(minute / 2);

    const report = await keeper.make({ unlessYounger: minute });

    expect(report).toMatchObject({ number: 0, made: false });
    expect(checkpointsOf(trail)).toHaveLength(1);
  });

  test('keeps saying from which day on nothing was deleted, also where retention is lifted', async () => {
    const trail = aTrail();
    const days = ['2026-01-02', null, '2026-01-01', '2026-01-03'];
    const keeper = aKeeper(trail, {
      retainedFrom: async () => days.shift() ?? null,
      recordingsFrom: async () => '2026-01-04',
    });

    for (let times = 0; times < 4; times++) await keeper.make();

    expect(checkpointsOf(trail).map(({ said }) => said.retained_from)).toEqual([
      '2026-01-02',
      '2026-01-02',
      '2026-01-02',
      '2026-01-03',
    ]);
    expect(new Set(checkpointsOf(trail).map(({ said }) => said.recordings_from))).toEqual(new Set(['2026-01-04']));
  });

  test('holds thousands of heads', async () => {
    const trail = aTrail();
    const heads = Array.from({ length: 8000 }, (_, seq) => ({ chain: `ch_${seq}`, seq, hash: 'a'.repeat(64) }));
    await trail.store.commit(
      heads.map((head) => ({ op: 'create', path: `heads/${head.chain}`, data: { ...head, closed_at: null } })),
    );
    const keeper = aKeeper(trail);

    await keeper.make();

    expect(checkpointsOf(trail).map(({ said }) => said.heads)).toEqual([8000]);
    expect(flawsOf(checkpointsOf(trail))).toEqual([]);
    expect(Object.keys(trail.store.contents('checkpoints'))).toEqual(['checkpoints/latest']);
    expect(Math.max(...trail.store.commits.flat().map(sizeOf))).toBeLessThan(1_048_576);
  });
});

const sizeOf = (write: Write) => (write.op === 'delete' ? 0 : JSON.stringify(write.data).length);

describe('two keepers', () => {
  test('make one line of checkpoints, however they meet', async () => {
    const trail = aTrail();
    await trail.audit.open();
    const keepers = ['one', 'two', 'three'].map((keeper) => aKeeper(trail, { keeper }));

    for (let minutes = 0; minutes < 10; minutes++) {
      trail.clock.advance(minute);
      await Promise.all(keepers.map((keeper) => keeper.make()));
    }

    expect(checkpointsOf(trail).length).toBeGreaterThanOrEqual(10);
    expect(flawsOf(checkpointsOf(trail))).toEqual([]);
  });

  test('cannot fork the line, even where one has slept since it looked', async () => {
    const trail = aTrail();
    const { promise: asleep, resolve: wake } = Promise.withResolvers<void>();
    const { promise: signing, resolve: told } = Promise.withResolvers<void>();
    const sleeper = aKeeper(trail, {
      keeper: 'sleeper',
      signer: {
        ...signer,
        async sign(text) {
          told();
          await asleep;
          return signer.sign(text);
        },
      },
    });
    const late = sleeper.make();
    await signing;
    const awake = aKeeper(trail, { keeper: 'awake' });
    await awake.make();
    await awake.make();

    wake();
    const report = await late;

    expect(report).toMatchObject({ number: 1, made: false });
    expect(checkpointsOf(trail).map(({ keeper }) => keeper)).toEqual(['awake', 'awake']);
    expect(flawsOf(checkpointsOf(trail))).toEqual([]);
  });
});

describe('a keeper that is killed', () => {
  /** Dies before or after its nth look, commit, signature or request to BigQuery. */
  function mortal(trail: Trail, point: number, when: 'before' | 'after') {
    let steps = 0;
    async function risk<T>(work: () => Promise<T>): Promise<T> {
      steps++;
      if (steps > point || (steps === point && when === 'before')) return new Promise<T>(() => {});
      const result = await work();
      return steps === point ? new Promise<T>(() => {}) : result;
    }
    const store: Store = {
      ...trail.store,
      get: (path) => risk(() => trail.store.get(path)),
      query: (query) => risk(() => trail.store.query(query)),
      commit: (writes) => risk(() => trail.store.commit(writes)),
    };
    return aKeeper(trail, {
      keeper: 'mortal',
      store,
      append: (table, rows) => risk(() => trail.table.append(table, rows)),
      signer: { ...signer, sign: (text) => risk(() => signer.sign(text)) },
    });
  }
  const points = Array.from({ length: 9 }, (_, index) => index + 1);

  test.each(points.flatMap((point) => [[point, 'before'] as const, [point, 'after'] as const]))(
    'at step %i, %s it, leaves a line that another goes on with',
    async (point, when) => {
      const trail = aTrail();
      await trail.audit.open();
      await trail.audit.close();
      await aKeeper(trail).make();
      trail.clock.advance(3 * minute);
      void mortal(trail, point, when).make();
      await new Promise((resolve) => setTimeout(resolve, 5));

      await aKeeper(trail, { keeper: 'next' }).make();
      trail.clock.advance(minute);
      await aKeeper(trail, { keeper: 'next' }).make();

      expect(flawsOf(checkpointsOf(trail))).toEqual([]);
      expect(checkpointsOf(trail).flatMap(({ chains }) => chains.filter(({ closed }) => closed))).toHaveLength(1);
      expect(trail.store.contents('heads')).toEqual({});
      expect(Object.keys(trail.store.contents('checkpoints'))).toEqual(['checkpoints/latest']);
    },
  );
});

describe('when something cannot be reached', () => {
  test.each([
    ['KMS', { signer: { keyVersion: 'k', sign: () => Promise.reject(new Error('unavailable')) } }, 'sign'],
    ['BigQuery', { append: () => Promise.reject(new Error('503')) }, 'ship'],
    ['the bucket', { archive: () => Promise.reject(new Error('503')) }, 'archive'],
  ] as const)('%s, that is an alert, once, and so is that it works again', async (_name, broken, step) => {
    const trail = aTrail();
    const said: unknown[] = [];
    const log = { ...trail.log, alert: said.push.bind(said), info: said.push.bind(said) };
    let isBroken = true;
    const archived: string[] = [];
    const whole = {
      signer,
      append: trail.table.append,
      archive: async (name: string) => void archived.push(name),
    };
    const now = () => ({ ...whole, ...(isBroken && broken) });
    const keeper = aKeeper(trail, {
      log,
      signer: { ...signer, sign: (text) => now().signer.sign(text) },
      append: (table, rows) => now().append(table, rows),
      archive: (name) => now().archive(name),
    });

    await expect(keeper.make()).rejects.toThrow();
    await expect(keeper.make()).rejects.toThrow();
    isBroken = false;
    await keeper.make();
    await keeper.make();

    expect(said.filter((one) => typeof one === 'object')).toEqual([
      expect.objectContaining({ alert: 'checkpoint-failing', step }),
      expect.objectContaining({ recovered: 'checkpoint-failing', step }),
    ]);
    expect(flawsOf(checkpointsOf(trail))).toEqual([]);
    expect(new Set(archived).size).toBe(checkpointsOf(trail).length);
    expect(Object.keys(trail.store.contents('checkpoints'))).toEqual(['checkpoints/latest']);
  });

  test.each(['uncertain-applied', 'uncertain-lost', 'unavailable'] as const)(
    'Firestore (%s), the line stays whole',
    async (failure) => {
      const trail = aTrail();
      const keeper = aKeeper(trail);
      await keeper.make();
      trail.store.failNext(failure);

      await keeper.make().catch(() => undefined);
      await keeper.make();

      expect(flawsOf(checkpointsOf(trail))).toEqual([]);
      expect(checkpointsOf(trail).length).toBeGreaterThanOrEqual(2);
    },
  );

  test('so that the last checkpoint is more than two minutes old, that is an alert of its own', async () => {
    const trail = aTrail();
    const keeper = aKeeper(trail);
    await keeper.make();
    trail.clock.advance(2 * minute + 1);

    await keeper.make();
    trail.clock.advance(minute);
    await keeper.make();

    expect(trail.alerts).toEqual(['The last checkpoint is not of the last two minutes.']);
  });
});
