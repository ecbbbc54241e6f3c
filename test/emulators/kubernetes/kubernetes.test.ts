import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Kubernetes, startKubernetes } from '../../../emulators/kubernetes/kubernetes.ts';
import { clientOf } from './client.ts';

let kubernetes: Kubernetes;
let client: ReturnType<typeof clientOf>;

beforeAll(async () => {
  kubernetes = await startKubernetes({ tokens: { 'a-reader': { name: 'reader', groups: [] } } });
  client = clientOf(kubernetes);
});
afterAll(() => kubernetes.stop());

const maps = '/api/v1/namespaces/default/configmaps';
const configMap = (name: string, data: Record<string, string> = {}, labels: Record<string, string> = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, labels },
  data,
});

describe('who may call', () => {
  test('a caller without a token, or with a wrong one, is not let in', async () => {
    const none = await client.call('/api/v1/pods', { token: '' });
    const wrong = await client.call('/api/v1/pods', { token: 'guessed' });

    expect([none.status, wrong.status]).toEqual([401, 401]);
    expect(none.body).toMatchObject({ kind: 'Status', reason: 'Unauthorized', message: 'Unauthorized' });
  });

  test('a client certificate of its authority says who calls', async () => {
    const { certificate: cert, key } = kubernetes.client('alice', ['system:masters']);

    const { status } = await client.call('/api/v1/namespaces', { token: '' }, { cert, key });

    expect(status).toBe(200);
  });

  test('a user without a role is forbidden, in the words of the real server', async () => {
    const { status, body } = await client.call(`${maps}/x`, { token: 'a-reader' });

    expect(status).toBe(403);
    expect(body.message).toBe(
      'configmaps "x" is forbidden: User "reader" cannot get resource "configmaps" in API group "" in the namespace "default"',
    );
  });

  test('a role gives what it says, and no more', async () => {
    await client.call('/apis/rbac.authorization.k8s.io/v1/clusterroles', {
      method: 'POST',
      body: { metadata: { name: 'reads' }, rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['list'] }] },
    });
    await client.call('/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings', {
      method: 'POST',
      body: {
        metadata: { name: 'reads' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'reads' },
        subjects: [{ kind: 'User', name: 'reader' }],
      },
    });

    const listed = await client.call(maps, { token: 'a-reader' });
    const elsewhere = await client.call('/api/v1/configmaps', { token: 'a-reader' });
    const read = await client.call(`${maps}/x`, { token: 'a-reader' });

    expect([listed.status, elsewhere.status, read.status]).toEqual([200, 403, 403]);
  });

  test('it serves on loopback alone', async () => {
    await expect(startKubernetes({ host: '0.0.0.0' })).rejects.toThrow('on loopback only');
  });
});

describe('objects', () => {
  test('what was created is read back, with what the server adds', async () => {
    const created = await client.call(maps, { method: 'POST', body: configMap('one', { colour: 'blue' }) });

    const { body } = await client.call(`${maps}/one`);

    expect(created.status).toBe(201);
    expect(body).toEqual(created.body);
    expect(body).toMatchObject({ kind: 'ConfigMap', data: { colour: 'blue' }, metadata: { namespace: 'default' } });
  });

  test('a name that is taken is told, one that is missing is made up from its beginning', async () => {
    await client.call(maps, { method: 'POST', body: configMap('taken') });

    const again = await client.call(maps, { method: 'POST', body: configMap('taken') });
    const { body } = await client.call(maps, { method: 'POST', body: { metadata: { generateName: 'made-' } } });

    expect([again.status, again.body.reason]).toEqual([409, 'AlreadyExists']);
    expect(again.body.message).toBe('configmaps "taken" already exists');
    expect(body.metadata.name).toMatch(/^made-[a-z0-9]{5}$/);
  });

  test('a stale version does not overwrite a newer one', async () => {
    const { body } = await client.call(maps, { method: 'POST', body: configMap('versioned') });
    await client.call(`${maps}/versioned`, { method: 'PUT', body: { ...body, data: { by: 'first' } } });

    const second = await client.call(`${maps}/versioned`, { method: 'PUT', body: { ...body, data: { by: 'second' } } });

    expect([second.status, second.body.reason]).toEqual([409, 'Conflict']);
    expect((await client.call(`${maps}/versioned`)).body.data).toEqual({ by: 'first' });
  });

  test('a dry run answers as if it had run, and keeps nothing', async () => {
    const { status, body } = await client.call(`${maps}?dryRun=All`, { method: 'POST', body: configMap('dry') });

    expect([status, body.metadata.name]).toEqual([201, 'dry']);
    expect((await client.call(`${maps}/dry`)).status).toBe(404);
  });

  test('what is deleted is gone', async () => {
    await client.call(maps, { method: 'POST', body: configMap('gone') });

    const deleted = await client.call(`${maps}/gone`, { method: 'DELETE' });

    expect(deleted.body).toMatchObject({ kind: 'Status', status: 'Success', details: { name: 'gone' } });
    expect((await client.call(`${maps}/gone`)).body.message).toBe('configmaps "gone" not found');
  });

  test('what is wrong with an object is told by field', async () => {
    const { status, body } = await client.call('/api/v1/namespaces/default/pods', {
      method: 'POST',
      body: { metadata: { name: 'p' }, spec: { containers: [{ name: 'c' }] } },
    });

    expect(status).toBe(422);
    expect(body.message).toBe('Pod "p" is invalid: spec.containers[0].image: Required value');
  });
});

describe('lists', () => {
  beforeAll(async () => {
    for (const [name, tier] of [
      ['page-a', 'front'],
      ['page-b', 'back'],
      ['page-c', 'front'],
    ]) {
      await client.call(maps, { method: 'POST', body: configMap(`${name}`, {}, { page: 'yes', tier: `${tier}` }) });
    }
  });
  const names = ({ items }: { items: { metadata: { name: string } }[] }) => items.map(({ metadata }) => metadata.name);

  test.each([
    ['labelSelector=page%3Dyes,tier!%3Dback', ['page-a', 'page-c']],
    ['labelSelector=page,tier+in+(back,side)', ['page-b']],
    ['labelSelector=page,!colour&fieldSelector=metadata.name%3Dpage-c', ['page-c']],
  ])('%s selects %j', async (query, expected) => {
    const { body } = await client.call(`${maps}?${query}`);

    expect(names(body)).toEqual(expected);
  });

  test('pages follow each other, and items do not say their kind', async () => {
    const first = await client.call(`${maps}?labelSelector=page&limit=2`);
    const second = await client.call(`${maps}?labelSelector=page&limit=2&continue=${first.body.metadata.continue}`);

    expect([names(first.body), first.body.metadata.remainingItemCount]).toEqual([['page-a', 'page-b'], 1]);
    expect([names(second.body), second.body.metadata.continue]).toEqual([['page-c'], undefined]);
    expect(first.body.items[0]?.kind).toBeUndefined();
  });

  test.each([
    ['', 'PartialObjectMetadata'],
    ['&includeObject=Object', 'ConfigMap'],
  ])('a Table%s has rows with objects of kind %s', async (include, kind) => {
    const { body } = await client.call(`${maps}?labelSelector=tier%3Dback${include}`, {
      headers: { Accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json' },
    });

    expect(body.kind).toBe('Table');
    expect(body.rows[0]?.cells.slice(0, 2)).toEqual(['page-b', 0]);
    expect(body.rows[0]?.object.kind).toBe(kind);
  });

  test('what it does not speak is not acceptable', async () => {
    const { status } = await client.call(maps, { headers: { Accept: 'application/vnd.kubernetes.protobuf' } });

    expect(status).toBe(406);
  });
});

describe('watches', () => {
  async function eventsOf(query: string): Promise<{ type: string; object: Record<string, unknown> }[]> {
    const events = [];
    for await (const line of createInterface(await client.open(`${maps}?watch=1&${query}`)))
      events.push(JSON.parse(line));
    return events;
  }

  test('tell what happened since a version, through the eyes of the selector', async () => {
    const { body } = await client.call(maps);
    const created = await client.call(maps, { method: 'POST', body: configMap('seen', {}, { seen: 'yes' }) });
    const changed = { ...created.body, metadata: { ...created.body.metadata, labels: { seen: 'no' } } };
    await client.call(`${maps}/seen`, { method: 'PUT', body: changed });

    const events = await eventsOf(
      `labelSelector=seen%3Dyes&resourceVersion=${body.metadata.resourceVersion}&timeoutSeconds=1&allowWatchBookmarks=true`,
    );

    expect(events.map(({ type }) => type)).toEqual(['ADDED', 'DELETED', 'BOOKMARK']);
  });

  test('a version that is forgotten is told as gone', async () => {
    const [event] = await eventsOf('resourceVersion=1');

    expect(event).toMatchObject({ type: 'ERROR', object: { code: 410, reason: 'Expired' } });
  });
});

describe('discovery', () => {
  test.each([
    ['/api', 'APIVersions'],
    ['/apis', 'APIGroupList'],
    ['/apis/apps', 'APIGroup'],
    ['/apis/apps/v1', 'APIResourceList'],
  ])('%s is %s', async (path, kind) => {
    expect((await client.call(path)).body.kind).toBe(kind);
  });

  test('is aggregated for whoever asks so', async () => {
    const Accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json';

    const { headers, body } = await client.call('/apis', { headers: { Accept } });

    expect(headers['content-type']).toBe('application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList');
    expect(body.kind).toBe('APIGroupDiscoveryList');
  });

  test('what is not served is not found', async () => {
    const unknown = await client.call('/api/v1/namespaces/default/gadgets');

    expect([unknown.status, unknown.body.message]).toEqual([404, 'the server could not find the requested resource']);
    expect((await client.call('/metrics')).status).toBe(404);
  });

  test('an encoded path is read as the real server reads it', async () => {
    const { body } = await client.call('/api/v1/namespaces%2Fdefault/c%6Fnfigmaps');

    expect(body.kind).toBe('ConfigMapList');
  });
});
