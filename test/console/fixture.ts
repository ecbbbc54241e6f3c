import { readBearer, refuseTokenInUrl } from '../../src/api/agent-context.ts';
import { readJson } from '../../src/api/body.ts';
import { renderProblem } from '../../src/api/reply.ts';
import { createAlerts, createIntegrity, createReviews, createRunning } from '../../src/audit/audit.ts';
import { createDocuments, createLedger } from '../../src/connections/connections.ts';
import { type ConsoleDeps, createConsole } from '../../src/console/console.ts';
import type { Manifest } from '../../src/evidence/evidence.ts';
import { sealFound } from '../../src/masking/masking.ts';
import type { Passage } from '../../src/model/call.ts';
import type { Identity, Presented } from '../../src/model/identity.ts';
import { Problem } from '../../src/model/problem.ts';
import { WriteConflict } from '../../src/platform/store.ts';
import { aBot, aFixture, aHuman, aPassage, type Changes } from '../approvals/passages.ts';
import { createFakeStore } from '../fakes/store.ts';
import { fakeReplay } from './fake-replay.ts';
import { policyParts } from './policy-parts.ts';

export const origin = 'http://127.0.0.1:8081';

/** Who comes with which token, and their groups. */
export const people: Record<string, { identity: Identity; groups: string[] }> = {
  bot: { identity: aBot, groups: ['analysts', 'dba'] },
  dba: { identity: aHuman('dba'), groups: ['dba'] },
  second: { identity: aHuman('second'), groups: ['dba'] },
  stranger: { identity: aHuman('stranger'), groups: [] },
  admin: { identity: aHuman('admin'), groups: ['sallyport-admins'] },
  auditor: { identity: aHuman('auditor'), groups: ['sallyport-auditors'] },
};

const silent = () => {};
const log = { debug: silent, info: silent, warn: silent, error: silent, alert: silent };

/** Of a bundle without anything in it. */
export const aManifest: Manifest = {
  format: 'sallyport-evidence',
  version: 1,
  project: 'demo-project',
  period: { from: '2026-01-01T00:00:00.000Z', to: '2026-02-01T00:00:00.000Z' },
  exported_at: '2026-02-01T00:00:00.000Z',
  exported_by: 'user:auditor@example.com',
  files: [],
  trail: {
    events: 0,
    events_in_period: 0,
    first_time: null,
    last_time: null,
    chains: 0,
    checkpoints: 0,
    from_checkpoint: null,
    to_checkpoint: null,
    sealed: false,
    recordings_from: null,
    findings: 0,
  },
  queries: [],
};

type Noted = { type: string; note?: string | undefined; subject: Partial<Passage> };

/** A console on stores in memory, with a trail that can be read and can fail. */
export function aConsole(changes: Partial<ConsoleDeps> = {}) {
  const { approvals, store, clock, settle, vote } = aFixture();
  const policies = createFakeStore();
  const noted: Noted[] = [];
  const faults: unknown[] = [];
  const trail = { fails: false };
  let made = 0;
  const { operations, asked, parts } = policyParts(policies, noted);
  const app = createConsole({
    authenticate,
    groupsOf: ({ subject }) => Object.values(people).find(({ identity }) => identity.subject === subject)?.groups ?? [],
    approvals,
    documents: createDocuments({ store: policies }),
    ledger: createLedger(store),
    ids: (prefix) => `${prefix}_${++made}`,
    ...parts,
    audit: {
      async note(type, subject, options = {}) {
        if (trail.fails) throw new Problem('audit-unavailable');
        await store.commit(options.with ?? []).catch((error: unknown) => {
          throw error instanceof WriteConflict ? new Problem('approval-conflict') : error;
        });
        noted.push({ type, subject, note: options.note });
      },
    },
    alerts: createAlerts({ store, clock, log }),
    reviews: createReviews({ store, clock }),
    integrity: createIntegrity({ store, clock, verify: async () => true }),
    evidence: fakeEvidence(),
    replay: fakeReplay(),
    running: createRunning({ store, clock, log }),
    approversOf: (connection) => (connection === 'cluster' ? ['group:dba'] : []),
    bundles: {
      async *export({ onReady }) {
        await onReady({ manifest: aManifest, sha256: 'b'.repeat(64) });
        yield Buffer.from('bundle');
      },
    },
    transport: { readJson, readBearer, refuseTokenInUrl, renderProblem },
    groups: { admins: 'sallyport-admins', auditors: 'sallyport-auditors' },
    origin,
    conceal: (text) => sealFound(text, (className) => `«${className}:x»`),
    tokenSignIn: true,
    now: clock.now,
    onFault: (error) => void faults.push(error),
    ...changes,
  });
  return {
    app,
    store,
    policies,
    noted,
    faults,
    trail,
    clock,
    approvals,
    vote,
    operations,
    asked,
    /** What an agent asks for, waiting for a human. */
    ask: async (passage: Changes = {}) => (await settle(aPassage(passage))).approval,
    as: (name: string, path: string, init: RequestInit = {}) =>
      app.request(path, { ...init, headers: { Authorization: `Bearer ${name}`, ...init.headers } }),
    /** JSON, as a program sends it. */
    send: (name: string, method: string, path: string, body: unknown, headers: Record<string, string> = {}) =>
      app.request(path, {
        method,
        body: JSON.stringify(body),
        headers: { Authorization: `Bearer ${name}`, 'Content-Type': 'application/json', ...headers },
      }),
  };
}

async function authenticate({ bearer, iapAssertion }: Presented): Promise<Identity> {
  const found = people[bearer ?? iapAssertion?.replace(/^iap-/, '') ?? ''];
  if (found === undefined) throw new Problem('unauthenticated', { reason: 'no-token' });
  return found.identity;
}

function fakeEvidence(): ConsoleDeps['evidence'] {
  const questions = [
    { name: 'failed_access', question: 'Who was refused?', criteria: ['CC6.6'], columns: [['who', 'Who']] as const },
    {
      name: 'sample',
      question: 'Which by chance?',
      criteria: ['CC4.1'],
      parameters: ['from', 'to', 'seed', 'n'] as const,
      columns: [['who', 'Who']] as const,
    },
    { name: 'entitlements', question: 'Who could?', criteria: ['CC6.3'], parameters: ['as_of'] as const, columns: [] },
  ];
  return {
    questions,
    themes: [{ title: 'Access', questions }],
    ask: async (name, { from, to, ...others }) => ({
      columns: ['who', 'times', 'since'],
      rows: name === 'failed_access' ? [['=HYPERLINK("http://x")', 3, from.toISOString()]] : [],
      parameters: {
        from: from.toISOString(),
        to: to.toISOString(),
        ...(others.as_of && { as_of: others.as_of.toISOString() }),
        ...(others.seed && { seed: others.seed }),
        ...(others.n && { n: others.n }),
      },
      sql_sha256: 'a'.repeat(64),
    }),
    population: async () => ({ events: 7, first_at: null, last_at: null, missing: 0, status: 'whole', chains: [] }),
  };
}
