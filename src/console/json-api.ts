import { type Context, Hono } from 'hono';
import { z } from 'zod';
import type { ReadIntegrity } from '../audit/audit.ts';
import type { Documents } from '../connections/connections.ts';
import { alertActs } from '../model/alert.ts';
import { approvalStates } from '../model/approval.ts';
import { check } from '../model/check.ts';
import { type DocumentKind, documentKinds, documentSchemas } from '../model/documents.ts';
import { Problem } from '../model/problem.ts';
import { type Access, type AccessReviews, reviewSchema } from './access-reviews.ts';
import { type AlertAnswers, type AlertSight, alertFilterSchema, alertReasonSchema } from './alert-answers.ts';
import { csvOf } from './csv.ts';
import type { Decisions, Sight } from './decisions.ts';
import type { EvidenceAnswer, EvidenceAnswers } from './evidence-answers.ts';
import { type EvidenceExport, exportSchema } from './evidence-export.ts';
import type { Histories } from './histories.ts';
import { addIntegrityApi } from './integrity.ts';
import type { Live } from './live.ts';
import { addLiveApi } from './live-api.ts';
import { addPolicyApi } from './policy-api.ts';
import type { PolicyEditing } from './policy-editing.ts';
import { addReplay } from './replay-api.ts';
import type { Replays } from './replays.ts';
import type { Roles } from './roles.ts';
import type { Session } from './session.ts';
import type { Simulations } from './simulations.ts';
import type { Transport } from './transport.ts';
import type { Visit, Visits } from './visit.ts';

export type ConsoleParts = {
  visits: Visits;
  session: Session;
  transport: Transport;
  roles: Roles;
  decisions: Decisions;
  documents: Documents;
  editing: PolicyEditing;
  histories: Histories;
  simulations: Simulations;
  evidence: EvidenceAnswers;
  live: Live;
  replays: Replays;
  exportEvidence: EvidenceExport;
  alerts: AlertAnswers;
  reviews: AccessReviews;
  integrity: ReadIntegrity;
};

/** A human's answer to an approval; a form sends the same fields. */
export const answerSchema = z.strictObject({
  decision: z.enum(['approve', 'deny']),
  digest: z.string().regex(/^[0-9a-f]{64}$/, 'the SHA-256 that is shown, in hex'),
  reason: z.string().trim().min(1, 'say why').max(2000),
});

/** Approvals in one answer. */
const mostListed = 200;

const listSchema = z.object({ state: z.enum(approvalStates).optional() });

/** Approvals, documents and evidence as JSON, for the CLI and for programs of humans. */
export function createJsonApi(parts: ConsoleParts): Hono {
  const app = new Hono();
  addApprovals(app, parts);
  for (const kind of documentKinds) addDocuments(app, kind, parts);
  addPolicyApi(app, parts);
  addEvidence(app, parts);
  addReplay(app, parts);
  addLiveApi(app, parts);
  addExport(app, parts);
  addAlerts(app, parts);
  addReviews(app, parts);
  addIntegrityApi(app, parts);
  return app;
}

function addApprovals(app: Hono, { visits, session, transport, decisions }: ConsoleParts) {
  app.get('/approvals', (context) =>
    visits(context, async (visit) => {
      const { state } = check(context.req.query(), listSchema);
      return context.json({ approvals: (await decisions.list(visit, { state, limit: mostListed })).map(viewOf) });
    }),
  );
  app.get('/approvals/:id', (context) =>
    visits(context, async (visit) => context.json(viewOf(await decisions.get(visit, context.req.param('id'))))),
  );
  app.post('/approvals/:id/decision', (context) =>
    visits(context, async (visit) => {
      refuseForeign(session, visit, context);
      const answer = await transport.readJson(context.req.raw, answerSchema);
      return context.json(viewOf(await decisions.decide(visit, context.req.param('id'), answer)));
    }),
  );
}

function addDocuments(app: Hono, kind: DocumentKind, parts: ConsoleParts) {
  const { visits, session, transport, roles, documents, editing } = parts;
  const schema: z.ZodType = documentSchemas[kind];

  app.get(`/${kind}`, (context) =>
    visits(context, async (visit) => {
      roles.mustAuthor(visit);
      return context.json({ documents: await documents.list(kind) });
    }),
  );
  app.get(`/${kind}/:name`, (context) =>
    visits(context, async (visit) => {
      roles.mustAuthor(visit);
      const found = await documents.get(kind, context.req.param('name'));
      if (found === undefined) throw new Problem('not-found');
      return context.json(found, 200, { ETag: found.etag });
    }),
  );
  app.put(`/${kind}/:name`, (context) =>
    visits(context, async (visit) => {
      roles.mustAuthor(visit);
      refuseForeign(session, visit, context);
      const [name, ifMatch] = [context.req.param('name'), conditionOf(context)];
      const document = await transport.readJson(context.req.raw, z.record(z.string(), z.unknown()));
      check(document, schema);
      const { etag } = await editing.put(visit, { kind, name, document, ifMatch });
      return context.json({ name, etag }, ifMatch === null ? 201 : 200, { ETag: etag });
    }),
  );
  app.delete(`/${kind}/:name`, (context) =>
    visits(context, async (visit) => {
      roles.mustAuthor(visit);
      refuseForeign(session, visit, context);
      const ifMatch = conditionOf(context);
      if (ifMatch === null) throw new Problem('bad-request', { detail: 'Send If-Match.' });
      await editing.remove(visit, { kind, name: context.req.param('name'), ifMatch });
      return context.body(null, 204);
    }),
  );
}

function addEvidence(app: Hono, { visits, roles, evidence }: ConsoleParts) {
  app.get('/evidence', (context) =>
    visits(context, async (visit) => {
      roles.mustAudit(visit);
      return context.json({ evidence: evidence.questions.map(questionView) });
    }),
  );
  app.get('/evidence/:name', (context) =>
    visits(context, async (visit) => {
      roles.mustAudit(visit);
      const answer = await evidence.answer(visit, context.req.param('name'), context.req.query());
      if (!wantsCsv(context)) return context.json({ ...answer, row_count: answer.rows.length });
      const { columns, rows, question: _, ...about } = answer;
      return context.body(csvOf(columns, rows), 200, {
        'Content-Type': 'text/csv; charset=utf-8; header=present',
        'Content-Disposition': `attachment; filename="${answer.name}.csv"`,
        'Sallyport-Evidence': evidenceHeader({ ...about, row_count: rows.length }),
      });
    }),
  );
}

function addAlerts(app: Hono, { visits, session, transport, roles, alerts }: ConsoleParts) {
  app.get('/alerts', (context) =>
    visits(context, async (visit) => {
      roles.mustOversee(visit);
      const { state } = check(context.req.query(), alertFilterSchema);
      return context.json({ alerts: (await alerts.list(visit, { state, limit: mostListed })).map(alertView) });
    }),
  );
  app.get('/alerts/:id', (context) =>
    visits(context, async (visit) => {
      roles.mustOversee(visit);
      return context.json(alertView(await alerts.get(visit, context.req.param('id'))));
    }),
  );
  for (const act of alertActs)
    app.post(`/alerts/:id/${act}`, (context) =>
      visits(context, async (visit) => {
        roles.mustAuthor(visit);
        refuseForeign(session, visit, context);
        const { reason } = await transport.readJson(context.req.raw, alertReasonSchema);
        return context.json(alertView(await alerts.answer(visit, context.req.param('id'), { act, reason })));
      }),
    );
}

function addReviews(app: Hono, { visits, session, transport, roles, reviews }: ConsoleParts) {
  app.get('/reviews', (context) =>
    visits(context, async (visit) => {
      roles.mustOversee(visit);
      return context.json({ reviews: (await reviews.list(visit)).map(accessView) });
    }),
  );
  app.post('/reviews', (context) =>
    visits(context, async (visit) => {
      roles.mustAuthor(visit);
      refuseForeign(session, visit, context);
      const review = await transport.readJson(context.req.raw, reviewSchema);
      return context.json(accessView(await reviews.record(visit, review)), 201);
    }),
  );
}

function alertView({ alert, objection }: AlertSight) {
  return { ...alert, may_answer: objection === undefined, ...(objection !== undefined && { objection }) };
}

function accessView({ objection, ...access }: Access) {
  return { ...access, may_review: objection === undefined, ...(objection !== undefined && { objection }) };
}

function addExport(app: Hono, { visits, session, transport, roles, exportEvidence }: ConsoleParts) {
  app.post('/evidence:export', (context) =>
    visits(context, async (visit) => {
      roles.mustAudit(visit);
      refuseForeign(session, visit, context);
      return exportEvidence(context, visit, await transport.readJson(context.req.raw, exportSchema));
    }),
  );
}

function viewOf({ approval, objection }: Sight) {
  return { ...approval, may_decide: objection === undefined, ...(objection !== undefined && { objection }) };
}

function questionView({ columns, parameters = ['from', 'to'], ...question }: EvidenceAnswers['questions'][number]) {
  return { ...question, parameters, columns: columns.map(([name, meaning]) => ({ name, meaning })) };
}

/** What a CSV has no place for: what was asked, and of which population. ASCII, as headers are; chains are in the JSON. */
function evidenceHeader({
  population: { chains, ...population },
  ...about
}: Omit<EvidenceAnswer, 'columns' | 'rows' | 'question'> & { row_count: number }) {
  const said = JSON.stringify({ ...about, population: { ...population, chains: chains.length } });
  return said.replaceAll(/[^\x20-\x7e]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

export function refuseForeign(session: Session, visit: Visit, context: Context) {
  if (visit.ambient) session.checkOrigin(context, 'anything');
}

/** An etag, `*`, or null to create: nobody writes over what they have not seen (RFC 9110, 13.1). */
function conditionOf(context: Context): string | null {
  const ifMatch = context.req.header('if-match');
  const ifNoneMatch = context.req.header('if-none-match');
  if (ifMatch !== undefined && ifNoneMatch === undefined) return ifMatch.trim();
  if (ifMatch === undefined && ifNoneMatch?.trim() === '*') return null;
  throw new Problem('bad-request', { detail: 'Send If-Match with the etag you saw, or If-None-Match: * to create.' });
}

function wantsCsv(context: Context) {
  const format = context.req.query('format');
  if (format !== undefined && format !== 'csv' && format !== 'json')
    throw new Problem('bad-request', { detail: 'format is csv or json.' });
  return format === 'csv' || (format === undefined && /\btext\/csv\b/i.test(context.req.header('accept') ?? ''));
}
