import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BigQueryEmulator, startBigQuery } from '../../emulators/bigquery/bigquery.ts';
import { createRetainedFrom, createRetention, installAudit } from '../../src/audit/audit.ts';
import { createBigQuery } from '../../src/platform/bigquery.ts';
import { aKeeper, checkpointsOf, flawsOf } from './keeper.ts';
import { aTrail, eventOf, faultsOf } from './trail.ts';

const day = 86_400_000;
const noon = Date.UTC(2026, 0, 5, 12);
let now = noon;
let emulator: BigQueryEmulator;
let bigquery: ReturnType<typeof createBigQuery>;

beforeAll(async () => {
  emulator = await startBigQuery({ clock: () => now });
  bigquery = createBigQuery({ projectId: 'p', emulatorHost: new URL(emulator.url).host });
});
afterAll(() => emulator.stop());

const eventsIn = async (dataset: string) =>
  (await bigquery.query(`SELECT * FROM \`p.${dataset}.events\` WHERE time > '2020-01-01' ORDER BY chain, seq`)).map(
    eventOf,
  );

describe('the tables of the trail', () => {
  test('keep everything for ever unless retention says otherwise', async () => {
    const changes = await installAudit(bigquery, 'kept');

    expect(changes).toEqual([]);
    expect(await bigquery.keepsFor('kept.events')).toEqual({ milliseconds: null, doomed: false });
  });

  test('get the retention that is set, which is told, and changed only where it differs', async () => {
    const retention = createRetention({ events: 400, recordings: 90 }, false);

    const first = await installAudit(bigquery, 'limited', retention);
    const second = await installAudit(bigquery, 'limited', retention);

    expect(first).toEqual([
      'limited.events: rows were kept for ever, and are kept for 400 days now.',
      'limited.recordings: rows were kept for ever, and are kept for 90 days now.',
    ]);
    expect(second).toEqual([]);
    expect(await bigquery.keepsFor('limited.recordings')).toEqual({ milliseconds: 90 * day, doomed: false });
    expect(await bigquery.keepsFor('limited.checkpoints')).toEqual({ milliseconds: null, doomed: false });
  });

  test('lose no row under legal hold, and get their retention back after it', async () => {
    await installAudit(bigquery, 'held', createRetention({ events: 30 }, false));

    const held = await installAudit(bigquery, 'held', createRetention({ events: 30 }, true));
    const during = await bigquery.keepsFor('held.events');
    const released = await installAudit(bigquery, 'held', createRetention({ events: 30 }, false));

    expect(held).toEqual(['held.events: rows were kept for 30 days, and are kept for ever now.']);
    expect(during.milliseconds).toBeNull();
    expect(released).toEqual(['held.events: rows were kept for ever, and are kept for 30 days now.']);
  });
});

describe('checkpoints', () => {
  const retainedFrom = (keeps: number | null, days: Record<string, number>, doomed = false) => {
    const { log, alerts } = aTrail();
    const read = createRetainedFrom({
      table: 'events',
      keepsFor: async () => ({ milliseconds: keeps, doomed }),
      retention: createRetention(days, false),
      log,
    });
    return { read, alerts };
  };

  test.each([
    ['2026-01-05T00:00:00.000Z', '2026-01-05'],
    ['2026-01-05T12:00:00.000Z', '2026-01-05'],
    ['2026-01-05T23:59:59.999Z', '2026-01-05'],
    ['2026-01-06T00:00:00.000Z', '2026-01-06'],
  ])('made at %s say that a retention of one day keeps what is of %s and later', async (time, expected) => {
    const { read } = retainedFrom(day, { events: 1 });

    // A partition goes once its beginning is a day ago: at midnight, that of the day before.
    expect(await read(new Date(time))).toBe(expected);
  });

  test('never allow more to be deleted than what was configured, and raise an alert, once', async () => {
    const { read, alerts } = retainedFrom(day, { events: 30 });

    const said = [await read(new Date(noon)), await read(new Date(noon))];

    expect(said).toEqual(['2025-12-07', '2025-12-07']);
    expect(alerts).toEqual(['Rows of the trail would be deleted before their time.']);
  });

  test('allow nothing to be deleted where no retention was configured', async () => {
    const { read, alerts } = retainedFrom(day, {});

    expect(await read(new Date(noon))).toBeNull();
    expect(alerts).toHaveLength(1);
  });

  test('allow nothing to be deleted that the table still keeps', async () => {
    expect(await retainedFrom(null, { events: 1 }).read(new Date(noon))).toBeNull();
    expect(await retainedFrom(60 * day, { events: 30 }).read(new Date(noon))).toBe('2025-11-07');
  });

  test('notice a table that is to be deleted as a whole', async () => {
    const { read, alerts } = retainedFrom(null, {}, true);

    await read(new Date(noon));

    expect(alerts).toEqual(['Rows of the trail would be deleted before their time.']);
  });
});

test('what retention deletes is the beginning of chains, and a signed checkpoint says up to which day', async () => {
  const retention = createRetention({ events: 2 }, false);
  await installAudit(bigquery, 'aged', retention);
  now = noon;
  const trail = aTrail({ append: (table, rows) => bigquery.append(`aged.${table}`, rows) });
  const keeper = aKeeper(trail, {
    retainedFrom: createRetainedFrom({
      table: 'events',
      keepsFor: () => bigquery.keepsFor('aged.events'),
      retention,
      log: trail.log,
    }),
  });
  await trail.audit.open();
  await trail.audit.note('denied', {});
  await expect.poll(() => Object.keys(trail.store.contents('outbox')).length).toBe(0);
  trail.clock.advance(3 * day);
  await trail.audit.note('denied', {});
  await trail.audit.close();
  const before = await eventsIn('aged');

  now = noon + 3 * day;
  const after = await eventsIn('aged');
  await keeper.make();

  expect(before.map(({ seq }) => seq)).toEqual([0, 1, 2, 3]);
  expect(after.map(({ seq }) => seq)).toEqual([2, 3]);
  expect(faultsOf(before)).toEqual([]);
  expect(after[0]?.prev_hash).toBe(before[1]?.hash);
  expect(checkpointsOf(trail).map(({ said, chains }) => [said.retained_from, chains[0]?.hash])).toEqual([
    ['2026-01-07', before[3]?.hash],
  ]);
  expect(flawsOf(checkpointsOf(trail))).toEqual([]);
});
