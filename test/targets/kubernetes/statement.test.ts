import { describe, expect, test } from 'vitest';
import { understood, webSocket } from './understood.ts';

const secrets = '/api/v1/namespaces/a/secrets';
const planted = 'cGxhbnRlZC1zZWNyZXQ=';

test('what is approved is the request in one form: path, type, an empty line and the body', () => {
  const { statement } = understood('POST', `${secrets}?fieldManager=kubectl`, {
    body: { kind: 'Secret', data: { a: planted } },
  });

  expect(statement).toBe(
    `POST ${secrets}?fieldManager=kubectl\ncontent-type: application/json\n\n{"kind":"Secret","data":{"a":"${planted}"}}`,
  );
});

test('the same request in other words is the same statement', () => {
  const one = understood('GET', '/api/v1/%6eamespaces/a/secrets?&limit=5');
  const other = understood('GET', `${secrets}?limit=5`, { headers: { 'user-agent': 'x' } });

  expect(one.statement).toBe(other.statement);
});

describe('the trail holds no value of a Secret', () => {
  const json = { 'content-type': 'application/json' };
  const patch = (type: string) => ({ 'content-type': `application/${type}` });
  const copied = JSON.stringify({ kind: 'Secret', data: { a: planted } });

  test.for<[string, string, Record<string, string>, unknown]>([
    ['POST', secrets, json, { data: { a: planted }, stringData: { b: planted } }],
    ['PUT', `${secrets}/s`, json, { data: { a: planted } }],
    [
      'POST',
      secrets,
      json,
      { metadata: { annotations: { 'kubectl.kubernetes.io/last-applied-configuration': copied } } },
    ],
    ['PATCH', `${secrets}/s`, patch('merge-patch+json'), { data: { a: planted } }],
    ['PATCH', `${secrets}/s`, patch('strategic-merge-patch+json'), { stringData: { a: planted } }],
    ['PATCH', `${secrets}/s`, patch('apply-patch+yaml'), { data: { a: planted } }],
    ['PATCH', `${secrets}/s`, patch('json-patch+json'), [{ op: 'add', path: '/data/a', value: planted }]],
    ['PATCH', `${secrets}/s`, patch('json-patch+json'), [{ op: 'replace', path: '/data', value: { a: planted } }]],
    ['PATCH', `${secrets}/s`, patch('json-patch+json'), [{ op: 'replace', path: '', value: { data: { a: planted } } }]],
    [
      'PATCH',
      `${secrets}/s`,
      patch('json-patch+json'),
      [
        {
          op: 'add',
          path: '/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration',
          value: copied,
        },
      ],
    ],
    [
      'POST',
      '/api/v1/namespaces/a/pods',
      json,
      { spec: { containers: [{ env: [{ name: 'PASSWORD', value: planted }] }] } },
    ],
    [
      'PATCH',
      '/apis/apps/v1/namespaces/a/deployments/d',
      patch('json-patch+json'),
      [{ op: 'replace', path: '/spec/template/spec/containers/0/env/0/value', value: planted }],
    ],
    [
      'PATCH',
      '/apis/apps/v1/namespaces/a/deployments/d',
      patch('json-patch+json'),
      [{ op: 'add', path: '/spec/template/spec/containers/0/args/-', value: planted }],
    ],
    ['POST', '/apis/authentication.k8s.io/v1/tokenreviews', json, { spec: { token: planted } }],
    ['POST', secrets, { 'content-type': 'application/vnd.kubernetes.protobuf' }, Buffer.from(`k8s\0${planted}`)],
  ])('%s %s as %j', ([method, path, headers, body]) => {
    const bytes = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));

    const { statement, recorded } = understood(method, path, { headers, body: bytes });

    expect(recorded.statement).not.toContain(planted);
    expect(recorded.statement).not.toContain(Buffer.from(planted).toString('base64').slice(4, 20));
    expect(recorded.statement).toContain('«CREDENTIAL:…»');
    expect(recorded.statement.split('\n')[0]).toBe(statement.split('\n')[0]);
  });

  test('a body of more than 64 KiB is sealed as a whole, and approved as it is', () => {
    const body = { kind: 'ConfigMap', data: { a: `in the clear ${'x'.repeat(64 * 1024)}` } };

    const { statement, recorded } = understood('POST', '/api/v1/namespaces/a/configmaps', { body });

    expect(statement).toContain(JSON.stringify(body));
    expect(recorded.statement).toMatch(
      /^POST \S+\ncontent-type: application\/json\n\n«CREDENTIAL:…» of 65\d{3} bytes$/,
    );
  });

  test('what detectors recognise elsewhere is sealed as well, in commands, too', () => {
    const mail = 'jane.doe@example.com';

    const applied = understood('POST', '/api/v1/namespaces/a/configmaps', {
      body: { data: { contact: `write to ${mail}` } },
    });
    const run = understood('GET', `/api/v1/namespaces/a/pods/x/exec?command=echo&command=${mail}`, {
      upgrade: webSocket,
    });

    expect(applied.recorded.statement).toContain('write to «EMAIL_ADDRESS:…»');
    expect(run.recorded.statement).toContain('command=echo&command=«EMAIL_ADDRESS:');
    expect(run.recorded.statement).not.toContain('jane');
    expect(run.statement).toContain('jane.doe%40example.com');
  });
});

describe('the trail holds nothing that is classified', () => {
  const classification = {
    ConfigMap: { 'data.customer': 'PERSON_NAME' },
    'widgets.example.com': { 'spec.ssn': 'SSN' },
  };
  const maps = '/api/v1/namespaces/a/configmaps';
  const given = (body: unknown, type = 'application/json') => ({
    body: Buffer.from(JSON.stringify(body)),
    headers: { 'content-type': type },
    classification,
  });

  test.for([
    ['POST', maps, given({ data: { customer: 'planted', colour: 'blue' } })],
    ['PATCH', `${maps}/m`, given({ data: { customer: 'planted', colour: 'blue' } }, 'application/merge-patch+json')],
    [
      'PATCH',
      `${maps}/m`,
      given(
        [
          { op: 'add', path: '/data/customer', value: 'planted' },
          { op: 'add', path: '/data/colour', value: 'blue' },
        ],
        'application/json-patch+json',
      ),
    ],
    [
      'PATCH',
      `${maps}/m`,
      given(
        [{ op: 'replace', path: '/data', value: { customer: 'planted', colour: 'blue' } }],
        'application/json-patch+json',
      ),
    ],
  ] as const)('%s %s %j', ([method, path, how]) => {
    const { recorded, classes } = understood(method, path, how);

    expect(recorded.statement).not.toContain('planted');
    expect(recorded.statement).toContain('«PERSON_NAME:…»');
    expect(recorded.statement).toContain('blue');
    expect(classes).toEqual(['PERSON_NAME']);
  });

  test('and no JSON patch tests, copies or moves anything of an object that holds some of it', () => {
    const how = given([{ op: 'test', path: '/metadata/labels/x', value: 'y' }], 'application/json-patch+json');

    expect(() => understood('PATCH', `${maps}/m`, how)).toThrow(
      expect.objectContaining({ reason: 'kubernetes:patch' }),
    );
  });
});

test('what stands for a masked value is never written', () => {
  for (const value of [
    '[CREDENTIAL]',
    Buffer.from('[CREDENTIAL]').toString('base64'),
    'tok_abcdefghijklmnopabcdefghijklmnop',
  ])
    expect(() => understood('PUT', `${secrets}/s`, { body: { data: { a: value } } })).toThrow(
      expect.objectContaining({ code: 'target-rejected', reason: 'sentinel' }),
    );
});
