import { describe, expect, test } from 'vitest';
import { createAlerts } from '../../src/audit/audit.ts';
import { alertRaisedNote, alertSchema, breakGlassNote } from '../../src/model/alert.ts';
import type { AuditEvent } from '../../src/model/audit-event.ts';
import type { Identity } from '../../src/model/identity.ts';
import { Problem } from '../../src/model/problem.ts';
import { aPassage, aTrail, faultsOf, type Trail } from './trail.ts';

const longerThanALease = 60_000;
const never = () => new Promise<never>(() => {});
const silent = () => {};
const log = { debug: silent, info: silent, warn: silent, error: silent, alert: silent };

const late = { kind: 'checkpoint-late', key: '17', detail: 'Checkpoint 18 is late.' } as const;

const stored = (trail: Trail) => Object.values(trail.store.contents('alerts')).map((data) => alertSchema.parse(data));

async function raisedIn(trail: Trail): Promise<AuditEvent[]> {
  await trail.audit.close();
  return trail.table.events().filter(({ type }) => type === 'alert_raised');
}

const aHuman = (name: string, more: Partial<Identity> = {}): Identity => ({
  issuer: 'https://people.example',
  subject: name,
  email: `${name}@example.com`,
  member: `user:${name}@example.com`,
  memberships: [],
  groups: [],
  kind: 'human',
  claims: {},
  tokenDigest: 'd',
  expiresAt: 0,
  ...more,
});

describe('an alert', () => {
  test('is an event of the trail and in the log, and waits for a human', async () => {
    const trail = aTrail();
    await trail.audit.open();

    await trail.audit.raise(late, aPassage());

    const [alert] = stored(trail);
    expect(alert).toMatchObject({ kind: 'checkpoint-late', severity: 'high', state: 'open', answers: [] });
    expect(trail.alerts).toEqual(['Checkpoint 18 is late.']);
    const [event] = await raisedIn(trail);
    expect(event).toMatchObject({ operation: 'op_1', connection: 'crm', principal: null });
    expect(alertRaisedNote.parse(JSON.parse(event?.note ?? ''))).toEqual({
      alert: alert?.id,
      kind: 'checkpoint-late',
      severity: 'high',
      detail: 'Checkpoint 18 is late.',
      member: 'serviceAccount:bot@p.iam.gserviceaccount.com',
    });
  });

  test('is raised once, whoever raises it again, also where both do at the same time', async () => {
    const trail = aTrail();
    const other = trail.another('other');
    await Promise.all([trail.audit.open(), other.open()]);

    await Promise.all([trail.audit.raise(late), other.raise(late), trail.audit.raise(late)]);
    await trail.audit.raise(late);
    await trail.audit.raise({ ...late, key: '18' });
    await other.close();

    expect(await raisedIn(trail)).toHaveLength(2);
    expect(stored(trail)).toHaveLength(2);
    expect(trail.alerts).toHaveLength(2);
    expect(faultsOf(trail.table.events())).toEqual([]);
  });

  test('that cannot be recorded is in the log all the same, and raising it again leaves it in the trail once', async () => {
    const trail = aTrail();
    await trail.audit.open();
    trail.store.offline();

    await expect(trail.audit.raise(late)).rejects.toMatchObject({ code: 'audit-unavailable' });
    trail.store.online();
    await trail.audit.raise(late);

    expect(trail.alerts).toEqual(['Checkpoint 18 is late.']);
    expect(await raisedIn(trail)).toHaveLength(1);
  });

  test('of an operation whose end is not known survives the keeper that closed it', async () => {
    const trail = aTrail();
    const dead = trail.another('dead', { append: never });
    await dead.open();
    await dead.intend(aPassage({ operationId: 'op_running' }));
    trail.clock.advance(longerThanALease);
    await trail.audit.open();
    trail.store.failNext('conflict', (writes) =>
      writes.some(({ op, path }) => op === 'replace' && /^alerts/.test(path)),
    );

    await trail.audit.sweep();
    const begun = stored(trail).map(({ state }) => state);
    await trail.audit.sweep();

    expect(begun).toEqual(['raising']);
    expect(stored(trail)).toMatchObject([
      { kind: 'unknown-outcome', state: 'open', about: { operation: 'op_running' } },
    ]);
    expect(await raisedIn(trail)).toMatchObject([{ operation: 'op_running', connection: 'crm' }]);
  });

  test('of a row that BigQuery refuses for good names the event', async () => {
    const trail = aTrail();
    await trail.audit.open();
    trail.table.failures.push((rows) => rows.map((_, index) => ({ index, reason: 'invalid' })));
    await trail.audit.note('denied', aPassage());

    const [event] = await raisedIn(trail);

    expect(JSON.parse(event?.note ?? '')).toMatchObject({
      kind: 'row-refused',
      detail: expect.stringContaining('ev_'),
    });
  });
});

test('a flood of callers nobody knows raises one alert an hour, whatever the instance', async () => {
  const trail = aTrail();
  const other = trail.another('other');
  await Promise.all([trail.audit.open(), other.open()]);
  const stranger = { problem: new Problem('unauthenticated', { reason: 'no-token' }) };

  for (const audit of [trail.audit, other])
    await Promise.all(Array.from({ length: 150 }, () => audit.note('refused', stranger)));
  await other.close();
  await trail.audit.close();

  expect(stored(trail)).toMatchObject([{ kind: 'refusal-burst', severity: 'medium', state: 'open' }]);
});

describe('break-glass', () => {
  test('is an event of its own with the guards that did not ask, and raises an alert that awaits its review', async () => {
    const trail = aTrail();
    await trail.audit.open();
    const passage = aPassage({ owner: 'user:owner@example.com' });
    passage.call.reason = 'the site is down';
    passage.decision = { ...decisionOf(passage), overridden: ['ask-before-bulk'] };

    await trail.audit.breakGlass(passage);

    const [alert] = stored(trail);
    expect(alert).toMatchObject({ kind: 'break-glass', state: 'open', owner: 'user:owner@example.com' });
    await trail.audit.close();
    const event = trail.table.events().find(({ type }) => type === 'break_glass');
    expect(event).toMatchObject({ operation: 'op_1', decision: { overridden: ['ask-before-bulk'] } });
    expect(breakGlassNote.parse(JSON.parse(event?.note ?? ''))).toEqual({
      alert: alert?.id,
      overridden: ['ask-before-bulk'],
      policies: ['readers'],
      reason: 'the site is down',
    });
  });
});

describe('whoever answers an alert', () => {
  async function anAlert() {
    const trail = aTrail();
    await trail.audit.open();
    await trail.audit.raise(late, aPassage({ identity: aHuman('caller'), owner: 'user:owner@example.com' }));
    const alerts = createAlerts({ store: trail.store, clock: trail.clock, log });
    const [alert] = await alerts.list({ state: 'open', limit: 10 });
    const answer = async (identity: Identity, act: 'acknowledge' | 'close') => {
      const answered = await alerts.answer({ id: alert?.id ?? '', act, identity, groups: [], reason: 'looked at it' });
      await trail.audit.note(answered.event, {}, { with: answered.writes, note: answered.note });
      return answered.alert;
    };
    return { trail, alerts, answer };
  }

  test('acknowledges and closes it, and both stay with it', async () => {
    const { answer, alerts } = await anAlert();

    await answer(aHuman('responder'), 'acknowledge');
    const closed = await answer(aHuman('other'), 'close');

    expect(closed).toMatchObject({
      state: 'closed',
      answers: [
        { act: 'acknowledge', by: { member: 'user:responder@example.com' }, reason: 'looked at it' },
        { act: 'close', by: { member: 'user:other@example.com' } },
      ],
    });
    expect(await alerts.list({ state: 'closed', limit: 10 })).toHaveLength(1);
    expect(await alerts.list({ state: 'open', limit: 10 })).toEqual([]);
  });

  test.each([
    ['whom it is about', aHuman('caller')],
    ['whom it is about, under another account', aHuman('x', { member: 'principal://x', email: 'Caller@example.com' })],
    ['who owns the agent', aHuman('owner')],
    ['an agent', aHuman('bot', { kind: 'agent' })],
  ])('is not %s', async (_, identity) => {
    const { answer } = await anAlert();

    await expect(answer(identity, 'close')).rejects.toMatchObject({ code: 'denied' });
    await expect(answer(identity, 'acknowledge')).rejects.toMatchObject({ code: 'denied' });
  });

  test('does so once: what is closed stays closed, and of two at a time one is refused', async () => {
    const { answer } = await anAlert();

    const both = await Promise.allSettled([answer(aHuman('one'), 'close'), answer(aHuman('two'), 'close')]);

    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    await expect(answer(aHuman('three'), 'close')).rejects.toMatchObject({ code: 'precondition-failed' });
    await expect(answer(aHuman('three'), 'acknowledge')).rejects.toMatchObject({ code: 'precondition-failed' });
  });
});

function decisionOf({ decision }: ReturnType<typeof aPassage>) {
  if (decision === undefined) throw new Error('a passage with a decision');
  return decision;
}
