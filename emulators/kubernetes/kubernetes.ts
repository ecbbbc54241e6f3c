import { randomUUID } from 'node:crypto';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type Certified, createAuthority } from '../tls/authority.ts';
import { createCluster } from './cluster.ts';
import { startControllers } from './controllers.ts';
import { fixtures } from './fixtures.ts';
import type { JsonObject } from './json.ts';
import { createLogs } from './logs.ts';
import { createPods } from './pods.ts';
import { createHandler } from './server.ts';
import { nameOf, namespaceOf } from './store.ts';
import { createUpgrades } from './upgrades.ts';
import type { User } from './users.ts';

export type KubernetesOptions = {
  /** 0 takes a free port. */
  port?: number;
  /** A loopback name or address; any other is refused. */
  host?: string;
  /** Who may call with which token, beside `admin`. */
  tokens?: Readonly<Record<string, User>>;
  /** What is there from the beginning, beside the namespaces `default` and `kube-system` and the node `n1`. */
  objects?: readonly JsonObject[];
  /** What a Pod has said by the time that it is asked first. */
  logs?: (pod: JsonObject) => readonly string[];
  now?: () => Date;
};

export type Kubernetes = {
  url: string;
  /** In PEM: what clients are to trust. */
  ca: string;
  /** A token of `admin`, in `system:masters`. */
  token: string;
  /** A certificate for a client of this name, in these groups. */
  client(name: string, groups?: readonly string[]): Certified;
  /** For kubectl, with the token. */
  kubeconfig(token?: string): string;
  stop(): Promise<void>;
};

/**
 * Resolves with a small Kubernetes API server over TLS, with a certificate authority of its own. Pods are real processes of this
 * machine, without isolation: it serves on loopback only, and throws for any other host.
 */
export async function startKubernetes(options: KubernetesOptions = {}): Promise<Kubernetes> {
  const {
    port = 0,
    host = '127.0.0.1',
    tokens = {},
    objects = [],
    logs: lines = greeting,
    now = () => new Date(),
  } = options;
  if (!['127.0.0.1', 'localhost'].includes(host)) {
    throw new Error(
      `The Kubernetes emulator runs commands for whoever calls: it serves on loopback only, not on ${host}.`,
    );
  }

  const token = randomUUID();
  const admin: User = { name: 'admin', groups: ['system:masters'] };
  const cluster = createCluster({ tokens: { ...tokens, [token]: admin }, now });
  const settle = startControllers(cluster);
  for (const object of [...fixtures, ...objects]) put(cluster, object);
  settle();

  const pods = createPods(cluster);
  const logs = createLogs({ lines, now });
  const upgrades = createUpgrades(cluster, pods);
  const authority = createAuthority('Kubernetes emulator');
  const { certificate: cert, key } = authority.server(['127.0.0.1', 'localhost']);
  const tls = { cert, key, ca: authority.certificate, requestCert: true, rejectUnauthorized: false };
  const server = createServer(tls, createHandler(cluster, logs)).on('upgrade', upgrades.answer);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    url,
    ca: authority.certificate,
    token,
    client: authority.client,
    kubeconfig: (bearer = token) => kubeconfigOf(url, authority.certificate, bearer),
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      upgrades.close();
      server.closeAllConnections();
      await closed;
      pods.remove();
    },
  };
}

const greeting = () => ['starting', 'listening on port 8080', 'ready'];

function put({ objects, resources }: ReturnType<typeof createCluster>, object: JsonObject) {
  const { apiVersion, kind } = object;
  const resource = resources().find((one) => {
    const groupVersion = one.group === '' ? one.version : `${one.group}/${one.version}`;
    return groupVersion === apiVersion && one.kind === kind;
  });
  if (resource === undefined) throw new Error(`There is no kind ${apiVersion} ${kind}.`);
  const namespace = resource.namespaced ? namespaceOf(object) || 'default' : '';
  objects.create({ resource, namespace, name: nameOf(object), query: new URLSearchParams() }, object);
}

/** A kubeconfig is YAML, of which JSON is a part. */
function kubeconfigOf(server: string, ca: string, token: string): string {
  const name = 'emulator';
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server, 'certificate-authority-data': Buffer.from(ca).toString('base64') } }],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}
