import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Kubernetes, startKubernetes } from '../../../emulators/kubernetes/kubernetes.ts';
import { clientOf } from './client.ts';

let kubernetes: Kubernetes;
let client: ReturnType<typeof clientOf>;

beforeAll(async () => {
  kubernetes = await startKubernetes();
  client = clientOf(kubernetes);
});
afterAll(() => kubernetes.stop());

const maps = '/api/v1/namespaces/default/configmaps';
const deployments = '/apis/apps/v1/namespaces/default/deployments';
const deployment = (name: string, replicas: number, image = 'nginx') => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: 'web', image, env: [{ name: 'A', value: '1' }] }] },
    },
  },
});
const patch = (path: string, type: string, body: unknown) =>
  client.call(path, { method: 'PATCH', type: `application/${type}`, body });
const pod = async (name: string) =>
  ((await client.call(`${deployments}/${name}`)).body.spec['template'] as { spec: { containers: unknown[] } }).spec;

describe('patches', () => {
  beforeAll(async () => {
    await client.call(maps, { method: 'POST', body: { metadata: { name: 'patched' }, data: { a: '1', b: '2' } } });
    await client.call(deployments, { method: 'POST', body: deployment('patched', 1) });
  });

  test('a JSON patch changes what it points at, and tests first', async () => {
    const replace = { op: 'replace', path: '/data/a', value: 'one' };

    const passed = await patch(`${maps}/patched`, 'json-patch+json', [
      { op: 'test', path: '/data/b', value: '2' },
      replace,
    ]);
    const failed = await patch(`${maps}/patched`, 'json-patch+json', [
      { op: 'test', path: '/data/b', value: '3' },
      replace,
    ]);

    expect([passed.status, passed.body.data]).toEqual([200, { a: 'one', b: '2' }]);
    expect(failed.status).toBe(422);
  });

  test('a merge patch removes what it sets to null', async () => {
    const { body } = await patch(`${maps}/patched`, 'merge-patch+json', { data: { b: null, c: '3' } });

    expect(body.data).toMatchObject({ c: '3' });
    expect(body.data).not.toHaveProperty('b');
  });

  test('a strategic patch merges containers and variables by their names', async () => {
    const containers = [
      { name: 'web', env: [{ name: 'B', value: '2' }] },
      { name: 'side', image: 'busybox' },
    ];

    await patch(`${deployments}/patched`, 'strategic-merge-patch+json', {
      spec: { template: { spec: { containers } } },
    });

    // What is new goes before what was there, as on the real server.
    const merged = [
      { name: 'B', value: '2' },
      { name: 'A', value: '1' },
    ];
    expect(await pod('patched')).toMatchObject({
      containers: [{ name: 'web', image: 'nginx', env: merged }, { name: 'side' }],
    });
  });

  test('a strategic patch deletes the item that it says', async () => {
    const containers = [{ name: 'web', env: [{ name: 'A', $patch: 'delete' }] }];

    await patch(`${deployments}/patched`, 'strategic-merge-patch+json', {
      spec: { template: { spec: { containers } } },
    });

    expect(JSON.stringify(await pod('patched'))).not.toContain('"name":"A"');
  });

  test('an empty patch answers with the object as it is', async () => {
    const { body } = await client.call(`${maps}/patched`);

    const patched = await patch(`${maps}/patched`, 'merge-patch+json', {});

    expect(patched.body.metadata.resourceVersion).toBe(body.metadata.resourceVersion);
  });

  test('a patch of an unknown kind is refused', async () => {
    expect((await patch(`${maps}/patched`, 'xml', '<a/>')).status).toBe(415);
  });
});

describe('server-side apply', () => {
  const apply = (data: Record<string, string>, query = '') =>
    patch(`${maps}/applied?fieldManager=one${query}`, 'apply-patch+yaml', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'applied' },
      data,
    });

  test('makes what is not there, and removes what its manager named before', async () => {
    const made = await apply({ a: '1', b: '2' });

    const again = await apply({ a: '1' });

    expect([made.status, again.status]).toEqual([201, 200]);
    expect(again.body.data).toEqual({ a: '1' });
  });

  test('is refused what another manager holds, unless it is forced', async () => {
    await apply({ a: '1' });
    await patch(`${maps}/applied?fieldManager=two`, 'merge-patch+json', { data: { a: 'changed' } });

    const refused = await apply({ a: '1' });
    const forced = await apply({ a: '1' }, '&force=true');

    expect(refused.status).toBe(409);
    expect(refused.body.message).toBe('Apply failed with 1 conflict: conflict with "two" using v1: .data.a');
    expect(forced.body.data).toEqual({ a: '1' });
  });
});

describe('subresources', () => {
  beforeAll(async () => {
    await client.call(deployments, { method: 'POST', body: deployment('scaled', 1) });
  });
  const podsOf = async (app: string) =>
    (await client.call(`/api/v1/namespaces/default/pods?labelSelector=app=${app}`)).body.items;

  test('scaling makes as many Pods as were asked for', async () => {
    const { body } = await patch(`${deployments}/scaled/scale`, 'merge-patch+json', { spec: { replicas: 3 } });

    expect(body).toMatchObject({ kind: 'Scale', spec: { replicas: 3 } });
    await expect.poll(async () => (await podsOf('scaled')).length).toBe(3);
  });

  test('the status is written where it belongs alone', async () => {
    const { body } = await patch(`${deployments}/scaled`, 'merge-patch+json', { status: { replicas: 77 } });

    expect(body.status['replicas']).not.toBe(77);
  });

  test('what belonged to a Deployment goes with it', async () => {
    await client.call(deployments, { method: 'POST', body: deployment('passing', 2) });
    await expect.poll(async () => (await podsOf('passing')).length).toBe(2);

    await client.call(`${deployments}/passing`, { method: 'DELETE' });

    await expect.poll(async () => (await podsOf('passing')).length).toBe(0);
  });

  test('a token of a service account is one that counts', async () => {
    const { body } = await client.call('/api/v1/namespaces/default/serviceaccounts/default/token', {
      method: 'POST',
      body: {},
    });

    const who = await client.call('/apis/authentication.k8s.io/v1/selfsubjectreviews', {
      method: 'POST',
      body: {},
      token: String(body.status['token']),
    });

    expect(who.body.status).toMatchObject({ userInfo: { username: 'system:serviceaccount:default:default' } });
  });
});

describe('protobuf', () => {
  /** kubectl 1.33: `create configmap c --from-literal=a=b`. */
  const field = (number: number, ...parts: (Buffer | string)[]) => {
    const content = Buffer.concat(parts.map((part) => Buffer.from(part)));
    return Buffer.concat([Buffer.from([(number << 3) | 2, content.length]), content]);
  };
  const envelope = (kind: string, raw: Buffer) =>
    Buffer.concat([Buffer.from('k8s\0'), field(1, field(1, 'v1'), field(2, kind)), field(2, raw), field(3), field(4)]);
  const post = (body: Buffer) =>
    client.call(maps, { method: 'POST', type: 'application/vnd.kubernetes.protobuf', body: body.toString('latin1') });

  test('of the kinds that kubectl sends so is read', async () => {
    const raw = Buffer.concat([field(1, field(1, 'c'), field(8)), field(2, field(1, 'a'), field(2, 'b'))]);

    const { status, body } = await post(envelope('ConfigMap', raw));

    expect([status, body.data]).toEqual([201, { a: 'b' }]);
  });

  test('that holds an unknown field is refused, not read in part', async () => {
    const { status, body } = await post(envelope('ConfigMap', field(9, 'x')));

    expect([status, body.message]).toEqual([415, expect.stringContaining('protobuf field 9 of ConfigMap')]);
  });
});
