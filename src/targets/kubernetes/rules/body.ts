import { type Document, isScalar, parseDocument, visit } from 'yaml';
import type { HttpRequest } from '../../../model/http-request.ts';
import { Problem } from '../../../model/problem.ts';
import { unreadable } from '../refusal.ts';
import type { ApiVerb } from './built-in.ts';
import { type BodyType, bodyTypes, type PatchType, patchTypes, typeOf } from './media-types.ts';
import { valuesIn } from './size.ts';

/** As many bytes as an API server takes of one request. */
const MOST = 3 * 1024 * 1024;
const DEEPEST = 200;
/** Bytes of YAML that is no JSON: parsing it takes far longer. */
const MOST_YAML = 32 * 1024;
/** Values in one body of JSON, names not counted. */
const MOST_VALUES = 100_000;

/**
 * A body as it will be sent. JSON and YAML were parsed and are written anew, so that no two readers can differ in what a name that stands
 * twice, an anchor or a number means; protobuf stays as it is.
 */
export type Body =
  | { type: 'none' }
  | { type: 'protobuf'; contentType: string; bytes: Uint8Array }
  | { type: 'json' | PatchType; contentType: string; text: string; value: unknown };

/** Reads the body of a request with this verb. Refuses one where the verb has none, types that are not known, and what is not read in one way only. */
export function readBody({ headers, body }: Pick<HttpRequest, 'headers' | 'body'>, verb: ApiVerb): Body {
  if (body.byteLength > MOST) throw tooLarge('A body may have 3 MiB.');
  const given = headers.get('content-type');
  if (headers.has('content-encoding'))
    throw unreadable('media-type', 'Send the body as it is, without Content-Encoding.');
  if (verb === 'patch') return patchOf(body, typeOf(given ?? '', patchTypes));
  if (body.byteLength === 0) {
    if (verb === 'create' || verb === 'update') throw unreadable('body', 'Send the object.');
    return { type: 'none' };
  }
  if (verb === 'get' || verb === 'list' || verb === 'watch')
    throw unreadable('body', 'Send no body to read something.');
  return objectOf(body, given === undefined ? 'json' : typeOf(given, bodyTypes));
}

const tooLarge = (detail: string) => new Problem('too-large', { detail, reason: 'kubernetes:body' });

function objectOf(bytes: Uint8Array, type: BodyType): Body {
  if (type === 'protobuf') return { type, contentType: bodyTypes.protobuf, bytes };
  const value = parse(bytes, type);
  if (!isObject(value)) throw unreadable('body', 'Send one object.');
  return { type: 'json', contentType: bodyTypes.json, value, text: JSON.stringify(value) };
}

function patchOf(bytes: Uint8Array, type: PatchType): Body {
  const value = parse(bytes, type === 'apply' ? 'yaml' : 'json');
  if (type === 'json-patch' ? !Array.isArray(value) : !isObject(value))
    throw unreadable('patch', type === 'json-patch' ? 'Send a list of changes.' : 'Send one object.');
  return { type, contentType: patchTypes[type], value, text: JSON.stringify(value) };
}

const isObject = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value);

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function parse(bytes: Uint8Array, type: 'json' | 'yaml'): unknown {
  const text = textOf(bytes);
  const value = startsAsJson(text) || type === 'json' ? fromJson(text) : fromYaml(text);
  refuseOdd(value, 0);
  return value;
}

function textOf(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw unreadable('body', 'Send the body in UTF-8.');
  }
}

/** kubectl sends what it applies as JSON, which is YAML as well, and read much faster. */
const startsAsJson = (text: string) => /^\s*\{\s*("|\})/.test(text) && !/^\s*\{[^"]*#/.test(text);

function fromJson(text: string): unknown {
  if (valuesIn(text) > MOST_VALUES) throw tooLarge(`A body may have ${MOST_VALUES} values.`);
  try {
    return JSON.parse(text);
  } catch {
    throw unreadable('body', 'The body is no JSON.');
  }
}

/** One document, without anchors, tags and names that stand twice. */
function fromYaml(text: string): unknown {
  if (Buffer.byteLength(text) > MOST_YAML) throw tooLarge('YAML may have 32 KiB: send longer objects as JSON.');
  const document = parseDocument(text, {
    version: '1.2',
    schema: 'core',
    uniqueKeys: false,
    stringKeys: true,
    prettyErrors: false,
    merge: false,
  });
  if (document.errors.length > 0 || document.warnings.length > 0 || repeats(document))
    throw unreadable('body', 'The body is not one document of plain YAML.');
  try {
    return document.toJS({ maxAliasCount: 0 });
  } catch {
    throw unreadable('body', 'Write YAML without anchors and aliases.');
  }
}

/** Whether a name stands twice in one object; each is looked up, where the parser would compare it with all others. */
function repeats(document: Document): boolean {
  let found = false;
  visit(document, {
    Map(_, { items }) {
      const names = new Set(items.map(({ key }) => (isScalar(key) ? String(key.value) : undefined)));
      if (names.size === items.length) return undefined;
      found = true;
      return visit.BREAK;
    },
  });
  return found;
}

/** What cannot be written as it was read: numbers that are rounded, halves of characters; and what is nested beyond reason. */
function refuseOdd(value: unknown, depth: number): void {
  if (depth > DEEPEST) throw unreadable('body', `A body may be nested ${DEEPEST} deep.`);
  if (
    typeof value === 'number' &&
    (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value)))
  )
    throw unreadable('body', 'Write numbers beyond 2^53 as text: they would be rounded.');
  if (typeof value === 'string' && !value.isWellFormed()) throw unreadable('body', 'Send well-formed text.');
  if (typeof value !== 'object' || value === null) {
    if (value === undefined || typeof value === 'bigint')
      throw unreadable('body', 'The body holds what JSON cannot hold.');
    return;
  }
  if (!Array.isArray(value) && Object.getPrototypeOf(value) !== Object.prototype)
    throw unreadable('body', 'The body holds what JSON cannot hold.');
  if (Array.isArray(value)) {
    for (const item of value) refuseOdd(item, depth + 1);
    return;
  }
  // Names alone: a pair for each of them takes several times as long.
  for (const name of Object.keys(value)) {
    if (!name.isWellFormed()) throw unreadable('body', 'Send well-formed text.');
    refuseOdd(Reflect.get(value, name), depth + 1);
  }
}
