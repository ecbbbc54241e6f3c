import { at, copy, isObject, type Json, type JsonObject, textAt } from './json.ts';

/** By which field the items of a list are told apart, by the name of the list; lists that are not here are replaced whole. */
const mergeKeys: Readonly<Record<string, readonly string[]>> = {
  conditions: ['type'],
  containers: ['name'],
  env: ['name'],
  ephemeralContainers: ['name'],
  hostAliases: ['ip'],
  imagePullSecrets: ['name'],
  initContainers: ['name'],
  ownerReferences: ['uid'],
  ports: ['containerPort', 'port'],
  secrets: ['name'],
  volumeDevices: ['devicePath'],
  volumeMounts: ['mountPath'],
  volumes: ['name'],
};

/** Lists of plain values that are sets. */
const sets = ['finalizers'];

/** The key of a list's items, where each of them has one. */
export function keyFieldOf(list: string, items: readonly Json[]): string | undefined {
  return mergeKeys[list]?.find((key) => items.every((item) => at(item, key) !== undefined));
}

/** Applies a JSON Merge Patch (RFC 7386). */
export function mergePatch(document: JsonObject, patch: JsonObject): JsonObject {
  const merged = { ...document };
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete merged[name];
    else merged[name] = isObject(value) ? mergePatch(objectIn(merged, name), value) : copy(value);
  }
  return merged;
}

/**
 * Applies a strategic merge patch: lists of which the key is known are merged item by item, with the directives `$patch`,
 * `$deleteFromPrimitiveList`, `$setElementOrder` and `$retainKeys`.
 */
export function strategicPatch(document: JsonObject, patch: JsonObject): JsonObject {
  const { $patch: directive, $retainKeys: retained, ...changes } = patch;
  if (directive === 'delete') return {};
  if (directive === 'replace') return copy(changes);
  let merged = { ...document };
  if (Array.isArray(retained)) merged = only(merged, retained);
  for (const [name, value] of Object.entries(changes)) {
    if (name.startsWith('$setElementOrder/')) continue;
    if (name.startsWith('$deleteFromPrimitiveList/')) dropFrom(merged, name.slice(name.indexOf('/') + 1), value);
    else if (value === null) delete merged[name];
    else merged[name] = strategicValue(name, merged[name], value, changes[`$setElementOrder/${name}`]);
  }
  return merged;
}

function strategicValue(name: string, before: Json | undefined, value: Json, order: Json | undefined): Json {
  if (isObject(value)) return strategicPatch(isObject(before) ? before : {}, value);
  if (!Array.isArray(value)) return value;
  const known = Array.isArray(before) ? before : [];
  const replaces = value.some(
    (item) => textAt(item, '$patch') === 'replace' && Object.keys(item as JsonObject).length === 1,
  );
  if (replaces) return value.filter((item) => textAt(item, '$patch') !== 'replace').map(withoutDirectives);
  if (sets.includes(name)) return [...new Set([...known, ...value])];
  const key = keyFieldOf(name, [...known, ...value]);
  if (key === undefined) return copy(value);
  return ordered(mergeItems(known, value, key), known, key, Array.isArray(order) ? order : value);
}

function mergeItems(known: readonly Json[], changes: readonly Json[], key: string): Json[] {
  const merged = [...known];
  for (const change of changes) {
    if (!isObject(change)) continue;
    const index = merged.findIndex((item) => at(item, key) === change[key]);
    const before = merged[index];
    if (change['$patch'] === 'delete') {
      if (index >= 0) merged.splice(index, 1);
    } else if (isObject(before)) merged[index] = strategicPatch(before, change);
    else merged.push(withoutDirectives(change));
  }
  return merged;
}

/** In the order of the patch, or of `$setElementOrder`; what it does not name keeps its place among what was there before. */
function ordered(items: readonly Json[], known: readonly Json[], key: string, order: readonly Json[]): Json[] {
  const isOf = (item: Json) => (other: Json) => at(other, key) === at(item, key);
  const placed = order.flatMap((one) => items.filter(isOf(one)));
  const rest = items.filter((item) => !placed.includes(item));
  const result: Json[] = [];
  for (const item of placed) {
    const before = known.findIndex(isOf(item));
    while (rest[0] !== undefined && known.findIndex(isOf(rest[0])) < before) result.push(...rest.splice(0, 1));
    result.push(item);
  }
  return [...result, ...rest];
}

function withoutDirectives(value: Json): Json {
  return isObject(value) ? strategicPatch({}, value) : value;
}

function dropFrom(merged: JsonObject, name: string, values: Json) {
  const list = merged[name];
  if (Array.isArray(list) && Array.isArray(values)) merged[name] = list.filter((item) => !values.includes(item));
}

function only(document: JsonObject, names: readonly Json[]): JsonObject {
  return Object.fromEntries(Object.entries(document).filter(([name]) => names.includes(name)));
}

function objectIn(document: JsonObject, name: string): JsonObject {
  const value = document[name];
  return isObject(value) ? value : {};
}
