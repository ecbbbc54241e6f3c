import { readFileSync } from 'node:fs';
import { type Context, Hono } from 'hono';
import { html } from 'hono/html';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { z } from 'zod';
import { check } from '../model/check.ts';
import { documentKinds } from '../model/documents.ts';
import { asProblem, type Problem } from '../model/problem.ts';
import { approvalPage } from './approval-page.ts';
import { exportForm, exportFormSchema, exportSchema } from './evidence-export.ts';
import { answerPage, questionsPage } from './evidence-page.ts';
import { readForm } from './form.ts';
import { inboxPage } from './inbox-page.ts';
import { addIntegrityPage } from './integrity.ts';
import { answerSchema, type ConsoleParts } from './json-api.ts';
import { layout } from './layout.ts';
import { addLivePages } from './live-pages.ts';
import { addOversight } from './oversight-pages.ts';
import { addPlayer } from './player.ts';
import { addPolicyPages, type Texts } from './policy-pages.ts';
import { addReplayPages } from './replay-pages.ts';
import type { Markup } from './shown.ts';
import { problemPage, signInPage } from './sign-in-page.ts';
import { documentsPage } from './tables-page.ts';
import type { Visit } from './visit.ts';

export type PagesDeps = ConsoleParts & {
  tokenSignIn: boolean;
  now: () => Date;
  texts: Texts;
  onFault: (error: unknown) => void;
};

const style = readFileSync(new URL('./style.css', import.meta.url), 'utf8');

const csrf = z.string().max(100);
const decisionForm = answerSchema.extend({ csrf });
const signInForm = z.strictObject({ token: z.string().trim().min(1), to: z.string() });
const signOutForm = z.strictObject({ csrf });

/** The pages: made on our side, without a script, so that what a human sees is what was sent. */
export function createPages(deps: PagesDeps): Hono {
  const { visits, session, decisions, documents, evidence, exportEvidence, roles, now } = deps;
  const app = new Hono();

  /** A page for whoever visits. */
  function page(context: Context, title: string, make: (visit: Visit) => Promise<Markup>) {
    return visits(context, async (visit) => {
      const body = await make(visit);
      const signedIn = session.token(context) !== undefined;
      const visitor = {
        name: visit.identity.email ?? visit.identity.member,
        ...roles.of(visit),
        ...(signedIn && { signOut: session.formToken(context, visit.identity) }),
      };
      return context.html(layout({ title, visitor, body }));
    });
  }

  addPlayer(app);
  app.get('/style.css', (context) => context.body(style, 200, { 'Content-Type': 'text/css; charset=utf-8' }));
  app.get('/', (context) => context.redirect('/approvals', 303));

  app.get('/approvals', (context) =>
    page(context, 'Approvals', async (visit) => {
      const [open, all] = await Promise.all([
        decisions.list(visit, { state: 'pending', limit: 100 }),
        decisions.list(visit, { limit: 50 }),
      ]);
      return inboxPage({ open, past: all.filter(({ approval }) => approval.state !== 'pending').slice(0, 20) }, now());
    }),
  );
  app.get('/approvals/:id', (context) =>
    page(context, 'Approval', async (visit) => {
      const sight = await decisions.get(visit, context.req.param('id'));
      return approvalPage(sight, { csrf: session.formToken(context, visit.identity), now: now() });
    }),
  );
  app.post('/approvals/:id/decision', (context) =>
    visits(context, async (visit) => {
      if (visit.ambient) session.checkOrigin(context, 'browser');
      const { csrf: formToken, ...answer } = await readForm(context, decisionForm);
      if (visit.ambient) session.checkForm(context, visit.identity, formToken);
      const { approval } = await decisions.decide(visit, context.req.param('id'), answer);
      return context.redirect(`/approvals/${approval.id}`, 303);
    }),
  );

  app.get('/documents', (context) =>
    page(context, 'Documents', async (visit) => {
      roles.mustAuthor(visit);
      return documentsPage(
        await Promise.all(documentKinds.map(async (kind) => ({ kind, documents: await documents.list(kind) }))),
      );
    }),
  );
  app.get('/evidence', (context) =>
    page(context, 'Evidence', async (visit) => {
      roles.mustAudit(visit);
      const csrf = session.formToken(context, visit.identity);
      return html`${questionsPage(evidence.themes)}${exportForm({ csrf, now: now() })}`;
    }),
  );
  app.post('/evidence/export', (context) =>
    visits(context, async (visit) => {
      roles.mustAudit(visit);
      if (visit.ambient) session.checkOrigin(context, 'browser');
      const { csrf: formToken, recordings, ...period } = await readForm(context, exportFormSchema);
      if (visit.ambient) session.checkForm(context, visit.identity, formToken);
      return exportEvidence(context, visit, check({ ...period, recordings: recordings === 'on' }, exportSchema));
    }),
  );
  app.get('/evidence/:name', (context) =>
    page(context, 'Evidence', async (visit) => {
      roles.mustAudit(visit);
      const name = context.req.param('name');
      const answer = await evidence.answer(visit, name, context.req.query());
      return answerPage(
        answer,
        evidence.questions.find((question) => question.name === name),
      );
    }),
  );

  addPolicyPages(app, page, deps);
  addReplayPages(app, page, deps);
  addLivePages(app, page, deps);
  addOversight(app, page, deps);
  addIntegrityPage(app, page, deps);
  addSignIn(app, deps);
  app.onError((error, context) => {
    const problem = asProblem(error);
    if (problem.code === 'internal') deps.onFault(problem.cause ?? problem.reason);
    if (problem.code === 'unauthenticated' && deps.tokenSignIn && context.req.method === 'GET')
      return context.redirect(`/sign-in?${new URLSearchParams({ to: context.req.path })}`, 303);
    return problemResponse(context, problem);
  });
  return app;
}

/** Only where the configuration says so: in production nobody pastes a token, IAP stands before the console. */
function addSignIn(app: Hono, { visits, session, tokenSignIn }: PagesDeps) {
  if (!tokenSignIn) return;
  app.get('/sign-in', (context) =>
    context.html(layout({ title: 'Sign in', body: signInPage({ to: ownPath(context.req.query('to')) }) })),
  );
  app.post('/sign-in', async (context) => {
    let form: z.output<typeof signInForm> = { token: '', to: '' };
    const read = async () => {
      session.checkOrigin(context, 'browser');
      form = await readForm(context, signInForm);
      return { bearer: form.token };
    };
    try {
      await visits(context, async ({ identity }) => session.signIn(context, form.token, identity), read);
    } catch (thrown) {
      const problem = asProblem(thrown);
      if (problem.code !== 'unauthenticated') throw thrown;
      return context.html(layout({ title: 'Sign in', body: signInPage({ to: ownPath(form.to), problem }) }), 401);
    }
    return context.redirect(ownPath(form.to), 303);
  });
  app.post('/sign-out', (context) =>
    visits(context, async (visit) => {
      session.checkOrigin(context, 'browser');
      session.checkForm(context, visit.identity, (await readForm(context, signOutForm)).csrf);
      session.signOut(context);
      return context.redirect('/sign-in', 303);
    }),
  );
}

/** A page of ours to go on to, never another site's. */
function ownPath(to: string | undefined) {
  return to !== undefined &&
    /^\/(approvals|documents|history|simulate|evidence|alerts|reviews|live|sessions|operations|integrity)(\/[\w-]+){0,2}$/.test(
      to,
    )
    ? to
    : '/approvals';
}

export function problemResponse(context: Context, problem: Problem) {
  if (problem.status === 401) context.header('WWW-Authenticate', 'Bearer realm="sallyport"');
  return context.html(layout({ title: 'Problem', body: problemPage(problem) }), statusOf(problem));
}

function statusOf({ status }: Problem) {
  return status as ContentfulStatusCode;
}
