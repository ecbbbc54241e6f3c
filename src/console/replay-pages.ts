import type { Context, Hono } from 'hono';
import type { ConsoleParts } from './json-api.ts';
import { operationPage } from './operation-page.ts';
import { PLAYING } from './player.ts';
import { sessionName } from './replays.ts';
import { sessionPage } from './session-page.ts';
import { sessionsPage } from './sessions-page.ts';
import type { Markup } from './shown.ts';
import type { Visit } from './visit.ts';

type Page = (context: Context, title: string, make: (visit: Visit) => Promise<Markup>) => Promise<Response>;

/** What agents did and were sent, for auditors. */
export function addReplayPages(app: Hono, page: Page, deps: ConsoleParts & { now: () => Date }): void {
  const { roles, replays, session, now } = deps;

  app.get('/sessions', (context) =>
    page(context, 'Sessions', async (visit) => {
      roles.mustAudit(visit);
      return sessionsPage(await replays.list(visit, context.req.query()), now());
    }),
  );
  app.get('/sessions/:id', (context) =>
    page(context, 'Session', async (visit) => {
      roles.mustAudit(visit);
      const name = sessionName(context.req.param('id') ?? '');
      return sessionPage(await replays.session(visit, name, context.req.query()), now());
    }),
  );
  app.get('/operations/:id', (context) =>
    page(context, 'Operation', async (visit) => {
      roles.mustAudit(visit);
      const sight = await replays.recording(visit, context.req.param('id') ?? '');
      if (sight.recorded.session !== undefined || sight.live?.running.recorded !== undefined)
        context.header('Content-Security-Policy', PLAYING);
      return operationPage(sight, { now: now(), csrf: session.formToken(context, visit.identity) });
    }),
  );
}
