import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Caller } from '../../../src/targets/target.ts';
import { aCaller } from '../../fakes/caller.ts';
import { anAgent, inProtobuf, lengthed } from './agent.ts';
import { startScripted } from './scripted.ts';

const authorization = '/apis/authorization.k8s.io/v1';

/** Reads everything in team-a, changes Deployments there once a human approved, and nothing else. */
const may: Caller['may'] = ({ verb, resources }) => {
  if (!resources.every((resource) => resource.startsWith('team-a/'))) return 'deny';
  if (verb === 'read') return 'allow';
  return verb === 'write' && resources.every((resource) => resource.includes('/deployments.apps/')) ? 'ask' : 'deny';
};

describe('what a caller asks of itself', () => {
  let server: Awaited<ReturnType<typeof startScripted>>;
  let agent: ReturnType<typeof anAgent>;

  beforeAll(async () => {
    server = await startScripted(() => ({ status: 500 }));
    agent = anAgent(server);
  });
  afterAll(async () => {
    await agent.stop();
    await server.stop();
  });

  const ask = async (resource: string, spec: object, group = authorization) =>
    (await agent.call('POST', `${group}/${resource}`, { body: { spec }, caller: aCaller(may) })).json;
  const canI = async (attributes: object) =>
    (await ask('selfsubjectaccessreviews', { resourceAttributes: attributes })).status;

  test('is answered from policy, and never by the server, which would describe the gateway', async () => {
    expect(await canI({ namespace: 'team-a', verb: 'get', resource: 'pods' })).toEqual({ allowed: true });
    expect(await canI({ namespace: 'team-b', verb: 'get', resource: 'pods' })).toMatchObject({ allowed: false });
    expect(await canI({ namespace: '', verb: 'list', resource: 'pods' })).toMatchObject({ allowed: false });
    expect(server.heard).toEqual([]);
  });

  test('says where a human must approve it', async () => {
    const status = await canI({
      namespace: 'team-a',
      verb: 'patch',
      group: 'apps',
      resource: 'deployments',
      name: 'web',
    });

    expect(status).toEqual({ allowed: true, reason: expect.stringContaining('human') });
  });

  test.each([
    ['what is never served', { namespace: 'team-a', verb: 'get', resource: 'pods', subresource: 'proxy' }],
    ['what is not known', { namespace: 'team-a', verb: 'get', group: 'example.com', resource: 'widgets' }],
    ['verbs that are none of the server’s', { namespace: 'team-a', verb: 'impersonate', resource: 'users' }],
    ['everything at once', { namespace: 'team-a', verb: '*', resource: '*' }],
    ['every verb where one is denied', { namespace: 'team-a', verb: '*', resource: 'pods' }],
  ])('is no for %s', async (_what, attributes) => {
    expect(await canI(attributes)).toMatchObject({ allowed: false });
  });

  test('is understood in protobuf, as kubectl 1.32 sends it', async () => {
    const attributes = Buffer.concat([
      lengthed(1, Buffer.from('team-a')),
      lengthed(2, Buffer.from('get')),
      lengthed(5, Buffer.from('pods')),
    ]);
    const message = Buffer.concat([lengthed(1, Buffer.alloc(0)), lengthed(2, lengthed(1, attributes))]);
    const body = inProtobuf('authorization.k8s.io/v1', 'SelfSubjectAccessReview', message);

    const { status, json } = await agent.call('POST', `${authorization}/selfsubjectaccessreviews`, {
      ...{ body, type: 'application/vnd.kubernetes.protobuf', caller: aCaller(may) },
    });

    expect(status).toBe(201);
    expect(json).toMatchObject({
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes: { resource: 'pods' } },
      status: { allowed: true },
    });
  });

  test('about paths beside resources is yes for what is served, and no for the rest', async () => {
    const reader = aCaller(({ verb }) => (verb === 'read' ? 'allow' : 'deny'));
    const reach = async (path: string) =>
      (
        await agent.call('POST', `${authorization}/selfsubjectaccessreviews`, {
          body: { spec: { nonResourceAttributes: { path, verb: 'get' } } },
          caller: reader,
        })
      ).json.status.allowed;

    expect([await reach('/version'), await reach('/metrics'), await reach('/logs/kubelet.log')]).toEqual([
      true,
      false,
      false,
    ]);
  });

  test('lists what it may do, and says that the list is not complete', async () => {
    const { status } = await ask('selfsubjectrulesreviews', { namespace: 'team-a' });

    const ruleOf = (name: string) =>
      status.resourceRules.find(({ resources }: { resources: string[] }) => resources[0] === name);
    expect(ruleOf('secrets')).toEqual({ verbs: ['get', 'list', 'watch'], apiGroups: [''], resources: ['secrets'] });
    expect(ruleOf('deployments').verbs).toEqual(expect.arrayContaining(['get', 'create', 'patch']));
    expect(ruleOf('deployments').verbs).not.toContain('delete');
    expect(ruleOf('nodes')).toBeUndefined();
    expect(status.incomplete).toBe(true);
  });

  test('about who it is names its own identity', async () => {
    const { kind, status } = await ask('selfsubjectreviews', {}, '/apis/authentication.k8s.io/v1');

    expect([kind, status.userInfo]).toEqual([
      'SelfSubjectReview',
      { username: 'serviceAccount:bot@p.iam.gserviceaccount.com', groups: ['analysts'] },
    ]);
  });

  test('is not whether somebody else’s token is good', async () => {
    await expect(ask('tokenreviews', { token: 'x' }, '/apis/authentication.k8s.io/v1')).rejects.toMatchObject({
      code: 'denied',
    });
  });
});
