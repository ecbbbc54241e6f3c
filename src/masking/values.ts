import { Problem } from '../model/problem.ts';
import type { Value } from '../model/result.ts';

const maxDepth = 64;

/**
 * The value with every text in it replaced, keys too; the same object where nothing changes. Two keys that become
 * equal are told apart by a number. Refuses values nested deeper than 64 levels.
 */
export function mapTexts(value: Value, replace: (text: string) => string, depth = 0): Value {
  if (typeof value === 'string') return replace(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth === maxDepth)
    throw new Problem('too-large', { detail: `A value is nested deeper than ${maxDepth} levels.` });
  const inner = (item: Value) => mapTexts(item, replace, depth + 1);
  return isList(value) ? mapList(value, inner) : mapObject(value, replace, inner);
}

function isList(value: object): value is readonly Value[] {
  return Array.isArray(value);
}

/** The same list where no item changes. */
export function mapList<Item>(list: readonly Item[], map: (item: Item, index: number) => Item): readonly Item[] {
  let changed: Item[] | undefined;
  for (let index = 0; index < list.length; index++) {
    const item = list[index] as Item;
    const mapped = map(item, index);
    if (mapped !== item) changed ??= list.slice();
    if (changed !== undefined) changed[index] = mapped;
  }
  return changed ?? list;
}

function mapObject(
  object: { readonly [key: string]: Value },
  replace: (text: string) => string,
  inner: (value: Value) => Value,
): Value {
  let isChanged = false;
  const mapped = new Map<string, Value>();
  for (const [key, value] of Object.entries(object)) {
    const item = inner(value);
    const name = replace(key);
    isChanged ||= item !== value || name !== key;
    mapped.set(freeName(name, mapped), item);
  }
  return isChanged ? Object.fromEntries(mapped) : object;
}

function freeName(name: string, taken: ReadonlyMap<string, unknown>): string {
  let free = name;
  for (let number = 2; taken.has(free); number++) free = `${name} ${number}`;
  return free;
}
