import { expect, onTestFinished, test } from 'vitest';
import { createFirestoreStore } from '../../src/platform/firestore.ts';
import { readStand, request, run } from '../flow/stand.ts';

/** On a stand of its own, as every change of a document changes the version of all policy. */
const { console, firestore, project, tokens } = readStand();

type Change = Record<string, unknown>;

async function historyOf(name: string): Promise<Change[]> {
  const { body } = await request('GET', `${console}/api/groups/${name}/history`, { token: tokens.auditor });
  return Array.isArray(body['changes']) ? body['changes'] : [];
}

async function until(name: string, enough: (changes: Change[]) => boolean): Promise<Change[]> {
  let changes: Change[] = [];
  async function ask() {
    changes = await historyOf(name);
    return enough(changes);
  }
  await expect.poll(ask, { timeout: 120_000, interval: 1000 }).toBe(true);
  return changes;
}

test('a change through the console is in the history with its author, and in force once a gateway decided by it', async () => {
  const put = (members: string[], headers: Record<string, string>) =>
    request('PUT', `${console}/api/groups/on-call`, { token: tokens.admin, headers }, { members });
  await put([], { 'If-None-Match': '*' });
  await put(['user:ann@example.com'], { 'If-Match': '*' });

  const decided = (changes: Change[]) => changes.length === 2 && changes[0]?.['in_force_by'] === 'decision';
  const changes = await until('on-call', (found) => {
    void run('select 1').catch(() => undefined);
    return decided(found);
  });

  expect(changes).toMatchObject([
    {
      change: 'changed',
      source: 'console',
      author: 'user:admin@example.com',
      before: { members: [] },
      after: { members: ['user:ann@example.com'] },
      in_force_to: null,
    },
    { change: 'created', source: 'console', author: 'user:admin@example.com', before: null },
  ]);
  expect(String(changes[0]?.['in_force_from']) > String(changes[0]?.['time'])).toBe(true);
});

test('a change that is made in the database itself is found, and has no author', async () => {
  const store = await createFirestoreStore({ projectId: project, databaseId: 'policy', emulatorHost: firestore });
  onTestFinished(() => store.close());
  const path = 'groups/visitors';
  await store.commit([{ op: 'create', path, data: { members: [] } }]);
  await until('visitors', (changes) => changes.length === 1);
  const members = ['user:mallory@example.com'];
  await store.commit([{ op: 'set', path, data: { members } }]);

  const [change] = await until('visitors', (changes) => changes.length === 2);

  expect(change).toMatchObject({
    ...{ change: 'changed', source: 'outside', author: null },
    before: { members: [] },
    after: { members },
  });
  expect(String(change?.['written_at']) <= String(change?.['time'])).toBe(true);
});
