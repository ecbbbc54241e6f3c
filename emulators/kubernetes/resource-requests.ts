import type { ServerResponse } from 'node:http';
import { readObject } from './body.ts';
import type { Cluster } from './cluster.ts';
import type { JsonObject } from './json.ts';
import { list, watch } from './lists.ts';
import type { Manager } from './managed-fields.ts';
import { shapeOf } from './media-types.ts';
import { seconds, type Target } from './objects.ts';
import { readPatch } from './patch.ts';
import { isTrue } from './request-info.ts';
import { groupVersionOf, type Resource } from './resources.ts';
import { review } from './reviews.ts';
import { selectorOf } from './selectors.ts';
import { type Ask, reply } from './server.ts';
import { shapeList, shapeObject } from './shapes.ts';
import { badRequest, invalid, methodNotAllowed, noSuchPath } from './status.ts';
import { nameOf, namespaceOf } from './store.ts';
import { creations, type Lens, lenses, whole } from './subresources.ts';

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
  const { namespace, name } = placeOf(ask, resource);
  const target: Target = { resource, namespace, name, query, manager: managerOf(cluster, ask, resource) };
  const type = request.headers['content-type'];
  if (info.subresource !== '') return answerSubresource(cluster, ask, target, readBody, response);
  if (!resource.verbs.includes(info.verb)) throw methodNotAllowed();
  const shape = shapeOf(request.headers.accept);
  const asked = { resource, namespace, query, shape };
  const show = (code: number, object: JsonObject) =>
    reply(response, code, shapeObject(object, resource.kind, shape, query, cluster.now()));

  switch (info.verb) {
    case 'get':
      return show(200, cluster.objects.read(target));
    case 'list':
      return reply(response, 200, list(cluster, asked));
    case 'watch':
      return watch(cluster, asked, response);
    case 'create': {
      if (name !== '') throw methodNotAllowed();
      const object = await readObject(type, await readBody());
      return show(201, review(cluster, resource, object, ask.user) ?? cluster.objects.create(target, object));
    }
    case 'update':
      return show(200, replace(cluster, target, whole, await readObject(type, await readBody())));
    case 'patch': {
      const { code, object } = await patch(cluster, ask, target, whole, await readBody());
      return show(code, object);
    }
    case 'delete':
      return reply(response, 200, remove(cluster, target, await optionsOf(type, await readBody())));
    case 'deletecollection': {
      const options = await optionsOf(type, await readBody());
      const matching = cluster.store.list(resource, namespace).filter(selectorOf(query, resource.name));
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

async function answerSubresource(
  cluster: Cluster,
  ask: Ask,
  target: Target,
  readBody: ReadBody,
  response: ServerResponse,
) {
  const { info, request, query } = ask;
  const { resource } = target;
  const known = resource.subresources.find((one) => one.name === info.subresource);
  if (known === undefined) throw noSuchPath();
  if (!known.verbs.includes(info.verb)) throw methodNotAllowed();
  const type = request.headers['content-type'];
  const create = creations[`${resource.name}/${known.name}`];
  if (create !== undefined)
    return reply(response, 201, create(cluster, target, await readObject(type, await readBody())));
  const lens = lenses[known.name];
  // The others are connections.
  if (lens === undefined) throw badRequest('Upgrade request required');
  const shape = shapeOf(request.headers.accept);
  const show = (object: JsonObject) =>
    reply(response, 200, shapeObject(lens.read(object), lens.kind(resource), shape, query, cluster.now()));
  if (info.verb === 'get') return show(cluster.objects.read(target));
  if (info.verb === 'update') return show(replace(cluster, target, lens, await readObject(type, await readBody())));
  return show((await patch(cluster, ask, target, lens, await readBody())).object);
}

function replace(cluster: Cluster, target: Target, lens: Lens, part: JsonObject): JsonObject {
  const known = cluster.objects.read(target);
  const next = lens.write(known, part);
  const keeps = lens === whole && target.resource.subresources.some(({ name }) => name === 'status');
  return cluster.objects.replace(
    target,
    keeps && known['status'] !== undefined ? { ...next, status: known['status'] } : next,
  );
}

async function patch(cluster: Cluster, { query, request }: Ask, target: Target, lens: Lens, body: Buffer) {
  const { resource, namespace, name, manager } = target;
  if (manager === undefined) throw new TypeError('A patch has a manager.');
  const force = isTrue(query, 'force');
  const { creates, to } = await readPatch(request.headers['content-type'], body, {
    ...{ manager, force, custom: resource.custom === true },
  });
  if (creates && query.get('fieldManager') === null) {
    throw invalid({ group: 'meta.k8s.io', kind: 'PatchOptions' }, '', [
      { field: 'fieldManager', reason: 'Required', message: 'Required value: is required for apply patch' },
    ]);
  }
  // An apply says itself who holds what.
  const { manager: _, ...unmanaged } = target;
  const aim: Target = creates ? unmanaged : target;
  const isThere = cluster.store.get(resource, namespace, name) !== undefined;
  if (creates && !isThere) return { code: 201, object: cluster.objects.create(aim, to({})) };
  return { code: 200, object: replace(cluster, aim, lens, to(lens.read(cluster.objects.read(target)))) };
}

/** `fieldManager`, or what the caller calls itself. */
function managerOf({ now }: Cluster, { query, request }: Ask, resource: Resource): Manager {
  const agent = request.headers['user-agent']?.split('/')[0] || 'unknown';
  const apiVersion = groupVersionOf(resource);
  return { name: query.get('fieldManager') || agent, operation: 'Update', apiVersion, time: seconds(now()) };
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

async function optionsOf(type: string | undefined, body: Buffer): Promise<JsonObject> {
  return body.length === 0 ? {} : readObject(type, body);
}
