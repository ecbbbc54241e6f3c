import { expect, test } from 'vitest';
import { type ChainHead, checkpointOf, checkpointSchema, rootOf } from '../../src/model/checkpoint.ts';

const head = (chain: string, seq = 3): ChainHead => ({ chain, seq, hash: 'a'.repeat(64), closed: false });

test('the root does not depend on the order of the heads', () => {
  expect(rootOf([head('ch_b'), head('ch_a')])).toBe(rootOf([head('ch_a'), head('ch_b')]));
});

test('the root tells every field of every head', () => {
  const root = rootOf([head('ch_a'), head('ch_b')]);

  expect(rootOf([head('ch_a')])).not.toBe(root);
  expect(rootOf([head('ch_a'), head('ch_b', 4)])).not.toBe(root);
  expect(rootOf([head('ch_a'), { ...head('ch_b'), closed: true }])).not.toBe(root);
});

test('a checkpoint keeps the exact text that is signed, and its hash', () => {
  const heads = [head('ch_b'), head('ch_a')];
  const body = {
    type: 'sallyport-checkpoint',
    version: 1,
    number: 7,
    time: '2026-01-05T09:00:00.000Z',
    keeper: 'ins_1',
    previous: '0'.repeat(64),
    root: rootOf(heads),
    heads: 2,
    events: 8,
    retained_from: null,
    recordings_from: null,
  } as const;

  const kept = checkpointOf(body, heads);

  expect(checkpointSchema.parse({ ...kept, signature: 'c2ln', key: 'k' })).toMatchObject({
    checkpoint: 'cp_0000000007',
  });
  expect(JSON.parse(kept.body)).toEqual(body);
  expect(JSON.parse(kept.heads)).toEqual([head('ch_a'), head('ch_b')]);
});
