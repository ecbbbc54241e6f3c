import { z } from 'zod';
import type { Settlement } from '../../src/approvals/approvals.ts';
import { deliver, type Outcome } from '../../src/audit/audit.ts';
import { createGateway, type Steps } from '../../src/gateway.ts';
import { createTranscript, maskResult } from '../../src/masking/masking.ts';
import type { Approval } from '../../src/model/approval.ts';
import type { EventType } from '../../src/model/audit-event.ts';
import type { Call, Passage } from '../../src/model/call.ts';
import type { Connection } from '../../src/model/connection.ts';
import type { Decision } from '../../src/model/decision.ts';
import { connectionSchema, type PolicySet, type TargetKind } from '../../src/model/documents.ts';
import { httpRequestSchema } from '../../src/model/http-request.ts';
import type { Identity } from '../../src/model/identity.ts';
import type { Operation } from '../../src/model/operation.ts';
import { Problem } from '../../src/model/problem.ts';
import type { Batch, Result } from '../../src/model/result.ts';
import { Secret } from '../../src/model/secret.ts';
import type { Write } from '../../src/platform/store.ts';
import { requestSchema as sshRequestSchema } from '../../src/targets/ssh/request.ts';
import type { Estimate, Execution, Target } from '../../src/targets/target.ts';
import { batchOf } from './batches.ts';

export const anIdentity: Identity = {
  issuer: 'https://issuer.test',
  subject: '1001',
  member: 'serviceAccount:bot@p.iam.gserviceaccount.com',
  memberships: [],
  groups: ['analysts'],
  kind: 'agent',
  claims: {},
  tokenDigest: 'd'.repeat(64),
  expiresAt: 4_000_000_000,
};

const aConnection: Connection = {
  name: 'crm',
  version: 'v1',
  document: connectionSchema.parse({
    kind: 'postgres',
    settings: {},
    credential: { secret: 'projects/p/secrets/crm' },
  }),
  classification: new Map(),
  transforms: new Map(),
};

const noPolicies: PolicySet = {
  version: 'p1',
  connections: new Map(),
  policies: new Map(),
  groups: new Map(),
  classifications: new Map(),
  agents: new Map(),
  invalid: [],
};

const anOperation: Operation = {
  kind: 'postgres',
  verb: 'read',
  risks: [],
  resources: ['public.users'],
  classes: ['EMAIL_ADDRESS'],
  statement: 'select email from users',
  parameters: [],
  recorded: { statement: 'select email from users', parameters: [] },
  masks: [{ resource: 'public.users.email', class: 'EMAIL_ADDRESS', transform: 'redact' }],
  warnings: [],
  estimates: {},
  plan: undefined,
};

export const anAllow: Decision = {
  effect: 'allow',
  policies: ['analysts-read'],
  policyVersion: 'p1',
  approvals: [],
  unmask: [],
  limits: {},
  overridden: [],
};

export function aCall(more: Partial<Call> = {}): Call {
  return {
    presented: { bearer: 'a-token' },
    connection: 'crm',
    request: { statement: 'select email from users' },
    agent: {},
    limits: {},
    dryRun: false,
    wait: 0,
    signal: new AbortController().signal,
    ...more,
  };
}

export function anApproval(more: Partial<Approval> = {}): Approval {
  return {
    id: 'apr_1',
    state: 'pending',
    digest: 'a'.repeat(64),
    bound: '{}',
    operation: 'op_1',
    requester: { issuer: 'i', subject: 's', member: 'user:s@example.com', groups: [] },
    connection: 'crm',
    policy_version: 'p1',
    kind: 'postgres',
    verb: 'delete',
    risks: [],
    resources: [],
    estimates: {},
    agent: { attested: false },
    requirements: [{ policy: 'guard', approvers: ['group:dba'], count: 1 }],
    decisions: [],
    requested_at: '2026-01-01T00:00:00Z',
    expires_at: '2026-01-01T00:30:00Z',
    ...more,
  };
}

/** What happened, in order: `execute`, `secret`, and the events of the trail. */
type Happened = string[];

export type FakeOptions = {
  authenticate?: () => Promise<Identity>;
  policySet?: () => PolicySet;
  decision?: Decision;
  operation?: Partial<Operation>;
  settlements?: Settlement[];
  /** What the trail cannot write. */
  failOn?: EventType | 'outcome';
  batches?: () => AsyncIterable<Batch>;
  execute?: (access: Execution) => Promise<Result>;
  estimate?: () => Promise<Estimate>;
  /** Instead of `decision`: what policy says of an operation. */
  decide?: (operation: Operation) => Decision;
  credential?: () => Promise<Secret>;
  /** The kind of the only connection, with any request as its own. */
  kind?: TargetKind;
  endings?: Steps['endings'];
};

const requestSchemas: Partial<Record<TargetKind, z.ZodType>> = {
  postgres: z.strictObject({ statement: z.string() }),
  ssh: sshRequestSchema,
};

/** The real flow over steps that only remember. */
export function fakeGateway(options: FakeOptions = {}) {
  const { kind = 'postgres' } = options;
  const happened: Happened = [];
  const committed: (readonly Write[])[] = [];
  const outcomes: Outcome[] = [];
  const executed: Operation[] = [];
  const noted: { type: EventType; subject: Partial<Passage> }[] = [];
  const settlements = [...(options.settlements ?? [])];

  async function* rows(): AsyncGenerator<Batch> {
    yield batchOf([['[EMAIL_ADDRESS]']]);
  }

  function record(type: EventType) {
    if (options.failOn === type) throw new Problem('audit-unavailable');
    happened.push(type);
  }

  const target: Target = {
    kind,
    settings: z.object({}),
    request: requestSchemas[kind] ?? httpRequestSchema,
    inspect: async () => ({}),
    understand: async (request, _facts, { unmask }) => ({
      ...anOperation,
      kind,
      plan: request,
      ...options.operation,
      masks: anOperation.masks.filter((mask) => !unmask.includes(mask.class)),
    }),
    ...(options.estimate !== undefined && { estimate: options.estimate }),
    async execute(operation, access) {
      executed.push(operation);
      happened.push('execute');
      if (options.execute !== undefined) return options.execute(access);
      const summary = () => ({ truncated: false });
      return {
        form: 'rows',
        columns: [{ name: 'email', type: 'text' }],
        batches: (options.batches ?? rows)(),
        summary,
      };
    },
    schema: async (_facts, { query }) => ({ tables: [], asked: query }),
    close: async () => {},
  };

  const steps: Steps = {
    identities: { authenticate: options.authenticate ?? (async () => anIdentity) },
    admission: {
      enter() {
        happened.push('enter');
        return () => happened.push('leave');
      },
      stay() {
        happened.push('stay');
        return () => happened.push('go');
      },
    },
    connections: {
      start: async () => {},
      current: options.policySet ?? (() => noPolicies),
      resolve: () => ({ ...aConnection, document: { ...aConnection.document, kind } }),
      fresh: () => true,
      stop: () => {},
    },
    policy: {
      decide: ({ operation }) => options.decide?.(operation) ?? options.decision ?? anAllow,
      groupsOf: () => ['analysts'],
      ownerOf: () => undefined,
      canReach: () => true,
      reachable: () => ({ verbs: ['read'], unmask: [], limits: {}, approvals: [] }),
      mayReach: () => true,
    },
    targets: { of: async () => target, close: async () => {} },
    approvals: {
      async settle() {
        const next = settlements.shift();
        if (next === undefined) throw new Error('nobody expected another settlement');
        return next;
      },
      wait: async () => void happened.push('wait'),
      get: async () => undefined,
      list: async () => [],
      decide: () => Promise.reject(new Error('the gateway decides nothing')),
      objection: () => undefined,
    },
    audit: {
      open: async () => {},
      async note(type, subject, { with: writes = [] } = {}) {
        record(type);
        noted.push({ type, subject: { ...subject } });
        committed.push(writes);
      },
      async intend(_passage, { with: writes = [] } = {}) {
        record('intended');
        committed.push(writes);
        return {
          eventId: 'ev_1',
          async complete(outcome) {
            if (options.failOn === 'outcome') throw new Problem('outcome-unrecorded');
            happened.push(outcome.type);
            outcomes.push(outcome);
          },
        };
      },
      raise: async () => {},
      breakGlass: async () => record('break_glass'),
      find: async () => undefined,
      ready: () => true,
      putBack: async () => 0,
      sweep: async () => ({ chains: 0, closed: 0, shipped: 0 }),
      close: async () => {},
    },
    endings: options.endings ?? { heed: () => () => {}, look: async () => {} },
    credentials: {
      async use(_connection, work) {
        return work(await (options.credential ?? (async () => new Secret('pw', 'versions/1')))());
      },
    },
    masking: { mask: maskResult, transcribe: createTranscript },
    deliver,
    report: () => {},
    seal: (className) => `«${className}:x»`,
    tokenKey: () => new Uint8Array(32),
    clock: { now: () => new Date('2026-01-01T00:00:00Z') },
    ids: (prefix) => `${prefix}_1`,
  };
  return { ...createGateway(steps), steps, happened, committed, outcomes, noted, executed };
}
