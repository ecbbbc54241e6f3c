import { hash } from 'node:crypto';

/** The canonical JSON of a value (RFC 8785): keys sorted by UTF-16 code units, no white space. Refuses what JSON cannot hold exactly. */
export function canonicalJson(value: unknown): string {
  return isCanonical(value) ? JSON.stringify(value) : written(value);
}

/** Whether JSON's own text of it is canonical, which is written much faster: its keys are sorted, and JSON holds all of it exactly. */
function isCanonical(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object') return typeof value === 'boolean';
  if (value === null) return true;
  if (Array.isArray(value)) return value.every(isCanonical);
  if (!isPlain(value)) return false;
  let before = '';
  for (const key in value) {
    if (key < before || !key.isWellFormed() || !isCanonical(Reflect.get(value, key))) return false;
    before = key;
  }
  return true;
}

function written(value: unknown): string {
  if (typeof value === 'string') return quoted(value);
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError('Canonical JSON holds finite numbers only.');
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) return `[${value.map((item) => written(item ?? null)).join(',')}]`;
  if (typeof value === 'object') return canonicalObject(value);
  throw new TypeError(`Canonical JSON cannot hold a ${typeof value}.`);
}

/** Lower-case hex SHA-256 of text (as UTF-8) or bytes. */
export function sha256(data: string | Uint8Array): string {
  return hash('sha256', data);
}

/** Text that JSON writes as it stands: most of it. */
const plain = /^[ !#-[\]-~]*$/;

function quoted(text: string): string {
  if (plain.test(text)) return `"${text}"`;
  if (!text.isWellFormed()) throw new TypeError('Canonical JSON holds well-formed text only.');
  return JSON.stringify(text);
}

function canonicalObject(value: object): string {
  if (!isPlain(value)) throw new TypeError('Canonical JSON holds plain objects only.');
  let text = '';
  for (const key of sorted(Object.keys(value))) {
    const item: unknown = Reflect.get(value, key);
    if (item !== undefined) text += `${text === '' ? '' : ','}${quoted(key)}:${written(item)}`;
  }
  return `{${text}}`;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** In the order of UTF-16 code units, which most keys are in already. */
function sorted(keys: string[]): string[] {
  for (let at = 1; at < keys.length; at++) if ((keys[at] ?? '') < (keys[at - 1] ?? '')) return keys.sort();
  return keys;
}
