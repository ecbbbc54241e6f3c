import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startKubernetes } from '../../../emulators/kubernetes/kubernetes.ts';
import { type ApiServer, anAgent, apiServers, inProtobuf, lengthed } from './agent.ts';

const maps = '/api/v1/namespaces/default/configmaps';
const deployments = '/apis/apps/v1/namespaces/default/deployments';
const table = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json' };
const aMap = (name: string, data: Record<string, string> = { colour: 'blue' }) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  data,
});
const aDeployment = (name: string, container: object = {}) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: 'c', image: 'nginx', ...container }] },
    },
  },
});

describe.each(apiServers)('through $name', ({ start }) => {
  let server: ApiServer;
  let agent: ReturnType<typeof anAgent>;
  let number = 0;
  /** The real server outlives a run. */
  const fresh = (word: string) => `${word}-${process.pid}-${Date.now() % 1_000_000}-${number++}`;

  beforeAll(async () => {
    server = await start();
    agent = anAgent(server);
  });
  afterAll(async () => {
    await agent.stop();
    await server.stop();
  });

  const created = async (path: string, object: { metadata: { name: string } }) => {
    const { status } = await agent.call('POST', path, { body: object });
    expect(status).toBe(201);
    return `${path}/${object.metadata.name}`;
  };

  describe('what is read', () => {
    test('is what the server says, and a Table where one is asked for', async () => {
      const path = await created(maps, aMap(fresh('read')));

      const [object, rows] = [await agent.call('GET', path), await agent.call('GET', maps, { headers: table })];

      expect(object.json).toMatchObject({ kind: 'ConfigMap', data: { colour: 'blue' } });
      expect(rows.json).toMatchObject({ kind: 'Table', columnDefinitions: expect.any(Array) });
    });

    test('comes page by page, as a continue token is passed on', async () => {
      for (const name of ['a', 'b', 'c']) await created(maps, aMap(fresh(name)));

      const first = await agent.call('GET', `${maps}?limit=1`);
      const token = encodeURIComponent(first.json.metadata.continue);
      const second = await agent.call('GET', `${maps}?limit=1&continue=${token}`);

      expect([first.json.items.length, second.json.items.length]).toEqual([1, 1]);
      expect(second.json.items[0].metadata.name).not.toBe(first.json.items[0].metadata.name);
    });

    test('of Secrets is masked', async () => {
      const name = fresh('secret');
      const body = {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name },
        stringData: { password: 'correct-horse-battery' },
      };
      const echoed = await agent.call('POST', '/api/v1/namespaces/default/secrets', { body });
      const path = `/api/v1/namespaces/default/secrets/${name}`;

      const answers = [
        echoed,
        await agent.call('GET', path),
        await agent.call('GET', '/api/v1/namespaces/default/secrets'),
      ];

      const hidden = Buffer.from('correct-horse-battery').toString('base64');
      for (const { text } of answers) {
        expect(text).toContain(name);
        expect(text).not.toContain(hidden);
        expect(text).not.toContain('correct-horse');
      }
    });

    test('and is not there is told with the server’s code and reason', async () => {
      const { status, json } = await agent.call('GET', `${maps}/no-such-thing`);

      expect(status).toBe(404);
      expect(json).toMatchObject({ kind: 'Status', reason: 'NotFound', code: 404, details: { name: 'no-such-thing' } });
    });

    test('is refused where it is larger than allowed, as half a document is none', async () => {
      const path = await created(maps, aMap(fresh('large'), { text: 'x'.repeat(20_000) }));

      await expect(agent.call('GET', path, { limits: { bytes: 2000 } })).rejects.toMatchObject({ code: 'too-large' });
    });

    test('of what the server serves passes as it is', async () => {
      for (const path of ['/api', '/apis', '/api/v1', '/version', '/apis/apps/v1'])
        expect((await agent.call('GET', path)).json, path).toBeTypeOf('object');
      expect(await agent.call('GET', '/healthz')).toMatchObject({ status: 200, text: 'ok' });
    });

    test('holds nothing of the transport, and no header that was not expected', async () => {
      const { headers } = await agent.call('GET', maps);

      expect(
        [...headers.keys()].filter((name) => !['cache-control', 'content-type', 'vary', 'warning'].includes(name)),
      ).toEqual([]);
    });
  });

  describe('a watch', () => {
    test('hands on each event as it happens, until its caller leaves', async () => {
      const { answer } = await agent.open('GET', `${maps}?watch=true`);
      const pieces = (answer.pieces as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
      const name = fresh('watched');

      await created(maps, aMap(name));
      let seen = '';
      while (!seen.includes(name)) seen += Buffer.from((await pieces.next()).value ?? '').toString('utf8');
      await pieces.return?.();

      expect(answer).toMatchObject({ live: true, status: 200 });
      expect(JSON.parse(seen.trim().split('\n').at(-1) ?? '')).toMatchObject({
        type: 'ADDED',
        object: { metadata: { name } },
      });
    });

    test('ends where it has sent as much as it may, and says so', async () => {
      await created(maps, aMap(fresh('full'), { text: 'x'.repeat(5000) }));

      const { truncated, text } = await agent.call('GET', `${maps}?watch=true`, { limits: { bytes: 6000 } });

      expect(truncated).toBe(true);
      expect(text.length).toBeLessThanOrEqual(6000);
    });

    test('is over when its time is', async () => {
      const answer = agent.call('GET', `${maps}?watch=true&resourceVersion=0`, { limits: { seconds: 1 } });

      await expect(answer).rejects.toMatchObject({ code: 'target-timeout' });
    });
  });

  describe('a write', () => {
    test('is tried first: its risks and what it changes are known before it is done', async () => {
      const path = await created(deployments, aDeployment(fresh('web')));
      const spec = { template: { spec: { containers: [{ name: 'c', securityContext: { privileged: true } }] } } };

      const judged = await agent.judge('PATCH', path, {
        body: { spec },
        type: 'application/strategic-merge-patch+json',
      });

      expect(judged.risks).toEqual(['privilege']);
      expect(judged.estimates.plan).toMatch(/! privilege: c is privileged[\s\S]*privileged: true/);
      expect((await agent.call('GET', path)).text).not.toContain('privileged');
    });

    test.each([
      ['application/merge-patch+json', { data: { colour: 'red' } }],
      ['application/strategic-merge-patch+json', { data: { colour: 'red' } }],
      ['application/json-patch+json', [{ op: 'replace', path: '/data/colour', value: 'red' }]],
    ])('by %s changes what it says', async (type, body) => {
      const path = await created(maps, aMap(fresh('patched')));

      const { status, operation } = await agent.call('PATCH', path, { type, body });

      expect(status).toBe(200);
      expect(operation.estimates.plan).toBe('data.colour: "blue" → "red"');
      expect((await agent.call('GET', path)).json.data).toEqual({ colour: 'red' });
    });

    test('by apply makes the object, and changes it the next time', async () => {
      const name = fresh('applied');
      const apply = (colour: string) =>
        agent.call('PATCH', `${maps}/${name}?fieldManager=test`, {
          type: 'application/apply-patch+yaml',
          body: JSON.stringify(aMap(name, { colour })),
        });

      const [first, second] = [await apply('blue'), await apply('red')];

      expect([first.status, second.status]).toEqual([201, 200]);
      expect(second.json.data).toEqual({ colour: 'red' });
    });

    test('by apply that was to make an object does not change one that somebody else has made meanwhile', async () => {
      const name = fresh('taken');
      const asked = { type: 'application/apply-patch+yaml', body: JSON.stringify(aMap(name)) };
      const others = () => created(maps, aMap(name, { theirs: 'x' }));

      const late = agent.call('PATCH', `${maps}/${name}?fieldManager=test`, { ...asked, meanwhile: others });

      await expect(late).rejects.toMatchObject({ code: 'approval-conflict' });
      expect((await agent.call('GET', `${maps}/${name}`)).json.data).toEqual({ theirs: 'x' });
    });

    test('by apply onto what was applied before leaves no version behind, and means the same twice', async () => {
      const name = fresh('migrated');
      const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': '{}' };
      await created(maps, { ...aMap(name), metadata: { name, annotations } } as never);
      const path = `${maps}/${name}?fieldManager=kubectl&force=true`;
      const asked = { type: 'application/apply-patch+yaml', body: JSON.stringify(aMap(name, { colour: 'red' })) };

      const one = await agent.judge('PATCH', path, asked);
      await agent.call('PATCH', `${maps}/${name}`, { type: 'application/merge-patch+json', body: {} });
      const done = await agent.call('PATCH', path, asked);
      const other = { type: 'application/merge-patch+json', body: { data: { more: 'x' } } };
      const raced = agent.call('PATCH', path, {
        ...asked,
        meanwhile: () => agent.call('PATCH', `${maps}/${name}`, other),
      });

      expect(one.statement).toContain('"red"');
      expect(done.json.metadata.annotations[Object.keys(annotations)[0] ?? '']).not.toContain('resourceVersion');
      await expect(raced).rejects.toMatchObject({ code: 'approval-conflict' });
    });

    test('by update keeps the condition that its caller set', async () => {
      const path = await created(maps, aMap(fresh('updated')));
      const { json } = await agent.call('GET', path);
      await agent.call('PUT', path, { body: { ...json, data: { colour: 'red' } } });

      const late = agent.call('PUT', path, { body: { ...json, data: { colour: 'green' } } });

      await expect(late).rejects.toMatchObject({ answered: { status: 409, body: { reason: 'Conflict' } } });
    });

    test('in protobuf is sent as it came, and judged by what comes of it', async () => {
      const name = fresh('protobuf');
      const entry = Buffer.concat([lengthed(1, Buffer.from('colour')), lengthed(2, Buffer.from('blue'))]);
      const message = Buffer.concat([lengthed(1, lengthed(1, Buffer.from(name))), lengthed(2, entry)]);
      const body = inProtobuf('v1', 'ConfigMap', message);

      const { status, operation } = await agent.call('POST', maps, {
        type: 'application/vnd.kubernetes.protobuf',
        body,
      });

      expect(status).toBe(201);
      expect(operation.statement).toContain('"data":{"colour":"blue"}');
      expect((await agent.call('GET', `${maps}/${name}`)).json.data).toEqual({ colour: 'blue' });
    });

    test('that was judged is not written onto another version: it is judged again', async () => {
      const path = await created(deployments, aDeployment(fresh('raced')));
      const others = () =>
        agent.call('PATCH', `${path}/status`, {
          type: 'application/merge-patch+json',
          body: { status: { replicas: 1 } },
        });

      const { status, json } = await agent.call('PATCH', path, {
        ...{ type: 'application/merge-patch+json', body: { spec: { replicas: 3 } } },
        meanwhile: others,
      });

      expect([status, json.spec.replicas]).toEqual([200, 3]);
    });

    test('of which something else would come by then is not done', async () => {
      const path = await created(maps, aMap(fresh('raced')));
      const type = 'application/merge-patch+json';
      const others = () => agent.call('PATCH', path, { type, body: { data: { more: 'x' } } });

      const late = agent.call('PATCH', path, { type, body: { data: { colour: 'red' } }, meanwhile: others });

      await expect(late).rejects.toMatchObject({ code: 'approval-conflict' });
      expect((await agent.call('GET', path)).json.data).toEqual({ colour: 'blue', more: 'x' });
    });

    test('that is the same means the same twice, and another where something else comes of it', async () => {
      const path = await created(deployments, aDeployment(fresh('same')));
      const asked = { type: 'application/merge-patch+json', body: { spec: { paused: true } } };

      const [one, again] = [await agent.judge('PATCH', path, asked), await agent.judge('PATCH', path, asked)];
      await agent.call('PATCH', path, { ...asked, body: { spec: { replicas: 7 } } });
      const other = await agent.judge('PATCH', path, asked);

      expect(again.statement).toBe(one.statement);
      expect(other.statement).not.toBe(one.statement);
    });

    test('that the server refuses is refused as the server puts it, before anybody is asked', async () => {
      const path = await created(maps, aMap(fresh('there')));

      const refusals = [
        ['POST', maps, { body: aMap(path.split('/').at(-1) ?? '') }, 409, 'AlreadyExists'],
        ['DELETE', `${maps}/no-such-thing`, {}, 404, 'NotFound'],
        ['POST', maps, { body: aMap('Not_A_Name') }, 422, 'Invalid'],
      ] as const;

      for (const [method, asked, more, status, reason] of refusals)
        await expect(agent.judge(method, asked, more)).rejects.toMatchObject({
          ...{ code: 'target-rejected', answered: { status, body: { kind: 'Status', reason } } },
        });
    });

    test('on a Secret shows neither what it holds nor what it held, and still tells one value from another', async () => {
      const name = fresh('secret');
      const secrets = '/api/v1/namespaces/default/secrets';
      await created(secrets, {
        ...{ apiVersion: 'v1', kind: 'Secret', metadata: { name } },
        stringData: { password: 'first-horse-battery' },
      } as never);
      const change = (value: string) =>
        agent.judge('PATCH', `${secrets}/${name}`, {
          type: 'application/merge-patch+json',
          body: { metadata: { labels: { a: value } } },
        });

      const judged = await change('b');

      const shown = `${judged.estimates.plan}${judged.statement}${judged.recorded.statement}`;
      expect(shown).not.toContain(Buffer.from('first-horse-battery').toString('base64'));
      expect(shown).toContain('MASKED');
    });
  });

  describe('a deletion', () => {
    test('is of the object that was judged, and not of another that took its name', async () => {
      const path = await created(maps, aMap(fresh('gone')));
      const another = async () => {
        await agent.call('DELETE', path);
        await created(maps, aMap(path.split('/').at(-1) ?? ''));
      };

      const late = agent.call('DELETE', path, { meanwhile: another });

      await expect(late).rejects.toMatchObject({ code: 'approval-conflict' });
      expect((await agent.call('GET', path)).status).toBe(200);
    });

    test('is not done by judging it, whatever its body says', async () => {
      const path = await created(maps, aMap(fresh('kept')));

      await agent.judge('DELETE', path, {
        body: { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Background' },
      });
      await agent.judge('DELETE', `${path}?propagationPolicy=Background`);

      expect((await agent.call('GET', path)).status).toBe(200);
    });

    test('of many is counted first', async () => {
      const label = fresh('many');
      for (const name of ['a', 'b'])
        await created(maps, {
          ...aMap(fresh(name)),
          metadata: { name: fresh(name), labels: { many: label } },
        } as never);

      const judged = await agent.judge('DELETE', `${maps}?labelSelector=many%3D${label}`);

      expect(judged).toMatchObject({ risks: expect.arrayContaining(['bulk']), estimates: { changes: 2 } });
      await agent.call('DELETE', `${maps}?labelSelector=many%3D${label}`);
      expect((await agent.call('GET', `${maps}?labelSelector=many%3D${label}`)).json.items).toEqual([]);
    });
  });

  describe('a dry run of the caller’s own', () => {
    test('is passed on, and needs no other before it', async () => {
      const name = fresh('tried');

      const { status, operation } = await agent.call('POST', `${maps}?dryRun=All`, { body: aMap(name) });

      expect([status, operation.statement.includes('What comes of it')]).toEqual([201, false]);
      expect((await agent.call('GET', `${maps}/${name}`)).status).toBe(404);
    });
  });
});

test('a gateway may prove itself with a certificate of the cluster’s own authority', async () => {
  const server = await startKubernetes();
  const { certificate, key } = server.client('gateway', ['system:masters']);
  const agent = anAgent(server);

  const { status } = await agent.call('GET', maps, { secret: { client_certificate: certificate, client_key: key } });
  await agent.stop();
  await server.stop();

  expect(status).toBe(200);
});
