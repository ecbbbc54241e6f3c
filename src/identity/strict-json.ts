/** A JSON object from outside, without a prototype at any depth and frozen. */
export type JsonObject = Readonly<Record<string, unknown>>;

const maxDepth = 16;
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const marks = /("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?|[{}[\]]/g;

/**
 * The one JSON object that the bytes hold, else undefined. Two readers must never see two meanings, so it refuses
 * what RFC 8259 leaves open: duplicate keys, ill-formed UTF-8 or surrogates, a byte order mark, numbers that
 * overflow; and besides `__proto__` as a key and more than 16 levels.
 */
export function readJsonObject(bytes: Uint8Array): JsonObject | undefined {
  try {
    const text = strict.decode(bytes);
    const value: unknown = JSON.parse(text);
    return isObject(value) && isUnambiguous(text) ? detach(value) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError || error instanceof RangeError) return undefined;
    throw error;
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Walks the brackets and strings of a text that is known to be JSON. */
function isUnambiguous(text: string): boolean {
  const open: Set<string>[] = [];
  for (const [mark, string, colon] of text.matchAll(marks)) {
    if (mark === '{' || mark === '[') open.push(new Set());
    else if (mark === '}' || mark === ']') open.pop();
    else if (string !== undefined && !isFreshString(JSON.parse(string), colon === undefined ? undefined : open.at(-1)))
      return false;
    if (open.length > maxDepth) return false;
  }
  return true;
}

function isFreshString(text: string, keys: Set<string> | undefined): boolean {
  if (!text.isWellFormed()) return false;
  if (keys === undefined) return true;
  if (text === '__proto__' || keys.has(text)) return false;
  keys.add(text);
  return true;
}

function detach(value: Record<string, unknown>): JsonObject {
  const copy: Record<string, unknown> = Object.create(null);
  for (const [key, item] of Object.entries(value)) copy[key] = detachValue(item);
  return Object.freeze(copy);
}

function detachValue(value: unknown): unknown {
  if (Array.isArray(value)) return Object.freeze(value.map(detachValue));
  if (typeof value === 'number' && !Number.isFinite(value)) throw new RangeError('A number overflows.');
  return isObject(value) ? detach(value) : value;
}
