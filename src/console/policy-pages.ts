import type { Context, Hono } from 'hono';
import { z } from 'zod';
import { check } from '../model/check.ts';
import { type DocumentKind, documentKinds } from '../model/documents.ts';
import { asProblem, Problem, type ProblemCode } from '../model/problem.ts';
import type { Diff } from './diff.ts';
import { documentPage, simulatePage } from './draft-page.ts';
import { readForm } from './form.ts';
import { historyPage } from './history-page.ts';
import type { ConsoleParts } from './json-api.ts';
import type { Markup } from './shown.ts';
import { simulateSchema } from './simulations.ts';
import type { Visit } from './visit.ts';

/** Documents as their authors write them. */
export type Texts = {
  /** Throws in words for the author. */
  read(text: string): unknown;
  write(document: Record<string, unknown> | null): string;
  diff: Diff;
};

type Page = (context: Context, title: string, make: (visit: Visit) => Promise<Markup>) => Promise<Response>;

const csrf = z.string().max(100);
const draft = z.string().max(60_000);
const editForm = z.strictObject({ csrf, draft, etag: z.string().max(200), act: z.enum(['simulate', 'save']) });
const simulateForm = z.strictObject({ csrf, draft, from: z.iso.date(), to: z.iso.date() });
const documentSchema = z.record(z.string(), z.unknown());

const mendable = new Set<ProblemCode>(['bad-request', 'precondition-failed', 'too-large']);

const month = 30 * 24 * 3600 * 1000;
const day = (date: Date) => date.toISOString().slice(0, 10);

/** What became of the documents; and where they are changed, once an author has seen what that would do. */
export function addPolicyPages(app: Hono, page: Page, deps: ConsoleParts & { now: () => Date; texts: Texts }): void {
  const { session, roles, documents, editing, histories, simulations, texts, now } = deps;

  function show(context: Context, place?: { kind: DocumentKind; name: string }) {
    return page(context, 'History', async (visit) => {
      roles.mustOversee(visit);
      const changes = await histories.read(visit, { ...place, limit: '100' });
      return historyPage(place, changes, { diff: texts.diff, now: now(), author: roles.of(visit).author });
    });
  }

  /** What only a page of ours, shown to this author in this browser, may send. */
  async function submitted<T extends { csrf: string }>(
    context: Context,
    visit: Visit,
    schema: z.ZodType<T>,
  ): Promise<T> {
    roles.mustAuthor(visit);
    if (visit.ambient) session.checkOrigin(context, 'browser');
    const fields = await readForm(context, schema);
    if (visit.ambient) session.checkForm(context, visit.identity, fields.csrf);
    return fields;
  }

  const sightFor = (context: Context, visit: Visit) => ({
    csrf: session.formToken(context, visit.identity),
    now: now(),
  });

  function read<T>(text: string, schema: z.ZodType<T>): T {
    try {
      return check(texts.read(text), schema);
    } catch (thrown) {
      if (thrown instanceof Problem) throw thrown;
      throw new Problem('bad-request', {
        detail: thrown instanceof Error ? `YAML: ${thrown.message}` : 'It is no YAML.',
      });
    }
  }

  /** What is wrong with a draft is for its author to mend, with the draft still there; it is in the trail as any refusal. */
  async function attempt<T>(context: Context, visit: Visit, work: () => Promise<T>): Promise<T | { problem: Problem }> {
    try {
      return await work();
    } catch (thrown) {
      const problem = asProblem(thrown);
      if (!mendable.has(problem.code)) throw thrown;
      await visit.note('refused', { problem }, { note: `${problem.reason ?? problem.code} at ${context.req.path}` });
      context.status(problem.code === 'precondition-failed' ? 412 : problem.code === 'too-large' ? 413 : 400);
      return { problem };
    }
  }

  app.get('/history', (context) => show(context));
  for (const kind of documentKinds) {
    app.get(`/history/${kind}/:name`, (context) => show(context, { kind, name: context.req.param('name') }));

    app.get(`/documents/${kind}/:name`, (context) =>
      page(context, 'Document', async (visit) => {
        roles.mustAuthor(visit);
        const name = context.req.param('name');
        const found = await documents.get(kind, name);
        const text = texts.write(found?.document ?? null);
        return documentPage({ kind, name, etag: found?.etag }, { ...sightFor(context, visit), text });
      }),
    );

    app.post(`/documents/${kind}/:name`, async (context) => {
      const name = context.req.param('name');
      let saved = false;
      const answer = await page(context, 'Document', async (visit) => {
        const { draft: text, etag, act } = await submitted(context, visit, editForm);
        const tried = await attempt(context, visit, async () => {
          const document = read(text, documentSchema);
          if (act === 'simulate') return simulated(visit, kind, name, document);
          await editing.put(visit, { kind, name, document, ifMatch: etag === '' ? null : etag });
          saved = true;
          return undefined;
        });
        const options = { ...sightFor(context, visit), text, tried };
        return documentPage({ kind, name, etag: etag === '' ? undefined : etag }, options);
      });
      return saved ? context.redirect(`/documents/${kind}/${name}`, 303) : answer;
    });
  }

  async function simulated(visit: Visit, kind: DocumentKind, name: string, document: Record<string, unknown>) {
    const answer = await simulations.run(visit, simulateSchema.parse({ documents: { [kind]: { [name]: document } } }));
    const now = await documents.get(kind, name);
    return { answer, diff: texts.diff(now?.document ?? null, document) };
  }

  app.get('/simulate', (context) =>
    page(context, 'Simulate', async (visit) => {
      roles.mustAuthor(visit);
      const to = new Date(now().getTime() + 24 * 3600 * 1000);
      const period = { from: day(new Date(to.getTime() - month)), to: day(to) };
      return simulatePage({ ...sightFor(context, visit), ...period, text: '' });
    }),
  );
  app.post('/simulate', (context) =>
    page(context, 'Simulate', async (visit) => {
      const { draft: text, from, to } = await submitted(context, visit, simulateForm);
      const tried = await attempt(context, visit, async () => {
        const asked = check({ documents: read(text, documentSchema), from, to }, simulateSchema);
        return { answer: await simulations.run(visit, asked), diff: undefined };
      });
      return simulatePage({ ...sightFor(context, visit), from, to, text, tried });
    }),
  );
}
