import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { secrets } from '../../demo/cluster/objects.ts';
import { exec } from '../../demo/session.ts';
import { pending } from './sessions.ts';
import { decide, type Received, request, stand } from './stand.ts';

const cluster = `${stand.gateway}/k8s/cluster`;
const namespace = `${cluster}/api/v1/namespaces/team-a`;
const billing = `${stand.gateway}/http/billing/v1`;

const inBase64 = (text: string) => Buffer.from(text).toString('base64');
const planted = Object.values(secrets).flatMap((value) => [value, inBase64(value)]);
const isClean = (text: string) => planted.every((value) => !text.includes(value));
const get = (url: string, headers: Record<string, string> = {}) => request('GET', url, { headers });
const table = { Accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' };
const mergePatch = { headers: { 'Content-Type': 'application/merge-patch+json' } };

/** The id of the approval that a `Status` names. */
function approvalIn({ status, text }: Received): string {
  expect(status).toBe(429);
  return /apr_\w+/.exec(text)?.[0] ?? '';
}

describe('no secret of the cluster leaves it', () => {
  test.each([
    ['an object', 'secrets/database', {}],
    ['a list', 'secrets', {}],
    ['a Table', 'secrets/database', table],
    ['a Table with whole objects', 'secrets?includeObject=Object', table],
    ['a Pod whose variables hold one', 'pods/worker', {}],
    ['a list of Pods', 'pods', {}],
    ['a watch that is over at once', 'secrets?watch=1&timeoutSeconds=1', {}],
    ['what a Pod has said', 'pods/worker/log', {}],
  ])('by %s', async (_, path, headers) => {
    const { status, text } = await get(`${namespace}/${path}`, headers);

    expect(status).toBe(200);
    expect(text.length).toBeGreaterThan(20);
    expect(isClean(text)).toBe(true);
    expect(text).not.toMatch(/4111 1111|@home\.example/);
  });

  test('by the answer to an empty patch', async () => {
    const patch = () => request('PATCH', `${namespace}/secrets/database?fieldManager=flow`, mergePatch, {});
    await decide(approvalIn(await patch()), 'approve');

    const { status, text } = await patch();

    expect(status).toBe(200);
    expect(isClean(text)).toBe(true);
  });

  test('by a watch that goes on', async () => {
    const answer = await fetch(`${namespace}/secrets?watch=true`, {
      headers: { Authorization: `Bearer ${stand.tokens.bot}` },
    });
    const lines = createInterface(Readable.fromWeb(answer.body as never));

    const [line] = await once(lines, 'line');

    expect(JSON.parse(line)).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'database' } } });
    expect(isClean(line)).toBe(true);
    lines.close();
    await answer.body?.cancel().catch(() => {});
  });
});

describe('a change of the cluster', () => {
  const scale = (replicas: number) =>
    request('PATCH', `${cluster}/apis/apps/v1/namespaces/team-a/deployments/shop/scale`, mergePatch, {
      spec: { replicas },
    });

  test('waits for a human, and then the same request runs, once', async () => {
    const asked = await scale(3);
    const id = approvalIn(asked);
    const early = await scale(3);
    await decide(id, 'approve');

    const ran = await scale(3);
    const again = await scale(4);

    expect([asked.headers.get('retry-after'), asked.body['reason']]).toEqual([expect.any(String), 'TooManyRequests']);
    expect(approvalIn(early)).toBe(id);
    expect([ran.status, ran.body['spec']]).toEqual([200, { replicas: 3 }]);
    expect(approvalIn(again)).not.toBe(id);
  });

  test('is not made when the human says no', async () => {
    await decide(approvalIn(await scale(7)), 'deny');

    expect((await scale(7)).status).toBe(403);
  });

  test('does not carry a mask back in the place of a value', async () => {
    const { body } = await get(`${namespace}/secrets/database`);

    const { status, text } = await request('PUT', `${namespace}/secrets/database`, {}, body);

    expect(status).toBe(422);
    expect(text).toContain('Failure');
  });
});

describe('a program in a Pod', () => {
  const run = (command: string[]) => exec(cluster, { pod: 'team-a/worker', command, token: stand.tokens.bot });

  test('runs once a human has agreed, and what detectors know in its output is masked', async () => {
    const running = run(['printenv', 'CONTACT', 'API_KEY']);
    await decide(await pending('command=printenv'), 'approve');

    const { out, status } = await running;

    expect(status.status).toBe('Success');
    expect(out).toContain('[EMAIL_ADDRESS]');
    expect(isClean(out)).toBe(true);
  });

  test('is recorded, both as it was asked for and as it was answered, without what was masked', async () => {
    const running = run(['sh', '-c', 'echo flow-recorded; printenv CONTACT']);
    const id = await pending('flow-recorded');
    await decide(id, 'approve');
    await running;
    const { body } = await request('GET', `${stand.console}/api/approvals/${id}`, { token: stand.tokens.dba });
    const operation = String(body['operation']);

    const text = await vi.waitFor(
      async () => {
        const recording = `${stand.console}/api/operations/${operation}/recording`;
        const answered = await request('GET', recording, { token: stand.tokens.auditor });
        expect(answered.status).toBe(200);
        return answered.text;
      },
      { timeout: 20_000, interval: 250 },
    );

    expect(text).toContain('flow-recorded');
    expect(isClean(text)).toBe(true);
  });

  test('is not begun for a token that is not the caller’s', async () => {
    const url = `${namespace.replace('http', 'ws')}/pods/worker/exec?command=id&stdout=true`;
    const socket = new WebSocket(url, ['v5.channel.k8s.io'], { headers: { Authorization: 'Bearer forged' } });
    socket.on('error', () => {});

    const [, answer] = await once(socket, 'unexpected-response');

    expect(answer.statusCode).toBe(401);
    answer.resume();
  });
});

describe('ways around the cluster’s paths are refused', () => {
  test.each([
    ['another namespace', '/api/v1/namespaces/team-b/secrets/api-key'],
    ['all namespaces at once', '/api/v1/secrets'],
    ['an encoded slash', '/api/v1/namespaces/team-a%2F..%2Fteam-b/secrets/api-key'],
    ['a prefix that is not in use any more', '/api/v1/watch/namespaces/team-b/secrets'],
    ['the proxy of a node', '/api/v1/nodes/n1/proxy/pods'],
    ['the proxy of a Pod', '/api/v1/namespaces/team-a/pods/worker/proxy/'],
    ['metrics', '/metrics'],
    ['a kind that nobody listed', '/apis/example.com/v1/namespaces/team-a/widgets'],
  ])('%s', async (_, path) => {
    const { status, text } = await get(`${cluster}${path}`);

    expect([400, 403, 404]).toContain(status);
    expect(JSON.parse(text)).toMatchObject({ kind: 'Status', status: 'Failure' });
    expect(isClean(text)).toBe(true);
  });

  test.each([['Impersonate-User'], ['X-Remote-User']])('%s is not passed on', async (name) => {
    const { status, text } = await get(`${cluster}/api/v1/namespaces/team-b/secrets`, { [name]: 'admin' });

    expect([400, 403]).toContain(status);
    expect(isClean(text)).toBe(true);
  });
});

describe('a service over HTTP', () => {
  test('answers with personal data masked, and the rest as it is', async () => {
    const { body } = await get(`${billing}/customers/2`);

    expect(body).toMatchObject({ email: '[EMAIL_ADDRESS]', iban: '[IBAN_CODE]', name: '[PERSON_NAME]', balance: 2500 });
  });

  test('tells its events as they come, masked too', async () => {
    const { text } = await get(`${billing}/events`);

    expect(text.match(/event: paid/g)).toHaveLength(3);
    expect(text).not.toContain('@post.example');
  });

  test('cannot show the caller the credential that it was called with', async () => {
    const { text } = await get(`${billing}/debug/headers`);

    expect(text).toContain('"authorization":"Bearer [CREDENTIAL]"');
    expect(text).not.toContain(stand.tokens.bot);
  });

  test.each([
    ['GET', 'admin'],
    ['GET', 'customers/1%2Fnotes'],
    ['GET', 'customers/one'],
    ['DELETE', 'customers/1'],
    ['PUT', 'customers/1'],
  ])('%s %s is refused, as nobody declared or granted it', async (method, path) => {
    const { status } = await request(method, `${billing}/${path}`);

    expect([400, 403]).toContain(status);
  });

  test('leads nowhere else', async () => {
    const answer = await fetch(`${billing}/old`, {
      redirect: 'manual',
      headers: { Authorization: `Bearer ${stand.tokens.bot}` },
    });

    expect([answer.status, answer.headers.get('location')]).toEqual([302, null]);
  });
});
