import type { Json, JsonObject } from './json.ts';
import { readMediaTypes } from './media-types.ts';
import { groupVersionOf, type Resource } from './resources.ts';
import { NoSuchPage } from './status.ts';

export const version = {
  major: '1',
  minor: '33',
  gitVersion: 'v1.33.0-sallyport',
  gitCommit: '0000000000000000000000000000000000000000',
  gitTreeState: 'clean',
  buildDate: '2026-01-01T00:00:00Z',
  goVersion: 'go1.24.0',
  compiler: 'gc',
  platform: 'linux/amd64',
} as const;

type Answer = { type: string; body: Json };

/** What the server serves, at `/api` and `/apis`: aggregated (v2, v2beta1) for whoever asks so, group by group for the rest. */
export function discover(
  segments: readonly string[],
  accept: string | undefined,
  resources: readonly Resource[],
): Answer {
  const [prefix = '', group, groupVersion] = segments;
  const served = resources.filter((one) => (prefix === 'api') === (one.group === ''));
  if (segments.length === 1) {
    for (const { type, parameters } of readMediaTypes(accept)) {
      if (!['application/json', 'application/*', '*/*'].includes(type)) continue;
      const { as, v = '', g } = parameters;
      if (as === 'APIGroupDiscoveryList' && g === 'apidiscovery.k8s.io' && ['v2', 'v2beta1'].includes(v)) {
        return { type: `application/json;g=${g};v=${v};as=${as}`, body: aggregated(served, v) };
      }
      if (as === undefined) break;
    }
  }
  return json(plain(prefix, [group, groupVersion], served));
}

const json = (body: Json): Answer => ({ type: 'application/json', body });

function plain(prefix: string, [group, version]: readonly (string | undefined)[], served: readonly Resource[]): Json {
  if (group === undefined) return prefix === 'api' ? coreVersions : groupList(served);
  if (prefix === 'api') return resourceList(served, { group: '', version: group });
  if (version === undefined) {
    const found = groupsOf(served).find(({ name }) => name === group);
    if (found === undefined) throw new NoSuchPage();
    return { kind: 'APIGroup', apiVersion: 'v1', ...found };
  }
  return resourceList(served, { group, version });
}

const coreVersions: JsonObject = {
  kind: 'APIVersions',
  versions: ['v1'],
  serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: '127.0.0.1' }],
};

function groupList(served: readonly Resource[]): JsonObject {
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: groupsOf(served) };
}

function groupsOf(served: readonly Resource[]) {
  return [...new Set(served.map(({ group }) => group))].map((name) => {
    const versions = versionsOf(served, name).map((version) => ({ groupVersion: `${name}/${version}`, version }));
    return { name, versions, preferredVersion: versions[0] ?? {} };
  });
}

function versionsOf(served: readonly Resource[], group: string): string[] {
  return [...new Set(served.filter((one) => one.group === group).map((one) => one.version))];
}

function resourceList(served: readonly Resource[], asked: { group: string; version: string }): JsonObject {
  const found = served.filter(({ group, version }) => group === asked.group && version === asked.version);
  if (found.length === 0) throw new NoSuchPage();
  const resources = found.flatMap((one) => [
    {
      name: one.name,
      singularName: one.singular,
      namespaced: one.namespaced,
      kind: one.kind,
      verbs: [...one.verbs],
      ...(one.shortNames.length > 0 && { shortNames: [...one.shortNames] }),
      ...(one.categories.length > 0 && { categories: [...one.categories] }),
    },
    ...one.subresources.map((sub) => ({
      name: `${one.name}/${sub.name}`,
      singularName: '',
      namespaced: one.namespaced,
      ...(sub.group !== one.group && { group: sub.group, version: sub.version }),
      kind: sub.kind,
      verbs: [...sub.verbs],
    })),
  ]);
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: groupVersionOf(asked), resources };
}

function aggregated(served: readonly Resource[], v: string): JsonObject {
  const groups = [...new Set(served.map(({ group }) => group))];
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${v}`,
    metadata: {},
    items: groups.map((group) => ({
      metadata: { ...(group !== '' && { name: group }), creationTimestamp: null },
      versions: versionsOf(served, group).map((version) => ({
        version,
        resources: served.filter((one) => one.group === group && one.version === version).map(aggregatedResource),
        freshness: 'Current',
      })),
    })),
  };
}

function aggregatedResource(one: Resource): JsonObject {
  const responseKind = ({ group, version, kind }: { group: string; version: string; kind: string }) => ({
    group,
    version,
    kind,
  });
  return {
    resource: one.name,
    responseKind: responseKind(one),
    scope: one.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: one.singular,
    verbs: [...one.verbs],
    ...(one.shortNames.length > 0 && { shortNames: [...one.shortNames] }),
    ...(one.categories.length > 0 && { categories: [...one.categories] }),
    ...(one.subresources.length > 0 && {
      subresources: one.subresources.map((sub) => ({
        subresource: sub.name,
        responseKind: responseKind(sub),
        verbs: [...sub.verbs],
      })),
    }),
  };
}
