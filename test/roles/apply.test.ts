import { describe, expect, test } from 'vitest';
import { createDocuments } from '../../src/connections/connections.ts';
import { applyTo, read } from '../../src/roles/apply.ts';
import { whyUnusable } from '../../src/roles/usable.ts';
import { createFakeStore } from '../fakes/store.ts';

const readers = {
  principals: ['group:analysts'],
  connections: ['crm'],
  verbs: ['read'],
  resources: ['public.*'],
  effect: 'allow',
};
const crm = {
  kind: 'postgres',
  settings: { host: '10.0.0.5', database: 'crm' },
  credential: { secret: 'projects/p/secrets/crm' },
};
const file = (policies: object) => read(JSON.stringify({ connections: { crm }, policies }));

function opened() {
  const store = createFakeStore();
  return createDocuments({ store, whyUnusable });
}

describe('documents of a deployment', () => {
  test('are written once, and again only where they changed', async () => {
    const documents = opened();

    const first = await applyTo(documents, file({ readers }));
    const again = await applyTo(documents, file({ readers }));
    const changed = await applyTo(documents, file({ readers: { ...readers, verbs: ['read', 'write'] } }));

    expect(first.slice(0, 2)).toEqual(['connections/crm: created', 'policies/readers: created']);
    expect(again).toEqual(['2 documents are in place, 2 of them as they were.']);
    expect(changed[0]).toBe('policies/readers: changed');
    expect((await documents.get('policies', 'readers'))?.document['verbs']).toEqual(['read', 'write']);
  });

  test('are all refused when one of them cannot be in force, and every fault is told', async () => {
    const documents = opened();

    const applying = applyTo(
      documents,
      file({ readers, broken: { ...readers, effect: 'perhaps' }, uncompiled: { ...readers, condition: 'agent.' } }),
    );

    await expect(applying).rejects.toThrow(/policies\/broken: .*effect.*\n.*policies\/uncompiled: /);
    expect(await documents.list('policies')).toEqual([]);
    expect(await documents.list('connections')).toEqual([]);
  });

  test.each([
    ['postgres', { hots: '10.0.0.5', database: 'crm' }],
    ['bigquery', { location: 'EU' }],
    ['kubernetes', { server: 'secret.example' }],
    ['http', { origin: 'https://secret.example', inject: 'nothing' }],
    ['ssh', { host: 'secret.example', host_keys: [] }],
  ])('are refused where the settings of a connection are not those of its kind: %s', async (kind, settings) => {
    const documents = opened();

    const applying = applyTo(documents, read(JSON.stringify({ connections: { crm: { ...crm, kind, settings } } })));

    await expect(applying).rejects.toThrow(/^Nothing was written:\n {2}connections\/crm: settings: /);
    await expect(applying).rejects.not.toThrow(/secret\.example/);
    expect(await documents.list('connections')).toEqual([]);
  });

  test('that humans wrote beside them stay', async () => {
    const documents = opened();
    await documents.put('policies', 'by-hand', readers, { ifMatch: null });

    await applyTo(documents, file({ readers }));

    expect((await documents.list('policies')).map(({ name }) => name)).toEqual(['by-hand', 'readers']);
  });

  test.each([
    ['another kind', { secrets: {} }],
    ['a document that is none', { policies: { readers: 'all' } }],
  ])('of %s are no such file', (_, given) => {
    expect(() => read(JSON.stringify(given))).toThrow();
  });
});
