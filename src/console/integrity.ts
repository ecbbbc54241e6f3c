import type { Context, Hono } from 'hono';
import { integrityPage } from './integrity-page.ts';
import type { ConsoleParts } from './json-api.ts';
import type { Markup } from './shown.ts';
import type { Visit } from './visit.ts';

type Page = (context: Context, title: string, make: (visit: Visit) => Promise<Markup>) => Promise<Response>;

/** How chains and checkpoints stand, for those who run the place and those who audit it. */
export function addIntegrityApi(app: Hono, { visits, roles, integrity }: ConsoleParts): void {
  app.get('/integrity', (context) =>
    visits(context, async (visit) => {
      roles.mustOversee(visit);
      return context.json(await integrity());
    }),
  );
}

export function addIntegrityPage(
  app: Hono,
  page: Page,
  { roles, integrity, now }: ConsoleParts & { now: () => Date },
): void {
  app.get('/integrity', (context) =>
    page(context, 'Integrity', async (visit) => {
      roles.mustOversee(visit);
      return integrityPage(await integrity(), now());
    }),
  );
}
