import { describe, expect, test } from 'vitest';
import type { Catalog } from '../../../src/targets/postgres/catalog/catalog.ts';
import { createSnapshots } from '../../../src/targets/postgres/catalog/snapshots.ts';
import { agentAt } from './agent.ts';

const access = agentAt({ port: 1, database: 'none', user: 'u', password: 'p' }).access();

/** A target whose catalog is read by hand: each reading waits until it is told to end. */
function slowTarget() {
  let time = 0;
  const readings: { end(): void; fail(): void }[] = [];
  const snapshots = createSnapshots({
    now: () => time,
    age: 60_000,
    read: () =>
      new Promise<Catalog>((resolve, reject) => {
        const end = () => resolve({ database: `reading ${readings.length}` } as Catalog);
        readings.push({ end, fail: () => reject(new Error('away')) });
      }),
  });
  const first = async () => {
    const snapshot = snapshots.get(access);
    readings[0]?.end();
    return snapshot;
  };
  const pass = (milliseconds: number) => {
    time += milliseconds;
  };
  return { snapshots, readings, first, pass };
}

describe('snapshots of a catalog', () => {
  test('a hundred callers cause one reading', async () => {
    const { snapshots, readings } = slowTarget();

    const asked = Array.from({ length: 100 }, () => snapshots.get(access));
    readings[0]?.end();

    expect(new Set(await Promise.all(asked)).size).toBe(1);
    expect(readings.length).toBe(1);
  });

  test('one that is no longer young is used while a younger one is read', async () => {
    const { snapshots, readings, first, pass } = slowTarget();
    const old = await first();
    pass(61_000);

    const meanwhile = await Promise.all([snapshots.get(access), snapshots.get(access)]);
    readings[1]?.end();
    await new Promise(setImmediate);
    const then = await snapshots.get(access);

    expect(meanwhile).toEqual([old, old]);
    expect(then).not.toBe(old);
    expect(readings.length).toBe(2);
  });

  test('one that is far too old is not used, whatever becomes of the reading', async () => {
    const { snapshots, readings, first, pass } = slowTarget();
    await first();
    pass(300_000);

    const asked = snapshots.get(access);
    readings[1]?.fail();

    await expect(asked).rejects.toThrow('away');
  });

  test('a reading that fails in the background is tried again, and disturbs nobody', async () => {
    const { snapshots, readings, first, pass } = slowTarget();
    const old = await first();
    pass(61_000);

    await snapshots.get(access);
    readings[1]?.fail();
    await new Promise(setImmediate);

    expect(await snapshots.get(access)).toBe(old);
    expect(readings.length).toBe(3);
  });

  test('many that find the same snapshot wrong cause one reading', async () => {
    const { snapshots, readings, first } = slowTarget();
    const old = await first();

    snapshots.drop(access, old);
    const anew = snapshots.get(access);
    readings[1]?.end();
    await anew;
    snapshots.drop(access, old);

    expect(await snapshots.get(access)).toBe(await anew);
    expect(readings.length).toBe(2);
  });

  test('who misses something has a younger one at most every few seconds', async () => {
    const { snapshots, readings, first, pass } = slowTarget();
    const old = await first();

    const atOnce = await snapshots.renew(access, old);
    pass(4000);
    const later = snapshots.renew(access, old);
    readings[1]?.end();

    expect(atOnce).toBe(old);
    expect(await later).not.toBe(old);
    expect(readings.length).toBe(2);
  });
});
