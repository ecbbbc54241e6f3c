import type { IncomingMessage, ServerResponse } from 'node:http';
import { Hono } from 'hono';
import type { Gateway } from '../gateway.ts';
import type { Call } from '../model/call.ts';
import { check } from '../model/check.ts';
import { asProblem, Problem } from '../model/problem.ts';
import { type StructureQuery, structureQuerySchema } from '../model/structure.ts';
import {
  readAgent,
  readBearer,
  readReason,
  readSession,
  readTrace,
  readWait,
  refuseTokenInUrl,
} from './agent-context.ts';
import { bigQueryDiscovery } from './bigquery-discovery.ts';
import { readJson } from './body.ts';
import type { Lookups, Reachable } from './lookups.ts';
import { operationRequestSchema } from './operation-request.ts';
import { createProxied } from './proxied.ts';
import { approvalUrl, renderFound, renderProblem, renderReply } from './reply.ts';
import { readUpgrade, refuseUpgrade } from './upgrades.ts';
import { approvalView, connectionView, operationView } from './views.ts';

export { createKeeperApi } from './keeper.ts';
export { createLookups, type Lookups } from './lookups.ts';
export { type Agreed, createUpgrades, type UpgradeSocket } from './upgrades.ts';

/** How requests are read and problems rendered, for the other adaptors: everywhere the same. */
export const transport = {
  readJson,
  readBearer,
  refuseTokenInUrl,
  renderProblem,
  readUpgrade,
  refuseUpgrade,
  approvalUrl,
};
export type Transport = typeof transport;

export type ApiDeps = {
  gateway: Gateway;
  lookups: Lookups;
  consoleUrl: string;
  /** What tunnels prove themselves with, as in a `known_hosts` file; absent where there are none. */
  tunnelKey?: string;
  /** Ready to serve: policy fresh, outbox writable. */
  ready: () => boolean;
  /** Told of what is a fault of ours. */
  onFault: (error: unknown, trace: string | undefined) => void;
};

/** The request as it came over the wire, for what must not be read in any other way. */
type Raw = { incoming: IncomingMessage; outgoing: ServerResponse };

/** Seconds a caller may ask to be held for an approval (`Prefer: wait`). */
const MOST_WAIT = 300;

/** The gateway's HTTP contract: transport to call, reply to transport. */
export function createApi({
  gateway,
  lookups,
  consoleUrl,
  tunnelKey,
  ready,
  onFault,
}: ApiDeps): Hono<{ Bindings: Raw }> {
  const app = new Hono<{ Bindings: Raw }>();
  const proxied = createProxied({ gateway, lookups, consoleUrl, onFault });
  const viewOf = (reachable: Reachable) => connectionView(reachable, tunnelKey);

  app.get('/healthz', (context) => context.json({ status: 'alive' }));
  // Cloud Run keeps /healthz and the like for itself when they come from outside: /ready is for uptime checks.
  app.on('GET', ['/readyz', '/ready'], (context) =>
    ready() ? context.json({ status: 'ready' }) : context.json({ status: 'not ready' }, 503),
  );
  app.get('/openapi.json', async (context) => context.json((await import('./openapi.ts')).openApi));
  app.get('/$discovery/rest', (context) => context.json(bigQueryDiscovery(new URL(context.req.url).origin)));

  app.all('/k8s/*', ({ env }) => proxied.answer(env.incoming, env.outgoing));
  app.all('/http/*', ({ env }) => proxied.answer(env.incoming, env.outgoing));
  app.all('/bigquery/*', ({ env }) => proxied.answer(env.incoming, env.outgoing));

  app.use(async (context, next) => {
    const problem = tokenInUrl(context.req.raw);
    if (problem !== undefined) await lookups.turnAway(emptyCall(context.req.raw), problem);
    return next();
  });

  app.post('/v1/connections/:connection/operations', async (context) => {
    const { raw: request } = context.req;
    const call = await readCall(request, context.req.param('connection')).catch((thrown) =>
      lookups.refuse(emptyCall(request), asProblem(thrown)),
    );
    const reply = await gateway.handle(call);
    return renderReply(reply, { ndjson: wantsLines(context.req.raw.headers), consoleUrl });
  });

  app.get('/v1/connections', async (context) =>
    renderFound(await lookups.connections(emptyCall(context.req.raw)), (reachable) => ({
      connections: reachable.map(viewOf),
    })),
  );
  app.get('/v1/connections/:connection', async (context) =>
    renderFound(await lookups.connection(emptyCall(context.req.raw, context.req.param('connection'))), viewOf),
  );
  app.get('/v1/connections/:connection/schema', async (context) => {
    const call = emptyCall(context.req.raw, context.req.param('connection'));
    const query = await readQuery(context.req.raw).catch((thrown) => lookups.refuse(call, asProblem(thrown)));
    return renderFound(await lookups.schema(call, query), (schema) => schema);
  });
  app.get('/v1/operations/:id', async (context) =>
    renderFound(await lookups.operation(emptyCall(context.req.raw), context.req.param('id')), operationView),
  );
  app.get('/v1/approvals/:id', async (context) =>
    renderFound(await lookups.approval(emptyCall(context.req.raw), context.req.param('id')), (approval) =>
      approvalView(approval, consoleUrl),
    ),
  );

  app.all('/v1/*', (context) => lookups.refuse(emptyCall(context.req.raw), new Problem('not-found')));
  app.notFound(() => renderProblem(new Problem('not-found')));
  app.onError((error, context) => {
    const problem = asProblem(error);
    if (problem.code === 'internal') onFault(problem.cause, readTrace(context.req.raw.headers)?.traceId);
    return renderProblem(problem);
  });
  return app;
}

/** A request to run one operation. Nothing in it is trusted yet but its shape. */
async function readCall(request: Request, connection: string): Promise<Call> {
  const { reason, agent, limits, ...targetRequest } = await readJson(request, operationRequestSchema);
  const call = emptyCall(request, connection, agent);
  const said = readReason(request.headers, reason);
  const session = readSession(request.headers);
  return {
    ...call,
    request: targetRequest,
    limits: limits ?? {},
    dryRun: request.url.includes('?') && readDryRun(new URL(request.url)),
    wait: readWait(request.headers, MOST_WAIT),
    ...(said !== undefined && { reason: said }),
    ...(session !== undefined && { session }),
  };
}

function emptyCall(request: Request, connection = '', agent?: Parameters<typeof readAgent>[1]): Call {
  const trace = readTrace(request.headers);
  return {
    presented: readBearer(request.headers),
    connection,
    request: {},
    agent: readAgent(request.headers, agent),
    limits: {},
    dryRun: false,
    wait: 0,
    signal: request.signal,
    ...(trace !== undefined && { trace }),
  };
}

/** Each parameter once, and none that means nothing: a misspelt filter would show everything. */
async function readQuery({ url }: Request): Promise<StructureQuery> {
  const given = [...new URL(url).searchParams];
  const query = Object.fromEntries(given);
  if (Object.keys(query).length < given.length) {
    throw new Problem('bad-request', { detail: 'Each parameter may stand in the query once.' });
  }
  return check(query, structureQuerySchema);
}

/** Strict, as whoever misspells it wants nothing to be run. */
function readDryRun({ searchParams }: URL) {
  const [[name, value] = ['dry_run', 'false'], ...more] = searchParams;
  if (name !== 'dry_run' || more.length > 0) {
    throw new Problem('bad-request', { detail: 'Only dry_run may stand in the query, and once.' });
  }
  if (value !== 'true' && value !== 'false') throw new Problem('bad-request', { detail: 'dry_run is true or false.' });
  return value === 'true';
}

/** Without a query, an escape, or the letters that tokens begin with, there is none. */
const mayHoldToken = /[?%]|eyj/i;

function tokenInUrl(request: Request): Problem | undefined {
  if (!mayHoldToken.test(request.url)) return undefined;
  try {
    refuseTokenInUrl(new URL(request.url));
    return undefined;
  } catch (thrown) {
    return asProblem(thrown);
  }
}

/** Whether lines are named in `Accept`, and not with the weight that excludes them (RFC 9110, 12.4.2). */
function wantsLines(headers: Headers) {
  const accept = headers.get('accept') ?? '';
  if (!/ndjson/i.test(accept)) return false;
  return accept.split(',').some((range) => {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    return type === 'application/x-ndjson' && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
  });
}
