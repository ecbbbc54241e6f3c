import type { Context, Hono } from 'hono';
import { z } from 'zod';
import { reviewSchema } from './access-reviews.ts';
import { alertAnswerSchema } from './alert-answers.ts';
import { alertPage, alertsPage } from './alert-page.ts';
import { readForm } from './form.ts';
import type { ConsoleParts } from './json-api.ts';
import { reviewsPage } from './review-page.ts';
import type { Markup } from './shown.ts';
import type { Visit } from './visit.ts';

const csrf = z.string().max(100);
const answerForm = alertAnswerSchema.extend({ csrf });
const reviewForm = reviewSchema.extend({ csrf });

type Page = (context: Context, title: string, make: (visit: Visit) => Promise<Markup>) => Promise<Response>;

/** Alerts and reviews of access, for those who run the place and those who audit it. */
export function addOversight(app: Hono, page: Page, deps: ConsoleParts & { now: () => Date }): void {
  const { visits, session, roles, alerts, reviews, now } = deps;
  const optionsFor = (context: Context, visit: Visit) => ({
    csrf: session.formToken(context, visit.identity),
    now: now(),
    author: roles.of(visit).author,
  });

  /** What only a page of ours, shown to this author in this browser, may send. */
  function submit<T extends { csrf: string }>(
    context: Context,
    schema: z.ZodType<T>,
    act: (visit: Visit, fields: T) => Promise<string>,
  ) {
    return visits(context, async (visit) => {
      roles.mustAuthor(visit);
      if (visit.ambient) session.checkOrigin(context, 'browser');
      const fields = await readForm(context, schema);
      if (visit.ambient) session.checkForm(context, visit.identity, fields.csrf);
      return context.redirect(await act(visit, fields), 303);
    });
  }

  app.get('/alerts', (context) =>
    page(context, 'Alerts', async (visit) => {
      roles.mustOversee(visit);
      const [open, taken, closed] = await Promise.all(
        (['open', 'acknowledged', 'closed'] as const).map((state) => alerts.list(visit, { state, limit: 100 })),
      );
      return alertsPage({ open: [...(open ?? []), ...(taken ?? [])], closed: (closed ?? []).slice(0, 20) }, now());
    }),
  );
  app.get('/alerts/:id', (context) =>
    page(context, 'Alert', async (visit) => {
      roles.mustOversee(visit);
      return alertPage(await alerts.get(visit, context.req.param('id') ?? ''), optionsFor(context, visit));
    }),
  );
  app.post('/alerts/:id/answer', (context) =>
    submit(context, answerForm, async (visit, { act, reason }) => {
      const { alert } = await alerts.answer(visit, context.req.param('id'), { act, reason });
      return `/alerts/${alert.id}`;
    }),
  );
  app.get('/reviews', (context) =>
    page(context, 'Access reviews', async (visit) => {
      roles.mustOversee(visit);
      return reviewsPage(await reviews.list(visit), optionsFor(context, visit));
    }),
  );
  app.post('/reviews', (context) =>
    submit(context, reviewForm, async (visit, { csrf: _, ...review }) => {
      await reviews.record(visit, review);
      return '/reviews';
    }),
  );
}
