import { describe, expect, test } from 'vitest';
import { understood } from './understood.ts';

const pods = '/api/v1/namespaces/a/pods';
const secrets = '/api/v1/namespaces/a/secrets';
const typed = (type: string) => ({ headers: { 'content-type': type } });
const sent = (operation: ReturnType<typeof understood>) => Buffer.from(operation.plan.body).toString();

describe('a body is sent as it was parsed', () => {
  test.for([
    [
      'a name that stands twice counts once',
      '{"metadata":{"name":"x"},"metadata":{"name":"y"}}',
      '{"metadata":{"name":"y"}}',
    ],
    ['escapes are written out', '{"\\u0064ata":{"a":"\\u0041"}}', '{"data":{"a":"A"}}'],
    ['white space goes', ' {\n "a" : [ 1 , 2.50 ] }\n', '{"a":[1,2.5]}'],
    ['a prototype is a name like any other', '{"__proto__":{"a":1}}', '{"__proto__":{"a":1}}'],
  ] as const)('%s', ([, body, expected]) => {
    expect(sent(understood('POST', pods, { body: Buffer.from(body), ...typed('application/json') }))).toBe(expected);
  });

  test('YAML becomes JSON', () => {
    const applied = 'apiVersion: v1\nkind: Pod # comment\nmetadata:\n  name: x\n  labels: {a: "1"}\n';

    const operation = understood('PATCH', `${pods}/x?fieldManager=f`, {
      body: Buffer.from(applied),
      ...typed('application/apply-patch+yaml'),
    });

    expect(JSON.parse(sent(operation))).toEqual({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'x', labels: { a: '1' } },
    });
    expect(operation.plan.headers).toEqual([['content-type', 'application/apply-patch+yaml']]);
    const created = understood('POST', pods, { body: Buffer.from('kind: Pod\n'), ...typed('application/yaml') });
    expect(created.plan.headers).toEqual([['content-type', 'application/json']]);
  });

  test('protobuf is sent as it came, and approved as base64', () => {
    const bytes = Buffer.from([0x6b, 0x38, 0x73, 0, 1, 2, 255]);

    const operation = understood('POST', pods, { body: bytes, ...typed('application/vnd.kubernetes.protobuf') });

    expect(Buffer.from(operation.plan.body)).toEqual(bytes);
    expect(operation.statement).toBe(
      `POST ${pods}\ncontent-type: application/vnd.kubernetes.protobuf\n\nbase64:${bytes.toString('base64')}`,
    );
    expect(operation.recorded.statement).not.toContain(bytes.toString('base64'));
    expect(operation.resources).toEqual(['a/pods/*']);
  });

  test('a list of pods has no body', () => {
    expect(understood('GET', pods).plan.body).toHaveLength(0);
  });
});

describe('a body that is not read in one way only is refused', () => {
  test.for([
    ['no JSON', 'application/json', '{"a":'],
    ['a list', 'application/json', '[]'],
    ['a text', 'application/json', '"x"'],
    ['nothing', 'application/json', ''],
    ['no UTF-8', 'application/json', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
    ['half a character', 'application/json', '{"a":"\\ud800"}'],
    ['half a character in a name', 'application/json', '{"\\ud800":1}'],
    ['a number that is rounded', 'application/json', '{"a":12345678901234567890}'],
    ['a number that is infinite', 'application/json', '{"a":1e999}'],
    ['a byte order mark', 'application/json', '\ufeff{}'],
    ['too deep', 'application/json', `${'{"a":'.repeat(300)}1${'}'.repeat(300)}`],
    ['another type', 'text/plain', '{}'],
    ['CBOR', 'application/cbor', '{}'],
    ['another character set', 'application/json; charset=utf-16', '{}'],
    ['two types', 'application/json, application/yaml', '{}'],
    ['an anchor', 'application/yaml', 'a: &x {b: 1}\nc: *x\n'],
    ['a merge', 'application/yaml', 'a: &x {b: 1}\nc: {<<: *x}\n'],
    ['a tag', 'application/yaml', 'a: !!binary aGk=\n'],
    ['a tag of its own', 'application/yaml', 'a: !x y\n'],
    ['a name twice', 'application/yaml', 'a: 1\na: 2\n'],
    ['two documents', 'application/yaml', 'a: 1\n---\nb: 2\n'],
    ['a name that is none', 'application/yaml', '? {a: 1}\n: b\n'],
    ['infinity', 'application/yaml', 'a: .inf\n'],
  ] as const)('%s', ([, type, body]) => {
    expect(() => understood('POST', pods, { body: Buffer.from(body), ...typed(type) })).toThrow(
      expect.objectContaining({ code: 'operation-unreadable' }),
    );
  });

  test('a compressed one', () => {
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };

    expect(() => understood('POST', pods, { body: Buffer.from('{}'), headers })).toThrow(
      expect.objectContaining({ code: 'operation-unreadable' }),
    );
  });

  test('one of more than 3 MiB', () => {
    const body = Buffer.from(JSON.stringify({ a: 'x'.repeat(3 * 1024 * 1024) }));

    expect(() => understood('POST', pods, { body, ...typed('application/json') })).toThrow(
      expect.objectContaining({ code: 'too-large' }),
    );
  });

  test('YAML of more than 32 KiB, but not the same as JSON', () => {
    const labels = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`a-label-${index}`, 'x'.repeat(30)]));
    const yaml = Object.entries(labels).map(([name, value]) => `    ${name}: ${value}\n`);
    const body = Buffer.from(`metadata:\n  labels:\n${yaml.join('')}`);
    const url = `${pods}/x?fieldManager=f`;

    const apply = typed('application/apply-patch+yaml');

    expect(() => understood('PATCH', url, { body, ...apply })).toThrow(expect.objectContaining({ code: 'too-large' }));
    expect(() => understood('POST', pods, { body, ...typed('application/yaml') })).toThrow(
      expect.objectContaining({ code: 'too-large' }),
    );
    const asJson = Buffer.from(JSON.stringify({ metadata: { labels } }));
    expect(JSON.parse(sent(understood('PATCH', url, { body: asJson, ...apply })))).toEqual({ metadata: { labels } });
  });

  test('one of more than 100,000 values, before it is parsed', () => {
    const body = Buffer.from(`{"spec":{"a":[${'0,'.repeat(100_000)}no JSON`);

    expect(() => understood('POST', pods, { body, ...typed('application/json') })).toThrow(
      expect.objectContaining({ code: 'too-large' }),
    );
  });

  test('commas and brackets in texts are no values', () => {
    const body = { spec: { a: ',[{\\"'.repeat(100_000) } };

    expect(JSON.parse(sent(understood('POST', pods, { body })))).toEqual(body);
  });

  test('a long one with escapes within escapes, as a mask could be in the last of them', () => {
    const body = { spec: { a: `${'x'.repeat(2_500_000)}${'\\'.repeat(64)}u005bCREDENTIAL]` } };

    expect(() => understood('POST', pods, { body })).toThrow(expect.objectContaining({ code: 'too-large' }));
  });

  test.for([
    ['GET', pods],
    ['GET', `${pods}/x/log`],
    ['GET', '/version'],
  ] as const)('one where nothing is sent: %s %s', ([method, path]) => {
    expect(() => understood(method, path, { body: {} })).toThrow(
      expect.objectContaining({ code: 'operation-unreadable' }),
    );
  });

  test.for([
    'application/json',
    'application/yaml',
    'application/apply-patch+cbor',
    'application/merge-patch+yaml',
    '',
  ])('a patch of the type %j', (type) => {
    expect(() => understood('PATCH', `${pods}/x`, { body: Buffer.from('{}'), ...typed(type) })).toThrow(
      expect.objectContaining({ code: 'operation-unreadable' }),
    );
  });
});

test('what deletes past all checks of the server is refused', () => {
  const body = { kind: 'DeleteOptions', ignoreStoreReadErrorWithClusterBreakingPotential: true };

  expect(() => understood('DELETE', `${secrets}/s`, { body })).toThrow(expect.objectContaining({ code: 'denied' }));
  expect(understood('DELETE', `${secrets}/s`, { body: { kind: 'DeleteOptions' } }).verb).toBe('delete');
});

test.for(['ConfigMap', 'Status', ''])('a deletion takes no body that says it is something else: %s', (kind) => {
  for (const path of [`${secrets}/s`, secrets])
    expect(() => understood('DELETE', path, { body: { kind, propagationPolicy: 'Orphan' } })).toThrow(
      expect.objectContaining({ code: 'operation-unreadable' }),
    );
});

describe('a JSON patch tells nothing of what is masked', () => {
  const patch = (path: string, ...changes: unknown[]) =>
    understood('PATCH', path, { body: changes, ...typed('application/json-patch+json') });

  test.for([
    [`${secrets}/s`, { op: 'test', path: '/data/password', value: 'guess' }],
    [`${secrets}/s`, { op: 'copy', from: '/data/password', path: '/metadata/labels/p' }],
    [`${secrets}/s`, { op: 'move', from: '/data/password', path: '/metadata/annotations/p' }],
    [`${secrets}/s`, { op: 'test', path: '/metadata/name', value: 's' }],
    [`${pods}/x`, { op: 'test', path: '/spec/containers/0/env/0/value', value: 'guess' }],
    [`${pods}/x`, { op: 'test', path: '/spec', value: {} }],
    [`${pods}/x`, { op: 'test', path: '', value: {} }],
    [`${pods}/x`, { op: 'copy', from: '/spec/containers/0/env/0/value', path: '/metadata/labels/x' }],
    [`${pods}/x`, { op: 'move', from: '/metadata/labels/x', path: '/spec/containers/0/env/0/value' }],
    [`${pods}/x`, { op: 'test', path: '/metadata/annotations/a', value: 'x' }],
  ] as const)('%s %j', ([path, change]) => {
    expect(() => patch(path, change)).toThrow(expect.objectContaining({ code: 'denied', reason: 'kubernetes:patch' }));
  });

  test.for([
    { op: 'Test', path: '/data/x', value: 1 },
    { op: 'test', path: '/data/x', value: 1, from: '/a' },
    { op: 'copy', path: '/a' },
    { op: 'add', value: 1 },
    { op: 'add', path: 'a', value: 1 },
    { op: 'add', path: '/a~2', value: 1 },
    'x',
  ])('what is none is refused: %j', (change) => {
    expect(() => patch(`${pods}/x`, change)).toThrow(expect.objectContaining({ code: 'operation-unreadable' }));
  });

  test('what is open may be tested, and anything be added, replaced or removed', () => {
    const changes = [
      { op: 'test', path: '/metadata/resourceVersion', value: '5' },
      { op: 'test', path: '/spec/replicas', value: 2 },
      { op: 'replace', path: '/spec/replicas', value: 3 },
      { op: 'remove', path: '/metadata/annotations/x' },
    ];

    expect(patch('/apis/apps/v1/namespaces/a/deployments/d', ...changes).verb).toBe('write');
    expect(patch(`${secrets}/s`, { op: 'add', path: '/data/a', value: 'eA==' }).verb).toBe('write');
  });
});
