import { invalid } from './errors.ts';
import { exceeds } from './names.ts';
import type { Document, Fields, Value } from './wire.ts';

export type FieldPath = readonly string[];

/** The pseudo field that stands for the document's name in queries. */
export const NAME = '__name__';

const PART = /(?:[a-zA-Z_][a-zA-Z_0-9]*|`(?:[^`\\]|\\[\s\S])+`)(?:\.|$)/y;
const RESERVED = /^__.*__$/s;
const MAX_BYTES = 1500;

/** Splits `a.b` and `` `odd name`.c `` into names; refuses empty parts, stray characters and reserved names. */
export function parseFieldPath(path: string): FieldPath {
  const parts: string[] = [];
  let at = 0;
  while (at < path.length) {
    PART.lastIndex = at;
    const part = PART.exec(path)?.[0];
    if (part === undefined) throw invalid(`Invalid field path "${path}".`);
    parts.push(unquote(part.endsWith('.') ? part.slice(0, -1) : part));
    at += part.length;
  }
  if (parts.length === 0 || path.endsWith('.')) throw invalid(`Invalid field path "${path}".`);
  for (const part of parts) checkFieldName(part);
  if (Buffer.byteLength(path) > MAX_BYTES) throw invalid(`A field path is longer than ${MAX_BYTES} bytes.`);
  return parts;
}

export function checkFieldName(name: string): void {
  if (name === '') throw invalid('A field name is empty.');
  if (name.startsWith('__') && RESERVED.test(name)) throw invalid(`Field name "${name}" is reserved.`);
  if (exceeds(name, MAX_BYTES)) throw invalid(`A field name is longer than ${MAX_BYTES} bytes.`);
}

export function getField(fields: Fields, path: FieldPath): Value | undefined {
  let level: Fields | undefined = fields;
  let value: Value | undefined;
  for (const name of path) {
    if (level === undefined || !Object.hasOwn(level, name)) return undefined;
    value = level[name];
    level = value?.valueType === 'mapValue' ? value.mapValue.fields : undefined;
  }
  return value;
}

/** A copy of `fields` with the value set at the path, or taken away when it is undefined; the original is not touched. */
export function withField(fields: Fields, path: FieldPath, value: Value | undefined): Fields {
  const [name, ...rest] = path;
  if (name === undefined) return fields;
  const current = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (rest.length === 0) return value === undefined ? without(fields, name) : { ...fields, [name]: value };
  if (current?.valueType !== 'mapValue' && value === undefined) return fields;
  const inner = current?.valueType === 'mapValue' ? current.mapValue.fields : {};
  return { ...fields, [name]: { valueType: 'mapValue', mapValue: { fields: withField(inner, rest, value) } } };
}

/** Reads one field of a document for a query: `__name__` is the document's own reference. */
export function fieldReader(path: string): (document: Pick<Document, 'name' | 'fields'>) => Value | undefined {
  if (path === NAME) return (document) => ({ valueType: 'referenceValue', referenceValue: document.name });
  const parts = parseFieldPath(path);
  return (document) => getField(document.fields, parts);
}

/** Keeps only the fields a mask names. */
export function project(fields: Fields, paths: readonly FieldPath[]): Fields {
  let kept: Fields = {};
  for (const path of paths) {
    const value = getField(fields, path);
    if (value !== undefined) kept = withField(kept, path, value);
  }
  return kept;
}

function without(fields: Fields, name: string): Fields {
  const { [name]: _gone, ...rest } = fields;
  return rest;
}

const unquote = (part: string): string =>
  part.startsWith('`') ? part.slice(1, -1).replaceAll(/\\([\s\S])/g, '$1') : part;
