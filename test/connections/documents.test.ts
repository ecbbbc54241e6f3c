import { expect, test } from 'vitest';
import { createDocuments } from '../../src/connections/connections.ts';
import { createFakeStore } from '../fakes/store.ts';

const group = { members: ['user:dba@example.com'] };

function aLibrary() {
  const store = createFakeStore();
  return { store, documents: createDocuments({ store }) };
}

test('a document is created, read, listed, replaced and removed as it was authored', async () => {
  const { documents } = aLibrary();

  const created = await documents.put('groups', 'dba', group, { ifMatch: null });
  const replaced = await documents.put('groups', 'dba', { members: [] }, { ifMatch: created.etag });

  expect(created).toMatchObject({ name: 'dba', document: group });
  expect(replaced.etag).not.toBe(created.etag);
  expect(await documents.get('groups', 'dba')).toEqual(replaced);
  expect(await documents.list('groups')).toEqual([replaced]);
  await documents.remove('groups', 'dba', { ifMatch: replaced.etag });
  expect(await documents.get('groups', 'dba')).toBeUndefined();
});

test('who has not seen the last state can neither replace nor remove it', async () => {
  const { documents } = aLibrary();
  const { etag: old } = await documents.put('groups', 'dba', group, { ifMatch: null });
  await documents.put('groups', 'dba', { members: [] }, { ifMatch: old });

  const replace = documents.put('groups', 'dba', group, { ifMatch: old });
  const remove = documents.remove('groups', 'dba', { ifMatch: old });

  await expect(replace).rejects.toMatchObject({ code: 'precondition-failed' });
  await expect(remove).rejects.toMatchObject({ code: 'precondition-failed' });
  expect((await documents.get('groups', 'dba'))?.document).toEqual({ members: [] });
});

test('creating what exists, and replacing what does not, is refused', async () => {
  const { documents } = aLibrary();
  await documents.put('groups', 'dba', group, { ifMatch: null });

  const again = documents.put('groups', 'dba', group, { ifMatch: null });
  const missing = documents.put('groups', 'other', group, { ifMatch: '*' });

  await expect(again).rejects.toMatchObject({ code: 'precondition-failed' });
  await expect(missing).rejects.toMatchObject({ code: 'precondition-failed' });
});

test('a writer who is overtaken between reading and writing loses', async () => {
  const { documents, store } = aLibrary();
  const { etag } = await documents.put('groups', 'dba', group, { ifMatch: null });
  store.failNext('conflict');

  const replace = documents.put('groups', 'dba', { members: [] }, { ifMatch: etag });

  await expect(replace).rejects.toMatchObject({ code: 'precondition-failed' });
});

test.for([
  ['an unknown field', 'groups', 'g', { ...group, extra: 1 }],
  ['a member that is none', 'groups', 'g', { members: ['hunter2'] }],
  ['a name that is not allowed', 'groups', '../g', group],
  ['no object', 'groups', 'g', [group]],
  ['arrays in arrays', 'connections', 'c', { settings: { a: [[1]] } }],
  ['deep nesting', 'connections', 'c', JSON.parse(`${'{"a":'.repeat(50)}1${'}'.repeat(50)}`)],
  ['a field named __proto__', 'groups', 'g', JSON.parse('{"members":[],"__proto__":{"a":1}}')],
] as const)(
  'a document with %s is refused, and nothing of its values is repeated',
  async ([, kind, name, document]) => {
    const { documents, store } = aLibrary();

    const put = documents.put(kind, name, document, { ifMatch: null });

    await expect(put).rejects.toMatchObject({ code: 'bad-request', detail: expect.not.stringContaining('hunter2') });
    expect(store.contents()).toEqual({});
  },
);

test('a document that cannot be in force is not written', async () => {
  const store = createFakeStore();
  const documents = createDocuments({ store, whyUnusable: (kind) => `no ${kind} today` });

  const put = documents.put('groups', 'dba', group, { ifMatch: null });

  await expect(put).rejects.toMatchObject({ code: 'bad-request', detail: 'no groups today' });
});

test('a stored document that does not parse is shown with what is wrong with it', async () => {
  const { documents, store } = aLibrary();
  store.seed('groups/odd', { members: 7 });

  const [odd] = await documents.list('groups');

  expect(odd).toMatchObject({ name: 'odd', document: { members: 7 }, error: expect.stringContaining('members') });
});
