import type { HttpRequest } from '../../model/http-request.ts';
import type { Operation } from '../../model/operation.ts';
import type { Context } from '../target.ts';
import { classified, maskedBy } from './classification.ts';
import { injectedHeader } from './credential.ts';
import { refuseMasked } from './masked-values.ts';
import type { MasksFor } from './masks.ts';
import { readPath, writePath, writeQuery } from './path.ts';
import type { Plan } from './plan.ts';
import { refuseQuery } from './query.ts';
import { recordedAs } from './recorded.ts';
import { never, unreadable } from './refusal.ts';
import { judgeBody } from './request-body.ts';
import { headersFor } from './request-headers.ts';
import type { Settings } from './settings.ts';
import { statementOf } from './statement.ts';

/**
 * What a request means to the service: the one operation of the connection that has its method and path. What it is sent on as is written
 * anew from what was judged. Refuses (`operation-unreadable`) what could be read in another way, and (`denied`) what no operation is.
 */
export function understand(
  request: HttpRequest,
  settings: Settings,
  context: Context,
  masksFor: MasksFor,
): Operation<Plan> {
  if (request.upgrade !== undefined)
    throw unreadable('upgrade', 'No operation of a service is a WebSocket; send a plain request.');
  const { segments, query } = readPath(request.path);
  const found = settings.routes.find(request.method, segments);
  if (found === undefined) {
    const { name } = context.connection;
    throw never(
      'unknown-operation',
      `No operation of ${name} has this method and path; GET /v1/connections/${name}/schema lists them.`,
    );
  }
  const { route } = found;
  refuseQuery(query, route);
  const known = classified(route, context);
  const body = judgeBody(request.body, request.headers.get('content-type'), route);
  refuseMasked(body, request.method, context.connection);
  const headers = headersFor(request.headers, {
    route,
    allowed: settings.request_headers,
    injected: injectedHeader(settings.inject),
    hasBody: body.kind !== 'none',
    hidesAnything: known.hidden.length > 0,
  });
  const path = `${writePath([...(settings.base_path ?? []), ...segments])}${writeQuery(query)}`;
  const statement = statementOf({ method: request.method, path, headers, body });
  const recorded = recordedAs({ request, headers, body, query, found, settings }, known, context.seal);
  return {
    kind: 'http',
    verb: route.verb,
    risks: route.risks,
    resources: [route.name],
    classes: [...new Set(known.paths.values())].sort(),
    statement,
    parameters: [],
    recorded: { statement: recorded, parameters: [], ...(recorded !== statement && { returned: true }) },
    masks: maskedBy(known, route.name, context.connection),
    ...(known.refusal !== undefined && { unprovable: known.refusal }),
    warnings: [],
    ...(known.hidden.length > 0 && { protection: 'rewritten' as const }),
    estimates: {},
    ...(route.response.stream && { live: true }),
    plan: {
      method: request.method,
      path,
      headers,
      body: request.body,
      response: route.response,
      masks: masksFor(route.name, known, context),
      hides: known.hidden.length > 0,
      unmask: context.unmask,
    },
  };
}
