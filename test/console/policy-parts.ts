import { createSnapshots } from '../../src/connections/policy-set.ts';
import type { ConsoleDeps } from '../../src/console/console.ts';
import type { ChangedDocument } from '../../src/evidence/evidence.ts';
import type { DocumentKind, PolicySet } from '../../src/model/documents.ts';
import { policyChangeSchema } from '../../src/model/policy-change.ts';
import type { RecordedOperation } from '../../src/model/simulation.ts';
import type { Revision } from '../../src/platform/store.ts';
import { createSimulation, diffDocuments, readYaml, whyUnusable, yamlOf } from '../../src/policy/policy.ts';
import { aBot } from '../approvals/passages.ts';
import type { FakeStore } from '../fakes/store.ts';

/** What the console needs for histories and simulations, told by its own trail and by operations that a test puts in. */
export function policyParts(policies: FakeStore, noted: readonly { type: string; note?: string | undefined }[]) {
  const operations: RecordedOperation[] = [];
  const asked: { from: Date; to: Date; limit: number }[] = [];
  const parts: Pick<ConsoleDeps, 'history' | 'operations' | 'policy' | 'texts'> = {
    async history({ kind, name, limit }) {
      const told = noted.filter(({ type }) => type === 'policy_changed').map(({ note }) => changeIn(note ?? ''));
      return told
        .filter((change) => (kind ?? change.kind) === change.kind && (name ?? change.name) === change.name)
        .reverse()
        .slice(0, limit);
    },
    async *operations(given) {
      asked.push(given);
      yield operations.slice(0, given.limit);
    },
    policy: { inForce: () => setIn(policies), whyUnusable, simulation: createSimulation },
    texts: { read: readYaml, write: yamlOf, diff: diffDocuments },
  };
  return { operations, asked, parts };
}

function changeIn(note: string): ChangedDocument {
  const { omitted: _, etag_before: __, written_at: ___, ...change } = policyChangeSchema.parse(JSON.parse(note));
  const time = '2026-01-05T09:00:00.000Z';
  return {
    ...change,
    event_id: 'ev_1',
    time,
    outcome: 'made',
    author: 'user:admin@example.com',
    written_at: time,
    in_force_from: time,
    in_force_to: null,
    in_force_by: 'decision',
  };
}

function setIn(policies: FakeStore): PolicySet {
  const of = (kind: DocumentKind) =>
    Object.entries(policies.contents(kind)).map(([path, data]) => ({ path, data, revision: path as Revision }));
  return createSnapshots()({
    connections: of('connections'),
    policies: of('policies'),
    groups: of('groups'),
    classifications: of('classifications'),
    agents: of('agents'),
  }).policySet;
}

/** A read of the bot, allowed by the policy `readers`. */
export function anOperation(more: Partial<RecordedOperation> = {}): RecordedOperation {
  return {
    time: '2026-01-05T08:00:00.000Z',
    type: 'intended',
    operation: 'op_1',
    principal: {
      issuer: aBot.issuer,
      subject: aBot.subject,
      member: aBot.member,
      email: null,
      groups: [],
      claimed_groups: [],
      memberships: [],
      kind: 'agent',
    },
    agent: null,
    connection: 'crm',
    verb: 'read',
    risks: [],
    resources: ['public.users'],
    classes: [],
    statement: 'select 1',
    statement_sha256: null,
    decision: {
      effect: 'allow',
      policies: ['readers'],
      policy_version: 'v1',
      overridden: [],
      unmask: [],
      requirements: [],
    },
    estimates: null,
    note: null,
    ...more,
  };
}

export const crm = {
  kind: 'postgres',
  settings: {},
  credential: { secret: 'projects/p/secrets/s' },
};
export const readers = { principals: ['*'], connections: ['crm'], verbs: ['read'], effect: 'allow' };
