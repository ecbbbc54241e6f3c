import { z } from 'zod';
import { Problem } from '../../model/problem.ts';
import type { Proxy as Way } from '../../proxy/proxy.ts';
import type { Access, Caller } from '../target.ts';
import { parseJson } from './json.ts';
import { nameOf } from './rules/built-in.ts';
import type { Settings } from './settings.ts';
import { createSend, leave, readWhole } from './upstream.ts';

/** A resource that a server serves: `deployments.apps`, or with a subresource `deployments.apps/scale`. */
export type Served = {
  name: string;
  group: string;
  resource: string;
  subresource: string;
  kind: string;
  namespaced: boolean;
  /** The preferred one first. */
  versions: readonly string[];
  verbs: readonly string[];
};

/** Asks the server for a document; undefined where it has none there. */
type Get = (path: string, accept: string) => Promise<unknown>;

/** Beyond so many a cluster is none that an agent could be told of. */
const MOST_GROUPS = 500;
const MOST_RESOURCES = 20_000;

/** Bytes of one document. */
const MOST = 8 * 1024 * 1024;
/** Milliseconds for which what was read is good enough. */
const AGE = 60_000;
/** Milliseconds that reading may take: others wait for it, too, so it is not ended with the caller who began it. */
const PATIENCE = 10_000;

/** What servers serve, read by one caller for all, and kept for a minute. A failure is not kept. */
export function createDiscovery(proxy: Way, now: () => number = Date.now) {
  const known = new Map<string, { key: string; until: number; served: Promise<readonly Served[]> }>();
  return (access: Access<Settings>): Promise<readonly Served[]> => {
    const { connection, secret } = access;
    const key = `${connection.version} ${secret.version}`;
    const found = known.get(connection.name);
    if (found !== undefined && found.key === key && now() < found.until) return found.served;
    const served = readDiscovery(getBy(proxy, access));
    const entry = { key, until: now() + AGE, served };
    known.set(connection.name, entry);
    served.catch(() => {
      if (known.get(connection.name) === entry) known.delete(connection.name);
    });
    return served;
  };
}

/** The gateway itself asks, for nobody. */
const nobody: Caller = { member: '', groups: [], may: () => 'deny' };

function getBy(proxy: Way, access: Access<Settings>): Get {
  const settings: Settings = { ...access.settings, impersonate: 'none' };
  const signal = AbortSignal.timeout(PATIENCE);
  const send = createSend(proxy, { ...access, settings, signal, caller: nobody });
  return async (path, accepted) => {
    const answer = await send({ method: 'GET', path, accept: accepted });
    if (answer.status === 200) return parseJson((await readWhole(answer, MOST)).toString('utf8'));
    await leave(answer);
    if (answer.status === 404 || answer.status === 503) return undefined;
    throw unreadable();
  };
}

const words = z.array(z.string().max(100)).max(50);
const scope = z.enum(['Namespaced', 'Cluster']);
const name = z.string().max(300);
const kind = z.object({ kind: name }).nullish();
const aggregatedSchema = z.object({
  items: z
    .array(
      z.object({
        metadata: z.object({ name: name.optional() }).optional(),
        versions: z.array(
          z.object({
            version: name,
            resources: z
              .array(
                z.object({
                  resource: name,
                  responseKind: kind,
                  scope,
                  verbs: words,
                  subresources: z.array(z.object({ subresource: name, responseKind: kind, verbs: words })).default([]),
                }),
              )
              .default([]),
          }),
        ),
      }),
    )
    .max(MOST_GROUPS),
});
const groupsSchema = z.object({
  groups: z
    .array(z.object({ name, versions: z.array(z.object({ groupVersion: name, version: name })) }))
    .max(MOST_GROUPS),
});
const resourcesSchema = z.object({
  resources: z.array(z.object({ name, namespaced: z.boolean(), kind: name, verbs: words })),
});

const aggregatedAs = ['v2', 'v2beta1'].map(
  (v) => `application/json;as=APIGroupDiscoveryList;v=${v};g=apidiscovery.k8s.io`,
);
const accept = [...aggregatedAs, 'application/json'].join(',');

/** All that a server serves, by name. In one document each for `/api` and `/apis` where it knows such (1.26), else group by group. */
async function readDiscovery(get: Get): Promise<readonly Served[]> {
  const found = (await Promise.all(['/api', '/apis'].map((path) => readBelow(path, get)))).flat();
  if (found.length > MOST_RESOURCES)
    throw new Problem('too-large', { detail: 'The cluster serves too many resources.' });
  const byName = new Map<string, Served>();
  for (const one of found) {
    const known = byName.get(one.name);
    byName.set(one.name, known === undefined ? one : { ...known, versions: [...known.versions, ...one.versions] });
  }
  return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function readBelow(path: string, get: Get): Promise<Served[]> {
  const document = await get(path, accept);
  const aggregated = aggregatedSchema.safeParse(document);
  if (aggregated.success) return aggregated.data.items.flatMap(inGroup);
  if (path === '/api') return inVersion('', 'v1', await get('/api/v1', 'application/json'));
  const groups = groupsSchema.safeParse(document);
  if (!groups.success) throw unreadable();
  const versions = groups.data.groups.flatMap((group) => group.versions.map((one) => ({ ...one, group: group.name })));
  const lists: Served[][] = [];
  // One after the other: a server is not to be asked for a hundred documents at once.
  for (const { group, version, groupVersion } of versions)
    lists.push(inVersion(group, version, await get(`/apis/${groupVersion}`, 'application/json')));
  return lists.flat();
}

type Aggregated = z.output<typeof aggregatedSchema>['items'][number];

function inGroup({ metadata, versions }: Aggregated): Served[] {
  const group = metadata?.name ?? '';
  return versions.flatMap(({ version, resources }) =>
    resources.flatMap(({ resource, responseKind, scope: within, verbs, subresources }) => {
      const namespaced = within === 'Namespaced';
      const below = subresources.map((one) => ({ ...one, resource: `${resource}/${one.subresource}` }));
      return [{ resource, responseKind, verbs }, ...below].map((one) =>
        served(group, version, {
          name: one.resource,
          kind: one.responseKind?.kind ?? '',
          namespaced,
          verbs: one.verbs,
        }),
      );
    }),
  );
}

/** An aggregated server that is not there serves nothing now, and all others do. */
function inVersion(group: string, version: string, document: unknown): Served[] {
  if (document === undefined) return [];
  const list = resourcesSchema.safeParse(document);
  if (!list.success) throw unreadable();
  return list.data.resources.map((one) => served(group, version, one));
}

type Listed = z.output<typeof resourcesSchema>['resources'][number];

function served(group: string, version: string, { name: listed, kind: of, namespaced, verbs }: Listed): Served {
  const [resource = '', subresource = ''] = listed.split('/');
  const whole = `${nameOf(resource, group)}${subresource === '' ? '' : `/${subresource}`}`;
  return { name: whole, group, resource, subresource, kind: of, namespaced, versions: [version], verbs };
}

const unreadable = () =>
  new Problem('target-unavailable', { detail: 'What the cluster serves could not be read.', reason: 'discovery' });
