import type { ServerResponse } from 'node:http';
import type { JsonObject } from './json.ts';
import type { Shape } from './media-types.ts';
import { isTrue } from './request-info.ts';
import { groupVersionOf, type Resource } from './resources.ts';
import { type Matches, selectorOf } from './selectors.ts';
import { shapeList, shapeObject, withoutColumns } from './shapes.ts';
import { badRequest, Refused } from './status.ts';
import { type Change, nameOf, namespaceOf, type Store } from './store.ts';

type Asked = { resource: Resource; namespace: string; query: URLSearchParams; shape: Shape };
type Place = { store: Store; now: () => Date };

/** A page of what is there: by `limit`, from `continue` on. */
export function list({ store, now }: Place, { resource, namespace, query, shape }: Asked): JsonObject {
  const matching = store.list(resource, namespace).filter(selectorOf(query, resource.name));
  const limit = numberOf(query, 'limit') ?? 0;
  const from = startOf(query.get('continue'));
  const rest = from === undefined ? matching : matching.filter((object) => keyOf(object) > from.after);
  const page = limit > 0 ? rest.slice(0, limit) : rest;
  const last = page.at(-1);
  const revision = from?.revision ?? String(store.revision());
  const isCut = last !== undefined && page.length < rest.length;
  const metadata = {
    resourceVersion: revision,
    ...(isCut && {
      continue: tokenOf({ revision, after: keyOf(last) }),
      remainingItemCount: rest.length - page.length,
    }),
  };
  return shapeList(page, { resource, metadata, shape, query, now: now() });
}

const keyOf = (object: JsonObject) => `${namespaceOf(object)}/${nameOf(object)}`;

type Start = { revision: string; after: string };

function tokenOf(start: Start): string {
  return Buffer.from(JSON.stringify(start)).toString('base64url');
}

function startOf(token: string | null): Start | undefined {
  if (!token) return undefined;
  try {
    const { revision, after } = JSON.parse(Buffer.from(token, 'base64url').toString());
    return { revision: String(revision), after: String(after) };
  } catch {
    throw badRequest('continue key is not valid: it was not given by this server');
  }
}

const BOOKMARK_MILLISECONDS = 60_000;
const LONGEST_SECONDS = 3600;

/** Writes an event a line until the caller leaves or `timeoutSeconds` are over, and then a bookmark where it takes them. */
export function watch({ store, now }: Place, asked: Asked, response: ServerResponse): void {
  const { resource, namespace, query, shape } = asked;
  const matches = selectorOf(query, resource.name);
  const write = eventWriter(asked, response, now);
  const bookmark = (annotations?: JsonObject) => {
    const metadata = {
      resourceVersion: String(store.revision()),
      creationTimestamp: null,
      ...(annotations && { annotations }),
    };
    write('BOOKMARK', { kind: resource.kind, apiVersion: groupVersionOf(resource), metadata });
  };
  const begin = beginning(query);
  const follow = (after: number) =>
    store.follow(resource, namespace, after, (change) => {
      const seen = seenAs(change, matches);
      if (seen !== undefined) write(seen, change.object);
    });

  response.writeHead(200, {
    'Content-Type': shape.as === 'object' ? 'application/json' : `application/json;as=${shape.as}`,
  });
  response.flushHeaders();
  if (begin.all) for (const object of store.list(resource, namespace).filter(matches)) write('ADDED', object);
  const takesBookmarks = isTrue(query, 'allowWatchBookmarks');
  if (takesBookmarks && isTrue(query, 'sendInitialEvents')) bookmark({ 'k8s.io/initial-events-end': 'true' });

  let leave = () => {};
  try {
    leave = follow(begin.all ? store.revision() : begin.after);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    response.end(`${JSON.stringify({ type: 'ERROR', object: error.status })}\n`);
    return;
  }
  const limit = Math.min(numberOf(query, 'timeoutSeconds') || LONGEST_SECONDS, LONGEST_SECONDS);
  const end = setTimeout(() => {
    if (takesBookmarks) bookmark();
    response.end();
  }, limit * 1000);
  const beat = setInterval(() => takesBookmarks && bookmark(), BOOKMARK_MILLISECONDS);
  response.once('close', () => {
    clearTimeout(end);
    clearInterval(beat);
    leave();
  });
}

function eventWriter({ resource, query, shape }: Asked, response: ServerResponse, now: () => Date) {
  let told = false;
  return (type: string, object: JsonObject) => {
    const shaped = shapeObject(object, resource.kind, shape, query, now());
    response.write(`${JSON.stringify({ type, object: told ? withoutColumns(shaped) : shaped })}\n`);
    told = true;
  };
}

/** Without a version, or with 0, a watch begins with all that there is. */
function beginning(query: URLSearchParams): { all: true } | { all: false; after: number } {
  if (isTrue(query, 'sendInitialEvents')) return { all: true };
  const version = query.get('resourceVersion') ?? '';
  if (version === '' || version === '0') return { all: true };
  const after = Number(version);
  if (!Number.isSafeInteger(after))
    throw badRequest(`Invalid value: ${JSON.stringify(version)}: strconv.ParseUint: invalid syntax`);
  return { all: false, after };
}

/** What comes into a selection is added to it, and what leaves it is deleted, whatever happened to the object itself. */
function seenAs({ type, object, previous }: Change, matches: Matches): Change['type'] | undefined {
  const was = previous !== undefined && matches(previous);
  const is = type !== 'DELETED' && matches(object);
  if (is) return was ? 'MODIFIED' : 'ADDED';
  return was ? 'DELETED' : undefined;
}

function numberOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw badRequest(`Invalid value: ${JSON.stringify(text)}: ${name} is a number`);
}
