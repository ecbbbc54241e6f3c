import { describe, expect, test } from 'vitest';
import type { Approval } from '../../src/model/approval.ts';
import { sha256 } from '../../src/model/canonical.ts';
import { createSeal } from '../../src/model/seal.ts';
import { WriteConflict } from '../../src/platform/store.ts';
import { aBot, aFixture, aHuman, aPassage } from './passages.ts';

const [dba, second] = [aHuman('dba'), aHuman('second')];

describe('asking', () => {
  test('an operation that needs a human waits, and the approval holds the exact bytes and their hash', async () => {
    const { settle, store } = aFixture();

    const settlement = await settle(aPassage());

    expect(settlement).toMatchObject({ state: 'waiting', asked: true });
    const { approval } = settlement;
    expect(approval.digest).toBe(sha256(approval.bound));
    expect(JSON.parse(approval.bound)).toMatchObject({ statement: 'ALTER TABLE public.users DROP COLUMN phone' });
    expect(approval).toMatchObject({ state: 'pending', requester: { subject: '1001' }, connection: 'crm' });
    expect(approval.expires_at).toBe('2026-03-01T10:30:00.000Z');
    expect(store.contents('approvals')).toEqual({ [`approvals/${approval.id}`]: approval });
  });

  test('the digest cannot be guessed without the key, and is the same each time', async () => {
    const [first, again, elsewhere] = [aFixture(), aFixture(), aFixture({ seal: createSeal('another key') })];

    const digests = await Promise.all(
      [first, again, elsewhere].map(async ({ settle }) => (await settle(aPassage())).approval.digest),
    );

    expect(digests[0]).toBe(digests[1]);
    expect(digests[2]).not.toBe(digests[0]);
  });

  test('nothing is written by settling itself, so that the event and the change are one commit', async () => {
    const { approvals, store } = aFixture();

    await approvals.settle(aPassage());

    expect(store.commits).toEqual([]);
  });

  test('the same request again finds the same approval and asks nobody twice', async () => {
    const { settle } = aFixture();
    const first = await settle(aPassage());

    const again = await settle(aPassage({ operationId: 'op_0002' }));

    expect(again).toMatchObject({ state: 'waiting', asked: false, writes: [] });
    expect(again.approval.id).toBe(first.approval.id);
  });

  test('many identical requests at once share one approval', async () => {
    const { approvals, settle, store } = aFixture();
    const asked = await Promise.all(Array.from({ length: 20 }, () => approvals.settle(aPassage())));

    const commits = await Promise.allSettled(asked.map(({ writes }) => store.commit(writes)));

    expect(commits.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await settle(aPassage())).toMatchObject({ state: 'waiting', asked: false });
  });

  test('the most that may change is part of what is approved, and what was counted that day is not', async () => {
    const { settle } = aFixture();
    const counted = (changes: number, atMost: number) =>
      settle(aPassage({ operation: { estimates: { changes }, atMost } }));
    const first = await counted(137, 200);

    const [again, more] = [await counted(141, 200), await counted(260, 500)];

    expect(JSON.parse(first.approval.bound)).toMatchObject({ at_most: 200 });
    expect(first.approval.estimates).toEqual({ changes: 137 });
    expect(again.approval.id).toBe(first.approval.id);
    expect(more.approval.id).not.toBe(first.approval.id);
  });

  test('it expires with the shortest of the times that policies allow', async () => {
    const { settle } = aFixture();
    const approvals = [
      { policy: 'a', approvers: ['group:dba'], count: 1, expires: 3600 },
      { policy: 'b', approvers: ['group:owners'], count: 1, expires: 60 },
    ];

    const { approval } = await settle(aPassage({ decision: { approvals } }));

    expect(approval.expires_at).toBe('2026-03-01T10:01:00.000Z');
  });

  test('what no human could read is refused and not asked', async () => {
    const { settle } = aFixture();

    const asking = settle(aPassage({ operation: { statement: 'x'.repeat(200_000) } }));

    await expect(asking).rejects.toMatchObject({ code: 'too-large' });
  });
});

describe('spending', () => {
  test('an approved operation is granted once; the next identical request asks anew', async () => {
    const { settle, vote } = aFixture();
    const { approval } = await settle(aPassage());
    await vote(approval, dba);

    const granted = await settle(aPassage({ operationId: 'op_0002' }));
    const next = await settle(aPassage({ operationId: 'op_0003' }));

    expect(granted).toMatchObject({ state: 'granted', approval: { state: 'spent', spent_by: 'op_0002' } });
    expect(next).toMatchObject({ state: 'waiting', asked: true });
    expect(next.approval.id).not.toBe(approval.id);
  });

  test('of fifty that race for one approval, one is granted', async () => {
    const { approvals, settle, vote, store } = aFixture();
    await vote((await settle(aPassage())).approval, dba);
    const racers = Array.from({ length: 50 }, (_, index) => aPassage({ operationId: `op_${index}` }));
    const settlements = await Promise.all(racers.map((racer) => approvals.settle(racer)));

    const commits = await Promise.allSettled(settlements.map(({ writes }) => store.commit(writes)));

    expect(settlements.every(({ state }) => state === 'granted')).toBe(true);
    expect(commits.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const commit of commits) if (commit.status === 'rejected') expect(commit.reason).toBeInstanceOf(WriteConflict);
  });

  test('an approval is not spendable once its time is over, even if it was approved in time', async () => {
    const { settle, vote, clock } = aFixture();
    await vote((await settle(aPassage())).approval, dba);
    clock.forward(1800);

    const late = await settle(aPassage());
    const next = await settle(aPassage());

    expect(late).toMatchObject({ state: 'expired', approval: { state: 'expired' } });
    expect(next).toMatchObject({ state: 'waiting', asked: true });
  });

  test('a pending approval expires once, and then another is asked', async () => {
    const { settle, clock } = aFixture();
    await settle(aPassage());
    clock.forward(1801);

    const states = [(await settle(aPassage())).state, (await settle(aPassage())).state];

    expect(states).toEqual(['expired', 'waiting']);
  });

  test('a denied operation stays denied until the approval would have expired', async () => {
    const { settle, vote, clock } = aFixture();
    await vote((await settle(aPassage())).approval, dba, 'deny');

    const within = await settle(aPassage());
    clock.forward(1800);
    const afterwards = await settle(aPassage());

    expect(within).toMatchObject({ state: 'denied', writes: [] });
    expect(afterwards).toMatchObject({ state: 'waiting', asked: true });
  });

  test('two guards are one approval and each must be met', async () => {
    const { settle, vote } = aFixture();
    const approvals = [
      { policy: 'guard-define', approvers: ['group:dba'], count: 1, expires: 1800 },
      { policy: 'guard-owner', approvers: ['user:second@example.com'], count: 1, expires: 1800 },
    ];
    const passage = aPassage({ decision: { approvals } });
    const { approval } = await settle(passage);

    const first = await vote(approval, dba);
    const between = await settle(passage);
    const other = await vote(approval, second, 'approve', []);

    expect(first).toMatchObject({ event: 'approved', approval: { state: 'pending' } });
    expect(between.state).toBe('waiting');
    expect(other).toMatchObject({ event: 'approved', approval: { state: 'approved' } });
    expect((await settle(passage)).state).toBe('granted');
  });

  test('a policy that asks for two people is met by two people only', async () => {
    const { settle, vote } = aFixture();
    const passage = aPassage({
      decision: { approvals: [{ policy: 'p', approvers: ['group:dba'], count: 2, expires: 1800 }] },
    });
    const { approval } = await settle(passage);
    await vote(approval, dba);

    const otherAccount = vote(
      approval,
      aHuman('dba', { issuer: 'https://other.example', subject: 'x', member: 'principal://x' }),
    );
    await expect(otherAccount).rejects.toMatchObject({ code: 'denied' });

    expect((await settle(passage)).state).toBe('waiting');
    expect((await vote(approval, second)).event).toBe('approved');
    expect((await settle(passage)).state).toBe('granted');
  });
});

describe('deciding', () => {
  test('a decision carries the approver, the bytes and the console key that signed it', async () => {
    const { settle, vote, keys } = aFixture();

    const { approval, event } = await vote((await settle(aPassage())).approval, dba);

    expect(event).toBe('approved');
    expect(approval.decided_at).toBe('2026-03-01T10:00:00.000Z');
    expect(approval.decisions).toMatchObject([
      {
        decision: 'approve',
        digest: approval.digest,
        approver: { member: 'user:dba@example.com' },
        key: keys.signer.keyVersion,
      },
    ]);
  });

  test('one deny by an approver denies, whatever others approved', async () => {
    const { settle, vote } = aFixture();
    const passage = aPassage({
      decision: { approvals: [{ policy: 'p', approvers: ['group:dba'], count: 2, expires: 1800 }] },
    });
    const { approval } = await settle(passage);
    await vote(approval, dba);

    const { event } = await vote(approval, second, 'deny');

    expect(event).toBe('approval_denied');
    expect((await settle(passage)).state).toBe('denied');
  });

  test('nobody decides on bytes other than those they saw', async () => {
    const { settle, vote } = aFixture();
    const { approval } = await settle(aPassage());

    const deciding = vote({ ...approval, digest: sha256('something else') }, dba);

    await expect(deciding).rejects.toMatchObject({ code: 'approval-conflict' });
  });

  test.each<[string, (fixture: ReturnType<typeof aFixture>, approval: Approval) => Promise<unknown>, string]>([
    ['decided', ({ vote }, approval) => vote(approval, dba), 'approval-conflict'],
    ['over', async ({ clock }) => clock.forward(1800), 'approval-expired'],
  ])('nobody decides on an approval that is %s', async (_, before, code) => {
    const fixture = aFixture();
    const { approval } = await fixture.settle(aPassage());
    await before(fixture, approval);

    const deciding = fixture.vote(approval, second);

    await expect(deciding).rejects.toMatchObject({ code });
  });

  test.each(['apr_9999', '../outbox/x', 'apr_1/decisions', '', 'APR_1'])('there is no approval %j', async (id) => {
    const { approvals, vote, settle } = aFixture();
    const { approval } = await settle(aPassage());

    expect(await approvals.get(id)).toBeUndefined();
    await expect(vote({ ...approval, id }, dba)).rejects.toMatchObject({ code: 'not-found' });
  });

  test('of two who decide at the same moment one is told that it changed', async () => {
    const { approvals, settle, store } = aFixture();
    const { approval } = await settle(aPassage());
    const vote = { approval: approval.id, groups: ['dba'], digest: approval.digest, reason: 'ok' };
    const approve = await approvals.decide({ ...vote, identity: dba, decision: 'approve' });
    const deny = await approvals.decide({ ...vote, identity: second, decision: 'deny' });

    await store.commit(deny.writes);

    await expect(store.commit(approve.writes)).rejects.toBeInstanceOf(WriteConflict);
  });

  test('a gateway, which has no signer, cannot decide', async () => {
    const { approvals, settle } = aFixture();
    const { createApprovals } = await import('../../src/approvals/approvals.ts');
    const { approval } = await settle(aPassage());
    const fixture = aFixture();
    const gateway = createApprovals({
      store: fixture.store,
      clock: fixture.clock,
      ids: (prefix) => prefix,
      seal: (name) => name,
      verifier: fixture.keys.verifier,
      onSuspect: () => {},
    });
    const vote = {
      approval: approval.id,
      identity: dba,
      groups: ['dba'],
      decision: 'approve',
      digest: approval.digest,
      reason: 'ok',
    } as const;

    await expect(gateway.decide(vote)).rejects.toMatchObject({ code: 'denied' });
    expect((await approvals.get(approval.id))?.state).toBe('pending');
  });

  test('the bot that asked cannot approve itself, even where it is among the approvers', async () => {
    const { settle, vote } = aFixture();
    const { approval } = await settle(aPassage());

    const deciding = vote(approval, aBot);

    await expect(deciding).rejects.toMatchObject({ code: 'denied' });
  });
});

describe('waiting and looking', () => {
  test('a wait ends when a human decides', async () => {
    const { approvals, settle, vote, store } = aFixture();
    const { approval } = await settle(aPassage());
    const waiting = approvals.wait(approval, 600, new AbortController().signal);

    await vote(approval, dba);
    await waiting;

    expect(store.listeners()).toBe(0);
  });

  test('a wait ends when the client goes away or the store does', async () => {
    const { approvals, settle, store } = aFixture();
    const { approval } = await settle(aPassage());
    const client = new AbortController();
    const left = approvals.wait(approval, 600, client.signal);
    const lost = approvals.wait(approval, 600, new AbortController().signal);

    client.abort();
    await left;
    store.offline();
    await lost;

    expect(store.listeners()).toBe(0);
  });

  test('a wait ends with its seconds', async () => {
    const { approvals, settle, store } = aFixture();
    const { approval } = await settle(aPassage());

    await approvals.wait(approval, 0.01, new AbortController().signal);

    expect(store.listeners()).toBe(0);
  });

  test('the inbox holds what is still open, and what nobody came back for is shown as expired', async () => {
    const { approvals, settle, clock } = aFixture();
    const old = (await settle(aPassage({ operation: { statement: 'old' } }))).approval;
    clock.forward(1000);
    const open = (await settle(aPassage())).approval;
    clock.forward(1000);

    const pending = await approvals.list({ state: 'pending', limit: 10 });
    const expired = await approvals.list({ state: 'expired', limit: 10 });
    const all = await approvals.list({ limit: 10 });

    expect(pending.map(({ id }) => id)).toEqual([open.id]);
    expect(expired).toMatchObject([{ id: old.id, state: 'expired' }]);
    expect(all.map(({ id }) => id)).toEqual([open.id, old.id]);
    expect(await approvals.get(old.id)).toMatchObject({ state: 'expired' });
  });

  test('one broken document does not hide the others, and is reported', async () => {
    const { approvals, settle, store, corrupt } = aFixture();
    const { approval } = await settle(aPassage());
    store.seed('approvals/apr_broken', { ...approval, requirements: [] });

    const pending = await approvals.list({ state: 'pending', limit: 10 });

    expect(pending.map(({ id }) => id)).toEqual([approval.id]);
    expect(corrupt).toEqual([expect.stringContaining('approvals/apr_broken')]);
  });
});

test('when the store cannot be read nothing is granted', async () => {
  const { settle, vote, approvals, store } = aFixture();
  await vote((await settle(aPassage())).approval, dba);
  store.offline();

  await expect(approvals.settle(aPassage())).rejects.toMatchObject({ code: 'audit-unavailable' });
});
