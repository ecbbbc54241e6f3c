import { beforeAll, describe, expect, test } from 'vitest';
import type { AuditEvent } from '../../src/model/audit-event.ts';
import { canonicalJson } from '../../src/model/canonical.ts';
import { anHonestTrail, type Honest, keys, signedBy, verified } from './verify/honest.ts';
import { chained, notarised, signedAnew } from './verify/notary.ts';

/** What a gateway that was taken over could write, in chains that hold, under checkpoints that are right. */

let honest: Honest;
beforeAll(async () => {
  honest = await anHonestTrail();
});

const all = () => honest.events.map((event): AuditEvent => ({ ...structuredClone(event), recording: null }));
const found = async (trail: Honest, options = {}) =>
  (await verified(trail, options)).findings.map(({ kind, event_id }) => ({ kind, event_id }));
const kindsOf = async (events: AuditEvent[]) =>
  (await verified(notarised(chained(events)))).findings.map(({ kind }) => kind);

const idOf = (name: string) => honest.events.find(({ operation }) => operation === name)?.event_id;
const without = (isGone: (event: AuditEvent) => boolean) => all().filter((event) => !isGone(event));
const changed = (isMeant: (event: AuditEvent) => boolean, change: (event: AuditEvent) => Partial<AuditEvent>) =>
  all().map((event) => (isMeant(event) ? { ...event, ...change(event) } : event));

test('what was chained and signed anew without a change has no findings', async () => {
  expect(await found(notarised(chained(all())))).toEqual([]);
});

test('rows that were delivered twice are no findings', async () => {
  const { events, ...others } = honest;

  const report = await verified({ ...others, events: events.flatMap((event) => [event, event]) });

  expect(report).toMatchObject({ findings: [], events: events.length, repeated: events.length });
});

describe('an operation', () => {
  test('without an outcome is found once it can run no longer', async () => {
    const event_id = idOf('op_read_1');

    const trail = notarised(chained(without((event) => event.event_id === event_id && event.phase === 'outcome')));

    const later = { readAt: new Date('2026-01-05T10:30:00Z') };
    expect(await found(trail, later)).toEqual([{ kind: 'no-outcome', event_id }]);
  });

  test('that began less than two minutes before the end is none', async () => {
    const { events, checkpoints } = await anHonestTrail({ ended: false });
    const last = events.findLast(({ phase }) => phase === 'outcome');

    const report = await verified({ events: events.filter((event) => event !== last), checkpoints, recordings: [] });

    expect(report.findings.filter(({ kind }) => kind !== 'recording-missing')).toEqual([]);
    expect(report.notes).toContain('1 operations may still be running.');
  });

  test('that nobody intended is found', async () => {
    const event_id = idOf('op_read_1');

    const trail = notarised(chained(without((event) => event.event_id === event_id && event.phase === 'intent')));

    expect(await found(trail)).toEqual([{ kind: 'no-intent', event_id }]);
  });

  test('with two outcomes is found', async () => {
    const event_id = idOf('op_read_1');

    const trail = notarised(
      chained(
        all().flatMap((event) =>
          event.event_id === event_id && event.phase === 'outcome' ? [event, { ...event, type: 'failed' }] : [event],
        ),
      ),
    );

    expect(await found(trail)).toEqual([{ kind: 'two-outcomes', event_id }]);
  });
});

describe('an approval', () => {
  const isYes = ({ type, approval }: AuditEvent) => type === 'approved' && approval?.id === 'apr_1';

  test('that nobody gave is found', async () => {
    const trail = notarised(chained(without(isYes)));

    expect(await found(trail)).toEqual([{ kind: 'not-approved', event_id: idOf('op_apr_1') }]);
  });

  test.each<[string, (event: AuditEvent) => Partial<AuditEvent>]>([
    ['is not signed', () => ({ note: null })],
    ['is signed by another key', ({ note }) => ({ note: resigned(note, keys.strange) })],
    ['is signed by the keeper', ({ note }) => ({ note: resigned(note, keys.checkpoint) })],
    [
      'is said to be of somebody else',
      ({ principal }) => ({ principal: principal && { ...principal, member: 'user:other@example.com' } }),
    ],
    ['is of something else', ({ approval }) => ({ approval: approval && { ...approval, digest: 'other' } })],
    ['is no human’s', ({ principal }) => ({ principal: principal && { ...principal, kind: 'agent' } })],
  ])('whose yes %s is found, and what ran under it', async (_, change) => {
    const kinds = await kindsOf(changed(isYes, change));

    expect(kinds.sort()).toEqual(['forged-approval', 'not-approved']);
  });

  test('of which one of two humans is missing is found', async () => {
    const trail = notarised(
      chained(without(({ type, principal }) => type === 'approved' && principal?.member === 'user:cto@example.com')),
    );

    expect(await found(trail)).toEqual([{ kind: 'not-approved', event_id: idOf('op_apr_2') }]);
  });

  test('that was given after it was used is found', async () => {
    const later = changed(isYes, () => ({ time: '2026-01-05T09:09:00.000Z' }));

    expect(await kindsOf(later)).toContain('not-approved');
  });

  test('that was spent twice is found', async () => {
    const twice = all().flatMap((event) =>
      event.operation === 'op_apr_1' && event.phase !== 'fact' ? [event, { ...event, event_id: 'ev_again' }] : [event],
    );

    expect(await found(notarised(chained(twice)))).toEqual([{ kind: 'approval-spent-twice', event_id: 'ev_again' }]);
  });

  test('is given by the requester: that is found', async () => {
    const member = 'user:dba@example.com';
    const own = changed(
      ({ approval }) => approval?.id === 'apr_1',
      ({ approval }) => ({ approval: approval && { ...approval, requester: member } }),
    );

    expect(await kindsOf(own)).toEqual(['not-approved']);
  });
});

function resigned(note: string | null, key: typeof keys.strange) {
  const { decision, more } = JSON.parse(note ?? '');
  const { signature: _, key: __, ...signed } = decision;
  return canonicalJson({
    decision: { ...signed, signature: signedBy(key, canonicalJson(signed)), key: decision.key },
    more,
  });
}

describe('time', () => {
  test.each(['2026-01-05T08:00:00.000Z', '2026-01-05T10:00:00.000Z'])(
    'that is wrong by an hour is found: %s',
    async (time) => {
      const meant = ({ operation, phase }: AuditEvent) => operation === 'op_read_2' && phase === 'outcome';
      const { checkpoints } = notarised(chained(all()));
      const trail = { ...notarised(chained(all())), events: chained(changed(meant, () => ({ time }))) };
      const heads = signedAnew(checkpoints, trail.events);

      expect((await found({ ...trail, checkpoints: heads })).map(({ kind }) => kind)).toContain('time');
    },
  );

  test('without checkpoints, in which something happened, is found', async () => {
    const long = all().map((event) => stretched(event));
    const [from, to] = [new Date('2026-01-05T09:10:00Z'), new Date('2026-01-05T09:30:00Z')];

    const trail = notarised(chained(long), { pause: [from, to] });

    expect((await found(trail)).map(({ kind }) => kind)).toContain('late-checkpoint');
  });

  test('without checkpoints, in which nothing ran, is told and is none', async () => {
    const [first = honest, second = honest] = [await anHonestTrail(), await anHonestTrail()];
    const next = second.events.map((event) => ({
      ...event,
      recording: null,
      chain: `${event.chain}_next`,
      event_id: `${event.event_id}_next`,
      time: new Date(Date.parse(event.time) + 7_200_000).toISOString(),
      approval: null,
      ...(event.type === 'approved' && { type: 'console_access' as const, note: null }),
    }));
    const before = first.events.map((event): AuditEvent => ({ ...event, recording: null }));
    const [from, to] = [new Date('2026-01-05T09:12:00Z'), new Date('2026-01-05T11:00:30Z')];

    const report = await verified(notarised(chained([...before, ...next]), { pause: [from, to] }), { ordered: false });

    expect(report.findings).toEqual([]);
    expect(report.notes).toEqual([expect.stringContaining('Nothing ran in the')]);
  });
});

/** Five times as slowly. */
function stretched(event: AuditEvent): AuditEvent {
  const start = Date.UTC(2026, 0, 5, 9);
  return { ...event, time: new Date(start + (Date.parse(event.time) - start) * 5).toISOString() };
}

describe('retention', () => {
  /** Some minutes before midnight and some after it. */
  const overnight = () =>
    chained(
      all().map((event) => ({
        ...stretched(stretched(event)),
        time: new Date(Date.parse(stretched(stretched(event)).time) + 13 * 3_600_000).toISOString(),
      })),
    );

  test('may delete what is older than the signed day, and no more', async () => {
    const trail = notarised(overnight(), { retainedFrom: '2026-01-06' });
    const kept = trail.events.filter(({ time }) => time >= '2026-01-06');
    const aDayLater = kept.filter(({ time }) => time >= '2026-01-06T01:30');

    const whole = await verified({ ...trail, events: kept });
    const cut = await verified({ ...trail, events: aDayLater });

    expect(kept.length).toBeLessThan(trail.events.length);
    expect(aDayLater.length).toBeLessThan(kept.length);
    expect(whole.findings).toEqual([]);
    expect(whole.notes).toEqual(expect.arrayContaining([expect.stringContaining('as retention has it')]));
    expect(cut.findings.map(({ kind }) => kind)).toContain('removed');
  });

  test.each([
    ['2026-01-06', []],
    ['2026-01-05', ['recording-missing']],
  ])('of recordings that ended %s by signature makes the others missing', async (recordingsFrom, kinds) => {
    const { events, checkpoints } = notarised(honest.events, { recordingsFrom });

    const report = await verified({ events, checkpoints, recordings: [] });

    expect([...new Set(report.findings.map(({ kind }) => kind))]).toEqual(kinds);
  });
});
