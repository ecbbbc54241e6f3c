import type { Context, Hono } from 'hono';
import { z } from 'zod';
import { check } from '../model/check.ts';
import { Problem } from '../model/problem.ts';
import { eventsOf } from './cast-events.ts';
import type { ConsoleParts } from './json-api.ts';
import { fileName, recordingCsv, recordingJson } from './recording-formats.ts';
import { type OperationSight, sessionName } from './replays.ts';
import { streamed } from './streaming.ts';
import type { Visit } from './visit.ts';

const formatSchema = z.object({
  format: z.enum(['json', 'ndjson', 'csv', 'cast', 'events']).optional(),
  follow: z.string().optional(),
});

/** Sessions and recordings as JSON; a recording also as NDJSON, as it was sent, and as CSV. */
export function addReplay(app: Hono, { visits, roles, replays }: ConsoleParts): void {
  app.get('/sessions', (context) =>
    visits(context, async (visit) => {
      roles.mustAudit(visit);
      const { filter, sessions, next } = await replays.list(visit, context.req.query());
      return context.json({ from: filter.from, to: filter.to, sessions, next });
    }),
  );
  app.get('/sessions/:id', (context) =>
    visits(context, async (visit) => {
      roles.mustAudit(visit);
      return context.json(await replays.session(visit, sessionName(context.req.param('id')), context.req.query()));
    }),
  );
  /** As an asciicast, or as events for a player, while it is written. */
  async function followed(context: Context, visit: Visit, format: string) {
    const stop = new AbortController();
    const { chunks, seconds } = await replays.follow(visit, context.req.param('id') ?? '', stop.signal);
    const mayGoOn = async () => roles.mustAudit(await visit.again());
    const isEvents = format === 'events';
    const parts = isEvents ? eventsOf(chunks, seconds) : chunks;
    const beat = isEvents ? ': it goes on\n\n' : '# it goes on\n';
    const type = isEvents ? 'text/event-stream' : 'application/x-asciicast';
    return context.body(streamed(parts, { beat, mayGoOn, stop }), 200, { 'Content-Type': type });
  }

  app.get('/operations/:id/recording', (context) =>
    visits(context, async (visit) => {
      roles.mustAudit(visit);
      const { format = 'json', follow } = check(context.req.query(), formatSchema);
      if (format === 'events' || follow !== undefined) return followed(context, visit, format);
      const sight = await replays.recording(visit, context.req.param('id'));
      return format === 'json'
        ? context.body(recordingJson(sight), 200, { 'Content-Type': 'application/json' })
        : download(context, sight, format);
    }),
  );
}

const downloads = {
  ndjson: { type: 'application/x-ndjson', of: ({ recorded }: OperationSight) => recorded.content },
  cast: { type: 'application/x-asciicast', of: ({ recorded }: OperationSight) => recorded.content },
  csv: { type: 'text/csv; charset=utf-8; header=present', of: recordingCsv },
} as const;

function download(context: Context, sight: OperationSight, format: keyof typeof downloads) {
  const { state, faults } = sight.recorded;
  if (state === 'unrecorded' || state === 'expired')
    throw new Problem('not-found', { detail: faults.join(' '), reason: state });
  if (format === 'cast' && sight.recorded.session === undefined)
    throw new Problem('not-found', { detail: 'It was no session.', reason: 'no-session' });
  const { type, of } = downloads[format];
  return context.body(of(sight), 200, {
    'Content-Type': type,
    'Content-Disposition': `attachment; filename="${fileName(sight, format)}"`,
  });
}
