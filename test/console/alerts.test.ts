import { describe, expect, test } from 'vitest';
import { type Alert, alertAnsweredNote } from '../../src/model/alert.ts';
import { personOf } from '../../src/model/person.ts';
import { aConsole, origin, people } from './fixture.ts';

const nothing = { session: null, operation: null, member: null, connection: null, target_kind: null, verb: null };

/** A console with one alert about an operation of the bot's. */
function withAlert(more: Partial<Alert> = {}) {
  const fixture = aConsole();
  const alert: Alert = {
    id: `alr_${'0'.repeat(32)}`,
    kind: 'break-glass',
    severity: 'medium',
    state: 'open',
    detail: 'An operation went past what else would have asked a human: ask-before-bulk.',
    about: { ...nothing, operation: 'op_7', session: 's7', connection: 'crm' },
    parties: [],
    raised_at: '2026-03-01T09:00:00.000Z',
    answers: [],
    ...more,
  };
  fixture.store.seed(`alerts/${alert.id}`, { ...alert });
  return { ...fixture, alert, path: `/api/alerts/${alert.id}` };
}

describe('an alert', () => {
  test.each(['admin', 'auditor'])('can be seen by %s, alone and among others', async (who) => {
    const { as, alert, path } = withAlert();

    const [one, open, closed] = [
      await as(who, path),
      await as(who, '/api/alerts?state=open'),
      await as(who, '/api/alerts?state=closed'),
    ];

    expect(await one.json()).toEqual({ ...alert, may_answer: true });
    expect(await open.json()).toEqual({ alerts: [{ ...alert, may_answer: true }] });
    expect(await closed.json()).toEqual({ alerts: [] });
  });

  test('is acknowledged and closed with a reason, each in one commit with its event', async () => {
    const { send, noted, store, path, alert } = withAlert();

    const acknowledged = await send('admin', 'POST', `${path}/acknowledge`, { reason: 'on it' });
    const closed = await send('admin', 'POST', `${path}/close`, { reason: 'ticket 4711 shows why' });

    expect(await acknowledged.json()).toMatchObject({ state: 'acknowledged' });
    expect(await closed.json()).toMatchObject({ state: 'closed', may_answer: false });
    expect(noted.map(({ type }) => type)).toEqual(['alert_acknowledged', 'alert_closed']);
    expect(noted[1]?.subject).toMatchObject({
      operationId: 'op_7',
      session: 's7',
      identity: { subject: 'human-admin' },
    });
    expect(alertAnsweredNote.parse(JSON.parse(noted[1]?.note ?? ''))).toEqual({
      alert: alert.id,
      kind: 'break-glass',
      severity: 'medium',
      raised_at: alert.raised_at,
      reason: 'ticket 4711 shows why',
    });
    expect(store.commits.slice(-2).map((writes) => writes.length)).toEqual([1, 1]);
  });

  test('is not answered when that cannot be recorded', async () => {
    const { send, store, trail, path, alert } = withAlert();
    trail.fails = true;

    const answer = await send('admin', 'POST', `${path}/close`, { reason: 'x' });

    expect(answer.status).toBe(503);
    expect(store.contents('alerts')[`alerts/${alert.id}`]).toMatchObject({ state: 'open' });
  });

  test('is not answered by whom it is about, nor by the owner of the agent', async () => {
    const admin = people['admin']?.identity;
    if (admin === undefined) throw new Error('There is no admin.');
    const own = withAlert({ parties: [personOf(admin, [])] });
    const agents = withAlert({ owner: admin.member });

    const answers = [
      await own.send('admin', 'POST', `${own.path}/close`, { reason: 'all is well' }),
      await agents.send('admin', 'POST', `${agents.path}/acknowledge`, { reason: 'all is well' }),
    ];

    expect(answers.map(({ status }) => status)).toEqual([403, 403]);
    expect(own.noted.map(({ type }) => type)).toEqual(['denied']);
    expect(await (await own.as('admin', own.path)).json()).toMatchObject({ may_answer: false });
  });

  test.each([
    ['bot', 403],
    ['auditor', 403],
    ['dba', 403],
    ['stranger', 403],
  ])('is not answered by %s', async (who, status) => {
    const { send, path, noted } = withAlert();

    const answer = await send(who, 'POST', `${path}/close`, { reason: 'x' });

    expect(answer.status).toBe(status);
    expect(noted.map(({ type }) => type)).toEqual(['denied']);
  });

  test.each([
    ['no reason', {}],
    ['an empty reason', { reason: '  ' }],
    ['a field too many', { reason: 'x', force: true }],
  ])('is not answered with %s', async (_, body) => {
    const { send, path } = withAlert();

    expect((await send('admin', 'POST', `${path}/close`, body)).status).toBe(400);
  });

  test('is not answered twice', async () => {
    const { send, path } = withAlert();
    await send('admin', 'POST', `${path}/close`, { reason: 'x' });

    expect((await send('admin', 'POST', `${path}/close`, { reason: 'y' })).status).toBe(412);
    expect((await send('admin', 'POST', '/api/alerts/alr_none/close', { reason: 'y' })).status).toBe(404);
  });

  test('is answered on a page, by a form of ours alone', async () => {
    const { app, alert, as, store } = withAlert({ detail: '<b>bold</b>' });
    const page = await as('admin', `/alerts/${alert.id}`);
    const text = await page.text();
    const cookies = page.headers.getSetCookie().map((cookie) => cookie.split(';')[0]);
    const csrf = /name="csrf" value="([^"]+)"/.exec(text)?.[1] ?? '';
    const submit = (token: string) =>
      app.request(`/alerts/${alert.id}/answer`, {
        method: 'POST',
        body: new URLSearchParams({ csrf: token, act: 'close', reason: 'seen' }),
        headers: {
          'X-Goog-IAP-JWT-Assertion': 'iap-admin',
          Cookie: cookies.join('; '),
          Origin: origin,
          'Sec-Fetch-Site': 'same-origin',
        },
      });

    const forged = await submit('forged');
    const genuine = await submit(csrf);

    expect(text).not.toContain('<b>bold</b>');
    expect(forged.status).toBe(403);
    expect(genuine.status).toBe(303);
    expect(store.contents('alerts')[`alerts/${alert.id}`]).toMatchObject({ state: 'closed' });
  });

  test('has no form for an auditor, who may look at it', async () => {
    const { as, alert } = withAlert();

    const [list, one] = [await as('auditor', '/alerts'), await as('auditor', `/alerts/${alert.id}`)];

    expect(await list.text()).toContain('Break-glass was used');
    expect(await one.text()).not.toContain('name="act"');
  });
});
