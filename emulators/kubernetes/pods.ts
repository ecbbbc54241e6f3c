import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cluster } from './cluster.ts';
import { type JsonObject, listAt, textAt, textsAt } from './json.ts';
import { badRequest, notFound } from './status.ts';
import { nameOf, namespaceOf } from './store.ts';

/** Where Pods run: each has a folder of its own, and what its containers were told. */
export type Pods = {
  folderOf(pod: JsonObject): string;
  environmentOf(pod: JsonObject, container: string): Record<string, string>;
  remove(): void;
};

const SECRETS = { group: '', name: 'secrets' };
const CONFIG_MAPS = { group: '', name: 'configmaps' };

export function createPods({ store }: Pick<Cluster, 'store'>): Pods {
  const root = mkdtempSync(join(tmpdir(), 'kubernetes-pods-'));

  /** The texts of a ConfigMap or Secret, in the clear, as a container sees them. */
  function textsOf(kind: typeof SECRETS, namespace: string, name: string): Record<string, string> {
    const found = textsAt(store.get(kind, namespace, name), 'data');
    if (kind === CONFIG_MAPS) return found;
    return Object.fromEntries(
      Object.entries(found).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]),
    );
  }

  return {
    folderOf(pod) {
      const folder = join(root, textAt(pod, 'metadata', 'uid'));
      mkdirSync(folder, { recursive: true });
      return folder;
    },
    environmentOf(pod, name) {
      const container = containerOf(pod, name);
      const namespace = namespaceOf(pod);
      const all = listAt(container, 'envFrom').map((from) => ({
        ...textsOf(SECRETS, namespace, textAt(from, 'secretRef', 'name')),
        ...textsOf(CONFIG_MAPS, namespace, textAt(from, 'configMapRef', 'name')),
      }));
      const single = listAt(container, 'env').map((one) => {
        const of = (kind: typeof SECRETS, ref: string) =>
          textsOf(kind, namespace, textAt(one, 'valueFrom', ref, 'name'))[textAt(one, 'valueFrom', ref, 'key')];
        const value = of(SECRETS, 'secretKeyRef') ?? of(CONFIG_MAPS, 'configMapKeyRef') ?? textAt(one, 'value');
        return { [textAt(one, 'name')]: value };
      });
      return Object.assign({ HOSTNAME: nameOf(pod) }, ...all, ...single);
    },
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

/** Throws a 400 where it is not there, or where there are several and none is named. */
export function containerOf(pod: JsonObject, name: string): JsonObject {
  const containers = ['containers', 'initContainers', 'ephemeralContainers'].flatMap((list) =>
    listAt(pod, 'spec', list),
  );
  const names = listAt(pod, 'spec', 'containers').map((one) => textAt(one, 'name'));
  if (name === '' && names.length > 1) {
    throw badRequest(`a container name must be specified for pod ${nameOf(pod)}, choose one of: [${names.join(' ')}]`);
  }
  const found = containers.find((one) => textAt(one, 'name') === (name || names[0]));
  if (found === undefined) throw badRequest(`container ${name} is not valid for pod ${nameOf(pod)}`);
  return found as JsonObject;
}

export function podOf({ store }: Pick<Cluster, 'store'>, namespace: string, name: string): JsonObject {
  const pods = { group: '', name: 'pods' };
  const pod = store.get(pods, namespace, name);
  if (pod === undefined) throw notFound(pods, name);
  return pod;
}
