import { createHash } from 'node:crypto';

/** The canonical JSON of a value (RFC 8785): keys sorted by UTF-16 code units, no white space. Refuses what JSON cannot hold exactly. */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return stringOrLiteral(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError('Canonical JSON holds finite numbers only.');
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`;
  if (typeof value === 'object') return canonicalObject(value);
  throw new TypeError(`Canonical JSON cannot hold a ${typeof value}.`);
}

/** Lower-case hex SHA-256 of text (as UTF-8) or bytes. */
export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

function stringOrLiteral(value: string | boolean | null) {
  if (typeof value === 'string' && !value.isWellFormed())
    throw new TypeError('Canonical JSON holds well-formed text only.');
  return JSON.stringify(value);
}

function canonicalObject(value: object) {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null)
    throw new TypeError('Canonical JSON holds plain objects only.');
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${entries.map(([key, item]) => `${stringOrLiteral(key)}:${canonicalJson(item)}`).join(',')}}`;
}
