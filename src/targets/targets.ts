import { describeIssues } from '../model/check.ts';
import type { Connection } from '../model/connection.ts';
import type { ConnectionDocument, TargetKind } from '../model/documents.ts';
import { Problem } from '../model/problem.ts';
import type { PostgresDeps } from './postgres/postgres.ts';
import type { SshDeps } from './ssh/ssh.ts';
import type { Target } from './target.ts';

export type Targets = {
  /**
   * The target behind a connection, which is loaded with the first connection of its kind. Refuses with `policy-unavailable` a kind that
   * this version does not serve.
   */
  of(connection: Pick<Connection, 'document'>): Promise<Target>;
  close(): Promise<void>;
};

export type TargetsDeps = Pick<PostgresDeps, 'allowPlaintext' | 'dialInstance'> &
  Pick<SshDeps, 'alarm'> & {
    /** On a laptop, services are on the machine itself and may speak plain http. */
    allowLoopback: boolean;
  };

/** The way to those that are reached over HTTP, opened by the first of them. */
const openProxy = async (options: TargetsDeps) => (await import('../proxy/proxy.ts')).createProxy(options);
type Shared = { proxy: () => ReturnType<typeof openProxy> };

/** The only list of targets. What a gateway does not serve, it does not load. */
const load: Record<TargetKind, (options: TargetsDeps, shared: Shared) => Promise<Target>> = {
  postgres: async (options) => (await import('./postgres/postgres.ts')).createPostgres(options),
  kubernetes: async (_, { proxy }) =>
    (await import('./kubernetes/kubernetes.ts')).createKubernetes({ proxy: await proxy() }),
  http: async (_, { proxy }) => (await import('./http/http.ts')).createHttp({ proxy: await proxy() }),
  bigquery: async (_, { proxy }) => (await import('./bigquery/bigquery.ts')).createBigQuery({ proxy: await proxy() }),
  ssh: async (options) => (await import('./ssh/ssh.ts')).createSsh(options),
};

export function createTargets(options: TargetsDeps): Targets {
  const targets = new Map<string, Promise<Target>>();
  let proxy: ReturnType<typeof openProxy> | undefined;
  const shared = { proxy: () => (proxy ??= openProxy(options)) };
  return {
    async of({ document: { kind } }) {
      if (!Object.hasOwn(load, kind))
        throw new Problem('policy-unavailable', { detail: `Connections of kind ${kind} are not served.` });
      const target = targets.get(kind) ?? load[kind](options, shared);
      targets.set(kind, target);
      return target;
    },
    async close() {
      await Promise.all([...targets.values()].map(async (target) => (await target).close()));
      await (await proxy)?.close();
    },
  };
}

/** Why the settings of a connection are not those of its kind, in words that repeat nothing of them; undefined where they are. Nothing is reached. */
export async function whyUnusable(document: ConnectionDocument): Promise<string | undefined> {
  const targets = createTargets({
    allowPlaintext: false,
    dialInstance: neverDialled,
    allowLoopback: false,
    alarm() {},
  });
  try {
    const { error } = (await targets.of({ document })).settings.safeParse(document.settings);
    return error && `settings: ${describeIssues(error)}`;
  } finally {
    await targets.close();
  }
}

async function neverDialled(): Promise<never> {
  throw new Error('Nothing is dialled to look at settings.');
}
