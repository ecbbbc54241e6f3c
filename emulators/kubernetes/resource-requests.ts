import type { ServerResponse } from 'node:http';
import { readObject } from './body.ts';
import type { Cluster } from './cluster.ts';
import type { JsonObject } from './json.ts';
import { list, watch } from './lists.ts';
import { shapeOf } from './media-types.ts';
import type { Target } from './objects.ts';
import type { Resource } from './resources.ts';
import { review } from './reviews.ts';
import { selectorOf } from './selectors.ts';
import { type Ask, reply } from './server.ts';
import { shapeList, shapeObject } from './shapes.ts';
import { badRequest, methodNotAllowed, noSuchPath } from './status.ts';
import { nameOf, namespaceOf } from './store.ts';

type ReadBody = () => Promise<Buffer>;

/** One request about objects. Throws what it refuses. */
export async function answerResource(
  cluster: Cluster,
  ask: Ask,
  readBody: ReadBody,
  response: ServerResponse,
): Promise<void> {
  const { info, query, request } = ask;
  const resource = cluster.resourceAt(info);
  if (info.subresource !== '') throw noSuchPath();
  if (!resource.verbs.includes(info.verb)) throw methodNotAllowed();
  const { namespace, name } = placeOf(ask, resource);
  const shape = shapeOf(request.headers.accept);
  const asked = { resource, namespace, query, shape };
  const target: Target = { resource, namespace, name, query };
  const show = (code: number, object: JsonObject) =>
    reply(response, code, shapeObject(object, resource.kind, shape, query, cluster.now()));
  const given = async () => readObject(request.headers['content-type'], await readBody());

  switch (info.verb) {
    case 'get':
      return show(200, cluster.objects.read(target));
    case 'list':
      return reply(response, 200, list(cluster, asked));
    case 'watch':
      return watch(cluster, asked, response);
    case 'create': {
      if (name !== '') throw methodNotAllowed();
      const object = await given();
      return show(201, review(cluster, resource.kind, object, ask.user) ?? cluster.objects.create(target, object));
    }
    case 'update':
      return show(200, cluster.objects.replace(target, await given()));
    case 'delete':
      return reply(response, 200, remove(cluster, target, await optionsOf(await readBody())));
    case 'deletecollection': {
      const options = await optionsOf(await readBody());
      const matching = cluster.store.list(resource, namespace).filter(selectorOf(query));
      const removed = matching.map(
        (object) =>
          cluster.objects.remove({ ...target, namespace: namespaceOf(object), name: nameOf(object) }, options).object,
      );
      const metadata = { resourceVersion: String(cluster.store.revision()) };
      return reply(response, 200, shapeList(removed, { ...asked, metadata, now: cluster.now() }));
    }
    default:
      throw methodNotAllowed();
  }
}

function placeOf({ info, query }: Ask, resource: Resource) {
  const namespace = resource.namespaced ? info.namespace : '';
  if (resource.namespaced && namespace === '' && !['list', 'watch'].includes(info.verb)) {
    throw badRequest('an empty namespace may not be set during creation');
  }
  // Of a list and a watch the name is in the selector, which is applied anyhow.
  const isAll = ['list', 'watch', 'deletecollection'].includes(info.verb);
  return { namespace, name: isAll ? '' : info.name, query };
}

/** What is gone answers with a `Status`, what waits for its finalizers with itself. */
function remove(cluster: Cluster, target: Target, options: JsonObject): JsonObject {
  const { object, gone } = cluster.objects.remove(target, options);
  if (!gone) return object;
  const { group, name: kind } = target.resource;
  const uid = (object['metadata'] as JsonObject)['uid'] ?? '';
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: { name: target.name, ...(group !== '' && { group }), kind, uid },
  };
}

async function optionsOf(body: Buffer): Promise<JsonObject> {
  return body.length === 0 ? {} : readObject('application/json', body);
}
