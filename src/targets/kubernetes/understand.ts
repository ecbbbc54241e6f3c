import type { HttpRequest } from '../../model/http-request.ts';
import type { Operation } from '../../model/operation.ts';
import type { Context } from '../target.ts';
import { answerMasks } from './answer-masks.ts';
import type { Facts } from './kubernetes.ts';
import { type Address, readAddress, writeAddress } from './path.ts';
import type { Plan } from './plan.ts';
import { never, unreadable } from './refusal.ts';
import { type RequestInfo, requestInfo } from './request-info.ts';
import { readBody } from './rules/body.ts';
import { refuseHeaders } from './rules/headers.ts';
import { accepted } from './rules/media-types.ts';
import { readParameters } from './rules/parameters.ts';
import { servedPath } from './rules/paths.ts';
import { recordedStatement, statementOf } from './statement.ts';
import { understandResource } from './understand-resource.ts';

/** HEAD is not among them: no resource is served with it. */
const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

/**
 * What a request means. Pure. Refuses what two readers could read differently, what is not known, and what never passes; what is sent to
 * the server is written anew from what was understood.
 */
export function understand(
  request: HttpRequest,
  { settings }: Pick<Facts, 'settings'>,
  context: Context,
): Operation<Plan> {
  if (!methods.includes(request.method)) throw never('method', `Use one of ${methods.join(', ')}.`);
  refuseHeaders(request);
  const address = readAddress(request.path);
  const info = requestInfo(request.method, address);
  if (info.isResource) return understandResource({ request, address, info }, settings, context);
  return understandServer(request, address, info, context);
}

/** What a server says of itself touches no resource. */
function understandServer(
  request: HttpRequest,
  { segments, query: raw }: Address,
  info: RequestInfo,
  context: Context,
): Operation<Plan> {
  const { unmask, seal } = context;
  const asked = servedPath(info);
  if (request.upgrade !== undefined) throw never('upgrade', 'Only exec, attach and port-forward of pods are upgraded.');
  const address = { segments, query: readParameters(raw, asked) };
  const body = readBody(request, 'get');
  if (body.type !== 'none') throw unreadable('body', 'Send no body to read something.');
  const known = request.headers.get('if-none-match');
  const headers = known === undefined ? [] : [['if-none-match', known] as const];
  const parts = { method: 'GET', address, headers: [], body };
  const masks = answerMasks(info, context);
  return {
    kind: 'kubernetes',
    verb: 'read',
    risks: [],
    resources: [],
    classes: [],
    statement: statementOf(parts),
    parameters: [],
    recorded: { statement: recordedStatement(parts, { seal, secret: false, hides: masks.hides }), parameters: [] },
    masks: [],
    warnings: [],
    estimates: {},
    plan: {
      info,
      method: 'GET',
      path: writeAddress(address),
      query: address.query,
      accept: accepted(request.headers.get('accept'), textual(asked, segments)),
      headers,
      body: new Uint8Array(),
      answer: 'discovery',
      unmask,
      ...masks,
    },
  };
}

function textual(asked: 'discovery' | 'health', [first]: readonly string[]): 'object' | 'schemas' | 'text' {
  if (asked === 'health') return 'text';
  return first === 'openapi' ? 'schemas' : 'object';
}
