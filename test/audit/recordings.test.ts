import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { type AuditDeps, deliver, type TableRow } from '../../src/audit/audit.ts';
import type { Passage } from '../../src/model/call.ts';
import { sha256 } from '../../src/model/canonical.ts';
import { connectionSchema } from '../../src/model/documents.ts';
import { Problem } from '../../src/model/problem.ts';
import { type Store, type Write, WriteUncertain } from '../../src/platform/store.ts';
import { aPassage, aTrail, chunksOf, faultsOf, quick, type Trail, textOf } from './trail.ts';

const columns = [{ name: 'note', type: 'text' }];
const head = `${JSON.stringify({ columns })}\n`;
const small = ['["first"]\n', '["second"]\n'];
/** 600 KiB: two chunks. */
const large = Array.from({ length: 6 }, (_, index) => `["${String(index).repeat(1020)}"]\n`.repeat(100));

const connection = (record: 'masked' | 'digest') => ({
  ...{ name: 'crm', version: 'v1', classification: new Map(), transforms: new Map() },
  document: connectionSchema.parse({
    ...{ kind: 'postgres', settings: {}, record },
    credential: { secret: 'projects/p/secrets/s' },
  }),
});

async function* handedOver(batches: readonly string[], end?: () => never) {
  for (const batch of batches) yield { bytes: Buffer.from(batch), rows: batch.split('\n').length - 1 };
  end?.();
}

/** Runs one operation through step 9 and reads its answer. */
async function answer(
  audit: Trail['audit'],
  batches: readonly string[],
  options: { passage?: Partial<Passage>; end?: () => never; most?: number } = {},
) {
  const intent = await audit.intend(aPassage(options.passage));
  const { batches: read } = deliver(
    intent,
    {
      form: 'rows',
      columns,
      batches: handedOver(batches, options.end),
      summary: () => ({ truncated: false }),
      findings: () => [],
    },
    { credential: undefined, durations: () => ({ total: 1, queue: 0, target: 0, audit: 0 }), ended: () => {} },
  );
  let taken = 0;
  for await (const _ of read) if (++taken === options.most) break;
}

/** What of the trail waits in the store. */
const left = ({ store }: Trail) => ({
  ...store.contents('outbox'),
  ...store.contents('tapes'),
  ...store.contents('recordings'),
});

const outcomeOf = (trail: Trail) => trail.table.events().find(({ phase }) => phase === 'outcome' || phase === 'late');

describe('an answer', () => {
  test('that is small is recorded in its outcome’s own document', async () => {
    const trail = aTrail({ append: () => new Promise(() => {}) });
    await trail.audit.open();

    await answer(trail.audit, small);

    expect(trail.store.contents('recordings')).toEqual({});
    const [document] = Object.values(trail.store.contents('outbox')).filter(({ chunks }) => chunks !== undefined);
    expect(document?.['chunks']).toHaveLength(1);
  });

  test('reaches the table as it was sent, tied to its outcome by its hash', async () => {
    const trail = aTrail();
    await trail.audit.open();

    await answer(trail.audit, small);
    await trail.audit.close();

    const text = head + small.join('');
    expect(textOf(trail)).toBe(text);
    expect(outcomeOf(trail)?.recording).toEqual({
      chunks: 1,
      bytes: text.length,
      sha256: sha256(text),
      truncated: false,
    });
    expect(chunksOf(trail)[0]).toMatchObject({
      operation: 'op_1',
      direction: 'returned',
      time: outcomeOf(trail)?.time,
    });
    expect(trail.store.contents('outbox')).toEqual({});
  });

  test('that is large is durable before its outcome, and leaves nothing behind once it is shipped', async () => {
    const trail = aTrail();
    await trail.audit.open();

    await answer(trail.audit, large);
    await trail.audit.close();

    const places = trail.store.commits.map((writes) => writes.map(({ op, path }) => `${op} ${path.split('/')[0]}`));
    const taped = places.findIndex((writes) => writes.includes('set tapes'));
    expect(places.slice(taped, taped + 2)).toEqual([
      ['set tapes', 'set tapes', 'replace outbox'],
      ['replace outbox', 'set operations'],
    ]);
    expect(sha256(textOf(trail))).toBe(outcomeOf(trail)?.recording?.sha256);
    expect(textOf(trail)).toBe(head + large.join(''));
    expect(left(trail)).toEqual({});
    expect(faultsOf(trail.table.events())).toEqual([]);
  });

  test('of control characters alone is recorded as any other', async () => {
    const trail = aTrail();
    await trail.audit.open();
    const text = `${'\x01'.repeat(700_000)}\n`;

    await answer(trail.audit, [text]);
    await trail.audit.close();

    expect(textOf(trail)).toBe(head + text);
    for (const { content } of chunksOf(trail)) expect(String(content).length).toBeLessThanOrEqual(512 * 1024);
  });

  test('that is larger than the limit is recorded up to it', async () => {
    const trail = aTrail({ recordingLimit: 1000 });
    await trail.audit.open();

    await answer(
      trail.audit,
      Array.from({ length: 200 }, () => '["a row of the answer"]\n'),
    );
    await trail.audit.close();

    expect(outcomeOf(trail)?.recording).toMatchObject({ chunks: 1, truncated: true });
    expect(textOf(trail).length).toBeLessThanOrEqual(1000);
    expect(textOf(trail).length).toBeGreaterThan(900);
  });

  test('that failed on the way is recorded as far as it was sent', async () => {
    const trail = aTrail();
    await trail.audit.open();
    const end = () => {
      throw new Problem('target-unavailable');
    };

    await expect(answer(trail.audit, small, { end })).rejects.toMatchObject({ code: 'target-unavailable' });
    await trail.audit.close();

    expect(outcomeOf(trail)).toMatchObject({ type: 'failed', recording: { chunks: 1 } });
    expect(textOf(trail)).toBe(head + small.join(''));
  });

  test('that nobody read to its end is recorded as far as it was read', async () => {
    const trail = aTrail();
    await trail.audit.open();

    await answer(trail.audit, small, { most: 1 });
    await trail.audit.close();

    expect(textOf(trail)).toBe(head + small[0]);
  });

  test.each([
    ['a connection that keeps digests only', { connection: connection('digest') }, 'unrecorded:digest'],
    ['somebody whom policy lets see classified values', unmasked(), 'unrecorded:unmask'],
  ])('for %s is not recorded, and the outcome says why', async (_, passage, note) => {
    const trail = aTrail();
    await trail.audit.open();

    await answer(trail.audit, small, { passage });
    await trail.audit.close();

    expect(outcomeOf(trail)).toMatchObject({ type: 'completed', recording: null, note });
    expect(trail.table.recordings).toEqual([]);
    expect(JSON.stringify(trail.store.commits)).not.toContain('second');
  });
});

function unmasked(): Partial<Passage> {
  const { decision } = aPassage();
  return decision === undefined ? {} : { decision: { ...decision, unmask: ['EMAIL_ADDRESS'] } };
}

describe('a recording', () => {
  test.each([
    ['small', small],
    ['large', large],
  ])('that is %s arrives through the keeper when its instance was killed', async (_, batches) => {
    const trail = aTrail();
    await trail.audit.open();
    const dead = trail.another('dead', { append: () => new Promise(() => {}) });
    await dead.open();
    await answer(dead, batches);

    trail.clock.advance(60_000);
    const swept = await trail.audit.sweep();
    await trail.audit.close();

    expect(swept).toMatchObject({ chains: 1, closed: 0 });
    expect(textOf(trail)).toBe(head + batches.join(''));
    expect(left(trail)).toEqual({});
  });

  test('waits while BigQuery takes events and no recordings, and keeps no event waiting', async () => {
    const trail = aTrail();
    let refusing = true;
    const audit = picky(trail, () => {
      if (refusing) throw new Error('503');
      return [];
    });
    await audit.open();

    await answer(audit, small);
    await sleep(50);

    expect(outcomeOf(trail)?.type).toBe('completed');
    expect(Object.keys(trail.store.contents('outbox'))).toHaveLength(1);
    refusing = false;
    await audit.close();
    expect(textOf(trail)).toBe(head + small.join(''));
    expect(trail.store.contents('outbox')).toEqual({});
  });

  test('of which BigQuery refuses a chunk for good is set aside and raises one alert', async () => {
    const trail = aTrail();
    const audit = picky(trail, (rows) => rows.map((_, index) => ({ index, reason: 'invalid' })));
    await audit.open();

    await answer(audit, small);
    await sleep(50);
    await audit.close();

    expect(trail.alerts).toEqual([expect.stringMatching(/in recordings\.$/)]);
    expect(trail.store.contents('outbox')).toEqual({});
    expect(Object.keys(trail.store.contents('dead'))).toHaveLength(1);
    expect(outcomeOf(trail)?.type).toBe('completed');
  });

  test('that is delivered twice has the same insertIds, whoever delivers it', async () => {
    const trail = aTrail();
    await trail.audit.open();
    let lost = true;
    const dead = trail.another('dead', {
      async append(table, rows) {
        await trail.table.append(table, rows);
        if (lost) throw new Error('the answer was lost');
        return [];
      },
      timing: { ...quick, shippingPause: [60_000, 60_000] },
    });
    await dead.open();
    await answer(dead, large);
    await sleep(50);
    lost = false;

    trail.clock.advance(60_000);
    await trail.audit.sweep();
    await trail.audit.close();

    expect(trail.table.recordings).toHaveLength(4);
    expect(new Set(trail.table.recordings.map(({ insertId }) => insertId)).size).toBe(2);
    expect(textOf(trail)).toBe(head + large.join(''));
  });

  test('of a late outcome is kept with it', async () => {
    const trail = aTrail();
    await trail.audit.open();
    const slow = trail.another('slow', { append: () => new Promise(() => {}) });
    await slow.open();
    const intent = await slow.intend(aPassage());
    trail.clock.advance(60_000);
    await trail.audit.sweep();

    intent.recorder?.begin(columns);
    for (const batch of large) intent.recorder?.add(Buffer.from(batch));
    await intent.complete({ type: 'completed' });
    trail.clock.advance(60_000);
    await trail.audit.sweep();
    await trail.audit.close();

    const late = trail.table.events().find(({ type }) => type === 'outcome_late');
    expect(late?.recording?.sha256).toBe(sha256(textOf(trail)));
    expect(left(trail)).toEqual({});
  });

  test.each(['uncertain-applied', 'uncertain-lost', 'unavailable'] as const)(
    'whose commit was %s is there once',
    async (failure) => {
      const trail = aTrail();
      await trail.audit.open();
      trail.store.failNext(failure, (writes) => writes.some(({ path }) => path.startsWith('tapes/')));

      await answer(trail.audit, large);
      await trail.audit.close();

      expect(outcomeOf(trail)).toMatchObject({ type: 'completed', recording: { sha256: sha256(textOf(trail)) } });
      expect(trail.table.recordings).toHaveLength(2);
      expect(left(trail)).toEqual({});
    },
  );

  test('of an instance that was killed before its outcome is that of the unknown one', async () => {
    const trail = aTrail();
    await trail.audit.open();
    let killed = false;
    const dead = trail.another('dead', { store: without(trail.store, (writes) => killed || isOutcome(writes)) });
    await dead.open();
    await expect(answer(dead, large)).rejects.toMatchObject({ code: 'outcome-unrecorded' });
    killed = true;

    trail.clock.advance(60_000);
    await trail.audit.sweep();
    await trail.audit.close();

    const text = textOf(trail);
    expect(text).toBe(head + large.join(''));
    expect(outcomeOf(trail)).toMatchObject({
      type: 'unknown',
      recording: { chunks: 2, bytes: text.length, sha256: sha256(text), truncated: true },
    });
    expect(chunksOf(trail)).toMatchObject([{ direction: 'returned', time: outcomeOf(trail)?.time }, { chunk: 1 }]);
    expect(left(trail)).toEqual({});
  });

  test('that was there when a keeper closed its event belongs to that, and the late outcome claims none', async () => {
    const trail = aTrail();
    await trail.audit.open();
    let waits = true;
    const slow = trail.another('slow', {
      store: without(trail.store, (writes) => waits && isOutcome(writes)),
      timing: { ...quick, outcomePatience: 10_000 },
    });
    await slow.open();
    const answering = answer(slow, large);
    while (Object.keys(trail.store.contents('tapes')).length === 0) await sleep(5);

    trail.clock.advance(60_000);
    await trail.audit.sweep();
    waits = false;
    await answering;
    await slow.close();
    await trail.audit.close();

    const types = trail.table.events().map(({ type, recording }) => [type, recording?.chunks ?? null]);
    expect(types).toContainEqual(['unknown', 2]);
    expect(types).toContainEqual(['outcome_late', null]);
    expect(trail.table.recordings).toHaveLength(2);
    expect(textOf(trail)).toBe(head + large.join(''));
    expect(left(trail)).toEqual({});
  });

  test('that is large and refused by BigQuery for good is set aside, and shipped once it was put back', async () => {
    const trail = aTrail();
    let refusing = true;
    const audit = picky(trail, (rows) => (refusing ? rows.map((_, index) => ({ index, reason: 'invalid' })) : []));
    await audit.open();

    await answer(audit, large);
    while (Object.keys(trail.store.contents('dead')).length < 2) await sleep(5);
    await audit.close();
    expect(left(trail)).toEqual({});
    refusing = false;
    await trail.audit.open();
    await trail.audit.putBack();
    await trail.audit.sweep();
    await trail.audit.close();

    expect(textOf(trail)).toBe(head + large.join(''));
    expect({ ...left(trail), ...trail.store.contents('dead') }).toEqual({});
  });

  test('that memory cannot hold is read from the store again', async () => {
    const trail = aTrail({ memory: 900_000, timing: { ...quick, drain: 10_000 } });
    await trail.audit.open();

    await Promise.all(
      Array.from({ length: 5 }, (_, index) => answer(trail.audit, large, { passage: { operationId: `op_${index}` } })),
    );
    await trail.audit.close();

    expect(new Set(trail.table.recordings.map(({ insertId }) => insertId)).size).toBe(10);
    expect(left(trail)).toEqual({});
  });
});

/** An instance whose table of recordings answers otherwise. */
function picky(trail: Trail, answers: (rows: readonly TableRow[]) => { index: number; reason: string }[]) {
  const append: AuditDeps['append'] = async (table, rows) => {
    const failures = table === 'recordings' ? answers(rows) : [];
    return failures.length > 0 ? failures : trail.table.append(table, rows);
  };
  return trail.another('picky', { append });
}

const isOutcome = (writes: readonly Write[]) =>
  writes.some(({ op, path }) => op === 'replace' && path.startsWith('outbox/')) &&
  !writes.some(({ path }) => path.startsWith('tapes/'));

/** A store that never hears of some commits. */
const without = (store: Store, lost: (writes: readonly Write[]) => boolean): Store => ({
  ...store,
  commit: async (writes) => {
    if (lost(writes)) throw new WriteUncertain('It was lost.');
    return store.commit(writes);
  },
});
