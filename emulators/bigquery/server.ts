import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { discoveryDocument } from './discovery.ts';
import { BigQueryError, renderError } from './errors.ts';
import { ROUTES, type Route } from './routes.ts';
import type { Service } from './service.ts';

const unzip = promisify(gunzip);
/** The service takes 10 MB of rows in one insertAll. */
const LARGEST_BODY = 20 * 1024 * 1024;

/** Milliseconds. Google's front ends keep what is idle for minutes; Node's 5 s may end a connection just when a busy client uses it again. */
const IDLE = 600_000;

/** An HTTP server for the service; every failure is the API's error JSON. */
export function createApiServer(service: Service): Server {
  return createServer({ keepAliveTimeout: IDLE }, (message, response) => {
    answer(service, message)
      .then((body) => send(response, body === undefined ? 204 : 200, body))
      .catch((error: unknown) => {
        const { code, body } = renderError(error);
        if (code === 500) console.error('bigquery emulator:', error);
        send(response, code, body);
      });
  });
}

function send(response: ServerResponse, status: number, body: object | undefined): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=UTF-8' });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}

async function answer(service: Service, message: IncomingMessage): Promise<object | undefined> {
  const url = new URL(message.url ?? '/', 'http://localhost');
  if (/^\/(\$discovery\/rest|discovery\/v1\/apis\/bigquery\/v2\/rest)$/.test(url.pathname))
    return discoveryDocument(service.url);
  const { body, size } = await readBody(message);
  const method = methodOf(message);
  const { route, path } = findRoute(method, url.pathname);
  return route.handler(service, { path, query: url.searchParams, body, size });
}

/** `X-HTTP-Method-Override` turns a POST into the method it names, as Google's front ends allow. */
function methodOf(message: IncomingMessage): string {
  const override = message.headers['x-http-method-override'];
  return message.method === 'POST' && typeof override === 'string' ? override.toUpperCase() : (message.method ?? 'GET');
}

const PATTERNS = ROUTES.map((route) => ({
  route,
  pattern: new RegExp(`^(?:/bigquery/v2)?/${route.path.replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')}/?$`),
}));

function findRoute(method: string, pathname: string): { route: Route; path: Record<string, string> } {
  const matching = PATTERNS.flatMap(({ route, pattern }) => {
    const found = pattern.exec(pathname);
    return found ? [{ route, path: decoded(found.groups ?? {}) }] : [];
  });
  const own = matching.find(({ route }) => route.method === method);
  if (own) return own;
  if (matching.length) throw new BigQueryError('methodNotAllowed', `Method ${method} is not allowed for ${pathname}`);
  throw new BigQueryError('notFound', `Not found: ${pathname}`);
}

function decoded(groups: Record<string, string>): Record<string, string> {
  try {
    return Object.fromEntries(Object.entries(groups).map(([name, value]) => [name, decodeURIComponent(value)]));
  } catch {
    throw new BigQueryError('invalid', 'The path is not valid percent-encoding');
  }
}

async function readBody(message: IncomingMessage): Promise<{ body: unknown; size: number }> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message) {
    size += chunk.length;
    if (size > LARGEST_BODY) throw new BigQueryError('invalid', 'Request payload size exceeds the limit');
    chunks.push(chunk);
  }
  if (!size) return { body: undefined, size };
  const raw = Buffer.concat(chunks);
  const bytes = message.headers['content-encoding'] === 'gzip' ? await unzipped(raw) : raw;
  return { body: parsed(bytes.toString('utf8')), size: bytes.length };
}

async function unzipped(raw: Buffer): Promise<Buffer> {
  try {
    return await unzip(raw, { maxOutputLength: LARGEST_BODY });
  } catch {
    throw new BigQueryError('parseError', 'The request body is not valid gzip');
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new BigQueryError('parseError', 'Parse Error');
  }
}
