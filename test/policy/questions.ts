import type { z } from 'zod';
import {
  agentSchema,
  connectionSchema,
  groupSchema,
  type InvalidDocument,
  type PolicySet,
  policySchema,
} from '../../src/model/documents.ts';
import type { AgentContext, Identity } from '../../src/model/identity.ts';
import type { Operation } from '../../src/model/operation.ts';

type PolicyInput = z.input<typeof policySchema>;
export type RawPolicy = { [Field in keyof PolicyInput]?: PolicyInput[Field] | undefined };
export type RawSet = {
  policies?: Record<string, RawPolicy>;
  groups?: Record<string, readonly string[]>;
  agents?: Record<string, z.input<typeof agentSchema>>;
  invalid?: readonly InvalidDocument[];
};

/** A policy that everybody may read crm under, unless it says otherwise. */
export function aPolicySet({ policies = {}, groups = {}, agents = {}, invalid = [] }: RawSet = {}): PolicySet {
  const defaults = { principals: ['*'], connections: ['crm'], verbs: ['read'], effect: 'allow' };
  return {
    version: 'v1',
    connections: new Map(),
    policies: new Map(
      Object.entries(policies).map(([name, policy]) => [name, policySchema.parse({ ...defaults, ...policy })]),
    ),
    groups: new Map(Object.entries(groups).map(([name, members]) => [name, groupSchema.parse({ members })])),
    classifications: new Map(),
    agents: new Map(Object.entries(agents).map(([name, agent]) => [name, agentSchema.parse(agent)])),
    invalid,
  };
}

export function aQuestion(
  set: RawSet | PolicySet,
  given: {
    operation?: Partial<Operation>;
    identity?: Partial<Identity>;
    groups?: readonly string[];
    agent?: AgentContext;
    connection?: Partial<z.input<typeof connectionSchema>> & { name?: string };
    now?: Date;
  } = {},
) {
  const { name = 'crm', ...connection } = given.connection ?? {};
  return {
    identity: { ...bot, ...given.identity },
    groups: given.groups ?? [],
    agent: given.agent ?? { attested: false },
    connection: {
      name,
      version: 'c1',
      document: connectionSchema.parse({
        kind: 'postgres',
        settings: {},
        credential: { secret: 'projects/p/secrets/s' },
        labels: { env: 'prod', team: 'sales' },
        ...connection,
      }),
      classification: new Map(),
      transforms: new Map(),
    },
    operation: { ...reading, ...given.operation },
    policySet: 'version' in set ? set : aPolicySet(set),
    now: given.now ?? new Date('2026-03-04T10:00:00Z'),
  };
}

const bot: Identity = {
  issuer: 'https://accounts.google.com',
  subject: '1001',
  member: 'serviceAccount:bot@p.iam.gserviceaccount.com',
  memberships: ['principalSet://pool/attribute.team/sales'],
  groups: [],
  kind: 'agent',
  claims: { repository: 'acme/crm', nested: { list: [1, 2] } },
  tokenDigest: '0'.repeat(64),
  expiresAt: 0,
};

const reading: Operation = {
  kind: 'postgres',
  verb: 'read',
  risks: [],
  resources: ['public.users'],
  classes: [],
  statement: 'select 1 from users',
  parameters: [],
  recorded: { statement: 'select 1 from users', parameters: [] },
  masks: [],
  warnings: [],
  estimates: {},
  plan: undefined,
};
