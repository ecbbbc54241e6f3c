import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { judge } from './judge.ts';
import type { Order, Sabotage } from './orders.ts';
import { type FaultStand, startFaultStand } from './stand.ts';

/** The judge is judged: each promise is broken on purpose, and it must say so. */

let stand: FaultStand;
let key = 3_000_000;

describe.skipIf(process.env['FAULTS'] === undefined)('on the whole product', () => {
  beforeAll(async () => {
    stand = await startFaultStand();
  }, 600_000);

  afterAll(() => stand?.stop());

  const slowIntents: Order = {
    id: 'slow',
    role: 'gateway',
    point: 'before the intent is committed',
    act: { wait: 300 },
    times: 2,
  };
  const death: Order = { id: 'death', role: 'gateway', point: 'after execute', act: 'die' };

  const write = () => stand.send(++key, 'write');

  /** What is broken, what has to happen for it to matter, and what the judge must say. */
  const sabotages: Record<Sabotage, { orders?: Order[]; happens: () => Promise<unknown>; says: RegExp }> = {
    'the intent is not waited for': {
      orders: [slowIntents],
      happens: write,
      says: /ran .* before its intent was durable/,
    },
    'it runs before its intent': { happens: write, says: /ran .* before its intent was durable/ },
    'an approval is spent without a precondition': {
      orders: [{ ...slowIntents, id: 'race' }],
      async happens() {
        const asked = ++key;
        await stand.approved(asked);
        await Promise.all([stand.send(asked, 'guarded'), sleep(50).then(() => stand.send(asked, 'guarded'))]);
      },
      says: /was spent 2 times/,
    },
    'the answer ends before its outcome is durable': { happens: write, says: /answered before its outcome/ },
    'a row is dropped when BigQuery is away': {
      async happens() {
        stand.lines.bigquery.set('unavailable', 1);
        await write();
        await sleep(1000);
      },
      says: /never came to BigQuery/,
    },
    'a document is deleted before its rows are acknowledged': {
      happens: write,
      says: /left the outbox before BigQuery had it/,
    },
    'what failed is run once more': {
      async happens() {
        await stand.straight(`insert into public.tickets values (${key + 1}, 1, 'there', 'already')`);
        await write();
      },
      says: /ran 2 times/,
    },
    'what a dead instance left is not closed': {
      orders: [death],
      async happens() {
        await write();
        await stand.untilReady('gateway');
        for (const until = Date.now() + 9000; Date.now() < until; await sleep(500)) await stand.sweep();
      },
      says: /has 0 outcomes|left in the outbox/,
    },
    'a number of the chain is used again': {
      async happens() {
        await write();
        await write();
      },
      says: /stands in place|does not follow|have two contents/,
    },
  };

  test('where nothing is broken, the judge says nothing', async () => {
    await stand.send(++key, 'read');
    await stand.approved(++key);
    await stand.send(key, 'guarded');
    await stand.settle();

    expect(judge(await stand.evidence())).toEqual([]);
  }, 120_000);

  test.each(Object.entries(sabotages))(
    'the judge finds it when %s',
    async (sabotage, { orders = [], happens, says }) => {
      const known = judge(await stand.evidence());
      stand.orders.write({ orders, sabotage: sabotage as Sabotage });

      await happens();
      await sleep(1500);
      const found = judge(await stand.evidence()).filter((fault) => !known.includes(fault));

      expect(found.join('\n')).toMatch(says);
    },
    240_000,
  );
});
