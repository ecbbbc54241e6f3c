import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { type Audit, type AuditDeps, deliver, type Intent } from '../../src/audit/audit.ts';
import { sha256 } from '../../src/model/canonical.ts';
import type { Message } from '../../src/model/result.ts';
import { aPassage, aTrail, chunksOf, faultsOf, quick, type Trail, textOf } from './trail.ts';

const timing: AuditDeps['timing'] = { ...quick, tape: 20 };
const aSession = (deps: Partial<AuditDeps> = {}) => aTrail({ timing, ...deps });

/** A session that says what it is told, until it is told to end. */
async function opened(audit: Audit) {
  const intent = await audit.intend(aPassage());
  const said: { resolve: (step: IteratorResult<Message, undefined>) => void }[] = [];
  let left = 0;
  const messages: AsyncIterable<Message> = {
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise((resolve) => said.push({ resolve })),
      async return() {
        left++;
        return { done: true, value: undefined };
      },
    }),
  };
  const sent: string[] = [];
  const answer = deliver(
    intent,
    {
      ...{ form: 'duplex', protocol: '', messages, findings: () => [], summary: () => ({ truncated: false, exit: 0 }) },
      send: async (message) => void sent.push(Buffer.from(message).toString()),
    },
    { credential: undefined, durations: () => ({ total: 1, queue: 0, target: 0, audit: 0 }), ended: () => {} },
  );
  if (answer.form !== 'duplex') throw new Error('No session.');
  intent.tape?.open({ terminal: true, columns: 80, rows: 24, command: 'sh' });
  return { intent, answer, reading: answer.messages[Symbol.asyncIterator](), sent, left: () => left, said };
}

const say = ({ tape }: Intent, text: string) => tape?.entry('o', text);

async function until(look: () => unknown) {
  for (let tries = 0; !look() && tries < 400; tries++) await sleep(5);
}

const taped = (trail: Trail) => Object.values(trail.store.contents('tapes'));
const outcomeOf = (trail: Trail) => trail.table.events().find(({ phase }) => phase === 'outcome');

describe('the recording of a session', () => {
  test('is written while it runs, and reaches the table with its outcome', async () => {
    const trail = aSession();
    await trail.audit.open();
    const { intent, answer } = await opened(trail.audit);

    say(intent, 'first\n');
    await until(() => taped(trail).length === 1);
    say(intent, 'second\n');
    await until(() => taped(trail).length === 2);
    expect(trail.table.recordings).toEqual([]);
    await answer.cancel();
    await trail.audit.close();

    const text = textOf(trail);
    expect(text.split('\n').map((line) => line && JSON.parse(line))).toMatchObject([
      { version: 3, term: { cols: 80, rows: 24, type: 'xterm-256color' }, command: 'sh', title: 'sh' },
      [expect.any(Number), 'o', 'first\n'],
      [expect.any(Number), 'o', 'second\n'],
      '',
    ]);
    const { event_id, recording, time, type } = outcomeOf(trail) ?? {};
    expect(type).toBe('completed');
    expect(recording).toEqual({ chunks: 2, bytes: Buffer.byteLength(text), sha256: sha256(text), truncated: false });
    expect(chunksOf(trail)).toMatchObject([
      { event_id, time, chunk: 0, direction: 'both' },
      { event_id, time, chunk: 1, direction: 'both' },
    ]);
    expect(trail.store.contents('tapes')).toEqual({});
    expect(trail.store.contents('outbox')).toEqual({});
    expect(faultsOf(trail.table.events())).toEqual([]);
  });

  test('is cut into chunks of 256 KiB, of which two are held at most', async () => {
    const trail = aSession({ timing: { ...timing, tape: 60_000 } });
    await trail.audit.open();
    const { intent, answer } = await opened(trail.audit);

    for (let index = 0; index < 100; index++) {
      say(intent, 'x'.repeat(10_000));
      await intent.tape?.room();
      expect(intent.tape?.lost.aborted).toBe(false);
    }
    await answer.cancel();
    await trail.audit.close();

    const sizes = chunksOf(trail).map(({ content }) => String(content).length);
    expect(sizes).toHaveLength(4);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(256 * 1024);
  });

  test('ends at its limit, and says so', async () => {
    const trail = aSession({ sessionLimit: 1000 });
    await trail.audit.open();
    const { intent, answer } = await opened(trail.audit);

    for (let index = 0; index < 100; index++) say(intent, 'x'.repeat(100));
    await answer.cancel();
    await trail.audit.close();

    expect(outcomeOf(trail)?.recording?.truncated).toBe(true);
    expect(textOf(trail).length).toBeLessThanOrEqual(1000);
    expect(textOf(trail)).toMatch(/\n$/);
  });

  test('that was uncertain to be written is there once', async () => {
    const trail = aSession();
    await trail.audit.open();
    const { intent, answer } = await opened(trail.audit);
    trail.store.failNext('uncertain-applied', (writes) => writes.some(({ path }) => path.startsWith('tapes/')));

    say(intent, 'first\n');
    await until(() => taped(trail).length === 1);
    trail.store.failNext('uncertain-lost', (writes) => writes.some(({ path }) => path.startsWith('tapes/')));
    say(intent, 'second\n');
    await until(() => taped(trail).length === 2);
    await answer.cancel();
    await trail.audit.close();

    expect(outcomeOf(trail)).toMatchObject({
      type: 'completed',
      recording: { chunks: 2, sha256: sha256(textOf(trail)) },
    });
  });

  test('that cannot be written ends the session', async () => {
    const trail = aSession();
    await trail.audit.open();
    const { intent, reading, left } = await opened(trail.audit);
    const next = reading.next().catch((thrown: unknown) => thrown);

    say(intent, 'said\n');
    trail.store.offline();
    await until(() => intent.tape?.lost.aborted);
    trail.store.online();

    expect(await next).toMatchObject({ code: 'audit-unavailable' });
    expect(left()).toBeGreaterThan(0);
    await trail.audit.close();
    expect(outcomeOf(trail)).toMatchObject({ type: 'failed', result: { error_code: 'audit-unavailable' } });
    expect(outcomeOf(trail)?.recording).toMatchObject({ chunks: 0, truncated: true });
  });

  test('of an instance that was killed is closed as unknown, with what there is', async () => {
    const trail = aSession();
    await trail.audit.open();
    const { intent } = await opened(trail.audit);
    say(intent, 'first\n');
    await until(() => taped(trail).length === 1);
    const keeper = trail.another('keeper');
    await keeper.open();

    trail.clock.advance(60_000);
    await keeper.sweep();
    await keeper.sweep();
    await keeper.close();

    const outcome = trail.table.events().find(({ type }) => type === 'unknown');
    const text = textOf(trail);
    expect(outcome?.recording).toEqual({ chunks: 1, bytes: text.length, sha256: sha256(text), truncated: true });
    expect(chunksOf(trail)).toMatchObject([{ time: outcome?.time, direction: 'both' }]);
    expect(trail.store.contents('tapes')).toEqual({});
  });

  test('takes no more once a keeper has closed it, and its late outcome claims none', async () => {
    const trail = aSession();
    await trail.audit.open();
    const { intent, answer } = await opened(trail.audit);
    say(intent, 'first\n');
    await until(() => taped(trail).length === 1);
    const keeper = trail.another('keeper');
    await keeper.open();
    trail.clock.advance(60_000);
    await keeper.sweep();

    say(intent, 'second\n');
    await until(() => intent.tape?.lost.aborted);
    await expect(answer.cancel()).rejects.toMatchObject({ code: 'audit-unavailable' });
    await trail.audit.close();
    await keeper.sweep();
    await keeper.close();

    const late = trail.table.events().find(({ phase }) => phase === 'late');
    expect(late?.recording).toBeNull();
    expect(textOf(trail)).not.toContain('second');
    expect(trail.store.contents('tapes')).toEqual({});
    expect(faultsOf(trail.table.events())).toEqual([]);
  });
});

test('the sum of intervals is the time that has passed', async () => {
  const trail = aSession();
  await trail.audit.open();
  const { intent, answer } = await opened(trail.audit);
  for (let index = 0; index < 20; index++) {
    say(intent, '.');
    await sleep(3);
  }
  await answer.cancel();
  await trail.audit.close();

  const times = textOf(trail)
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => Number(JSON.parse(line)[0]));

  expect(times.every((time) => time >= 0 && Math.round(time * 1000) === time * 1000)).toBe(true);
});

test('what a session says while its caller leaves is neither handed over nor counted, and reading it fails for nobody', async () => {
  const trail = aSession();
  await trail.audit.open();
  const { answer, reading, said } = await opened(trail.audit);
  const next = reading.next();

  await answer.cancel();
  said[0]?.resolve({ done: false, value: { bytes: Buffer.from('late'), last: true } });

  expect(await next).toEqual({ done: true, value: undefined });
  await trail.audit.close();
  expect(outcomeOf(trail)).toMatchObject({ type: 'completed', result: { bytes: 0 } });
});
