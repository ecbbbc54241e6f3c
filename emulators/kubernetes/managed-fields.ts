import { isObject, type Json, type JsonObject, listAt, objectAt, same, textAt } from './json.ts';
import { keyFieldOf } from './merge.ts';

/** Who set a field: each path is the field names and list keys down to a value, as in `fieldsV1`. */
export type Manager = { name: string; operation: 'Apply' | 'Update'; apiVersion: string; time: string };

export type Owner = { manager: Manager; paths: ReadonlySet<string> };

/** Of the object's own, not of its identity. */
const OMITTED = new Set([
  ...['apiVersion', 'kind', 'status'],
  ...[
    'name',
    'namespace',
    'uid',
    'resourceVersion',
    'generation',
    'creationTimestamp',
    'managedFields',
    'generateName',
  ].map((field) => `metadata.${field}`),
]);

/** Every value of an object by its path. Items of lists with a key have paths of their own; other lists are one value. */
export function valuesOf(object: JsonObject): Map<string, Json> {
  const values = new Map<string, Json>();
  const visit = (value: Json, path: readonly string[], name: string) => {
    if (isObject(value) && Object.keys(value).length > 0) {
      for (const [field, inner] of Object.entries(value)) visit(inner, [...path, `f:${field}`], field);
      return;
    }
    const key = Array.isArray(value) && value.length > 0 ? keyFieldOf(name, value) : undefined;
    if (key === undefined || !Array.isArray(value)) return void values.set(JSON.stringify(path), value);
    for (const item of value) {
      const id = `k:${JSON.stringify({ [key]: objectAt(item)[key] ?? null })}`;
      visit(item, [...path, id], '');
    }
  };
  for (const [field, value] of Object.entries(object)) {
    if (OMITTED.has(field)) continue;
    if (field !== 'metadata') visit(value, [`f:${field}`], field);
    else {
      for (const [inner, one] of Object.entries(objectAt(value))) {
        if (!OMITTED.has(`metadata.${inner}`)) visit(one, ['f:metadata', `f:${inner}`], inner);
      }
    }
  }
  return values;
}

export function ownersOf(object: JsonObject | undefined): Owner[] {
  return listAt(object, 'metadata', 'managedFields').map((entry) => ({
    manager: {
      name: textAt(entry, 'manager'),
      operation: textAt(entry, 'operation') === 'Apply' ? 'Apply' : 'Update',
      apiVersion: textAt(entry, 'apiVersion'),
      time: textAt(entry, 'time'),
    },
    paths: new Set(leavesOf(objectAt(entry, 'fieldsV1'), [])),
  }));
}

/** The object with its `managedFields`: what changed since `known` belongs to whoever changed it, what is gone to nobody. */
export function tracked(known: JsonObject | undefined, object: JsonObject, manager: Manager): JsonObject {
  const before = known === undefined ? new Map<string, Json>() : valuesOf(known);
  const now = valuesOf(object);
  const changed = [...now.keys()].filter((path) => !before.has(path) || !same(before.get(path), now.get(path)));
  if (changed.length === 0 && before.size === now.size) return withOwners(object, ownersOf(known));
  const taken = new Set(changed);
  const mine = ownersOf(known).find((owner) => isSame(owner.manager, manager));
  const others = ownersOf(known)
    .filter((owner) => owner !== mine && !isSame(owner.manager, manager))
    .map((owner) => ({
      ...owner,
      paths: new Set([...owner.paths].filter((path) => now.has(path) && !taken.has(path))),
    }));
  const kept = [...(mine?.paths ?? [])].filter((path) => now.has(path));
  return withOwners(object, [...others, { manager, paths: new Set([...kept, ...changed]) }]);
}

export function isSame(one: Manager, other: Manager): boolean {
  return one.name === other.name && one.operation === other.operation;
}

export function withOwners(object: JsonObject, owners: readonly Owner[]): JsonObject {
  const managedFields = owners
    .filter(({ paths }) => paths.size > 0)
    .map(({ manager: { name, operation, apiVersion, time }, paths }) => ({
      ...{ manager: name, operation, apiVersion, time, fieldsType: 'FieldsV1' },
      fieldsV1: treeOf(paths),
    }));
  const { managedFields: _, ...metadata } = objectAt(object, 'metadata');
  return { ...object, metadata: { ...metadata, ...(managedFields.length > 0 && { managedFields }) } };
}

function treeOf(paths: ReadonlySet<string>): JsonObject {
  const tree: JsonObject = {};
  for (const path of paths) {
    let node = tree;
    for (const part of JSON.parse(path) as string[]) {
      const next = node[part];
      const child: JsonObject = isObject(next) ? next : part.startsWith('k:') ? { '.': {} } : {};
      node[part] = child;
      node = child;
    }
  }
  return tree;
}

function leavesOf(tree: JsonObject, path: readonly string[]): string[] {
  const inner = Object.entries(tree).filter(([part]) => part !== '.');
  if (inner.length === 0) return path.length === 0 ? [] : [JSON.stringify(path)];
  return inner.flatMap(([part, below]) => leavesOf(isObject(below) ? below : {}, [...path, part]));
}
