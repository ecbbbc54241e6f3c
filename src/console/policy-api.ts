import type { Hono } from 'hono';
import { documentKinds } from '../model/documents.ts';
import type { ConsoleParts } from './json-api.ts';
import { simulateSchema } from './simulations.ts';

/** What became of the documents, and what would become of operations under others. */
export function addPolicyApi(app: Hono, { visits, session, transport, roles, histories, simulations }: ConsoleParts) {
  app.get('/history', (context) =>
    visits(context, async (visit) => {
      roles.mustOversee(visit);
      return context.json({ changes: await histories.read(visit, context.req.query()) });
    }),
  );
  for (const kind of documentKinds)
    app.get(`/${kind}/:name/history`, (context) =>
      visits(context, async (visit) => {
        roles.mustOversee(visit);
        const asked = { ...context.req.query(), kind, name: context.req.param('name') };
        return context.json({ changes: await histories.read(visit, asked) });
      }),
    );
  app.post('/policies:simulate', (context) =>
    visits(context, async (visit) => {
      roles.mustAuthor(visit);
      if (visit.ambient) session.checkOrigin(context, 'anything');
      return context.json(await simulations.run(visit, await transport.readJson(context.req.raw, simulateSchema)));
    }),
  );
}
