import { expect, test } from 'vitest';
import indexes from '../../firestore.indexes.json' with { type: 'json' };
import { deliver } from '../../src/audit/audit.ts';
import { randomIds } from '../../src/platform/ids.ts';
import { aPassage, aTrail, type Trail } from './trail.ts';

const OPERATIONS = 200;
const collections = ['outbox', 'tapes', 'operations'];

test('no index of what every operation writes grows with time, but one, of which each of 16 shards has its share', async () => {
  const trail = aTrail({ ids: laterEachTime() });
  await trail.audit.open();

  for (let count = 0; count < OPERATIONS; count += 1) await operate(trail);
  await trail.audit.close();

  const written = trail.store.commits.flat().flatMap((write) => (write.op === 'delete' ? [] : [write]));
  const places = collections.flatMap((collection) =>
    placesIn(
      collection,
      written.filter(({ path }) => path.startsWith(`${collection}/`)),
    ),
  );
  expect(places.filter(({ values }) => grows(values)).map(({ index }) => index)).toEqual([]);
  expect(places.map(({ index }) => index)).toEqual(
    expect.arrayContaining([
      'outbox: name',
      'outbox: runs',
      'tapes: name',
      'tapes: tape',
      'operations: name',
      'outbox: chain',
    ]),
  );
  const shards = Object.groupBy(
    written.filter(({ op, path }) => op !== 'replace' && path.startsWith('outbox/')),
    ({ data }) => `${data['shard']}`,
  );
  expect(Object.keys(shards)).toHaveLength(16);
  // Twelve or thirteen are to be expected.
  expect(Math.max(...Object.values(shards).map((all = []) => all.length))).toBeLessThan(40);
});

/** As identifiers are, a millisecond between each two. */
function laterEachTime() {
  let time = 0;
  return (prefix: string) => {
    time += 1;
    return `${prefix}_0${String(time).padStart(9, '0')}${randomIds('').slice(-16)}`;
  };
}

const operations = laterEachTime();

/** One operation, with an answer that is too large for the event's own document. */
async function operate({ audit }: Trail) {
  const intent = await audit.intend(aPassage({ operationId: operations('op') }));
  const rows = Buffer.from(`["${'x'.repeat(40_000)}"]\n`);
  const columns = [{ name: 'note', type: 'text' }];
  const { batches } = deliver(
    intent,
    {
      ...{ form: 'rows', columns, summary: () => ({ truncated: false }), findings: () => [] },
      batches: (async function* () {
        yield { bytes: rows, rows: 1 };
      })(),
    },
    { credential: undefined, durations: () => ({ total: 1, queue: 0, target: 0, audit: 0 }), ended: () => {} },
  );
  for await (const _ of batches);
}

/** The values that each place of an index takes, in the order in which they are written. A composite index is looked at within one shard. */
function placesIn(collection: string, written: { path: string; data: Record<string, unknown> }[]) {
  const exempt = new Set(
    indexes.fieldOverrides
      .filter(({ collectionGroup, indexes: left }) => collectionGroup === collection && left.length === 0)
      .map(({ fieldPath }) => fieldPath),
  );
  const fields = new Set(written.flatMap(({ data }) => Object.keys(data)).filter((field) => !exempt.has(field)));
  return [
    { index: `${collection}: name`, values: written.map(({ path }) => path) },
    ...[...fields].map((field) => ({
      index: `${collection}: ${field}`,
      values: written.flatMap(({ data }) => (data[field] === undefined ? [] : [asSorted(data[field])])),
    })),
  ];
}

const asSorted = (value: unknown) =>
  typeof value === 'number'
    ? String(value).padStart(20, '0')
    : typeof value === 'string'
      ? value
      : JSON.stringify(value);

/** Each new value above the one before, more often than chance would have it. A few values come again and again: they do not grow. */
function grows(values: readonly string[]) {
  const news = [...new Set(values)];
  const rises = news.filter((value, index) => index > 0 && value > (news[index - 1] ?? '')).length;
  return news.length > 50 && rises > news.length * 0.7;
}
