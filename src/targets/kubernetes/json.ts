/** JSON as it was read, looked at without trusting its shape: what is not there, or is something else, is nothing. */
export type Json = unknown;

export type JsonObject = Readonly<Record<string, Json>>;

export function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What stands at the end of these names. */
export function at(value: Json, ...names: readonly string[]): Json {
  let found = value;
  for (const name of names) {
    if (!isObject(found) || !Object.hasOwn(found, name)) return undefined;
    found = found[name];
  }
  return found;
}

export function objectAt(value: Json, ...names: readonly string[]): JsonObject {
  const found = at(value, ...names);
  return isObject(found) ? found : {};
}

export function listAt(value: Json, ...names: readonly string[]): readonly Json[] {
  const found = at(value, ...names);
  return Array.isArray(found) ? found : [];
}

/** Empty where there is no text. */
export function textAt(value: Json, ...names: readonly string[]): string {
  const found = at(value, ...names);
  return typeof found === 'string' ? found : '';
}

/** Every text below replaced; names stay. */
export function mapTexts(value: Json, replace: (text: string) => string): Json {
  if (typeof value === 'string') return replace(value);
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, replace));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, mapTexts(member, replace)]));
}

/** JSON as it was sent, or nothing where it is none. */
export function parseJson(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
