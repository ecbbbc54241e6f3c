import { expect, test } from 'vitest';
import { z } from 'zod';
import { createDocuments, createLedger, createWatch } from '../../src/connections/connections.ts';
import { createPolicyEditing } from '../../src/console/policy-editing.ts';
import type { Visit } from '../../src/console/visit.ts';
import { canonicalJson, sha256 } from '../../src/model/canonical.ts';
import { policyChangeEndSchema, policyChangeSchema } from '../../src/model/policy-change.ts';
import { Problem } from '../../src/model/problem.ts';
import { type Write, WriteConflict } from '../../src/platform/store.ts';
import { aHuman } from '../approvals/passages.ts';
import { createFakeStore } from '../fakes/store.ts';

const [none, some] = [{ members: [] }, { members: ['user:ann@example.com'] }];

/** A console that edits, and keepers that watch, on stores in memory. */
function aWatch() {
  const [policies, runtime] = [createFakeStore(), createFakeStore()];
  const told: Record<string, unknown>[] = [];
  let now = Date.UTC(2026, 0, 5, 9);
  let made = 0;
  const clock = { now: () => new Date(now) };
  const ids = (prefix: string) => `${prefix}_${++made}`;
  const silent = () => {};

  async function record(note: string, writes: readonly Write[] = []) {
    await runtime.commit(writes).catch((error: unknown) => {
      throw error instanceof WriteConflict ? new Problem('approval-conflict') : error;
    });
    told.push(z.union([policyChangeSchema, policyChangeEndSchema]).parse(JSON.parse(note)));
  }

  const ledger = createLedger(runtime);
  const documents = createDocuments({ store: policies });
  const editing = createPolicyEditing({ documents, ledger, ids, now: clock.now });
  const visit: Visit = {
    identity: aHuman('admin'),
    groups: [],
    ambient: false,
    again: async () => ({ groups: [] }),
    note: (_type, _subject, options = {}) => record(options.note ?? '', options.with),
  };
  const put = (document: Record<string, unknown>, ifMatch: string | null = '*') =>
    editing.put(visit, { kind: 'groups', name: 'dba', document, ifMatch });

  async function aKeeper() {
    const watch = createWatch({ store: policies, ledger, record, clock, ids, log: { warn: silent, error: silent } });
    watch.start();
    await Promise.resolve();
    return watch;
  }

  return {
    ...{ policies, runtime, told, put, aKeeper, ledger },
    remove: () => editing.remove(visit, { kind: 'groups', name: 'dba', ifMatch: '*' }),
    minutes: (count: number) => {
      now += count * 60_000;
    },
  };
}

const versionOf = (documents: Record<string, unknown>) =>
  sha256(canonicalJson(Object.entries(documents).map(([path, document]) => [path, sha256(canonicalJson(document))])));

test('what was changed through the console is recorded once, by the console', async () => {
  const { put, remove, aKeeper, told, minutes } = aWatch();
  const keeper = await aKeeper();

  await put(none, null);
  await put(some);
  await remove();
  minutes(5);
  await keeper.check();

  expect(told.map(({ change, source }) => [change, source])).toEqual([
    ['created', 'console'],
    ['changed', 'console'],
    ['removed', 'console'],
  ]);
});

test('a document that is written past the console is recorded once, with what it was and no author', async () => {
  const { put, policies, aKeeper, told, minutes } = aWatch();
  const keeper = await aKeeper();
  await put(none, null);
  minutes(5);

  policies.seed('groups/dba', some);
  await keeper.check();
  await keeper.check();

  expect(told).toHaveLength(2);
  expect(told[1]).toMatchObject({
    change: 'changed',
    source: 'outside',
    before: none,
    after: some,
    policy_version_before: versionOf({ 'groups/dba': none }),
    policy_version: versionOf({ 'groups/dba': some }),
  });
});

test('documents that the trail has never heard of are told as created', async () => {
  const { policies, aKeeper, told } = aWatch();
  policies.seed('groups/dba', none);
  policies.seed('policies/broken', { principals: 'nonsense' });
  policies.seed('groups/~beat', { beat_at: '2026-01-05T09:00:00.000Z' });

  await (await aKeeper()).check();

  expect(told.map(({ kind, name, change }) => [kind, name, change])).toEqual([
    ['policies', 'broken', 'created'],
    ['groups', 'dba', 'created'],
  ]);
});

test('a removal past the console is recorded, and so is a creation after it', async () => {
  const { put, policies, aKeeper, told, minutes } = aWatch();
  const keeper = await aKeeper();
  await put(some, null);
  minutes(5);

  policies.drop('groups/dba');
  await keeper.check();
  policies.seed('groups/dba', none);
  minutes(5);
  await keeper.check();

  expect(told.slice(1)).toMatchObject([
    { change: 'removed', before: some, after: null },
    { change: 'created', before: null, after: none },
  ]);
});

test('two keepers that see the same change record it once', async () => {
  const { policies, aKeeper, told } = aWatch();
  const keepers = [await aKeeper(), await aKeeper()];
  policies.seed('groups/dba', some);

  await Promise.all(keepers.map((keeper) => keeper.check()));

  expect(told).toHaveLength(1);
});

test('a keeper waits while a console that has told of a change may still make it', async () => {
  const { ledger, policies, put, aKeeper, told, minutes } = aWatch();
  const keeper = await aKeeper();
  await put(none, null);
  minutes(5);
  policies.failNext('uncertain-lost');
  const failing = put(some).catch(() => {});
  await failing;

  await keeper.check();

  expect((await ledger.find('groups', 'dba'))?.state).toBe('doubted');
  expect(told.at(-1)).toMatchObject({ outcome: 'not known' });
});

test('a change of which the console does not know whether it was made is found not to have been', async () => {
  const { ledger, policies, put, aKeeper, told, minutes } = aWatch();
  const keeper = await aKeeper();
  await put(none, null);
  policies.failNext('uncertain-lost');
  await put(some).catch(() => {});
  minutes(5);

  await keeper.check();
  await keeper.check();

  expect(told.slice(1).map(({ id, outcome }) => [id, outcome])).toEqual([
    ['pc_2', undefined],
    ['pc_2', 'not known'],
    ['pc_2', 'not made'],
  ]);
  expect((await ledger.find('groups', 'dba'))?.text).toBe(canonicalJson(none));
});

test('a change of which the console does not know whether it was made is found to have been', async () => {
  const { policies, put, remove, aKeeper, told, minutes } = aWatch();
  const keeper = await aKeeper();
  await put(none, null);
  policies.failNext('uncertain-applied');
  await put(some).catch(() => {});
  minutes(5);
  await keeper.check();
  policies.failNext('uncertain-applied');
  await remove().catch(() => {});
  minutes(5);
  await keeper.check();

  expect(told.flatMap(({ id, outcome }) => (outcome === 'made' ? [id] : []))).toEqual(['pc_2', 'pc_3']);
});

test('a change whose console ended before it made it is told not to have been made', async () => {
  const { runtime, policies, put, aKeeper, told, minutes } = aWatch();
  const keeper = await aKeeper();
  await put(none, null);
  const before = policies.contents();
  await put(some);
  const [path = ''] = Object.keys(runtime.contents('recorded'));
  const entry = runtime.contents('recorded')[path] ?? {};
  minutes(5);

  runtime.seed(path, { ...entry, etag_before: '"r3"' });
  policies.seed('groups/dba', before['groups/dba'] ?? {});
  await keeper.check();

  expect(told.at(-1)).toMatchObject({ id: 'pc_2', outcome: 'not made' });
});

test('of two who change one document at once the one who comes second is refused, and the trail holds what is in force', async () => {
  const { put, policies, aKeeper, told, minutes } = aWatch();
  const keeper = await aKeeper();
  await put(none, null);

  const ends = await Promise.allSettled([put(some), put({ members: ['user:bob@example.com'] })]);
  minutes(5);
  await keeper.check();

  expect(ends.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  expect(told.filter(({ source }) => source === 'outside')).toEqual([]);
  expect(told.filter(({ outcome }) => outcome === undefined).at(-1)?.['after']).toEqual(
    policies.contents()['groups/dba'],
  );
});

test('a document that an event cannot hold is refused by the console and told by its hash when it comes from outside', async () => {
  const { put, policies, aKeeper, told } = aWatch();
  const huge = { members: Array.from({ length: 9000 }, (_, index) => `user:somebody-${index}@a-long-domain.example`) };

  await expect(put(huge, null)).rejects.toMatchObject({ code: 'too-large' });
  policies.seed('groups/dba', huge);
  await (await aKeeper()).check();

  expect(told).toMatchObject([
    { source: 'outside', after: null, omitted: true, after_sha256: sha256(canonicalJson(huge)) },
  ]);
});
