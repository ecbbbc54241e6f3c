import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { Secret } from '../../../src/model/secret.ts';
import { wayTo } from '../../../src/targets/kubernetes/credential.ts';
import { settingsSchema } from '../../../src/targets/kubernetes/settings.ts';
import { aCaller } from '../../fakes/caller.ts';
import { anAgent } from './agent.ts';
import { type Heard, type Scripted, startScripted } from './scripted.ts';

const map = '/api/v1/namespaces/n/configmaps/m';
const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

async function stand(answer: (heard: Heard) => Scripted, settings: Record<string, unknown> = {}) {
  const server = await startScripted(answer);
  const agent = anAgent(server, settings);
  ends.push(agent.stop, server.stop);
  return { agent, heard: server.heard };
}

describe('what the server is sent', () => {
  test('is what was understood, in the gateway’s name, and nothing of the caller’s headers', async () => {
    const { agent, heard } = await stand(() => ({ body: { kind: 'ConfigMap' } }));

    await agent.call('GET', map, {
      headers: { accept: 'application/vnd.kubernetes.protobuf,application/json', 'user-agent': 'kubectl/v1.33' },
    });

    expect(heard).toMatchObject([
      {
        method: 'GET',
        path: map,
        headers: { authorization: 'Bearer a-token', accept: 'application/json', 'user-agent': 'sallyport' },
      },
    ]);
    expect([...(heard[0]?.names ?? [])].sort()).toEqual([
      'accept',
      'authorization',
      'connection',
      'host',
      'user-agent',
    ]);
  });

  test('names the agent where the connection says so, so that the cluster’s own RBAC holds for it', async () => {
    const { agent, heard } = await stand(() => ({ body: {} }), { impersonate: 'agent', groups: ['agents', 'readers'] });

    await agent.call('GET', map);

    expect(heard[0]?.headers['impersonate-user']).toBe('agent:serviceAccount:bot@p.iam.gserviceaccount.com');
    expect(heard[0]?.names.filter((name) => name === 'impersonate-group')).toHaveLength(2);
  });

  test('names no agent whose name would be another header', async () => {
    const { agent, heard } = await stand(() => ({ body: {} }), { impersonate: 'agent' });
    const caller = { ...aCaller(), member: 'user:eve\r\nImpersonate-Group: system:masters' };

    await expect(agent.call('GET', map, { caller })).rejects.toMatchObject({ code: 'policy-unavailable' });

    expect(heard).toEqual([]);
  });
});

describe('an answer', () => {
  test.each([
    ['is no JSON', { headers: { 'content-type': 'application/vnd.kubernetes.protobuf' }, body: 'k8s' }],
    ['is of no type', { headers: { 'content-type': '' }, body: '{}' }],
    ['leads elsewhere', { status: 307, headers: { location: 'https://elsewhere/' }, body: '{}' }],
    ['was packed', { headers: { 'content-encoding': 'gzip' }, body: gzipSync('{}').toString('latin1') }],
  ])('that %s is refused', async (_what, scripted) => {
    const { agent } = await stand(() => scripted);

    await expect(agent.call('GET', map)).rejects.toMatchObject({ code: 'target-rejected' });
  });

  test('that is broken off is a failure, and no document', async () => {
    const { agent } = await stand(() => ({ headers: { 'content-length': '100' }, body: '{"kind":"ConfigMap"' }));

    await expect(agent.call('GET', map)).rejects.toMatchObject({ name: 'Problem' });
  });

  test('that fails in another form than Kubernetes’ own keeps its code, and nothing of its text', async () => {
    const { agent } = await stand(() => ({
      status: 502,
      headers: { 'content-type': 'text/html' },
      body: '<p>10.0.0.7 is down',
    }));

    const { status, json, text } = await agent.call('GET', map);

    expect([status, json.kind, json.code]).toEqual([502, 'Status', 502]);
    expect(text).not.toContain('10.0.0.7');
  });

  test('that says when to come again says so to the caller', async () => {
    const body = { kind: 'Status', status: 'Failure', reason: 'TooManyRequests', message: 'later', code: 429 };
    const { agent } = await stand(() => ({ status: 429, headers: { 'retry-after': '7', 'x-internal': 'x' }, body }));

    const { status, headers, json } = await agent.call('GET', map);

    expect([status, headers.get('retry-after'), headers.get('x-internal'), json.reason]).toEqual([
      429,
      '7',
      null,
      'TooManyRequests',
    ]);
  });

  test('that warns is passed on, without what detectors find in it', async () => {
    const warning = '299 - "annotation holds alice@example.com"';
    const { agent } = await stand(() => ({ headers: { warning }, body: {} }));

    const { headers } = await agent.call('GET', map);

    expect(headers.get('warning')).toBe('299 - "annotation holds [EMAIL_ADDRESS]"');
  });

  test('of logs passes line by line, masked, and never with half a line', async () => {
    const lines = Array.from({ length: 200 }, (_, index) => `${index} mail to alice${index}@example.com\n`).join('');
    const { agent } = await stand(() => ({ headers: { 'content-type': 'text/plain' }, body: lines }));

    const whole = await agent.call('GET', '/api/v1/namespaces/n/pods/p/log');
    const cut = await agent.call('GET', '/api/v1/namespaces/n/pods/p/log', { limits: { bytes: 1000 } });

    expect(whole.text.split('\n')).toHaveLength(201);
    expect(whole.text).not.toContain('@example.com');
    expect([whole.truncated, cut.truncated]).toEqual([false, true]);
    expect(cut.text).toMatch(/^(\d+ mail to \[EMAIL_ADDRESS\]\n)+$/);
  });
});

describe('a write', () => {
  const patch = { type: 'application/merge-patch+json', body: { data: { a: 'b' } } };
  const at = (version: string, more: object = {}) => ({
    kind: 'ConfigMap',
    metadata: { name: 'm', resourceVersion: version, ...more },
  });

  test('to a cluster that does not know the gateway is told apart, before anything ran', async () => {
    const { agent, heard } = await stand(() => ({ status: 401, body: {} }));

    await expect(agent.judge('PATCH', map, patch)).rejects.toMatchObject({ name: 'CredentialRejected' });

    expect(heard.every(({ method, path }) => method === 'GET' || path.includes('dryRun=All'))).toBe(true);
  });

  test('is sent as it was tried, byte for byte, onto the version that was judged', async () => {
    const { agent, heard } = await stand(() => ({ body: at('7') }));

    await agent.call('PATCH', map, patch);

    const [look, tried, done] = heard;
    expect(look).toMatchObject({ method: 'GET', path: map });
    expect(tried?.path).toBe(`${map}?dryRun=All`);
    expect(done?.path).toBe(map);
    expect(tried?.body).toBe(done?.body);
    expect(JSON.parse(done?.body ?? '')).toEqual({ data: { a: 'b' }, metadata: { resourceVersion: '7' } });
  });

  test('by JSON patch conflicts with another version as any other patch does', async () => {
    const { agent, heard } = await stand(() => ({ body: at('7') }));

    await agent.call('PATCH', map, {
      type: 'application/json-patch+json',
      body: [{ op: 'add', path: '/data', value: {} }],
    });

    expect(JSON.parse(heard.at(-1)?.body ?? '').at(-1)).toEqual({
      op: 'add',
      path: '/metadata/resourceVersion',
      value: '7',
    });
  });

  test('is pinned also where the gateway may not read the object: the dry run says which version it is', async () => {
    const { agent, heard } = await stand(({ method }) =>
      method === 'GET' ? { status: 403, body: {} } : { body: at('9') },
    );

    await agent.call('PATCH', map, patch);

    expect(JSON.parse(heard.at(-1)?.body ?? '').metadata).toEqual({ resourceVersion: '9' });
  });

  test('in protobuf that names no version is refused, as it could not be pinned', async () => {
    const { agent } = await stand(() => ({ body: at('7') }));
    const asked = {
      type: 'application/vnd.kubernetes.protobuf',
      body: new Uint8Array(Buffer.from('k8s\0\x0a\x00\x12\x00')),
    };

    await expect(agent.judge('PUT', map, asked)).rejects.toMatchObject({ code: 'operation-unreadable' });
  });

  test('that the caller made conditional itself conflicts at the caller', async () => {
    const conflict = { kind: 'Status', status: 'Failure', reason: 'Conflict', code: 409, message: 'changed' };
    const { agent, heard } = await stand(({ method, path }) =>
      method === 'PATCH' && !path.includes('dryRun') ? { status: 409, body: conflict } : { body: at('7') },
    );

    const { status } = await agent.call('PATCH', map, { ...patch, body: { metadata: { resourceVersion: '5' } } });

    expect(status).toBe(409);
    expect(heard.filter(({ method, path }) => method === 'PATCH' && !path.includes('dryRun'))).toHaveLength(1);
  });

  test('of a resource whose server may not know of dry runs is not tried', async () => {
    const { agent, heard } = await stand(
      ({ path }) => (path.startsWith('/openapi/v3') ? { body: { paths: {} } } : { body: at('1') }),
      {
        custom_resources: ['widgets.example.com'],
      },
    );

    const widgets = '/apis/example.com/v1/namespaces/n/widgets';
    for (const path of [widgets, `${widgets}?dryRun=All`])
      await expect(agent.judge('POST', path, { body: { metadata: { name: 'w' } } })).rejects.toMatchObject({
        reason: 'kubernetes:no-dry-run',
      });

    expect(heard.every(({ method }) => method === 'GET')).toBe(true);
  });

  test('of a custom resource whose server says that it knows of dry runs is tried', async () => {
    const paths = {
      '/apis/example.com/v1/namespaces/{namespace}/widgets': {
        post: { parameters: [{ name: 'dryRun', in: 'query' }] },
      },
    };
    const { agent } = await stand(
      ({ path }) => (path.startsWith('/openapi/v3') ? { body: { paths } } : { status: 201, body: at('1') }),
      {
        custom_resources: ['widgets.example.com'],
      },
    );

    const { status } = await agent.call('POST', '/apis/example.com/v1/namespaces/n/widgets', {
      body: { metadata: { name: 'w' } },
    });

    expect(status).toBe(201);
  });

  test('of a custom resource of a server before 1.24 is tried where the one document it has says so', async () => {
    const paths = {
      '/apis/example.com/v1/namespaces/{namespace}/widgets': {
        post: { parameters: [{ name: 'dryRun', in: 'query' }] },
      },
    };
    const { agent, heard } = await stand(
      ({ path }) => {
        if (path.startsWith('/openapi/v3')) return { status: 404, body: {} };
        return path === '/openapi/v2' ? { body: { paths } } : { status: 201, body: at('1') };
      },
      { custom_resources: ['widgets.example.com'] },
    );

    const { status } = await agent.call('POST', '/apis/example.com/v1/namespaces/n/widgets', {
      body: { metadata: { name: 'w' } },
    });

    expect(status).toBe(201);
    expect(heard.filter(({ method }) => method === 'POST').map(({ path }) => path.includes('dryRun'))).toEqual([
      true,
      false,
    ]);
  });

  test('that names a dry run in the query and options in its body is a deletion, as the server would take it', async () => {
    const { agent, heard } = await stand(() => ({ body: at('7', { uid: 'u-1' }) }));

    await agent.judge('DELETE', `${map}?dryRun=All`, { body: { kind: 'DeleteOptions', gracePeriodSeconds: 0 } });

    expect(JSON.parse(heard.at(-1)?.body ?? '')).toEqual({
      ...{ kind: 'DeleteOptions', apiVersion: 'v1', gracePeriodSeconds: 0 },
      ...{ preconditions: { uid: 'u-1' }, dryRun: ['All'] },
    });
  });
});

describe('a credential of a cluster', () => {
  const settings = settingsSchema.parse({ server: 'https://cluster.example', server_name: 'kubernetes' });
  const way = (value: unknown) =>
    wayTo(settings, new Secret(typeof value === 'string' ? value : JSON.stringify(value), 's/1'));
  const pem = '-----BEGIN CERTIFICATE-----\nx\n';

  test('is a token, one that was minted for a service account, or a certificate with its key', () => {
    expect(way({ token: 'abc' }).headers).toEqual([['authorization', 'Bearer abc']]);
    expect(way({ service_account: 'a@p', token: 'abc', expires_at: 'soon' }).headers).toEqual([
      ['authorization', 'Bearer abc'],
    ]);
    expect(way({ client_certificate: pem, client_key: pem })).toMatchObject({
      ...{ headers: [], place: { client: { certificate: pem, key: pem }, serverName: 'kubernetes' } },
    });
  });

  test.each([
    ['no JSON', 'abc'],
    ['no token', { password: 'abc' }],
    ['a token and more', { token: 'abc', namespace: 'default' }],
    ['a token that would begin another header', { token: 'abc\r\nImpersonate-User: admin' }],
    ['a certificate without a key', { client_certificate: pem }],
  ])('that is %s is not tried, and not repeated', (_what, value) => {
    expect(() => way(value)).toThrow(
      expect.objectContaining({ code: 'credential-unavailable', detail: expect.not.stringContaining('abc') }),
    );
  });
});
