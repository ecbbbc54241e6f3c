import { afterEach, describe, expect, test, vi } from 'vitest';
import { createEndings } from '../src/audit/audit.ts';
import type { Reply } from '../src/gateway.ts';
import { sha256 } from '../src/model/canonical.ts';
import type { Decision } from '../src/model/decision.ts';
import type { Operation } from '../src/model/operation.ts';
import { Problem } from '../src/model/problem.ts';
import type { Batch, Body, Result } from '../src/model/result.ts';
import type { Execution } from '../src/targets/target.ts';
import { rowsAnswerOf } from './fakes/answers.ts';
import { batchOf } from './fakes/batches.ts';
import { aCall, anAllow, anApproval, anIdentity, type FakeOptions, fakeGateway } from './fakes/gateway.ts';
import { createFakeStore } from './fakes/store.ts';

afterEach(() => {
  vi.useRealTimers();
});

const guarded = { ...anAllow, approvals: [{ policy: 'guard', approvers: ['group:dba'], count: 1, expires: 1800 }] };
const spend = [{ op: 'set', path: 'approvals/apr_1', data: { state: 'spent' } }] as const;

async function read(reply: Reply): Promise<string> {
  let text = '';
  for await (const lines of rowsAnswerOf(reply).batches) text += Buffer.from(lines).toString('utf8');
  return text;
}

describe('a change', () => {
  const change = { verb: 'write' } as const;
  const many = { risks: ['bulk' as const], estimates: { changes: 137 }, atMost: 200 };
  const bulkAsks = (operation: Operation) => (operation.risks.includes('bulk') ? guarded : anAllow);

  test('is counted, and policy hears how much it is before it runs', async () => {
    const settlements = [{ state: 'waiting', approval: anApproval(), writes: [], asked: true } as const];
    const { handle, happened } = fakeGateway({
      operation: change,
      estimate: async () => many,
      decide: bulkAsks,
      settlements,
    });

    const reply = await handle(aCall());

    expect(reply.state).toBe('waiting');
    expect(happened).not.toContain('execute');
  });

  test('runs under the ceiling that was counted for it', async () => {
    const { handle, executed } = fakeGateway({ operation: change, estimate: async () => ({ ...many, risks: [] }) });

    await read(await handle(aCall()));

    expect(executed[0]).toMatchObject({ atMost: 200, estimates: { changes: 137 } });
  });

  test('is counted only once policy has granted it in kind', async () => {
    let counted = 0;
    const estimate = async () => {
      counted += 1;
      return many;
    };
    const { handle } = fakeGateway({ operation: change, estimate, decision: { ...anAllow, effect: 'deny' } });

    await expect(handle(aCall())).rejects.toMatchObject({ code: 'denied' });

    expect(counted).toBe(0);
  });

  test('that is denied for how much it is, is recorded with how much it is', async () => {
    const bulkDenies = ({ risks }: Operation) =>
      risks.includes('bulk') ? { ...anAllow, effect: 'deny' as const } : anAllow;
    const { handle, noted } = fakeGateway({ operation: change, estimate: async () => many, decide: bulkDenies });

    await expect(handle(aCall())).rejects.toMatchObject({ code: 'denied' });

    expect(noted).toMatchObject([{ type: 'denied', subject: { operation: many } }]);
  });

  test('runs as it was understood last, with what was counted added to it', async () => {
    const estimate = async () => ({ ...many, replan: (plan: unknown) => ({ of: plan, pinned: true }) });
    const operation = { ...change, plan: 'a plan' };
    const { handle, executed } = fakeGateway({ operation, estimate });

    await read(await handle(aCall()));

    expect(executed[0]).toMatchObject({ plan: { of: 'a plan', pinned: true } });
    expect(executed[0]).not.toHaveProperty('replan');
  });

  test('does not run when it cannot be counted', async () => {
    const estimate = () => Promise.reject(new Problem('target-timeout'));
    const { handle, happened } = fakeGateway({ operation: change, estimate });

    await expect(handle(aCall())).rejects.toMatchObject({ code: 'target-timeout' });

    expect(happened).not.toContain('execute');
  });
});

describe('an operation that goes past guards', () => {
  const lifted = { ...anAllow, overridden: ['ask-before-bulk'] };

  test('is in the trail as a use of break-glass before it runs', async () => {
    const { handle, happened } = fakeGateway({ decision: lifted });

    await read(await handle(aCall()));

    expect(happened.filter((step) => step !== 'enter' && step !== 'leave')).toEqual([
      'break_glass',
      'intended',
      'execute',
      'completed',
    ]);
  });

  test('does not run when that cannot be recorded', async () => {
    const { handle, happened } = fakeGateway({ decision: lifted, failOn: 'break_glass' });

    await expect(handle(aCall())).rejects.toMatchObject({ code: 'audit-unavailable' });

    expect(happened).not.toContain('execute');
  });

  test('is no use of break-glass in a dry run', async () => {
    const { handle, happened } = fakeGateway({ decision: lifted });

    await handle(aCall({ dryRun: true }));

    expect(happened).not.toContain('break_glass');
  });
});

test('a target hears who asks, and what policy would say of something else', async () => {
  const asksFor: Record<string, Decision> = { write: guarded, delete: { ...anAllow, effect: 'deny' } };
  const heard: unknown[] = [];
  const execute = async ({ caller }: Execution): Promise<Result> => {
    heard.push(caller.member, caller.groups);
    for (const verb of ['read', 'write', 'delete'] as const)
      heard.push(caller.may({ verb, risks: [], resources: ['team-a/pods/*'] }));
    throw new Problem('target-rejected');
  };
  const { handle } = fakeGateway({ execute, decide: ({ verb }) => asksFor[verb] ?? anAllow });

  await expect(handle(aCall())).rejects.toMatchObject({ code: 'target-rejected' });

  expect(heard).toEqual([anIdentity.member, ['analysts'], 'allow', 'ask', 'deny']);
});

test('a read is not counted', async () => {
  const { handle, happened } = fakeGateway({ estimate: () => Promise.reject(new Error('nobody asked')) });

  await read(await handle(aCall()));

  expect(happened).toContain('completed');
});

describe('an operation that policy allows', () => {
  test('is recorded as an intent before it runs and as an outcome before its last byte', async () => {
    const { handle, happened } = fakeGateway();

    const text = await read(await handle(aCall()));

    expect(text).toBe('["[EMAIL_ADDRESS]"]\n');
    expect(happened).toEqual(['enter', 'intended', 'execute', 'completed', 'leave']);
  });

  test('carries the hash of exactly the rows that left', async () => {
    const { handle, outcomes } = fakeGateway();

    const text = await read(await handle(aCall()));

    expect(outcomes[0]?.sha256).toBe(sha256(text));
  });

  test('does not run when the intent cannot be recorded', async () => {
    const { handle, happened } = fakeGateway({ failOn: 'intended' });

    await expect(handle(aCall())).rejects.toMatchObject({ code: 'audit-unavailable' });

    expect(happened).not.toContain('execute');
  });

  test('has its result withheld when the outcome cannot be recorded', async () => {
    const { handle } = fakeGateway({ failOn: 'outcome' });
    const reply = await handle(aCall());

    await expect(read(reply)).rejects.toMatchObject({ code: 'outcome-unrecorded' });
  });

  test('is recorded as failed, and its caller leaves, when the target refuses it', async () => {
    const refused = async () => Promise.reject(new Problem('target-rejected'));
    const { handle, happened, outcomes } = fakeGateway({ execute: refused });

    await expect(handle(aCall())).rejects.toMatchObject({ code: 'target-rejected', operation: 'op_1' });

    expect(happened).toEqual(['enter', 'intended', 'execute', 'failed', 'leave']);
    expect(outcomes[0]?.problem?.code).toBe('target-rejected');
  });

  test('is recorded as failed when the target breaks off in the middle', async () => {
    async function* broken(): AsyncGenerator<Batch> {
      yield batchOf([['one']]);
      throw new Problem('target-unavailable');
    }
    const { handle, outcomes } = fakeGateway({ batches: broken });
    const reply = await handle(aCall());

    await expect(read(reply)).rejects.toMatchObject({ code: 'target-unavailable' });

    expect(outcomes).toMatchObject([{ type: 'failed', rows: 1 }]);
  });

  test('is cancelled at the target and recorded when its caller leaves early', async () => {
    let cancelled = false;
    async function* endless(): AsyncGenerator<Batch> {
      try {
        for (;;) yield batchOf([['row']]);
      } finally {
        cancelled = true;
      }
    }
    const { handle, outcomes, happened } = fakeGateway({ batches: endless });
    const reply = await handle(aCall());
    if (reply.state !== 'done') throw new Error('not done');

    for await (const _ of rowsAnswerOf(reply).batches) break;

    expect(cancelled).toBe(true);
    expect(outcomes).toMatchObject([{ type: 'failed', problem: { code: 'timeout', reason: 'client-gone' } }]);
    expect(happened.at(-1)).toBe('leave');
  });

  test('is recorded as unknown, and its caller leaves, when the target does not even stop when told to', async () => {
    vi.useFakeTimers();
    const caller = new AbortController();
    const { handle, outcomes, happened } = fakeGateway({ execute: () => new Promise(() => {}) });

    const reply = expect(handle(aCall({ signal: caller.signal }))).rejects.toMatchObject({ code: 'target-timeout' });
    await vi.advanceTimersByTimeAsync(1000);
    caller.abort();
    await vi.advanceTimersByTimeAsync(11_000);
    await reply;
    vi.useRealTimers();

    expect(outcomes).toMatchObject([{ type: 'unknown', problem: { code: 'target-timeout' } }]);
    expect(happened.at(-1)).toBe('leave');
  });

  test('is recorded as unknown, and its caller leaves, when the target stops sending and does not stop when told to', async () => {
    vi.useFakeTimers();
    const caller = new AbortController();
    async function* stuck(): AsyncGenerator<Batch> {
      yield batchOf([['one']]);
      await new Promise(() => {});
    }
    const { handle, outcomes, happened } = fakeGateway({ batches: stuck });
    const reply = await handle(aCall({ signal: caller.signal }));

    const reading = expect(read(reply)).rejects.toMatchObject({ code: 'target-timeout' });
    await vi.advanceTimersByTimeAsync(1000);
    caller.abort();
    await vi.advanceTimersByTimeAsync(11_000);
    await reading;
    vi.useRealTimers();

    expect(outcomes).toMatchObject([{ type: 'unknown', rows: 1 }]);
    expect(happened.at(-1)).toBe('leave');
  });

  test('is recorded when its caller is gone before a byte was read', async () => {
    const { handle, outcomes } = fakeGateway();
    const reply = await handle(aCall());
    if (reply.state !== 'done') throw new Error('not done');

    await reply.answer.cancel();

    expect(outcomes).toMatchObject([{ type: 'failed' }]);
  });

  test('is not begun for a caller that is gone', async () => {
    const { handle, happened } = fakeGateway();

    await expect(handle(aCall({ signal: AbortSignal.abort() }))).rejects.toMatchObject({ code: 'timeout' });

    expect(happened).not.toContain('intended');
  });
});

describe('a refusal', () => {
  test('of a bad token is in the trail, with the reason that the caller is not told', async () => {
    const authenticate = () => Promise.reject(new Problem('unauthenticated', { reason: 'expired' }));
    const { handle, noted } = fakeGateway({ authenticate });

    await expect(handle(aCall())).rejects.toMatchObject({ code: 'unauthenticated', detail: undefined });

    expect(noted).toMatchObject([{ type: 'refused', subject: { problem: { reason: 'expired' } } }]);
  });

  test('by policy is in the trail as denied, with who asked and what', async () => {
    const { handle, noted } = fakeGateway({ decision: { ...anAllow, effect: 'deny', reason: 'no-grant' } });

    await expect(handle(aCall())).rejects.toMatchObject({ code: 'denied' });

    expect(noted).toMatchObject([{ type: 'denied', subject: { identity: anIdentity, operation: { verb: 'read' } } }]);
  });

  test('that cannot be recorded is still a refusal', async () => {
    const { handle, happened } = fakeGateway({ decision: { ...anAllow, effect: 'deny' }, failOn: 'denied' });

    await expect(handle(aCall())).rejects.toMatchObject({ code: 'audit-unavailable' });

    expect(happened).not.toContain('execute');
  });

  test('comes when the policy in force is not known', async () => {
    const policySet = () => {
      throw new Problem('policy-unavailable');
    };
    const { handle, happened } = fakeGateway({ policySet });

    await expect(handle(aCall())).rejects.toMatchObject({ code: 'policy-unavailable' });

    expect(happened).not.toContain('intended');
  });

  test('comes when the credential cannot be read', async () => {
    const { handle, happened } = fakeGateway({
      credential: () => Promise.reject(new Problem('credential-unavailable')),
    });

    await expect(handle(aCall())).rejects.toMatchObject({ code: 'credential-unavailable' });

    expect(happened).not.toContain('execute');
  });

  test('comes when something unforeseen breaks, and says nothing of it', async () => {
    const { handle } = fakeGateway({ authenticate: () => Promise.reject(new Error('password=hunter2')) });

    const problem = await handle(aCall()).catch((thrown: Problem) => thrown);

    expect(problem).toMatchObject({ code: 'internal', detail: undefined });
    expect(String(problem)).not.toContain('hunter2');
  });

  test('comes when it cannot be proven that masked data stays masked, after policy has spoken', async () => {
    const unprovable = { rule: 'R6', detail: 'Use lower().' };
    const allowed = fakeGateway({ operation: { unprovable } });
    const denied = fakeGateway({ operation: { unprovable }, decision: { ...anAllow, effect: 'deny' } });

    await expect(allowed.handle(aCall())).rejects.toMatchObject({
      code: 'masking-unprovable',
      detail: 'R6: Use lower().',
    });
    await expect(denied.handle(aCall())).rejects.toMatchObject({ code: 'denied' });
  });

  test('names fields that are not known, never what was sent', async () => {
    const { handle } = fakeGateway();
    const request = { statement: 'select 1', 'my-secret-field': 1 };

    const problem = await handle(aCall({ request })).catch((thrown: Problem) => thrown);

    expect(problem).toMatchObject({ code: 'bad-request' });
    expect(JSON.stringify(problem)).not.toContain('my-secret');
  });
});

describe('an operation that a human must approve', () => {
  test('waits: it is held in one commit with the question, and nothing runs', async () => {
    const approval = anApproval();
    const { handle, happened, committed } = fakeGateway({
      decision: guarded,
      settlements: [{ state: 'waiting', approval, writes: spend, asked: true }],
    });

    expect(await handle(aCall())).toMatchObject({ state: 'waiting', approval: { id: 'apr_1' } });

    expect(happened).toEqual(['enter', 'held', 'leave']);
    expect(committed).toEqual([spend]);
  });

  test('runs once it is approved, and is spent in the commit of the intent', async () => {
    const { handle, happened, committed } = fakeGateway({
      decision: guarded,
      settlements: [{ state: 'granted', approval: anApproval({ state: 'spent' }), writes: spend }],
    });

    await read(await handle(aCall()));

    expect(happened).toEqual(['enter', 'intended', 'execute', 'completed', 'leave']);
    expect(committed).toEqual([spend]);
  });

  test('runs at once when the decision comes while its caller waits', async () => {
    const { handle, happened } = fakeGateway({
      decision: guarded,
      settlements: [
        { state: 'waiting', approval: anApproval(), writes: [], asked: true },
        { state: 'granted', approval: anApproval({ state: 'spent' }), writes: spend },
      ],
    });

    await read(await handle(aCall({ wait: 60 })));

    expect(happened).toEqual(['enter', 'held', 'wait', 'intended', 'execute', 'completed', 'leave']);
  });

  test.each([
    ['denied', 'approval-denied'],
    ['expired', 'approval-expired'],
  ] as const)('does not run when it is %s, which is said once in the trail', async (state, code) => {
    const { handle, happened } = fakeGateway({
      decision: guarded,
      settlements: [{ state, approval: anApproval({ state }), writes: [] }],
    });

    await expect(handle(aCall())).rejects.toMatchObject({ code });

    expect(happened.filter((what) => what !== 'enter' && what !== 'leave')).toEqual([state]);
  });

  test('is not asked of anybody in a dry run', async () => {
    const { handle, happened } = fakeGateway({ decision: guarded });

    expect(await handle(aCall({ dryRun: true }))).toMatchObject({ state: 'simulated' });

    expect(happened).toEqual(['enter', 'simulated', 'leave']);
  });
});

describe('what stays open', () => {
  const minute = 60_000;

  /** A watch that ends when it is told to, and tells why. */
  async function watching(options: FakeOptions) {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const execute = async ({ signal }: Execution): Promise<Body> => {
      async function* pieces() {
        yield { bytes: Buffer.from('one') };
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        throw signal.reason;
      }
      const summary = () => ({ truncated: false });
      return { form: 'body', status: 200, headers: [], content: 'bytes', live: true, pieces: pieces(), summary };
    };
    const fake = fakeGateway({ execute, operation: { live: true }, ...options });
    const reply = await fake.handle(aCall());
    if (reply.state !== 'done' || reply.answer.form !== 'body') throw new Error('not open');
    const pieces = reply.answer.pieces[Symbol.asyncIterator]();
    await pieces.next();
    return { ...fake, next: () => pieces.next() };
  }

  test.each<[string, () => FakeOptions]>([
    ['its policy denies it', () => ({ decide: first(anAllow, { ...anAllow, effect: 'deny' }) })],
    ['its policy asks a human who was not asked', () => ({ decide: first(anAllow, guarded) })],
    ['its policy hides what it showed', () => ({ decide: first({ ...anAllow, unmask: ['A'] }, anAllow) })],
    [
      'the token is not accepted any more',
      () => ({ authenticate: first(async () => anIdentity, unaccepted, 1, true) }),
    ],
  ])('is ended within a minute when %s', async (_why, options) => {
    const { next, outcomes } = await watching(options());
    const ending = next().catch((thrown) => thrown);

    await vi.advanceTimersByTimeAsync(minute);

    expect(await ending).toMatchObject({ reason: 'revoked' });
    expect(outcomes).toMatchObject([{ type: 'failed', problem: { reason: 'revoked' } }]);
  });

  const byHuman = { by: 'user:dba@example.com', reason: 'enough', at: '2026-01-01T00:00:00Z' };
  const ended = { type: 'failed', problem: { code: 'ended', reason: 'ended-by-human: user:dba@example.com: enough' } };

  /** A store that brings what a human wants ended, where its listener is not deaf. */
  function endable({ deaf = false } = {}) {
    const store = createFakeStore();
    const endings = createEndings({ store, log: { warn: () => {} } });
    if (!deaf) endings.start();
    return { store, endings };
  }

  test('is ended at once when a human ends it, and its outcome says so', async () => {
    const { store, endings } = endable();
    const { next, outcomes } = await watching({ endings });
    const ending = next().catch((thrown) => thrown);

    store.seed('endings/op_2', byHuman);
    expect(outcomes).toEqual([]);
    store.seed('endings/op_1', byHuman);

    expect(await ending).toMatchObject({ code: 'ended', detail: expect.stringContaining('user:dba@example.com') });
    expect(outcomes).toMatchObject([ended]);
  });

  test('is ended within a minute where the listener is deaf', async () => {
    const { store, endings } = endable({ deaf: true });
    const { next, outcomes } = await watching({ endings });
    const ending = next().catch((thrown) => thrown);

    store.seed('endings/op_1', byHuman);
    expect(outcomes).toEqual([]);
    await vi.advanceTimersByTimeAsync(minute);

    expect(await ending).toMatchObject({ code: 'ended' });
    expect(outcomes).toMatchObject([ended]);
  });

  test('is ended where it cannot be known whether a human ended it', async () => {
    const { store, endings } = endable();
    const { next } = await watching({ endings });
    const ending = next().catch((thrown) => thrown);
    store.offline();

    await vi.advanceTimersByTimeAsync(minute);

    expect(await ending).toMatchObject({ code: 'audit-unavailable', reason: 'revoked' });
  });

  test('is ended with an outcome when the instance stops', async () => {
    const { endings } = endable();
    const { next, outcomes } = await watching({ endings });
    const ending = next().catch((thrown) => thrown);

    endings.stop();

    expect(await ending).toMatchObject({ code: 'ended' });
    expect(outcomes).toMatchObject([{ type: 'failed', problem: { reason: 'instance-stops' } }]);
  });

  test('that is no watch is ended as well, and fails with that whatever its target says', async () => {
    const { store, endings } = endable();
    const execute = async ({ signal }: Execution): Promise<Result> => {
      store.seed('endings/op_1', byHuman);
      throw new Problem(signal.aborted ? 'timeout' : 'internal');
    };
    const { handle, outcomes } = fakeGateway({ endings, execute });

    await expect(handle(aCall())).rejects.toMatchObject({ code: 'ended' });

    expect(outcomes).toMatchObject([ended]);
  });

  test('never begins where a human has ended it before', async () => {
    const { store, endings } = endable();
    store.seed('endings/op_1', byHuman);
    const { handle, happened, outcomes } = fakeGateway({ endings, operation: { live: true } });

    await expect(handle(aCall())).rejects.toMatchObject({ code: 'ended' });

    expect(happened).not.toContain('execute');
    expect(outcomes).toMatchObject([ended]);
  });

  test('goes on while nothing changes, and is not looked at any more once it has ended', async () => {
    let asked = 0;
    const { next, outcomes } = await watching({
      decide: () => {
        asked += 1;
        return asked < 5 ? anAllow : { ...anAllow, effect: 'deny' };
      },
    });
    const ending = next().catch((thrown) => thrown);

    await vi.advanceTimersByTimeAsync(3 * minute);
    expect(outcomes).toEqual([]);
    await vi.advanceTimersByTimeAsync(minute);
    await ending;
    await vi.advanceTimersByTimeAsync(10 * minute);

    expect(asked).toBe(5);
  });
});

const unaccepted = async () => {
  throw new Problem('unauthenticated');
};

/** Answers so many times in one way, and then in another. */
function first<T>(before: T, after: T, times?: number): () => T;
function first<T>(before: () => T, after: () => T, times: number, calls: true): () => T;
function first(before: unknown, after: unknown, times = 1, calls = false) {
  let asked = 0;
  return () => {
    asked += 1;
    const answer = asked > times ? after : before;
    return calls && typeof answer === 'function' ? answer() : answer;
  };
}
