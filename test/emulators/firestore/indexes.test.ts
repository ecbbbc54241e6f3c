import { AggregateField, type CollectionReference, FieldPath, Filter, type Query } from '@google-cloud/firestore';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FirestoreEmulator, startFirestore } from '../../../emulators/firestore/firestore.ts';
import { connect } from './subject.ts';

const FAILED_PRECONDITION = 9;

const indexes = {
  indexes: [
    {
      collectionGroup: 'events',
      queryScope: 'COLLECTION',
      fields: [
        { fieldPath: 'state', order: 'ASCENDING' as const },
        { fieldPath: 'at', order: 'DESCENDING' as const },
      ],
    },
    {
      collectionGroup: 'events',
      queryScope: 'COLLECTION',
      fields: [
        { fieldPath: 'owner', order: 'ASCENDING' as const },
        { fieldPath: 'at', order: 'DESCENDING' as const },
      ],
    },
    {
      collectionGroup: 'events',
      queryScope: 'COLLECTION',
      fields: [
        { fieldPath: 'tags', arrayConfig: 'CONTAINS' as const },
        { fieldPath: 'at', order: 'ASCENDING' as const },
      ],
    },
  ],
  fieldOverrides: [
    { collectionGroup: 'events', fieldPath: 'body', indexes: [] },
    {
      collectionGroup: 'events',
      fieldPath: 'kind',
      indexes: [{ queryScope: 'COLLECTION_GROUP', order: 'ASCENDING' as const }],
    },
  ],
};

let emulator: FirestoreEmulator;
let events: CollectionReference;

beforeAll(async () => {
  emulator = await startFirestore({ indexes });
  events = connect(emulator.address).collection('events');
});

afterAll(async () => {
  await events.firestore.terminate();
  emulator.stop();
});

const served: Record<string, () => Query> = {
  'a collection as it is': () => events,
  'one equality': () => events.where('state', '==', 'open'),
  'several equalities, by merging': () => events.where('state', '==', 'open').where('owner', '==', 'me'),
  'equalities with array-contains, by merging': () =>
    events.where('state', '==', 'open').where('tags', 'array-contains', 'x'),
  'one range': () => events.where('at', '>', 1),
  'one order, either way': () => events.orderBy('at', 'desc'),
  'an order by name, backwards': () => events.where('state', '==', 'open').orderBy(FieldPath.documentId(), 'desc'),
  'an order by the field of an equality': () => events.where('state', '==', 'open').orderBy('state'),
  'what a composite index holds': () => events.where('state', '==', 'open').orderBy('at', 'desc'),
  'a composite index read backwards': () => events.where('state', '==', 'open').orderBy('at'),
  'an equality and a range of a composite index': () => events.where('state', '==', 'open').where('at', '>', 1),
  'a list of alternatives in a composite index': () =>
    events.where('state', 'in', ['open', 'shut']).orderBy('at', 'desc'),
  'two composite indexes with one order, by merging': () =>
    events.where('state', '==', 'open').where('owner', '==', 'me').orderBy('at', 'desc'),
  'array-contains with an order, from a composite index': () =>
    events.where('tags', 'array-contains', 'x').orderBy('at'),
  'alternatives that are each served': () =>
    events.where(Filter.or(Filter.where('state', '==', 'open'), Filter.where('owner', '==', 'me'))),
  'a collection group with an index for it': () => events.firestore.collectionGroup('events').where('kind', '==', 1),
  'a whole collection group': () => events.firestore.collectionGroup('events'),
};

const unserved: Record<string, () => Query> = {
  'an equality and an order without a composite index': () => events.where('region', '==', 'eu').orderBy('at'),
  'two orders': () => events.orderBy('state').orderBy('at'),
  'ranges on two fields': () => events.where('at', '>', 1).where('size', '>', 1),
  'directions that no index has together': () => events.orderBy('state').orderBy('at'),
  'one equality more than the merged indexes hold': () =>
    events.where('state', '==', 'open').where('region', '==', 'eu').orderBy('at', 'desc'),
  'array-contains in the direction that was not built': () =>
    events.where('tags', 'array-contains', 'x').orderBy('at').orderBy('state'),
  'an order whose name goes the other way': () => events.orderBy('at').orderBy(FieldPath.documentId(), 'desc'),
  'a field whose index is switched off': () => events.where('body', '==', 'x'),
  'a collection group without an index for it': () =>
    events.firestore.collectionGroup('events').where('state', '==', 'open'),
  'alternatives of which one is not served': () =>
    events
      .where(Filter.or(Filter.where('state', '==', 'open'), Filter.where('region', '==', 'eu')))
      .orderBy('at', 'desc'),
  'the composite index of another collection': () =>
    events.firestore.collection('others').where('state', '==', 'open').orderBy('at', 'desc'),
};

describe.concurrent('a server with the indexes of production', () => {
  test.each(Object.entries(served))('serves %s', async (_what, query) => {
    expect((await query().get()).size).toBe(0);
  });

  /* Watched, because Google's client retries a refused one-time query for seconds. */
  test.each(Object.entries(unserved))('refuses %s', async (_what, query) => {
    await expect(watch(query())).rejects.toThrow('The query requires an index.');
  });

  test('names the index that is missing, ready for the configuration', async () => {
    const missing = { fieldPath: 'region', order: 'ASCENDING' };

    await expect(watch(events.where('region', '==', 'eu').orderBy('at'))).rejects.toThrow(JSON.stringify(missing));
  });

  test('refuses a one-time query with FAILED_PRECONDITION', async () => {
    await expect(events.where('region', '==', 'eu').orderBy('at').get()).rejects.toMatchObject({
      code: FAILED_PRECONDITION,
    });
  });

  test('asks for an index over the field of a sum with a filter', async () => {
    const sum = { total: AggregateField.sum('size') };

    await expect(events.aggregate(sum).get()).resolves.toBeDefined();
    await expect(events.where('region', '==', 'eu').aggregate(sum).get()).rejects.toMatchObject({
      code: FAILED_PRECONDITION,
    });
  });
});

/** Resolves with the first snapshot. */
function watch(query: Query): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const unsubscribe = query.onSnapshot((snapshot) => {
      unsubscribe();
      resolve(snapshot);
    }, reject);
  });
}
