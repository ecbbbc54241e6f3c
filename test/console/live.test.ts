import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { operationPath } from '../../src/audit/paths.ts';
import { aConsole, origin } from './fixture.ts';
import { aRunningSession } from './live-session.ts';

const end = '/api/operations/op_live/end';
const why = { reason: 'it reads what it must not' };

async function until(look: () => unknown) {
  for (let tries = 0; !(await look()) && tries < 400; tries++) await sleep(5);
}

/** What comes of an answer that goes on; `until`: that much of it, or its end. */
function reading(answer: Response) {
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  let read = '';
  return {
    read: () => read,
    async until(text: string) {
      while (!read.includes(text)) {
        const { value, done } = (await reader?.read()) ?? { done: true };
        if (done) return;
        read += value;
      }
    },
  };
}

async function aConsoleWithSession() {
  const fixture = aConsole();
  const session = await aRunningSession(fixture.store);
  const listed = async (name: string) => {
    const { operations } = (await (await fixture.as(name, '/api/live')).json()) as { operations: unknown[] };
    return operations;
  };
  return { ...fixture, session, listed };
}

describe('what runs now', () => {
  test('is listed with who runs it, where, since when, and how much of it is recorded', async () => {
    const { listed, session } = await aConsoleWithSession();
    session.say('$ ');
    await until(async () =>
      (await listed('admin')).some((one) => Number((one as { bytes_recorded: number }).bytes_recorded) > 0),
    );

    const [one, ...others] = await listed('admin');

    expect(one).toMatchObject({
      ...{ operation: 'op_live', principal: 'serviceAccount:bot@p.iam.gserviceaccount.com', agent: 'bot' },
      ...{ connection: 'cluster', verb: 'execute', statement: 'exec team-a/worker: sh', live: true, may_end: true },
      ...{ since: expect.stringMatching(/^2026/), instance: 'first', bytes_recorded: expect.any(Number) },
    });
    expect(others).toEqual([]);
    expect(JSON.stringify(one)).not.toContain('secret');
  });

  test('is not listed once it has ended', async () => {
    const { listed, session } = await aConsoleWithSession();

    await session.end();

    expect(await listed('admin')).toEqual([]);
  });

  test('is seen by administrators, auditors and those who approve on the connection, and by nobody else', async () => {
    const { listed } = await aConsoleWithSession();

    const seen = await Promise.all(['admin', 'auditor', 'dba', 'stranger'].map(listed));

    expect(seen).toMatchObject([
      [{ may_end: true }],
      [{ may_end: false, objection: expect.any(String) }],
      [{ may_end: true }],
      [],
    ]);
  });
});

describe('a human ends what runs', () => {
  test.each(['admin', 'dba'])('%s: its instance is told at once who did, and the trail why', async (name) => {
    const { send, session, noted } = await aConsoleWithSession();

    const answer = await send(name, 'POST', end, why);

    const by = `user:${name}@example.com`;
    expect(answer.status).toBe(202);
    expect(await answer.json()).toMatchObject({ operation: 'op_live', ending: { by, ...why } });
    expect(session.ended).toMatchObject([{ code: 'ended', detail: expect.stringContaining(by) }]);
    expect(session.ended[0]?.reason).toBe(`ended-by-human: ${by}: ${why.reason}`);
    expect(noted).toMatchObject([
      { type: 'ending_requested', subject: { operationId: 'op_live', identity: { member: by } } },
    ]);
    expect(JSON.parse(noted[0]?.note ?? '')).toEqual({ operation: 'op_live', ...why });
  });

  test('nothing is ended that cannot be recorded', async () => {
    const { send, session, trail, store } = await aConsoleWithSession();
    trail.fails = true;

    const answer = await send('admin', 'POST', end, why);

    expect(answer.status).toBe(503);
    expect(session.ended).toEqual([]);
    expect(store.contents('endings')).toEqual({});
  });

  test('whoever wants it again is told of the first, and it is in the trail once', async () => {
    const { send, session, noted } = await aConsoleWithSession();

    const answers = await Promise.all([
      send('admin', 'POST', end, why),
      send('dba', 'POST', end, { reason: 'me too' }),
      send('dba', 'POST', end, { reason: 'again' }),
    ]);

    const told = await Promise.all(
      answers.map(async (answer) => ((await answer.json()) as { ending: unknown }).ending),
    );
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202]);
    expect(new Set(told.map((one) => JSON.stringify(one))).size).toBe(1);
    expect(noted.filter(({ type }) => type === 'ending_requested')).toHaveLength(1);
    expect(session.ended).toHaveLength(1);
  });

  test('what has ended cannot be ended, nor what waits for a human, in words that say so', async () => {
    const { send, session, store } = await aConsoleWithSession();
    await session.end();
    const state = store.contents('operations')[operationPath('op_live')] ?? {};
    store.seed(operationPath('op_2'), { ...state, operation: 'op_2', state: 'waiting' });

    const answers = await Promise.all(
      ['op_live', 'op_2'].map((id) => send('admin', 'POST', `/api/operations/${id}/end`, why)),
    );

    const told = await Promise.all(answers.map((answer) => answer.json()));
    expect(told).toMatchObject([
      { status: 409, code: 'not-running', detail: 'It has ended already: done.' },
      { status: 409, code: 'not-running', detail: expect.stringContaining('Deny its approval') },
    ]);
    expect(store.contents('endings')).toEqual({});
  });

  test.each([
    ['auditor', 403],
    ['stranger', 404],
    ['bot', 403],
    ['nobody', 401],
  ] as const)('%s may not: %i', async (name, status) => {
    const { send, session } = await aConsoleWithSession();

    const answer = await send(name, 'POST', end, why);

    expect(answer.status).toBe(status);
    expect(session.ended).toEqual([]);
  });

  test('no other site can make a browser end it', async () => {
    const { app, session } = await aConsoleWithSession();
    const headers = { 'X-Goog-IAP-JWT-Assertion': 'iap-admin', 'Content-Type': 'application/json' };

    const foreign = await app.request(end, {
      ...{ method: 'POST', body: JSON.stringify(why) },
      headers: { ...headers, Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' },
    });
    const formless = await app.request('/operations/op_live/end', {
      ...{ method: 'POST', body: new URLSearchParams({ csrf: 'guessed', ...why }) },
      headers: { 'X-Goog-IAP-JWT-Assertion': 'iap-admin', Origin: origin, 'Sec-Fetch-Site': 'same-origin' },
    });

    expect([foreign.status, formless.status]).toEqual([403, 403]);
    expect(session.ended).toEqual([]);
  });

  test('a reason is needed, and what detectors know in it is sealed', async () => {
    const { send, store } = await aConsoleWithSession();

    const empty = await send('admin', 'POST', end, { reason: '  ' });
    await send('admin', 'POST', end, { reason: 'it mailed ada@people.example' });

    expect(empty.status).toBe(400);
    expect(JSON.stringify(store.contents('endings'))).not.toContain('people.example');
  });
});

describe('the recording of a session that goes on', () => {
  test('is there so far, and says that it goes on', async () => {
    const { as, session, noted } = await aConsoleWithSession();
    const recording = async () => (await as('auditor', '/api/operations/op_live/recording')).json();
    session.say('first\r\n');
    await until(async () => JSON.stringify(await recording()).includes('first'));
    noted.splice(0);

    const told = await recording();

    expect(told).toMatchObject({
      operation: { operation: 'op_live', outcome: 'running' },
      recording: { state: 'running', live: true, session: { text: 'first\n' } },
    });
    expect(noted).toMatchObject([{ type: 'console_access', note: expect.stringContaining('op_live') }]);
  });

  test('can be followed as it is written, to its end, in one event of the trail', async () => {
    const { as, session, noted } = await aConsoleWithSession();
    session.say('first\r\n');

    const answer = await as('auditor', '/api/operations/op_live/recording?follow');
    const { read, until: readUntil } = reading(answer);
    await readUntil('first');
    session.say('second\r\n');
    await readUntil('second');
    session.say('third\r\n');
    await session.end();
    await readUntil('never');

    expect(answer.headers.get('content-type')).toBe('application/x-asciicast');
    expect(
      read()
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line)),
    ).toMatchObject([
      { version: 3, term: { cols: 90, rows: 30 }, command: 'sh' },
      [expect.any(Number), 'o', 'first\r\n'],
      [expect.any(Number), 'o', 'second\r\n'],
      [expect.any(Number), 'o', 'third\r\n'],
    ]);
    expect(noted).toHaveLength(1);
  });

  test('comes to a player as events, and says when it is over', async () => {
    const { as, session } = await aConsoleWithSession();
    const said = '\u001b[31mred\u001b[0m </script>\n\ndata: x';
    session.say(said);

    const answer = await as('auditor', '/api/operations/op_live/recording?format=events');
    const { read, until } = reading(answer);
    await until('red');
    await session.end();
    await until('never');

    expect(answer.headers.get('content-type')).toBe('text/event-stream');
    const events = read()
      .split('\n\n')
      .filter((event) => event.startsWith('data: '));
    expect(events.map((event) => JSON.parse(event.slice('data: '.length)))).toMatchObject([
      { cols: 90, rows: 30 },
      [expect.any(Number), 'o', said],
    ]);
    expect(read()).toMatch(/event: done\ndata: \{\}\n\n$/);
  });

  test.each(['dba', 'admin', 'stranger', 'bot'])('is not for %s', async (name) => {
    const { as } = await aConsoleWithSession();

    const answers = await Promise.all(
      ['', '?follow', '?format=events'].map((query) => as(name, `/api/operations/op_live/recording${query}`)),
    );

    expect(answers.map(({ status }) => status)).toEqual([403, 403, 403]);
  });
});
