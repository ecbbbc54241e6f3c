import { Hono, type MiddlewareHandler } from 'hono';
import type { Approvals } from '../approvals/approvals.ts';
import type { Alerts, Audit, ReadIntegrity, Reviews, Running } from '../audit/audit.ts';
import type { Documents, Ledger } from '../connections/connections.ts';
import type { Bundles, DecidedOperations, PolicyHistory, Replay } from '../evidence/evidence.ts';
import type { Identity, Presented } from '../model/identity.ts';
import { asProblem, Problem } from '../model/problem.ts';
import { createAccessReviews } from './access-reviews.ts';
import { createAlertAnswers } from './alert-answers.ts';
import { createDecisions } from './decisions.ts';
import { createEvidenceAnswers, type EvidenceSource } from './evidence-answers.ts';
import { createEvidenceExport } from './evidence-export.ts';
import { createHistories } from './histories.ts';
import { type ConsoleParts, createJsonApi } from './json-api.ts';
import { createLive } from './live.ts';
import { createPages, problemResponse } from './pages.ts';
import { PLAYING } from './player.ts';
import { createPolicyEditing } from './policy-editing.ts';
import type { Texts } from './policy-pages.ts';
import { createReplays } from './replays.ts';
import { createRoles } from './roles.ts';
import { createSession } from './session.ts';
import { createSimulations, type SimulationsDeps } from './simulations.ts';
import type { Transport } from './transport.ts';
import { createVisits } from './visit.ts';

export type ConsoleDeps = {
  authenticate: (presented: Presented) => Promise<Identity>;
  /** Of an identity, from its token and from the documents; without `group:`. */
  groupsOf: (identity: Identity) => readonly string[];
  /** With a signer. */
  approvals: Approvals;
  documents: Documents;
  /** What the trail says of each document. */
  ledger: Ledger;
  ids: (prefix: string) => string;
  history: PolicyHistory;
  operations: DecidedOperations;
  policy: Pick<SimulationsDeps, 'inForce' | 'whyUnusable' | 'simulation'>;
  texts: Texts;
  audit: Pick<Audit, 'note'>;
  alerts: Alerts;
  reviews: Reviews;
  integrity: ReadIntegrity;
  evidence: EvidenceSource;
  replay: Replay;
  running: Running;
  /** Whom the policies in force ask for a yes on a connection. */
  approversOf: (connection: string) => readonly string[];
  bundles: Bundles;
  transport: Transport;
  /** Names of the groups that author policies and that read evidence. */
  groups: { admins: string; auditors: string };
  /** As browsers see it: `https://console.example.com`. */
  origin: string;
  /** What anybody may have written, with what detectors recognise in it sealed. */
  conceal: (text: string) => string;
  /** A page where a token is pasted, for a laptop: in production IAP stands before the console. */
  tokenSignIn: boolean;
  now: () => Date;
  /** Told of what is a fault of ours. */
  onFault: (error: unknown) => void;
};

/** Where humans decide approvals, author policies and read evidence: JSON under `/api`, pages beside it. */
export function createConsole(deps: ConsoleDeps): Hono {
  const session = createSession(deps);
  const roles = createRoles(deps.groups);
  const live = createLive({ ...deps, roles });
  const parts: ConsoleParts = {
    session,
    visits: createVisits({ ...deps, session }),
    transport: deps.transport,
    roles,
    live,
    decisions: createDecisions(deps.approvals),
    documents: deps.documents,
    editing: createPolicyEditing(deps),
    histories: createHistories(deps.history),
    simulations: createSimulations({ ...deps.policy, operations: deps.operations, now: deps.now }),
    evidence: createEvidenceAnswers(deps.evidence, deps.now),
    replays: createReplays(deps.replay, live, deps.now),
    exportEvidence: createEvidenceExport(deps.bundles, deps.onFault),
    alerts: createAlertAnswers(deps.alerts),
    reviews: createAccessReviews(deps),
    integrity: deps.integrity,
  };
  const app = new Hono();
  app.use(headers(deps.origin.startsWith('https:')));
  app.get('/healthz', (context) => context.json({ status: 'alive' }));
  app.route('/api', createJsonApi(parts));
  app.route('/', createPages({ ...deps, ...parts }));
  app.notFound((context) => {
    const problem = new Problem('not-found');
    return /^\/api(\/|$)/.test(context.req.path)
      ? deps.transport.renderProblem(problem)
      : problemResponse(context, problem);
  });
  app.onError((error) => {
    const problem = asProblem(error);
    if (problem.code === 'internal') deps.onFault(problem.cause ?? problem.reason);
    return deps.transport.renderProblem(problem);
  });
  return app;
}

/** Nothing is loaded from elsewhere, nothing runs in a page but the player of a session, nobody frames it, nothing of it is kept. */
function headers(secure: boolean): MiddlewareHandler {
  const fixed: Record<string, string> = {
    'Content-Security-Policy':
      "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    'Referrer-Policy': 'no-referrer',
    'Cache-Control': 'no-store',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    ...(secure && { 'Strict-Transport-Security': 'max-age=31536000' }),
  };
  return async (context, next) => {
    await next();
    const playing = context.res.headers.get('Content-Security-Policy') === PLAYING;
    for (const [name, value] of Object.entries(fixed)) context.res.headers.set(name, value);
    if (playing) context.res.headers.set('Content-Security-Policy', PLAYING);
  };
}
