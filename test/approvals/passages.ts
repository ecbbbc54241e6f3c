import { generateKeyPairSync, sign } from 'node:crypto';
import { type ApprovalsDeps, createApprovals, type Signer } from '../../src/approvals/approvals.ts';
import type { Approval } from '../../src/model/approval.ts';
import { begin, type Passage } from '../../src/model/call.ts';
import { connectionSchema } from '../../src/model/documents.ts';
import type { Identity } from '../../src/model/identity.ts';
import { createSeal } from '../../src/model/seal.ts';
import type { Ids } from '../../src/platform/ids.ts';
import { createKmsVerifier } from '../../src/platform/kms.ts';
import type { Store } from '../../src/platform/store.ts';
import { createFakeStore } from '../fakes/store.ts';

export const keyVersion = 'projects/p/locations/global/keyRings/r/cryptoKeys/decisions/cryptoKeyVersions/1';

/** Approvals on a store, with a clock that is moved by hand and the console's key in memory. */
export function createFixture<S extends Store>(store: S, deps: Partial<ApprovalsDeps> = {}) {
  const keys = consoleKeys();
  const clock = settableClock('2026-03-01T10:00:00.000Z');
  const corrupt: string[] = [];
  const approvals = createApprovals({
    store,
    clock,
    ids: countedIds(),
    verifier: keys.verifier,
    seal: createSeal('the key of these tests'),
    signer: keys.signer,
    onSuspect: ({ reason }) => void corrupt.push(reason),
    ...deps,
  });
  return {
    store,
    clock,
    keys,
    corrupt,
    approvals,
    /** Settles and commits what settling asks for. */
    async settle(passage: Passage) {
      const settlement = await approvals.settle(passage);
      await store.commit(settlement.writes);
      return settlement;
    },
    async vote(approval: Approval, voter: Identity, decision: 'approve' | 'deny' = 'approve', groups = ['dba']) {
      const decided = await approvals.decide({
        approval: approval.id,
        identity: voter,
        groups,
        decision,
        digest: approval.digest,
        reason: 'ticket 4711',
      });
      await store.commit(decided.writes);
      return decided;
    },
  };
}

export const aFixture = (deps: Partial<ApprovalsDeps> = {}) => createFixture(createFakeStore(), deps);

function settableClock(start: string) {
  let now = new Date(start);
  return {
    now: () => now,
    forward(seconds: number) {
      now = new Date(now.getTime() + seconds * 1000);
    },
  };
}

function countedIds(): Ids {
  let count = 0;
  return (prefix) => `${prefix}_${String(++count).padStart(4, '0')}`;
}

/** A key as KMS holds it: EC P-256, signatures as DER. */
export function consoleKeys(version = keyVersion) {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const publicKeyPem = String(publicKey.export({ type: 'spki', format: 'pem' }));
  const signer: Signer = {
    keyVersion: version,
    sign: async (text) => sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'der' }).toString('base64'),
  };
  return { signer, publicKeyPem, verifier: createKmsVerifier({ keyVersion: version, publicKeyPem }) };
}

export const aBot: Identity = {
  issuer: 'https://accounts.google.com',
  subject: '1001',
  email: 'bot@p.iam.gserviceaccount.com',
  member: 'serviceAccount:bot@p.iam.gserviceaccount.com',
  memberships: [],
  groups: [],
  kind: 'agent',
  claims: {},
  tokenDigest: 'f'.repeat(64),
  expiresAt: 2_000_000_000,
};

export function aHuman(name: string, overrides: Partial<Identity> = {}): Identity {
  const email = `${name}@example.com`;
  return {
    ...aBot,
    issuer: 'https://idp.example.com',
    subject: `human-${name}`,
    email,
    member: `user:${email}`,
    kind: 'human',
    ...overrides,
  };
}

export type Changes = {
  call?: Partial<Passage['call']>;
  identity?: Partial<Identity>;
  connection?: { name?: string; version?: string };
  operation?: Partial<NonNullable<Passage['operation']>>;
  decision?: Partial<NonNullable<Passage['decision']>>;
  operationId?: string;
  owner?: string;
};

/** A bot that wants to drop a column, which the DBAs must approve. */
export function aPassage(changes: Changes = {}): Passage {
  const statement = 'ALTER TABLE public.users DROP COLUMN phone';
  const call: Passage['call'] = {
    presented: {},
    connection: 'crm',
    request: {},
    agent: {},
    reason: 'ticket 4711',
    limits: {},
    dryRun: false,
    wait: 0,
    signal: new AbortController().signal,
    ...changes.call,
  };
  return {
    ...begin(call, changes.operationId ?? 'op_0001', new Date('2026-03-01T10:00:00.000Z')),
    agent: { name: 'migrator', model: 'gemini-3-pro', attested: false },
    identity: { ...aBot, ...changes.identity },
    groups: ['analysts'],
    ...(changes.owner !== undefined && { owner: changes.owner }),
    connection: {
      name: 'crm',
      version: 'c'.repeat(64),
      document: connectionSchema.parse({
        kind: 'postgres',
        settings: {},
        credential: { secret: 'projects/p/secrets/crm' },
      }),
      classification: new Map(),
      transforms: new Map(),
      ...changes.connection,
    },
    operation: {
      kind: 'postgres',
      verb: 'define',
      risks: ['schema', 'irreversible'],
      resources: ['public.users'],
      classes: [],
      statement,
      parameters: [],
      recorded: { statement, parameters: [] },
      masks: [],
      warnings: [],
      estimates: {},
      plan: {},
      ...changes.operation,
    },
    decision: {
      effect: 'allow',
      policies: ['analysts-write-crm', 'guard-define'],
      policyVersion: 'a'.repeat(64),
      approvals: [{ policy: 'guard-define', approvers: ['group:dba'], count: 1, expires: 1800 }],
      unmask: [],
      limits: { rows: 1000 },
      overridden: [],
      ...changes.decision,
    },
  };
}
