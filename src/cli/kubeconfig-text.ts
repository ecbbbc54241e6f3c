import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { GatewayRefused } from './gateway-client.ts';

/** How a cluster is reached: all that a kubeconfig says of it. No secret is in it. */
export type Entry = {
  /** Of the cluster, the user and the context. */
  name: string;
  server: string;
  /** PEM. */
  authority?: string;
  namespace?: string;
  /** The credential plugin. */
  command: string;
  args: readonly string[];
};

const named = z.array(z.looseObject({ name: z.string() })).nullish();
const kubeconfig = z.looseObject({ clusters: named, users: named, contexts: named });

/**
 * A kubeconfig with the entry, and with all else that was in it; entries of the same name are replaced. Refuses a text that is no
 * kubeconfig, rather than to write over it.
 */
export function mergeKubeconfig(known: string | undefined, entry: Entry, { use }: { use: boolean }): string {
  const before = readKubeconfig(known ?? '');
  const { name, server, authority, namespace, command, args } = entry;
  const cluster = {
    server,
    ...(authority !== undefined && { 'certificate-authority-data': Buffer.from(authority).toString('base64') }),
  };
  const exec = {
    apiVersion: 'client.authentication.k8s.io/v1',
    command,
    args: [...args],
    env: null,
    interactiveMode: 'Never',
    provideClusterInfo: false,
  };
  const context = { cluster: name, user: name, ...(namespace !== undefined && { namespace }) };
  const current = before['current-context'];
  const isSet = typeof current === 'string' && current !== '';
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    ...before,
    clusters: replaced(before.clusters, { name, cluster }),
    users: replaced(before.users, { name, user: { exec } }),
    contexts: replaced(before.contexts, { name, context }),
    'current-context': use || !isSet ? name : current,
  });
}

type Named = { name: string; [field: string]: unknown };

function replaced(known: readonly Named[] | null | undefined, entry: Named): Named[] {
  return [...(known ?? []).filter(({ name }) => name !== entry.name), entry];
}

function readKubeconfig(text: string): z.output<typeof kubeconfig> {
  try {
    return kubeconfig.parse(parse(text) ?? {});
  } catch (cause) {
    throw new GatewayRefused('The file is no kubeconfig, so it is left as it is.', { cause });
  }
}
