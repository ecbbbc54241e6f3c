import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { aPassage, aTrail, faultsOf, quick, type Trail } from './trail.ts';

async function manyNotes({ audit }: Trail, count: number) {
  await Promise.all(
    Array.from({ length: count }, (_, index) => audit.note('denied', aPassage({ operationId: `op_${index}` }))),
  );
}

const operationsIn = (trail: Trail) => new Set(trail.table.events().map(({ operation }) => operation)).size - 1;

test('more rows than memory may hold are read from the outbox again, and none is lost', async () => {
  const trail = aTrail({ memory: 20_000, timing: { ...quick, drain: 10_000 } });
  await trail.audit.open();

  await manyNotes(trail, 300);
  const intents = await Promise.all(
    Array.from({ length: 50 }, () => trail.audit.intend(aPassage({ operationId: 'op_run' }))),
  );
  await Promise.all(intents.map((intent) => intent.complete({ type: 'completed' })));
  await trail.audit.close();

  expect(operationsIn(trail)).toBe(301);
  expect(trail.table.events().filter(({ phase }) => phase === 'outcome')).toHaveLength(50);
  expect(trail.store.contents('outbox')).toEqual({});
  expect(faultsOf(trail.table.events())).toEqual([]);
});

test('rows wait while BigQuery cannot be reached, and are shipped once it can', async () => {
  const trail = aTrail();
  const unreachable = () => {
    throw new Error('503');
  };
  await trail.audit.open();
  trail.table.failures.push(unreachable, unreachable, unreachable);

  await manyNotes(trail, 5);
  await trail.audit.close();

  expect(operationsIn(trail)).toBe(5);
  expect(trail.store.contents('outbox')).toEqual({});
});

test('what could not be shipped before the end is left to the keeper, who comes at once', async () => {
  const trail = aTrail();
  const cut = trail.another('cut-off', { append: () => new Promise(() => {}), timing: { ...quick, drain: 100 } });
  await trail.audit.open();
  await cut.open();
  await manyNotes({ ...trail, audit: cut }, 5);

  await cut.close();
  const swept = await trail.audit.sweep();
  await trail.audit.close();

  expect(swept).toMatchObject({ chains: 1, closed: 0 });
  expect(operationsIn(trail)).toBe(5);
  expect(trail.store.contents('outbox')).toEqual({});
});

test('an idle instance whose chain was taken begins another by itself', async () => {
  const trail = aTrail();
  const idle = trail.another('idle', { timing: { ...quick, renew: 10 } });
  await idle.open();
  const [path = ''] = Object.keys(trail.store.contents('chains'));
  trail.store.seed(path, { ...trail.store.contents('chains')[path], state: 'taken' });

  await sleep(100);

  expect(Object.values(trail.store.contents('chains')).map(({ state }) => state)).toEqual(['taken', 'open']);
  expect(idle.ready()).toBe(true);
  await idle.close();
});
