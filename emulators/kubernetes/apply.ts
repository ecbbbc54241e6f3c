import { isObject, type Json, type JsonObject, same } from './json.ts';
import { isSame, type Manager, type Owner, ownersOf, valuesOf, withOwners } from './managed-fields.ts';
import { strategicPatch } from './merge.ts';
import { Refused } from './status.ts';

/**
 * Server-side apply: what the manager names is set, what it named before and does not any more is removed, unless somebody else
 * holds it too. Throws a 409 where another manager holds a field with another value, unless it is forced.
 */
export function apply(live: JsonObject, applied: JsonObject, manager: Manager, force: boolean): JsonObject {
  const wanted = valuesOf(applied);
  const actual = valuesOf(live);
  const owners = ownersOf(live);
  const others = owners.filter((owner) => !isSame(owner.manager, manager));
  const mine = owners.find((owner) => isSame(owner.manager, manager));
  const fights = (path: string) => wanted.has(path) && actual.has(path) && !same(wanted.get(path), actual.get(path));
  const fought = others.flatMap((owner) => [...owner.paths].filter(fights).map((path) => ({ path, owner })));
  if (fought.length > 0 && !force) throw conflictOf(fought);

  const left = [...(mine?.paths ?? [])].filter(
    (path) => !wanted.has(path) && !others.some(({ paths }) => paths.has(path)),
  );
  const merged = left.reduce(without, strategicPatch(live, applied));
  const lost = new Set(fought.map(({ path }) => path));
  const rest = others.map((owner) => ({
    ...owner,
    paths: new Set([...owner.paths].filter((path) => !lost.has(path))),
  }));
  const paths = new Set(wanted.keys());
  const isUnchanged =
    mine !== undefined && paths.size === mine.paths.size && [...paths].every((one) => mine.paths.has(one));
  const time = isUnchanged ? mine.manager.time : manager.time;
  return withOwners(merged, [{ manager: { ...manager, time }, paths }, ...rest]);
}

function conflictOf(fought: readonly { path: string; owner: Owner }[]): Refused {
  const causes = fought.map(({ path, owner }) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with "${owner.manager.name}" using ${owner.manager.apiVersion}`,
    field: fieldOf(path),
  }));
  const count = `${fought.length} conflict${fought.length === 1 ? '' : 's'}`;
  const told = causes.map(({ message, field }) => `${message}: ${field}`).join('\n');
  return new Refused(409, 'Conflict', `Apply failed with ${count}: ${told}`, { causes });
}

/** `.spec.replicas`, `.spec.containers[name="c"].image` */
function fieldOf(path: string): string {
  const parts: string[] = JSON.parse(path);
  return parts
    .map((part) => {
      if (part.startsWith('f:')) return `.${part.slice(2)}`;
      const [[key = '', value] = []] = Object.entries(JSON.parse(part.slice(2)));
      return `[${key}=${JSON.stringify(value)}]`;
    })
    .join('');
}

/** The document without the value at the path, and without what is empty then. */
function without(document: JsonObject, path: string): JsonObject {
  const remove = (value: Json, parts: readonly string[]): Json | undefined => {
    const [part, ...rest] = parts;
    if (part === undefined) return undefined;
    if (Array.isArray(value)) {
      const [[key = '', wanted] = []] = Object.entries(JSON.parse(part.slice(2)) as JsonObject);
      const items = value.flatMap((item) => {
        if (!isObject(item) || !same(item[key], wanted)) return [item];
        const kept = rest.length === 1 && rest[0] === `f:${key}` ? undefined : remove(item, rest);
        return kept === undefined ? [] : [kept];
      });
      return items.length === 0 ? undefined : items;
    }
    if (!isObject(value)) return value;
    const field = part.slice(2);
    const { [field]: inner, ...others } = value;
    const kept = inner === undefined ? undefined : remove(inner, rest);
    const left = kept === undefined ? others : { ...value, [field]: kept };
    return Object.keys(left).length === 0 ? undefined : left;
  };
  const left = remove(document, JSON.parse(path));
  return isObject(left) ? left : {};
}
