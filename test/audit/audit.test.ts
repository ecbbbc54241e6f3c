import { describe, expect, test, vi } from 'vitest';
import { outboxPath } from '../../src/audit/paths.ts';
import { Problem } from '../../src/model/problem.ts';
import type { Write } from '../../src/platform/store.ts';
import { lateStore } from './late-store.ts';
import { aPassage, aTrail, faultsOf, type Trail } from './trail.ts';

const isOutcome = (writes: readonly Write[]) => writes.some(({ op }) => op === 'replace');
const isIntent = (writes: readonly Write[]) =>
  writes.some((write) => write.op === 'create' && write.path.startsWith('outbox/'));

/** Spends the approval `approvals/a1` as the gateway does. */
async function spending({ store }: Trail, path = 'approvals/a1'): Promise<Write> {
  const found = await store.get(path);
  if (!found) throw new Error('The test seeds the approval first.');
  return { op: 'replace', path, data: { state: 'spent' }, revision: found.revision };
}

describe('an intent', () => {
  test('is durable, with the approval it spends, before it resolves', async () => {
    const trail = aTrail();
    await trail.audit.open();
    trail.store.seed('approvals/a1', { state: 'approved' });

    const { eventId } = await trail.audit.intend(aPassage(), { with: [await spending(trail)] });

    expect(trail.store.contents('approvals')).toEqual({ 'approvals/a1': { state: 'spent' } });
    expect(trail.store.contents('outbox')[outboxPath(eventId)]).toMatchObject({ state: 'intended' });
    const commit = trail.store.commits.find((writes) => writes.some(({ path }) => path === outboxPath(eventId)));
    expect(commit?.map(({ path }) => path)).toEqual([outboxPath(eventId), 'approvals/a1']);
  });

  test('is refused when somebody else spent the approval, and leaves nothing behind', async () => {
    const trail = aTrail();
    await trail.audit.open();
    trail.store.seed('approvals/a1', { state: 'approved' });
    const spend = await spending(trail);

    const tries = Array.from({ length: 50 }, () => trail.audit.intend(aPassage(), { with: [spend] }));
    const results = await Promise.allSettled(tries);

    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const result of results)
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'approval-conflict' });
    await trail.audit.close();
    expect(trail.table.events().filter(({ type }) => type === 'intended')).toHaveLength(1);
    expect(faultsOf(trail.table.events())).toEqual([]);
  });

  test('is refused at once when another in the queue has spent the approval, without another commit', async () => {
    const trail = aTrail();
    await trail.audit.open();
    trail.store.seed('approvals/a1', { state: 'approved' });
    const spend = await spending(trail);
    const commits = vi.spyOn(trail.store, 'commit');

    await Promise.allSettled(Array.from({ length: 50 }, () => trail.audit.intend(aPassage(), { with: [spend] })));

    expect(commits.mock.calls.filter(([writes]) => writes.some(({ path }) => path === spend.path))).toHaveLength(1);
  });

  test('is refused when the store cannot be reached, and nothing may run', async () => {
    const trail = aTrail();
    await trail.audit.open();
    trail.store.offline();

    const intent = trail.audit.intend(aPassage());

    await expect(intent).rejects.toMatchObject({ code: 'audit-unavailable' });
    expect(trail.audit.ready()).toBe(false);
  });

  test('that lands after its caller was refused is closed as not run', async () => {
    const trail = aTrail();
    await trail.audit.open();
    trail.store.offline();
    await expect(trail.audit.intend(aPassage())).rejects.toMatchObject({ code: 'audit-unavailable' });

    trail.store.online();
    await trail.audit.note('held', aPassage());
    await trail.audit.close();

    const phases = trail.table.events().filter(({ operation, type }) => operation && type !== 'held');
    expect(phases.map(({ type }) => type)).toEqual(['intended', 'failed']);
    expect(phases[1]?.result?.error_code).toBe('audit-unavailable');
    expect(faultsOf(trail.table.events())).toEqual([]);
  });

  test('is confirmed by reading when its commit was acknowledged to nobody', async () => {
    const trail = aTrail();
    await trail.audit.open();
    trail.store.failNext('uncertain-applied', isIntent);

    const intent = await trail.audit.intend(aPassage());
    await intent.complete({ type: 'completed', rows: 1 });
    await trail.audit.close();

    const events = trail.table.events();
    expect(events.map(({ type }) => type)).toEqual(['chain_opened', 'intended', 'completed', 'chain_closed']);
    expect(faultsOf(events)).toEqual([]);
  });

  test('is confirmed when its first commit arrives after all, between a look and the second try', async () => {
    const trail = aTrail();
    const store = lateStore(trail.store);
    const audit = trail.another('slow', { store });
    await audit.open();
    trail.store.seed('approvals/a1', { state: 'approved' });
    const spend = await spending(trail);
    store.delayNext();

    const intent = await audit.intend(aPassage(), { with: [spend] });
    await intent.complete({ type: 'completed' });
    await audit.close();

    const events = trail.table.events();
    expect(events.map(({ type }) => type)).toEqual(['chain_opened', 'intended', 'completed', 'chain_closed']);
    expect(faultsOf(events)).toEqual([]);
  });

  test('that is too large to be recorded whole does not run', async () => {
    const trail = aTrail();
    await trail.audit.open();
    const passage = aPassage();
    if (passage.operation) passage.operation.recorded = { statement: 'x'.repeat(500_000), parameters: [] };

    const intent = trail.audit.intend(passage);

    await expect(intent).rejects.toMatchObject({ code: 'too-large' });
    expect(Object.keys(trail.store.contents('outbox')).length).toBeLessThanOrEqual(1);
  });

  test('is not taken any more once the trail is closing', async () => {
    const trail = aTrail();
    await trail.audit.open();
    const closing = trail.audit.close();

    const intent = trail.audit.intend(aPassage());

    await expect(intent).rejects.toMatchObject({ code: 'audit-unavailable' });
    await closing;
  });
});

describe('an outcome', () => {
  test('joins its intent in one document, and both reach BigQuery before it is deleted', async () => {
    const trail = aTrail();
    await trail.audit.open();
    const intent = await trail.audit.intend(aPassage());

    await intent.complete({ type: 'completed', rows: 3, bytes: 20, truncated: false });
    await trail.audit.close();

    const [opened, intended, completed] = trail.table.events();
    expect([opened?.seq, intended?.seq, completed?.seq]).toEqual([0, 1, 2]);
    expect(completed).toMatchObject({ event_id: intent.eventId, phase: 'outcome', result: { rows: 3 } });
    expect(trail.store.contents('outbox')).toEqual({});
  });

  test('withholds the result when it cannot be made durable, yet is recorded when the store is back', async () => {
    const trail = aTrail();
    await trail.audit.open();
    const intent = await trail.audit.intend(aPassage());
    trail.store.offline();

    const completion = intent.complete({ type: 'completed' });

    await expect(completion).rejects.toMatchObject({ code: 'outcome-unrecorded' });
    trail.store.online();
    await trail.audit.close();
    expect(trail.table.events().map(({ type }) => type)).toContain('completed');
  });

  test('is written once however often its commit was in doubt', async () => {
    const trail = aTrail();
    await trail.audit.open();
    const intent = await trail.audit.intend(aPassage());
    trail.store.failNext('uncertain-lost', isOutcome);
    trail.store.failNext('uncertain-applied', isOutcome);

    await intent.complete({ type: 'failed', problem: new Problem('target-rejected', { reason: '42P01' }) });
    await trail.audit.close();

    const outcomes = trail.table.events().filter(({ phase }) => phase === 'outcome');
    expect(outcomes).toHaveLength(1);
    expect(outcomes[0]).toMatchObject({ note: '42P01', result: { status: 422, error_code: 'target-rejected' } });
    expect(faultsOf(trail.table.events())).toEqual([]);
  });

  test('given twice counts once', async () => {
    const trail = aTrail();
    await trail.audit.open();
    const intent = await trail.audit.intend(aPassage());

    await Promise.all([intent.complete({ type: 'completed' }), intent.complete({ type: 'failed' })]);
    await trail.audit.close();

    expect(trail.table.events().filter(({ phase }) => phase === 'outcome')).toMatchObject([{ type: 'completed' }]);
  });
});

describe('many at once', () => {
  test('share commits', async () => {
    const trail = aTrail();
    await trail.audit.open();
    const before = trail.store.commits.length;

    await Promise.all(Array.from({ length: 64 }, () => trail.audit.note('denied', aPassage())));

    expect(trail.store.commits.slice(before).filter(isIntent)).toHaveLength(1);
    await trail.audit.close();
    expect(faultsOf(trail.table.events())).toEqual([]);
  });

  test('never write one document twice in a commit', async () => {
    const trail = aTrail();
    const store = lateStore(trail.store);
    const audit = trail.another('racers', { store });
    await audit.open();
    trail.store.seed('approvals/a1', { state: 'approved' });
    const spend = await spending(trail);

    await Promise.allSettled(Array.from({ length: 8 }, () => audit.intend(aPassage(), { with: [spend] })));

    expect(store.attempts.length).toBeGreaterThan(1);
    for (const writes of store.attempts) expect(new Set(writes.map(({ path }) => path)).size).toBe(writes.length);
  });

  test('one that loses its precondition fails alone', async () => {
    const trail = aTrail();
    await trail.audit.open();
    trail.store.seed('approvals/a1', { state: 'approved' });
    const spend = await spending(trail);
    trail.store.seed('approvals/a1', { state: 'spent' });

    const results = await Promise.allSettled([
      trail.audit.note('denied', aPassage()),
      trail.audit.intend(aPassage(), { with: [spend] }),
      trail.audit.note('denied', aPassage()),
    ]);

    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    await trail.audit.close();
    expect(faultsOf(trail.table.events())).toEqual([]);
  });
});
