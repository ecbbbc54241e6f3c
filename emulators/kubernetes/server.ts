import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Cluster } from './cluster.ts';
import { discover, version } from './discovery.ts';
import type { Json } from './json.ts';
import type { Logs } from './logs.ts';
import { openApi, openApiV2 } from './openapi.ts';
import { podOf } from './pods.ts';
import { type RequestInfo, readRequestInfo } from './request-info.ts';
import { answerResource } from './resource-requests.ts';
import { badRequest, forbidden, NoSuchPage, Refused } from './status.ts';
import { denial, impersonated, type User } from './users.ts';

/** A request after its head was read: who asks for what. */
export type Ask = { info: RequestInfo; query: URLSearchParams; user: User; request: IncomingMessage };

const LARGEST_BODY = 3 * 1024 * 1024;

export function createHandler(
  cluster: Cluster,
  logs: Logs,
): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    response.setHeader('Audit-Id', randomUUID());
    response.setHeader('Cache-Control', 'no-cache, private');
    answer(cluster, logs, request, response).catch((error: unknown) => refuse(response, error));
  };
}

async function answer(cluster: Cluster, logs: Logs, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const ask = admit(cluster, request);
  const { segments, isResource, resource, subresource, namespace, name } = ask.info;
  if (resource === 'pods' && subresource === 'log' && ask.info.verb === 'get')
    return logs.write(podOf(cluster, namespace, name), ask.query, response);
  if (isResource) return answerResource(cluster, ask, () => bodyOf(request), response);
  switch (segments[0]) {
    case 'healthz':
    case 'livez':
    case 'readyz':
      response.writeHead(200, { 'Content-Type': 'text/plain; charset=utf-8' }).end('ok');
      return;
    case 'version':
      return reply(response, 200, version);
    case 'api':
    case 'apis': {
      const { type, body } = discover(segments, request.headers.accept, cluster.resources());
      return reply(response, 200, body, type);
    }
    case 'openapi': {
      if (segments[1] === 'v2') {
        response.writeHead(200, { 'Content-Type': openApiV2.type }).end(openApiV2.body);
        return;
      }
      const found = openApi(segments, cluster.resources());
      if (found !== undefined) return reply(response, 200, found);
    }
  }
  throw new NoSuchPage();
}

/** Throws a 401 or 403 for whoever may not. */
export function admit(cluster: Cluster, request: IncomingMessage): Ask {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'https://cluster');
  const { access, users } = cluster;
  const may = (one: User, resource: 'users' | 'groups', name: string) =>
    access.allows(one, { verb: 'impersonate', group: '', resource, subresource: '', namespace: '', name });
  const user = impersonated(users.authenticate(request), request, may);
  const info = readInfo(request.method ?? 'GET', pathname, searchParams);
  const path = `/${info.segments.join('/')}`;
  if (access.allows(user, info.isResource ? info : { ...info, path }))
    return { info, query: searchParams, user, request };
  if (info.isResource) throw forbidden({ group: info.group, name: info.resource }, info.name, denial(user, info));
  throw forbiddenPath(user, info.verb, path);
}

function readInfo(method: string, path: string, query: URLSearchParams): RequestInfo {
  try {
    return readRequestInfo(method, path, query);
  } catch {
    throw badRequest('the path cannot be decoded');
  }
}

function forbiddenPath({ name }: User, verb: string, path: string): Refused {
  return new Refused(403, 'Forbidden', `forbidden: User "${name}" cannot ${verb} path "${path}"`, {});
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of request) {
    size += piece.length;
    if (size > LARGEST_BODY)
      throw new Refused(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${LARGEST_BODY}`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

export function reply(response: ServerResponse, code: number, body: Json, type = 'application/json'): void {
  response.writeHead(code, { 'Content-Type': type }).end(`${JSON.stringify(body)}\n`);
}

function refuse(response: ServerResponse, error: unknown): void {
  const refused =
    error instanceof Refused ? error : new Refused(500, 'InternalError', `Internal error occurred: ${error}`);
  if (response.headersSent) response.destroy();
  else if (error instanceof NoSuchPage)
    response.writeHead(404, { 'Content-Type': 'text/plain; charset=utf-8' }).end('404 page not found\n');
  else reply(response, refused.code, refused.status);
}
