import { isDeepStrictEqual } from 'node:util';
import { isObject, type Json, textAt } from '../json.ts';

/** An object as it may be shown, beside the object as it is: they differ where something is hidden. */
export type Shown = { shown: Json; real: Json };

/** Where kubectl, and the server after it, keep a copy of what was applied: it changes with all that is shown anyway. */
export const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/** Lines of a change that a human is shown; the rest is counted. */
const mostLines = 60;
const mostCharacters = 160;

/**
 * What differs between two objects, a line each: `spec.replicas: 2 → 5`, `+ …`, `- …`. Of what is hidden it only says that it changes.
 */
export function changesBetween(before: Shown, after: Shown): string {
  const lines = [...differences(before, after, '')];
  const rest = lines.length - mostLines;
  return [...lines.slice(0, mostLines), ...(rest > 0 ? [`… and ${rest} more`] : [])].join('\n');
}

function* differences(before: Shown, after: Shown, path: string): Generator<string> {
  if (
    isDeepStrictEqual(before.real ?? undefined, after.real ?? undefined) ||
    path.endsWith(`[${JSON.stringify(lastApplied)}]`)
  )
    return;
  const [was, is] = [membersOf(before), membersOf(after)];
  if (was === undefined || is === undefined || (was.size === 0 && is.size === 0)) {
    yield line(before, after, path);
    return;
  }
  for (const name of new Set([...was.keys(), ...is.keys()])) {
    const below = path === '' ? name.replace(/^\./, '') : `${path}${name}`;
    yield* differences(was.get(name) ?? nothing, is.get(name) ?? nothing, below);
  }
}

const nothing: Shown = { shown: undefined, real: undefined };

/** Members by how they are written after a path. Elements of a list of named things go by their names. */
function membersOf({ shown, real }: Shown): ReadonlyMap<string, Shown> | undefined {
  if (real === undefined || real === null) return new Map();
  if (Array.isArray(real)) {
    if (!real.every(isObject)) return undefined;
    const names = real.map((item, index) => textAt(item, 'name') || String(index));
    const keys = new Set(names).size === names.length ? names : names.map((_, index) => String(index));
    return new Map(real.map((item, index) => [`[${keys[index]}]`, { real: item, shown: shownBelow(shown, index) }]));
  }
  if (!isObject(real)) return undefined;
  return new Map(
    Object.entries(real).map(([name, item]) => [dotted(name), { real: item, shown: shownBelow(shown, name) }]),
  );
}

const dotted = (name: string) => (/^[\w-]+$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`);

function shownBelow(shown: Json, name: string | number): Json {
  if (Array.isArray(shown)) return shown[Number(name)];
  // What stands for a whole object stands for each member of it.
  return isObject(shown) ? shown[name] : shown;
}

function line(before: Shown, after: Shown, path: string): string {
  if (before.real === undefined || before.real === null) return `+ ${path}: ${written(after)}`;
  if (after.real === undefined || after.real === null) return `- ${path}: ${written(before)}`;
  const [was, is] = [written(before), written(after)];
  return was === is ? `${path}: ${was} → another value` : `${path}: ${was} → ${is}`;
}

function written({ shown }: Shown): string {
  const text = JSON.stringify(shown) ?? 'nothing';
  return text.length > mostCharacters ? `${text.slice(0, mostCharacters)}…` : text;
}
