import type { Context, Hono } from 'hono';
import { z } from 'zod';
import { readForm } from './form.ts';
import type { ConsoleParts } from './json-api.ts';
import { endingSchema } from './live.ts';
import { livePage } from './live-page.ts';
import type { Markup } from './shown.ts';
import type { Visit } from './visit.ts';

type Page = (context: Context, title: string, make: (visit: Visit) => Promise<Markup>) => Promise<Response>;

const endForm = endingSchema.extend({ csrf: z.string().max(100) });

/** What runs now, for those who run the place, who audit it, and who approve on a connection. */
export function addLivePages(app: Hono, page: Page, deps: ConsoleParts & { now: () => Date }): void {
  const { visits, session, live, roles, now } = deps;

  app.get('/live', (context) =>
    page(context, 'Running now', async (visit) => {
      const csrf = session.formToken(context, visit.identity);
      return livePage(await live.list(visit), { csrf, now: now(), auditor: roles.of(visit).auditor });
    }),
  );
  app.post('/operations/:id/end', (context) =>
    visits(context, async (visit) => {
      if (visit.ambient) session.checkOrigin(context, 'browser');
      const { csrf, reason } = await readForm(context, endForm);
      if (visit.ambient) session.checkForm(context, visit.identity, csrf);
      await live.end(visit, context.req.param('id'), reason);
      return context.redirect('/live', 303);
    }),
  );
}
