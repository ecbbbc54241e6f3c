import { randomInt, randomUUID } from 'node:crypto';
import { withDefaults } from './defaults.ts';
import { at, type JsonObject, listAt, numberAt, objectAt, same, textAt } from './json.ts';

import { type Manager, tracked } from './managed-fields.ts';
import { groupVersionOf, type Resource } from './resources.ts';
import { alreadyExists, badRequest, conflict, forbidden, invalid, notFound } from './status.ts';
import { nameOf, namespaceOf, type Store } from './store.ts';
import { validate } from './validation.ts';

/** What one object is asked to become. */
export type Target = {
  resource: Resource;
  namespace: string;
  name: string;
  query: URLSearchParams;
  /** Who is told to have set what changes; without one the `managedFields` are taken as they are given. */
  manager?: Manager;
};

export type Objects = {
  read(target: Target): JsonObject;
  create(target: Target, object: JsonObject): JsonObject;
  /** Puts another in its place; where the caller names a `resourceVersion`, only if it is still the one. */
  replace(target: Target, object: JsonObject): JsonObject;
  /** Returns the object that is gone, and whether it is gone already. */
  remove(target: Target, options: JsonObject): { object: JsonObject; gone: boolean };
};

const LETTERS = 'bcdfghjklmnpqrstvwxz2456789';
const NAMESPACES = { group: '', name: 'namespaces' };

/** The life of objects: names, versions, defaults, preconditions, finalizers. With `dryRun=All` nothing is kept. */
export function createObjects(options: {
  store: Store;
  now: () => Date;
  /** What is served at this moment. */
  kinds: () => readonly Resource[];
}): Objects {
  const { store, now, kinds } = options;

  function read({ resource, namespace, name }: Target): JsonObject {
    const found = store.get(resource, namespace, name);
    if (found === undefined) throw notFound(resource, name);
    return found;
  }

  function keep({ resource, query }: Target, object: JsonObject): JsonObject {
    return isDryRun(query) ? object : store.put(resource, object);
  }

  function create(target: Target, given: JsonObject): JsonObject {
    const { resource, namespace } = target;
    requirePlace(resource, namespace, given);
    if (resource.namespaced) requireNamespace(namespace);
    const { managedFields, ...rest } = objectAt(given, 'metadata');
    const generate = textAt(rest, 'generateName');
    const name = textAt(rest, 'name') || (generate === '' ? '' : generate + randomName());
    const metadata: JsonObject = {
      ...rest,
      name,
      ...(resource.namespaced && { namespace }),
      uid: randomUUID(),
      creationTimestamp: seconds(now()),
      ...(hasGeneration(given, resource) && { generation: 1 }),
      ...(managedFields !== undefined && { managedFields }),
    };
    delete metadata['resourceVersion'];
    delete metadata['deletionTimestamp'];
    const complete = withDefaults(resource.kind, { ...typed(resource), ...given, metadata });
    validate(resource, complete);
    const object = target.manager === undefined ? complete : tracked(undefined, complete, target.manager);
    if (store.get(resource, namespace, name) !== undefined) throw alreadyExists(resource, name);
    return keep(target, object);
  }

  function requireNamespace(namespace: string) {
    const found = store.get(NAMESPACES, '', namespace);
    if (found === undefined) throw notFound(NAMESPACES, namespace);
    if (textAt(found, 'status', 'phase') !== 'Terminating') return;
    const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
    throw forbidden(NAMESPACES, namespace, why);
  }

  function replace(target: Target, given: JsonObject): JsonObject {
    const { resource, namespace, name } = target;
    const known = read(target);
    requirePlace(resource, namespace, given);
    if (nameOf(given) !== name) {
      throw badRequest(`the name of the object (${nameOf(given)}) does not match the name on the URL (${name})`);
    }
    const version = textAt(given, 'metadata', 'resourceVersion');
    if (version !== '' && version !== textAt(known, 'metadata', 'resourceVersion')) throw conflict(resource, name);
    const uid = textAt(given, 'metadata', 'uid');
    if (uid !== '' && uid !== textAt(known, 'metadata', 'uid')) {
      throw conflict(
        resource,
        name,
        `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${textAt(known, 'metadata', 'uid')}`,
      );
    }
    const before = objectAt(known, 'metadata');
    const metadata: JsonObject = { ...objectAt(given, 'metadata') };
    for (const field of [
      'uid',
      'creationTimestamp',
      'generation',
      'resourceVersion',
      'namespace',
      'deletionTimestamp',
    ]) {
      if (before[field] === undefined) delete metadata[field];
      else metadata[field] = before[field];
    }
    const complete = withDefaults(resource.kind, { ...given, ...typed(resource), metadata });
    validate(resource, complete);
    const object = target.manager === undefined ? complete : tracked(known, complete, target.manager);
    if (same(object, known)) return known;
    if (before['generation'] !== undefined && !same(object['spec'], known['spec'])) {
      object['metadata'] = { ...objectAt(object, 'metadata'), generation: numberAt(before, 'generation') + 1 };
    }
    const isFinal = before['deletionTimestamp'] !== undefined && listAt(metadata, 'finalizers').length === 0;
    return isFinal && !isDryRun(target.query) ? store.remove(resource, object) : keep(target, object);
  }

  function remove(target: Target, options: JsonObject) {
    const { resource, name, query } = target;
    const object = read(target);
    for (const field of ['uid', 'resourceVersion']) {
      const wanted = textAt(options, 'preconditions', field);
      const actual = textAt(object, 'metadata', field);
      if (wanted === '' || wanted === actual) continue;
      throw conflict(
        resource,
        name,
        `Precondition failed: ${field} in precondition: ${wanted}, ${field} in object meta: ${actual}`,
      );
    }
    const isDry = isDryRun(query) || listAt(options, 'dryRun').includes('All');
    if (isDry) return { object, gone: true };
    if (resource.kind === 'Namespace') for (const kind of kinds()) empty(kind, name);
    if (listAt(object, 'metadata', 'finalizers').length === 0)
      return { object: store.remove(resource, object), gone: true };
    const metadata = { ...objectAt(object, 'metadata'), deletionTimestamp: seconds(now()) };
    return { object: store.put(resource, { ...object, metadata }), gone: false };
  }

  function empty(kind: Resource, namespace: string) {
    if (!kind.namespaced) return;
    for (const object of store.list(kind, namespace)) store.remove(kind, object);
  }

  return { read, create, replace, remove };
}

/** Throws a 400 where the object says that it is something else, or elsewhere, than the path. */
function requirePlace(resource: Resource, namespace: string, object: JsonObject) {
  const { apiVersion, kind } = object;
  const expected = groupVersionOf(resource);
  if (apiVersion !== undefined && apiVersion !== expected) {
    throw badRequest(
      `the API version in the data (${apiVersion}) does not match the expected API version (${expected})`,
    );
  }
  if (kind !== undefined && kind !== resource.kind) {
    throw badRequest(`the kind in the data (${kind}) does not match the expected kind (${resource.kind})`);
  }
  const told = namespaceOf(object);
  if (told === '' || told === namespace) return;
  throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
}

/** Throws a 422 for a dry run that is not of all. */
function isDryRun(query: URLSearchParams): boolean {
  const asked = query.getAll('dryRun');
  if (asked.every((one) => one === 'All')) return asked.length > 0;
  const message = `Unsupported value: []string{${asked.map((one) => JSON.stringify(one)).join(', ')}}: supported values: "All"`;
  throw invalid({ group: 'meta.k8s.io', kind: 'CreateOptions' }, '', [
    { field: 'dryRun', reason: 'NotSupported', message },
  ]);
}

export function seconds(date: Date): string {
  return date.toISOString().replace(/\.\d+/, '');
}

function typed(resource: Resource): JsonObject {
  return { kind: resource.kind, apiVersion: groupVersionOf(resource) };
}

function hasGeneration(object: JsonObject, { kind, custom = false }: Resource): boolean {
  return custom || (at(object, 'spec') !== undefined && !['Namespace', 'Service', 'Node'].includes(kind));
}

function randomName(): string {
  return Array.from({ length: 5 }, () => LETTERS[randomInt(LETTERS.length)]).join('');
}
