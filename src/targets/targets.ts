import type { Connection } from '../model/connection.ts';
import type { TargetKind } from '../model/documents.ts';
import { Problem } from '../model/problem.ts';
import { createPostgres, type PostgresDeps } from './postgres/postgres.ts';
import type { Target } from './target.ts';

export type Targets = {
  /** The target behind a connection. Refuses with `policy-unavailable` a kind that this version does not serve. */
  of(connection: Connection): Target;
  close(): Promise<void>;
};

/** The only list of targets. */
export function createTargets(options: Pick<PostgresDeps, 'allowPlaintext' | 'dialInstance'>): Targets {
  const targets = new Map<TargetKind, Target>([createPostgres(options)].map((target) => [target.kind, target]));
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
    },
  };
}
