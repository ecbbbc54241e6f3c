import { copy, isObject, type Json, type JsonObject, same } from './json.ts';
import { badRequest, Refused } from './status.ts';

/** Applies a JSON Patch (RFC 6902). Throws a 400 for what is none, and a 422 where it does not fit. */
export function jsonPatch(document: JsonObject, patch: Json): JsonObject {
  if (!Array.isArray(patch)) throw badRequest('the JSON patch must be a list of operations');
  let root: Json = copy(document);
  for (const one of patch) root = step(root, isObject(one) ? one : {});
  if (!isObject(root)) throw unfit();
  return root;
}

function step(root: Json, operation: JsonObject): Json {
  const { op, value = null } = operation;
  const path = pointer(operation['path']);
  switch (op) {
    case 'add':
      return put(root, path, value, 'add');
    case 'replace':
      find(root, path);
      return put(root, path, value, 'replace');
    case 'remove':
      return remove(root, path);
    case 'copy':
      return put(root, path, copy(find(root, pointer(operation['from']))), 'add');
    case 'move': {
      const from = pointer(operation['from']);
      const moved = find(root, from);
      return put(remove(root, from), path, moved, 'add');
    }
    case 'test':
      if (same(find(root, path), value)) return root;
      throw unfit();
    default:
      throw unfit();
  }
}

function pointer(text: Json | undefined): string[] {
  if (text === '') return [];
  if (typeof text !== 'string' || !text.startsWith('/')) throw badRequest(`${JSON.stringify(text)} is no JSON pointer`);
  return text
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function find(root: Json, path: readonly string[]): Json {
  let found = root;
  for (const part of path) {
    const next: Json | undefined = Array.isArray(found) ? found[indexOf(part, found.length)] : own(found, part);
    if (next === undefined) throw unfit();
    found = next;
  }
  return found;
}

function own(value: Json, name: string): Json | undefined {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

function put(root: Json, path: readonly string[], value: Json, how: 'add' | 'replace'): Json {
  const last = path.at(-1);
  if (last === undefined) return value;
  const parent = find(root, path.slice(0, -1));
  if (Array.isArray(parent)) {
    const index = last === '-' ? parent.length : indexOf(last, parent.length + 1);
    parent.splice(index, how === 'add' ? 0 : 1, value);
  } else if (isObject(parent)) parent[last] = value;
  else throw unfit();
  return root;
}

function remove(root: Json, path: readonly string[]): Json {
  find(root, path);
  const last = path.at(-1);
  const parent = find(root, path.slice(0, -1));
  if (last === undefined) throw unfit();
  if (Array.isArray(parent)) parent.splice(indexOf(last, parent.length), 1);
  else if (isObject(parent)) delete parent[last];
  return root;
}

function indexOf(part: string, length: number): number {
  const index = /^\d+$/.test(part) ? Number(part) : Number.NaN;
  if (index < length) return index;
  throw unfit();
}

/** The real server does not say where. */
function unfit(): Refused {
  return new Refused(422, 'Invalid', 'the server rejected our request due to an error in our request', {});
}
