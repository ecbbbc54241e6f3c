import type { Hono } from 'hono';
import { type ConsoleParts, refuseForeign } from './json-api.ts';
import { endingSchema, type LiveSight } from './live.ts';

/** What runs now as JSON, and the way to end it. */
export function addLiveApi(app: Hono, { visits, session, transport, live }: ConsoleParts): void {
  app.get('/live', (context) =>
    visits(context, async (visit) => context.json({ operations: (await live.list(visit)).map(liveView) })),
  );
  app.post('/operations/:id/end', (context) =>
    visits(context, async (visit) => {
      refuseForeign(session, visit, context);
      const { reason } = await transport.readJson(context.req.raw, endingSchema);
      return context.json(liveView(await live.end(visit, context.req.param('id'), reason)), 202);
    }),
  );
}

/** `ending`: a human wanted it to end; it does within moments. */
function liveView({ running: { row: _, recorded, member, approvers: __, ...told }, objection }: LiveSight) {
  return {
    ...told,
    principal: member,
    bytes_recorded: recorded ?? null,
    may_end: objection === undefined,
    ...(objection !== undefined && { objection }),
  };
}
