import { describe, expect, test } from 'vitest';
import type { TableRow } from '../../src/audit/audit.ts';
import { outboxPath } from '../../src/audit/paths.ts';
import { aPassage, aTrail, eventOf, faultsOf, type Trail } from './trail.ts';

const longerThanALease = 60_000;
const never = () => new Promise<never>(() => {});

/** An instance that dies, as far as others can see, with one intent under way and nothing shipped. */
async function aDeadInstance(trail: Trail) {
  const dead = trail.another('dead', { append: never });
  await dead.open();
  await dead.note('denied', aPassage());
  const done = await dead.intend(aPassage({ operationId: 'op_done' }));
  await done.complete({ type: 'completed' });
  const running = await dead.intend(aPassage({ operationId: 'op_running' }));
  return { dead, running };
}

const outcomesOf = (trail: Trail, operation: string) =>
  trail.table
    .events()
    .filter((event) => event.operation === operation && ['outcome', 'late'].includes(event.phase))
    .map(({ type }) => type);

describe('the keeper', () => {
  test('closes as unknown what a dead instance left running, with an alert, and ships the rest', async () => {
    const trail = aTrail();
    await trail.audit.open();
    await aDeadInstance(trail);

    trail.clock.advance(longerThanALease);
    const swept = await trail.audit.sweep();
    await trail.audit.close();

    expect(swept).toMatchObject({ closed: 1, chains: 1 });
    expect(outcomesOf(trail, 'op_running')).toEqual(['unknown']);
    expect(outcomesOf(trail, 'op_done')).toEqual(['completed']);
    expect(trail.alerts).toEqual(['How an operation ended is not known.']);
    expect(trail.store.contents('outbox')).toEqual({});
    expect(faultsOf(trail.table.events())).toEqual([]);
  });

  test('ends the chain of a dead instance that left nothing, also among hundreds that live', async () => {
    const trail = aTrail();
    const dead = trail.another('dead');
    await dead.open();
    await expect.poll(() => trail.store.contents('outbox')).toEqual({});
    trail.clock.advance(longerThanALease);
    await trail.audit.open();
    const [, alive] = Object.values(trail.store.contents('chains'));
    const others = Array.from({ length: 400 }, (_, index) => ({ ...alive, chain: `ch_000000-${index}` }));
    await trail.store.commit(others.map((data) => ({ op: 'create', path: `chains/${data.chain}`, data })));

    await trail.audit.sweep();

    expect(trail.store.contents('chains')['chains/ch_000001']).toMatchObject({ state: 'closed' });
    await trail.audit.close();
  });

  test('touches nothing of an instance whose lease is not over', async () => {
    const trail = aTrail();
    await trail.audit.open();
    await aDeadInstance(trail);

    const swept = await trail.audit.sweep();

    expect(swept).toEqual({ chains: 0, closed: 0, shipped: 0 });
    expect(outcomesOf(trail, 'op_running')).toEqual([]);
    await trail.audit.close();
  });

  test('leaves alone an instance that renews its lease while the keeper looks', async () => {
    const trail = aTrail();
    const { dead, running } = await aDeadInstance(trail);
    const renewed = { ...trail.store.contents('chains')['chains/ch_000001'] };
    const keeper = trail.another('keeper', {
      store: {
        ...trail.store,
        async query(query) {
          const found = await trail.store.query(query);
          if (query.collection === 'chains')
            trail.store.seed('chains/ch_000001', { ...renewed, alive_until: '2026-01-06T00:00:00.000Z' });
          return found;
        },
      },
    });
    await keeper.open();
    trail.clock.advance(longerThanALease);

    const swept = await keeper.sweep();

    expect(swept).toEqual({ chains: 0, closed: 0, shipped: 0 });
    expect(trail.store.contents('outbox')[outboxPath(running.eventId)]).toMatchObject({ state: 'intended' });
    void dead;
  });

  test('may run twice at once, on two instances, and again', async () => {
    const trail = aTrail();
    const other = trail.another('second');
    await trail.audit.open();
    await other.open();
    await aDeadInstance(trail);
    await aDeadInstance(trail);

    trail.clock.advance(longerThanALease);
    await Promise.all([trail.audit.note('denied', {}), other.note('denied', {})]);
    await Promise.all([trail.audit.sweep(), other.sweep(), trail.audit.sweep()]);
    await trail.audit.sweep();
    await Promise.all([trail.audit.close(), other.close()]);

    expect(outcomesOf(trail, 'op_running')).toEqual(['unknown', 'unknown']);
    expect(trail.store.contents('outbox')).toEqual({});
    expect(faultsOf(trail.table.events())).toEqual([]);
  });

  test('goes on where another keeper died', async () => {
    const trail = aTrail();
    await trail.audit.open();
    await aDeadInstance(trail);
    trail.clock.advance(longerThanALease);
    const stuck = trail.another('stuck-keeper', { append: never });
    await stuck.open();
    void stuck.sweep();
    await new Promise((resolve) => setTimeout(resolve, 20));

    trail.clock.advance(longerThanALease);
    await trail.audit.sweep();
    await trail.audit.close();

    expect(outcomesOf(trail, 'op_running')).toEqual(['unknown']);
    expect(trail.store.contents('outbox')).toEqual({});
    expect(faultsOf(trail.table.events())).toEqual([]);
  });

  test('leaves what BigQuery did not take, for the next time', async () => {
    const trail = aTrail();
    await trail.audit.open();
    await aDeadInstance(trail);
    trail.clock.advance(longerThanALease);
    const refusesAll = (rows: readonly TableRow[]) => rows.map((_, index) => ({ index, reason: 'backendError' }));
    trail.table.failures.push(refusesAll, refusesAll, refusesAll);

    await trail.audit.sweep();
    await trail.audit.sweep();
    await trail.audit.sweep();
    await trail.audit.sweep();
    await trail.audit.close();

    expect(outcomesOf(trail, 'op_running')).toEqual(['unknown']);
    expect(trail.store.contents('outbox')).toEqual({});
    expect(faultsOf(trail.table.events())).toEqual([]);
  });
});

const chainsOf = (document: Record<string, unknown> | undefined) =>
  (Array.isArray(document?.['rows']) ? document['rows'] : []).map((json) => eventOf(JSON.parse(json)).chain);

describe('an instance that lives after all', () => {
  test('adds its outcome beside the unknown one, never over it, and begins another chain', async () => {
    const trail = aTrail();
    await trail.audit.open();
    const { running } = await aDeadInstance(trail);
    trail.clock.advance(longerThanALease);
    await trail.audit.sweep();

    await running.complete({ type: 'completed', rows: 7 });
    trail.clock.advance(longerThanALease);
    await trail.audit.sweep();
    await trail.audit.close();

    const rows = trail.table.events().filter(({ operation, phase }) => operation === 'op_running' && phase !== 'fact');
    expect(rows.map(({ phase, type }) => [phase, type])).toEqual([
      ['intent', 'intended'],
      ['outcome', 'unknown'],
      ['late', 'outcome_late'],
    ]);
    expect(rows[2]).toMatchObject({ note: 'completed', result: { rows: 7 }, event_id: running.eventId });
    expect(new Set(rows.map(({ chain }) => chain)).size).toBe(3);
    expect(faultsOf(trail.table.events())).toEqual([]);
  });

  test('adds it also while the keeper has not shipped the unknown one yet', async () => {
    const trail = aTrail();
    await trail.audit.open();
    const { running } = await aDeadInstance(trail);
    trail.clock.advance(longerThanALease);
    const keeper = trail.another('keeper', { append: never });
    await keeper.open();
    void keeper.sweep();
    await new Promise((resolve) => setTimeout(resolve, 20));

    await running.complete({ type: 'completed' });

    const document = trail.store.contents('outbox')[outboxPath(running.eventId)];
    const late = trail.store.contents('outbox')[outboxPath(running.eventId, { late: true })];
    expect(chainsOf(late)).not.toEqual(chainsOf(document).slice(0, 1));
    expect(
      [document, late]
        .flatMap((found) => (Array.isArray(found?.['rows']) ? found['rows'] : []))
        .map((json) => eventOf(JSON.parse(json)).type),
    ).toEqual(['intended', 'unknown', 'outcome_late']);
  });
});
