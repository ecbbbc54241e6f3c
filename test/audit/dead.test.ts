import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { TableRow } from '../../src/audit/audit.ts';
import { aPassage, aTrail, faultsOf, type Trail } from './trail.ts';

const longerThanALease = 60_000;

/** A table that refuses rows of some operations for good, until it is mended. */
function aPickyTrail(...refused: string[]) {
  const trail = aTrail();
  let mended = false;
  const mend = () => {
    mended = true;
  };
  const refuses = ({ json }: TableRow) => !mended && refused.includes(String(json['operation']));
  async function append(table: string, rows: readonly TableRow[]) {
    if (rows.some(refuses)) return rows.map((row, index) => ({ index, reason: refuses(row) ? 'invalid' : 'stopped' }));
    return trail.table.append(table, rows);
  }
  return { ...trail, picky: trail.another('picky', { append }), mend, append };
}

const operationsIn = ({ table }: Pick<Trail, 'table'>) =>
  [...new Set(table.events().flatMap(({ operation }) => operation ?? []))].sort();

test('a row that BigQuery refuses for good is set aside at once, keeps no other back, and raises one alert', async () => {
  const { picky, store, alerts, ...trail } = aPickyTrail('op_2');
  await picky.open();

  for (const operationId of ['op_1', 'op_2', 'op_3']) await picky.note('denied', aPassage({ operationId }));
  await sleep(100);
  await picky.close();

  expect(operationsIn(trail)).toEqual(['op_1', 'op_3']);
  expect(store.contents('outbox')).toEqual({});
  expect(Object.values(store.contents('dead'))).toEqual([
    expect.objectContaining({ data: expect.objectContaining({ rows: [expect.stringContaining('op_2')] }) }),
  ]);
  expect(alerts).toEqual([expect.stringMatching(/^BigQuery refuses a row/)]);
});

test('what was set aside can be put back once its reason is gone, and then nothing is missing', async () => {
  const { picky, mend, store, ...trail } = aPickyTrail('op_2');
  await picky.open();
  await picky.note('denied', aPassage({ operationId: 'op_2' }));
  await sleep(100);
  mend();

  const count = await picky.putBack();
  await picky.sweep();
  await picky.close();

  expect(count).toBe(1);
  expect(store.contents('dead')).toEqual({});
  expect(operationsIn(trail)).toEqual(['op_2']);
  expect(faultsOf(trail.table.events())).toEqual([]);
});

test('what is put back too early is set aside again', async () => {
  const { picky, store } = aPickyTrail('op_2');
  await picky.open();
  await picky.note('denied', aPassage({ operationId: 'op_2' }));
  await sleep(100);

  await picky.putBack();
  await picky.sweep();
  await picky.close();

  expect(store.contents('outbox')).toEqual({});
  expect(Object.keys(store.contents('dead'))).toHaveLength(1);
});

test('an intent that is refused is set aside together with its outcome, never without it', async () => {
  const { picky, store } = aPickyTrail('op_2');
  await picky.open();
  const intent = await picky.intend(aPassage({ operationId: 'op_2' }));
  await sleep(100);
  const before = Object.keys(store.contents('dead'));

  await intent.complete({ type: 'completed' });
  await sleep(100);
  await picky.close();

  expect(before).toEqual([]);
  expect(Object.values(store.contents('dead'))).toEqual([
    expect.objectContaining({
      data: expect.objectContaining({ state: 'done', rows: [expect.any(String), expect.any(String)] }),
    }),
  ]);
});

test('the keeper sets aside what it cannot ship of a dead instance, however much it is, and ships the rest', async () => {
  const many = Array.from({ length: 250 }, (_, index) => `op_refused${index}`);
  const { clock, another, store, append, audit, ...trail } = aPickyTrail(...many);
  const dead = another('dead', { append: () => new Promise(() => {}) });
  await dead.open();
  await Promise.all(many.map((operationId) => dead.note('denied', aPassage({ operationId }))));
  await dead.note('denied', aPassage({ operationId: 'op_fine' }));
  const keeper = another('keeper', { append });
  await keeper.open();
  clock.advance(longerThanALease);

  const swept = await keeper.sweep();
  await keeper.close();

  expect(swept.chains).toBe(1);
  expect(operationsIn(trail)).toEqual(['op_fine']);
  expect(Object.keys(store.contents('dead'))).toHaveLength(many.length);
  void audit;
});

test('a document that nobody can read is put aside with an alert, and the rest is swept', async () => {
  const { clock, another, store, alerts, audit, ...trail } = aTrail();
  const dead = another('dead', { append: () => new Promise(() => {}) });
  await dead.open();
  await dead.note('denied', aPassage({ operationId: 'op_fine' }));
  store.seed('outbox/ev_0', { event: 'ev_0', shard: 0, rows: 'none' });
  await audit.open();
  clock.advance(longerThanALease);

  await audit.sweep();
  await audit.close();

  expect(operationsIn(trail)).toEqual(['op_fine']);
  expect(Object.keys(store.contents('dead'))).toEqual(['dead/outbox~ev_0']);
  expect(alerts).toEqual(['A document of the outbox cannot be read and was put aside: outbox/ev_0.']);
});
