import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { StructureQuery } from '../../../src/model/structure.ts';
import { type ApiServer, anAgent, apiServers } from './agent.ts';
import { startScripted } from './scripted.ts';

type Told = {
  resources: {
    name: string;
    kind: string;
    scope: string;
    verbs: Record<string, { verb: string; risks?: string[] }>;
    subresources?: { name: string; verbs: object }[];
    masks: object[];
  }[];
  next_page_token?: string;
};

async function schema(
  agent: ReturnType<typeof anAgent>,
  query: Partial<StructureQuery> = {},
  mayTouchSome: (resource: string) => boolean = () => true,
): Promise<Told> {
  const question = { query: { page_size: 1000, ...query }, mayTouch: () => false, mayTouchSome };
  const told = await agent.target.schema(await agent.target.inspect(agent.access()), question, agent.access());
  return told as Told;
}

describe.each(apiServers)('what an agent may know of $name', ({ start }) => {
  let server: ApiServer;
  let agent: ReturnType<typeof anAgent>;

  beforeAll(async () => {
    server = await start();
    agent = anAgent(server);
  });
  afterAll(async () => {
    await agent.stop();
    await server.stop();
  });

  test('are resources with what each verb means there, their subresources, and what is masked', async () => {
    const { resources } = await schema(agent);

    const [pods, secrets] = ['pods', 'secrets'].map((name) => resources.find((one) => one.name === name));
    expect(pods).toMatchObject({ kind: 'Pod', scope: 'namespace', verbs: { get: { verb: 'read' } } });
    expect(pods?.verbs['deletecollection']).toEqual({ verb: 'delete', risks: ['bulk'] });
    expect(pods?.subresources?.map(({ name }) => name)).toEqual(expect.arrayContaining(['exec', 'log']));
    expect(pods?.subresources?.map(({ name }) => name)).not.toContain('proxy');
    expect(secrets?.masks).toContainEqual({ path: 'data.*', class: 'CREDENTIAL', mask: 'redact' });
    expect(resources.find((one) => one.name === 'deployments.apps')?.subresources).toContainEqual(
      expect.objectContaining({ name: 'scale' }),
    );
  });

  test('are none of which it may touch nothing', async () => {
    const { resources } = await schema(agent, {}, (resource) => resource === '*/pods/*' || resource === '_/nodes/*');

    expect(resources.map(({ name }) => name)).toEqual(['nodes', 'pods']);
  });

  test('come a page at a time, and by name', async () => {
    const first = await schema(agent, { page_size: 2 });
    const { next_page_token } = first;
    const second = await schema(agent, {
      page_size: 2,
      ...(next_page_token !== undefined && { page_token: next_page_token }),
    });
    const named = await schema(agent, { match: '*sets.apps' });

    const names = [...first.resources, ...second.resources].map(({ name }) => name);
    expect(new Set(names).size).toBe(4);
    expect(names).toEqual([...names].sort());
    expect(named.resources.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['daemonsets.apps', 'replicasets.apps']),
    );
    await expect(schema(agent, { page_token: 'x' })).rejects.toMatchObject({ code: 'bad-request' });
  });
});

describe('what a server says that it serves', () => {
  const pods = { name: 'pods', namespaced: true, kind: 'Pod', verbs: ['get'] };
  const old = (path: string) => {
    if (path === '/api') return { body: { kind: 'APIVersions', versions: ['v1'] } };
    if (path === '/api/v1') return { body: { resources: [pods] } };
    if (path === '/apis/example.com/v1')
      return {
        body: {
          resources: [
            { ...pods, name: 'widgets', kind: 'Widget' },
            { ...pods, name: 'widgets/scale' },
          ],
        },
      };
    if (path !== '/apis') return { status: 503, body: {} };
    const groups = ['example.com', 'gone.example.com'].map((name) => ({
      name,
      versions: [{ groupVersion: `${name}/v1`, version: 'v1' }],
    }));
    return { body: { groups } };
  };

  test('is read group by group where it knows no other way; an aggregated server that is down serves nothing', async () => {
    const server = await startScripted(({ path }) => old(path));
    const agent = anAgent(server, { custom_resources: ['widgets.example.com'], impersonate: 'agent' });

    const { resources } = await schema(agent);

    expect(resources.map(({ name }) => name)).toEqual(['pods', 'widgets.example.com']);
    expect(resources[1]).not.toHaveProperty('subresources');
    expect(server.heard.every(({ names }) => !names.includes('impersonate-user'))).toBe(true);
    await agent.stop();
    await server.stop();
  });

  test('is asked for once for all that ask within a minute', async () => {
    const server = await startScripted(({ path }) => old(path));
    const agent = anAgent(server);

    const [one, other] = await Promise.all([schema(agent), schema(agent)]);
    await schema(agent);

    expect(one).toEqual(other);
    expect(server.heard.filter(({ path }) => path === '/apis')).toHaveLength(1);
    await agent.stop();
    await server.stop();
  });

  test.for([
    { status: 500, body: { message: 'the database is planted-secret' } },
    { body: 'no JSON' },
    { body: { groups: 'many' } },
  ])('is not guessed where it cannot be read: %j', async (answer) => {
    const server = await startScripted(({ path }) => (path === '/apis' ? answer : old(path)));
    const agent = anAgent(server);

    const failed = await schema(agent).catch((thrown: unknown) => thrown);

    expect(failed).toMatchObject({ code: 'target-unavailable' });
    expect(JSON.stringify(failed)).not.toContain('planted-secret');
    await agent.stop();
    await server.stop();
  });
});
