import { describe, expect, test } from 'vitest';
import { logged, masksOf, served } from './served.ts';

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';
const planted = 'plantedSecret';
const planted64 = Buffer.from(planted).toString('base64');
const masked64 = Buffer.from('[CREDENTIAL]').toString('base64');

const secret = (kind: object = { kind: 'Secret', apiVersion: 'v1' }) => ({
  ...kind,
  metadata: {
    name: 'one',
    annotations: {
      [lastApplied]: `${JSON.stringify({ kind: 'Secret', data: { a: planted64 }, stringData: { b: planted } })}\n`,
      'example.com/copy': JSON.stringify({ kind: 'Secret', data: { a: planted64 } }),
      'example.com/list': JSON.stringify({ kind: 'List', items: [{ kind: 'Secret', data: { a: planted64 } }] }),
    },
    managedFields: [{ fieldsV1: { 'f:data': { 'f:a': {} } } }],
  },
  data: { a: planted64, 'tls.crt': planted64 },
  type: 'Opaque',
});

const table = (object: object) => ({
  kind: 'Table',
  columnDefinitions: [{ name: 'Name', type: 'string', format: 'name' }],
  rows: [{ cells: ['one', 'Opaque', 2, '10.0.0.1'], object }],
});

describe('a Secret', () => {
  test.each([
    ['one', 'get', secret()],
    ['what a create, an empty patch or a foreground delete is answered with', 'delete', secret()],
    ['in a list, where items say no kind', 'list', { kind: 'SecretList', items: [secret({}), secret({})] }],
    ['in a list that one is asked for by its name', 'get', { kind: 'SecretList', items: [secret({})] }],
    ['in a Table with whole objects', 'list', table(secret())],
    ['in a Table with metadata', 'list', table({ kind: 'PartialObjectMetadata', metadata: secret().metadata })],
    ['in a list of metadata', 'list', { kind: 'PartialObjectMetadataList', items: [{ metadata: secret().metadata }] }],
    ['in an event of a watch', 'watch', { type: 'MODIFIED', object: secret() }],
    ['in an event with a Table', 'watch', { type: 'ADDED', object: table(secret()) }],
    ['whose kind is given twice', 'get', { ...secret(), kind: 'ConfigMap' }],
  ])('shows nothing: %s', async (_how, verb, answer) => {
    for (const size of [65536, 7]) {
      const text = await served('secrets', answer, { verb, size });

      expect(text).not.toContain(planted);
      expect(text).not.toContain(planted64.slice(0, 12));
      expect(JSON.parse(text)).toBeTypeOf('object');
    }
  });

  test('keeps all that is no value, and values that clients can decode', async () => {
    const left = JSON.parse(await served('secrets', secret()));

    expect(left).toMatchObject({ kind: 'Secret', type: 'Opaque', data: { a: masked64, 'tls.crt': masked64 } });
    expect(JSON.parse(left.metadata.annotations[lastApplied])).toMatchObject({
      data: { a: masked64 },
      stringData: { b: '[CREDENTIAL]' },
    });
    expect(left.metadata.managedFields).toEqual(secret().metadata.managedFields);
  });

  test.each(['{"kind":"Secret","data":{"a":"plantedSecret"', 'kind: Secret\ndata: {a: plantedSecret}', ''])(
    'whose last-applied copy cannot be read loses all of it: %j',
    async (copy) => {
      const left = JSON.parse(await served('secrets', { metadata: { annotations: { [lastApplied]: copy } } }));

      expect(left.metadata.annotations[lastApplied]).toBe('[CREDENTIAL]');
    },
  );

  test('is seen by who may see credentials', async () => {
    const text = JSON.stringify(secret());

    expect(await served('secrets', text, { unmask: ['CREDENTIAL'] })).toBe(text);
  });

  test('copies within copies are masked, and at some depth not shown at all', async () => {
    let copy = JSON.stringify({ kind: 'Secret', data: { a: planted } });
    for (let depth = 0; depth < 6; depth++) {
      const text = await served('secrets', { metadata: { annotations: { [lastApplied]: copy } } });
      expect(text).not.toContain(planted);
      copy = JSON.stringify({ metadata: { annotations: { [lastApplied]: copy } } });
    }
  });
});

describe('a Status', () => {
  test.each([
    ['secrets', 'Secret "one" is invalid: data[a b]: Invalid value: "plantedSecret": a valid key must consist of'],
    ['configmaps', 'data[x]: Too long: must have at most 5 bytes: Invalid value: "plantedSecret\\"plantedSecret"'],
    [
      'secrets',
      'v1.Secret.Data: decode base64: illegal data, error found in #10 byte of ...|"plantedSecret"}|..., bigger context ...|{"data":{"a":"plantedSecret"}}|...',
    ],
    [
      'pods',
      'Pod "one" is invalid: spec: Forbidden: pod updates may not change fields other than `image`\n{"Containers":[{"Env":[{"Name":"A","Value":"plantedSecret"}]}]}',
    ],
    [
      'pods',
      'Pod is invalid: spec.x: Invalid value: core.PodSpec{Containers:[]core.Container{core.Container{Env:"plantedSecret"}}}: field is immutable',
    ],
    ['pods', 'admission webhook denied: DB_PASSWORD=plantedSecret is not allowed'],
  ])('of %s quotes no value: %s', async (resource, message) => {
    const status = {
      kind: 'Status',
      status: 'Failure',
      message,
      reason: 'Invalid',
      details: { causes: [{ message, field: 'data' }] },
    };

    const one = await served(resource, status);
    const event = await served(resource, { type: 'ERROR', object: status }, { verb: 'watch' });

    expect(one + event).not.toContain(planted);
    expect(JSON.parse(one).message).toContain('[CREDENTIAL]');
    expect(JSON.parse(one).message.slice(0, 20)).toBe(message.slice(0, 20));
  });

  test('of what holds no secrets says what is wrong', async () => {
    const message =
      'Deployment.apps "web" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0';

    expect(JSON.parse(await served('deployments.apps', { kind: 'Status', message }))).toEqual({
      kind: 'Status',
      message,
    });
  });
});

const pod = {
  containers: [
    {
      name: 'c',
      image: 'registry.example.com/app@sha256:4111111111111111411111111111111141111111111111114111111111111111',
      env: [
        { name: 'GREETING', value: 'hello' },
        { value: planted, name: 'DB_PASSWORD' },
        { name: 'DATABASE_URL', value: `postgres://app:${planted}@db:5432/app?sslmode=require` },
        { name: 'PASSWORD_FILE', value: '/run/secrets/password' },
        { name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'one', key: 'token' } } },
      ],
      command: ['sh', '-c', `mysql --password=${planted} -h db`],
      args: ['--token', planted, `--api-key=${planted}`, '--verbose'],
      livenessProbe: { httpGet: { path: '/', httpHeaders: [{ value: `Bearer ${planted}`, name: 'Authorization' }] } },
      lifecycle: { preStop: { exec: { command: ['curl', '-H', `Authorization: Bearer ${planted}`] } } },
    },
  ],
  initContainers: [{ env: [{ name: 'API_KEY', value: planted }] }],
  ephemeralContainers: [{ env: [{ name: 'api-token', value: planted }] }],
  volumes: [{ csi: { volumeAttributes: { adminPassword: planted } } }, { secret: { secretName: 'one' } }],
  imagePullSecrets: [{ name: 'regcred' }],
};

describe('a Pod template', () => {
  test.each([
    [
      'pods',
      {
        spec: pod,
        status: { podIP: '10.0.0.1', containerStatuses: [{ state: { terminated: { message: `token=${planted}` } } }] },
      },
    ],
    ['deployments.apps', { spec: { template: { spec: pod } } }],
    ['replicasets.apps', { spec: { template: { spec: pod } } }],
    ['statefulsets.apps', { spec: { template: { spec: pod } } }],
    ['daemonsets.apps', { spec: { template: { spec: pod } } }],
    ['replicationcontrollers', { spec: { template: { spec: pod } } }],
    ['jobs.batch', { spec: { template: { spec: pod } } }],
    ['cronjobs.batch', { spec: { jobTemplate: { spec: { template: { spec: pod } } } } }],
    ['podtemplates', { template: { spec: pod } }],
    ['controllerrevisions.apps', { data: { spec: { template: { spec: pod } } } }],
    ['rollouts.argoproj.io', { spec: { template: { spec: pod } } }],
  ])('of %s shows no secret, in no verb and no copy', async (resource, parts) => {
    const object = {
      kind: 'X',
      metadata: {
        name: 'one',
        annotations: {
          [lastApplied]: JSON.stringify(parts),
          'deployment.kubernetes.io/template': JSON.stringify(parts),
        },
      },
      ...parts,
    };

    const answers = [
      await served(resource, object, { size: 11 }),
      await served(resource, { items: [object] }, { verb: 'list' }),
      await served(resource, table(object), { verb: 'list' }),
      await served(resource, { type: 'ADDED', object }, { verb: 'watch' }),
    ];

    for (const text of answers) {
      expect(text).not.toContain(planted);
      for (const kept of [
        '"hello"',
        '/run/secrets/password',
        '"secretName":"one"',
        '"key":"token"',
        '"regcred"',
        '--verbose',
        'sha256:4111',
      ])
        expect(text).toContain(kept);
    }
  });

  test('keeps the bytes of one that holds none', async () => {
    const text =
      '{"kind":"Pod","metadata":{"uid":"41111111-1111-1111-1111-111111111111","name":"ip-10.0.0.1"},"spec":{"nodeName":"10.0.0.1","containers":[{"env":[{"name":"A","value":"b"}],"args":["-v"]}]},"status":{"podIP":"10.0.0.1","podIPs":[{"ip":"10.0.0.1"}]}}';

    expect(await served('pods', text)).toBe(text);
  });
});

describe('a ConfigMap', () => {
  test.each([
    ['under a name that tells', { password: planted }],
    ['under such a name in other letters', { 'DB-Password.txt': planted }],
    ['in a file of properties', { 'app.properties': `colour=blue\ndb.password = ${planted}, and more\n` }],
    [
      'in a file of YAML',
      { 'app.yaml': `db:\n  password: ${planted}\n  key: |\n    ${planted}\n    ${planted}\n  host: h\n` },
    ],
    ['in a file of JSON', { 'app.json': JSON.stringify({ db: { password: planted, list: [{ apiKey: planted }] } }) }],
    ['in a manifest', { 'secret.json': JSON.stringify({ kind: 'Secret', stringData: { a: planted } }) }],
    ['in an address', { url: `amqps://user:${planted}@host/` }],
  ])('hides a secret %s', async (_where, data) => {
    const text = await served('configmaps', {
      kind: 'ConfigMap',
      data,
      metadata: { annotations: { [lastApplied]: JSON.stringify({ data }) } },
    });

    expect(text).not.toContain(planted);
    expect(text).toContain('[CREDENTIAL]');
  });

  test('hides what the classification names, in objects and lists that it may speak of', async () => {
    const classification = {
      ConfigMap: { 'data.owner': 'PERSON_NAME' },
      'team-a/configmaps/*': { 'data["a.b"]': 'OTHER' },
      'team-b/configmaps/one': { 'data.x': 'NEVER' },
    };
    const answer = { items: [{ data: { owner: 'Ann', 'a.b': 'secret', x: 'y' } }] };

    const left = JSON.parse(await served('configmaps', answer, { verb: 'list', classification }));

    expect(left.items[0].data).toEqual({ owner: '[PERSON_NAME]', 'a.b': '[OTHER]', x: 'y' });
  });

  test('names that hold no secret stay', async () => {
    const text = JSON.stringify({
      data: { passwordFile: '/x', secretName: 's', tokenTTL: '5m', colour: 'blue', 'public.key': 'k', max_tokens: '5' },
    });

    expect(await served('configmaps', text)).toBe(text);
  });
});

describe('other objects', () => {
  test('a token that was asked for is shown to nobody', async () => {
    const answer = { kind: 'TokenRequest', status: { token: planted, expirationTimestamp: 'x' } };

    for (const unmask of [[], ['CREDENTIAL']])
      expect(await served('serviceaccounts/token', answer, { verb: 'create', unmask })).not.toContain(planted);
  });

  test('custom resources are masked by the names of their fields, in Tables by those of their columns', async () => {
    const object = {
      spec: {
        password: planted,
        tokens: [planted],
        auth: { apiKey: { value: planted } },
        passwordSecretRef: { name: 'n', key: 'k' },
        inner: { kind: 'Secret', data: { a: planted } },
      },
      metadata: { managedFields: [{ fieldsV1: { 'f:spec': { 'f:set': { [`v:"${planted}"`]: {} } } } }] },
    };
    const inTable = {
      columnDefinitions: [{ name: 'Name' }, { name: 'Admin Password' }],
      rows: [{ cells: ['one', planted], object }],
    };

    for (const text of [
      await served('widgets.example.com', object),
      await served('widgets.example.com', { items: [object] }, { verb: 'list' }),
      await served('widgets.example.com', inTable, { verb: 'list', size: 9 }),
      await served('widgets.example.com', { type: 'ADDED', object: inTable }, { verb: 'watch' }),
    ]) {
      expect(text).not.toContain(planted);
      expect(text).toContain('"passwordSecretRef":{"name":"n","key":"k"}');
    }
  });

  test('a classified field of a custom resource is in no cell of a Table either', async () => {
    const classification = { Widget: { 'spec.pin': 'PIN' } };
    const inTable = {
      columnDefinitions: [{ name: 'Name' }, { name: 'Age', type: 'date' }, { name: 'Code', type: 'string' }],
      rows: [{ cells: ['one', '5d', planted] }],
    };

    const left = JSON.parse(await served('widgets.example.com', inTable, { verb: 'list', classification }));

    expect(left.rows[0].cells).toEqual(['one', '5d', '[PIN]']);
  });

  test('events of a watch that name no columns are masked as the first, which does', async () => {
    const rows = (object: unknown, ...cells: string[]) => [{ cells, object }];
    const watched = (resource: string, object: unknown, ...cells: string[]) => {
      const first = { columnDefinitions: [{ name: 'Name' }, { name: 'Message' }], rows: rows(object, ...cells) };
      const events = [
        first,
        { columnDefinitions: null, rows: rows(object, ...cells) },
        { rows: rows(object, ...cells) },
      ];
      const lines = events.map((table) => JSON.stringify({ type: 'ADDED', object: { kind: 'Table', ...table } }));
      return served(resource, `${lines.join('\n')}\n`, { verb: 'watch' });
    };

    for (const text of [
      await watched('secrets', secret(), 'one', 'Opaque'),
      await watched('events', {}, 'one', `ran --password=${planted}`),
      await watched('widgets.example.com', { spec: { password: planted } }, 'one', planted),
    ]) {
      expect(text.split('\n')).toHaveLength(4);
      expect(text).not.toContain(planted);
    }
  });

  test('certificates and what signs them are public', async () => {
    const text = JSON.stringify({
      spec: { request: Buffer.from('-----BEGIN CERTIFICATE REQUEST-----').toString('base64') },
      status: { certificate: 'x'.repeat(80) },
    });

    expect(await served('certificatesigningrequests.certificates.k8s.io', text)).toBe(text);
  });
});

describe('a log', () => {
  test('shows no secret that is named as one, wherever the network cuts it', async () => {
    const text = `start --password=${planted}\nAuthorization: Bearer ${planted}\n{"token":"${planted}","n":1}\nmail bob@example.com\nlast api_key=${planted}`;

    for (const size of [65536, 1, 5])
      expect(await logged(text, size)).toBe(
        'start --password=[CREDENTIAL]\nAuthorization: Bearer [CREDENTIAL]\n{"token":"[CREDENTIAL]","n":1}\nmail [EMAIL_ADDRESS]\nlast api_key=[CREDENTIAL]',
      );
  });
});

test('what is no JSON never passes', async () => {
  await expect(served('secrets', `{"data":{"a":"${planted}"`)).rejects.toMatchObject({ code: 'answer-unreadable' });
  await expect(served('secrets', '{"type":"ADDED"}{"x":1}\n', { verb: 'watch' })).rejects.toMatchObject({
    code: 'answer-unreadable',
  });
});

test('what is masked is told by path and class', () => {
  const masks = masksOf('secrets', { classification: { Secret: { 'metadata.labels.owner': 'PERSON_NAME' } } });

  expect(masks.classes).toEqual(['CREDENTIAL', 'PERSON_NAME']);
  expect(masks.masks).toContainEqual({ path: 'data.*', class: 'CREDENTIAL', transform: 'redact', base64: true });
});

test('a classification that cannot be read is refused', () => {
  expect(() => masksOf('secrets', { classification: { Secret: { 'data[': 'X' } } })).toThrow(
    expect.objectContaining({ code: 'policy-unavailable' }),
  );
});
