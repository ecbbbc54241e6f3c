import { describe, expect, test } from 'vitest';
import { beat, createConnections, createDocuments } from '../../src/connections/connections.ts';
import { createFakeStore } from '../fakes/store.ts';

const crm = {
  kind: 'postgres',
  settings: { host: '127.0.0.1', database: 'crm' },
  credential: { secret: 'projects/p/secrets/crm/versions/latest' },
};
const reads = { principals: ['*'], connections: ['crm'], verbs: ['read'], effect: 'allow' };

async function listening(documents: Record<string, Record<string, unknown>> = { 'connections/crm': crm }) {
  const store = createFakeStore();
  for (const [path, data] of Object.entries(documents)) store.seed(path, data);
  let elapsed = 1_000_000;
  const logged: object[] = [];
  const log = {
    warn: (fields: object) => void logged.push(fields),
    error: (fields: object) => void logged.push(fields),
  };
  const connections = createConnections({ store, log, freshness: 30_000, elapsed: () => elapsed });
  await connections.start();
  const keeper = () => beat(store, { now: () => new Date(elapsed) });
  return { store, connections, logged, keeper, pass: (milliseconds: number) => (elapsed += milliseconds) };
}

describe('what is in force is known, or nothing is answered', () => {
  test('before the first look at everything, every question is refused', () => {
    const connections = createConnections({ store: createFakeStore(), log: { warn() {}, error() {} } });

    expect(() => connections.current()).toThrow(expect.objectContaining({ code: 'policy-unavailable' }));
    expect(() => connections.resolve('crm')).toThrow(expect.objectContaining({ code: 'policy-unavailable' }));
    expect(connections.fresh()).toBe(false);
  });

  test('without a heartbeat within 30 seconds every question is refused, and the next heartbeat heals it', async () => {
    const { connections, keeper, pass } = await listening();

    pass(30_000);
    expect(connections.fresh()).toBe(true);
    pass(1);
    expect(connections.fresh()).toBe(false);
    expect(() => connections.current()).toThrow(expect.objectContaining({ code: 'policy-unavailable' }));
    expect(() => connections.resolve('crm')).toThrow(expect.objectContaining({ code: 'policy-unavailable' }));

    await keeper();
    expect(connections.resolve('crm').name).toBe('crm');
  });

  test('every collection must be heard of: one whose listener went silent is not covered by the others', async () => {
    const { connections, keeper, store, pass } = await listening();
    await keeper();

    pass(20_000);
    for (const kind of ['connections', 'groups', 'classifications', 'agents'])
      store.seed(`${kind}/~beat`, { beat_at: 'later' });
    pass(20_000);

    expect(connections.fresh()).toBe(false);
  });

  test('a beat is no document: it changes no version and is not listed', async () => {
    const { connections, keeper, store } = await listening();
    const before = connections.current();

    await keeper();

    expect(connections.current()).toBe(before);
    expect(await createDocuments({ store }).list('policies')).toEqual([]);
  });

  test('a change of a document is no heartbeat', async () => {
    const { connections, store, pass } = await listening();

    pass(30_001);
    store.seed('policies/reads', reads);

    expect(connections.fresh()).toBe(false);
  });

  test('when a listener fails every question is refused at once, until it works again', async () => {
    const { connections, store } = await listening();

    store.offline();
    expect(() => connections.current()).toThrow(expect.objectContaining({ code: 'policy-unavailable' }));

    store.online();
    expect(connections.current().connections.has('crm')).toBe(true);
  });

  test('what was stopped answers nothing more and listens to nothing', async () => {
    const { connections, store } = await listening();

    connections.stop();

    expect(connections.fresh()).toBe(false);
    expect(store.listeners()).toBe(0);
  });
});

describe('a change is in force as soon as it arrives', () => {
  test('a new policy is seen, and a removed one is gone', async () => {
    const { connections, store } = await listening();

    store.seed('policies/reads', reads);
    expect([...connections.current().policies.keys()]).toEqual(['reads']);

    store.drop('policies/reads');
    expect([...connections.current().policies.keys()]).toEqual([]);
  });

  test('between two changes the set is one and the same object, so that what is computed from it is computed once', async () => {
    const { connections, store } = await listening();

    const first = connections.current();
    expect(connections.current()).toBe(first);

    store.seed('policies/reads', reads);
    expect(connections.current()).not.toBe(first);
    expect(first.policies.size).toBe(0);
  });
});

describe('versions', () => {
  test('the version of the set does not depend on the order in which documents were written', async () => {
    const documents = { 'connections/crm': crm, 'policies/reads': reads, 'groups/dba': { members: ['user:a@b.c'] } };
    const reversed = Object.fromEntries(Object.entries(documents).reverse());

    const one = await listening(documents);
    const other = await listening(reversed);

    expect(one.connections.current().version).toBe(other.connections.current().version);
    expect(one.connections.current().version).toMatch(/^[0-9a-f]{64}$/);
  });

  test.for([
    ['connections/crm', { ...crm, record: 'digest' }],
    ['policies/reads', reads],
    ['policies/broken', { no: 'policy' }],
    ['groups/dba', { members: [] }],
    ['classifications/crm', { 'public.users': {} }],
    ['agents/bot', { member: 'user:bot@b.c', owner: 'user:a@b.c' }],
  ] as const)('a change of %s changes the version of the set, and taking it back restores it', async ([path, data]) => {
    const { connections, store } = await listening();
    const before = connections.current().version;

    store.seed(path, data);
    const changed = connections.current().version;
    if (path === 'connections/crm') store.seed(path, crm);
    else store.drop(path);

    expect(changed).not.toBe(before);
    expect(connections.current().version).toBe(before);
  });

  test('the version of a connection changes with its document and its classification, and with nothing else', async () => {
    const { connections, store } = await listening();
    const version = () => connections.resolve('crm').version;
    const before = version();

    store.seed('policies/reads', reads);
    store.seed('classifications/other', { 'public.users': {} });
    expect(version()).toBe(before);

    store.seed('classifications/crm', { 'public.users': { email: 'EMAIL_ADDRESS' } });
    const classified = version();
    expect(classified).not.toBe(before);

    store.seed('connections/crm', { ...crm, unclassified: 'mask' });
    const masked = version();
    expect(masked).not.toBe(classified);

    store.seed('classifications/crm', {
      transforms: { EMAIL_ADDRESS: 'token' },
      'public.users': { email: 'EMAIL_ADDRESS' },
    });
    expect(version()).not.toBe(masked);
  });
});

describe('resolving', () => {
  test('a connection comes with its classification and the defaults of its document', async () => {
    const { connections, store } = await listening();
    store.seed('classifications/crm', { 'public.users': { email: 'EMAIL_ADDRESS' }, 'public.orders': {} });

    const connection = connections.resolve('crm');

    expect(connection.document.unclassified).toBe('deny');
    expect(connection.classification.get('public.users')?.get('email')).toBe('EMAIL_ADDRESS');
    expect(connection.classification.get('public.orders')?.size).toBe(0);
  });

  test('a connection comes with the transforms of its classes, which are no relation', async () => {
    const { connections, store } = await listening();
    store.seed('classifications/crm', {
      transforms: { EMAIL_ADDRESS: 'token', CREDIT_CARD_NUMBER: 'partial', CREDENTIAL: null },
      'public.users': { email: 'EMAIL_ADDRESS' },
    });

    const { classification, transforms } = connections.resolve('crm');

    expect([...transforms]).toEqual([
      ['EMAIL_ADDRESS', 'token'],
      ['CREDIT_CARD_NUMBER', 'partial'],
      ['CREDENTIAL', 'null'],
    ]);
    expect([...classification.keys()]).toEqual(['public.users']);
  });

  test.for(['toString', '__proto__', 'constructor', 'other', ''])('%j is not found', async (name) => {
    const { connections } = await listening();

    expect(() => connections.resolve(name)).toThrow(expect.objectContaining({ code: 'not-found' }));
  });

  test('no relation or column is known by a name that every object has', async () => {
    const { connections, store } = await listening();
    store.seed('classifications/crm', { 'public.users': { constructor: 'CREDENTIAL' } });

    const { classification } = connections.resolve('crm');

    expect(classification.get('constructor')).toBeUndefined();
    expect(classification.get('public.users')?.get('constructor')).toBe('CREDENTIAL');
    expect(classification.get('public.users')?.get('toString')).toBeUndefined();
  });
});

describe('a document that does not parse is refused loudly', () => {
  test('an invalid connection refuses itself and leaves the others alone', async () => {
    const { connections, logged } = await listening({ 'connections/crm': crm, 'connections/bad': { ...crm, typo: 1 } });

    expect(() => connections.resolve('bad')).toThrow(expect.objectContaining({ code: 'policy-unavailable' }));
    expect(connections.resolve('crm').name).toBe('crm');
    expect(logged).toContainEqual(expect.objectContaining({ document: 'connections/bad' }));
  });

  test.for([
    ['a transform that is not known', { transforms: { EMAIL_ADDRESS: 'rot13' } }],
    ['a transform of what is no class', { transforms: { 'public.users': 'token' } }],
    ['a relation without a name', { '': { email: 'EMAIL_ADDRESS' } }],
  ] as const)('%s refuses its connection', async ([, document]) => {
    const { connections, store } = await listening();

    store.seed('classifications/crm', document);

    expect(() => connections.resolve('crm')).toThrow(expect.objectContaining({ code: 'policy-unavailable' }));
  });

  test('an invalid classification refuses its connection, instead of counting as none', async () => {
    const { connections, store } = await listening();

    store.seed('classifications/crm', { 'public.users': { email: 'not a class' } });

    expect(() => connections.resolve('crm')).toThrow(expect.objectContaining({ code: 'policy-unavailable' }));
  });

  test.for([
    ['policies/p', { ...reads, extra: 1 }, ['crm']],
    ['policies/p', { effect: 'deny' }, undefined],
    ['policies/p', { ...reads, connections: ['crm', 7] }, undefined],
    ['groups/g', { members: ['nobody'] }, ['group:g']],
    ['agents/a', { member: 'user:a@b.c', owner: 7 }, ['user:a@b.c']],
    ['agents/a', {}, undefined],
    ['connections/UPPER', crm, ['UPPER']],
    ['connections/deep', { ...crm, settings: nested(40) }, ['deep']],
    ['connections/dated', { ...crm, settings: { at: new Date(0) } }, ['dated']],
  ] as const)('%s that is %j is told with what it touches', async ([path, data, touches]) => {
    const { connections } = await listening({ 'connections/crm': crm, [path]: data });

    const [kind, name] = path.split('/');
    const [invalid] = connections.current().invalid;

    expect(invalid).toMatchObject({ kind, name });
    expect(invalid?.touches).toEqual(touches);
  });

  test('what is wrong is told without the value that is wrong', async () => {
    const { connections } = await listening({ 'connections/crm': { ...crm, credential: { secret: 'hunter2' } } });

    expect(JSON.stringify(connections.current().invalid)).not.toContain('hunter2');
  });
});

function nested(levels: number): Record<string, unknown> {
  return levels === 0 ? {} : { a: nested(levels - 1) };
}
