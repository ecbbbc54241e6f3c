import { describeIssues } from '../model/check.ts';
import type { Connection } from '../model/connection.ts';
import type { ConnectionDocument, TargetKind } from '../model/documents.ts';
import { Problem } from '../model/problem.ts';
import { createProxy } from '../proxy/proxy.ts';
import { createBigQuery } from './bigquery/bigquery.ts';
import { createHttp } from './http/http.ts';
import { createKubernetes } from './kubernetes/kubernetes.ts';
import { createPostgres, type PostgresDeps } from './postgres/postgres.ts';
import { createSsh, type SshDeps } from './ssh/ssh.ts';
import type { Target } from './target.ts';

export type Targets = {
  /** The target behind a connection. Refuses with `policy-unavailable` a kind that this version does not serve. */
  of(connection: Connection): Target;
  close(): Promise<void>;
};

export type TargetsDeps = Pick<PostgresDeps, 'allowPlaintext' | 'dialInstance'> &
  Pick<SshDeps, 'alarm'> & {
    /** On a laptop, services are on the machine itself and may speak plain http. */
    allowLoopback: boolean;
  };

/** The only list of targets. */
export function createTargets(options: TargetsDeps): Targets {
  const proxy = createProxy({ allowLoopback: options.allowLoopback });
  const targets = new Map<TargetKind, Target>(
    [
      createPostgres(options),
      createKubernetes({ proxy }),
      createHttp({ proxy }),
      createBigQuery({ proxy }),
      createSsh(options),
    ].map((target) => [target.kind, target]),
  );
  return {
    of(connection) {
      const target = targets.get(connection.document.kind);
      if (target !== undefined) return target;
      throw new Problem('policy-unavailable', {
        detail: `Connections of kind ${connection.document.kind} are not served.`,
      });
    },
    async close() {
      await Promise.all([...targets.values()].map((target) => target.close()));
      await proxy.close();
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
    const connection = { name: '', version: '', document, classification: new Map(), transforms: new Map() };
    const { error } = targets.of(connection).settings.safeParse(document.settings);
    return error && `settings: ${describeIssues(error)}`;
  } finally {
    await targets.close();
  }
}

async function neverDialled(): Promise<never> {
  throw new Error('Nothing is dialled to look at settings.');
}
