import { isAmong, isJson, isUtf8, readMediaType } from './media-type.ts';
import { unreadable } from './refusal.ts';
import type { Route } from './routes.ts';

/** A body as it is judged: `json` and `text` are read, of anything else there is only its digest for the trail. */
export type JudgedBody =
  | { kind: 'none' }
  | { kind: 'json' | 'text'; bytes: Uint8Array; text: string }
  | { kind: 'bytes'; bytes: Uint8Array };

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const marks = /("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?|[{}[\]]/g;
const mostLevels = 128;

/**
 * Reads the body of a request. Refuses one that the operation does not take, types that are not among its own, and JSON that two readers
 * could read as two things: keys that stand twice, ill-formed UTF-8, a byte order mark.
 */
export function judgeBody(bytes: Uint8Array, contentType: string | undefined, route: Route): JudgedBody {
  const { request, name } = route;
  if (bytes.byteLength === 0) return { kind: 'none' };
  if (request === undefined) throw unreadable('body', `${name} takes no body.`);
  if (bytes.byteLength > request.maxBytes)
    throw unreadable('body', `The body has more than the ${request.maxBytes} bytes that ${name} takes.`);
  const given = contentType === undefined ? undefined : readMediaType(contentType);
  if (given === undefined || !isAmong(given.type, request.types))
    throw unreadable('media-type', `${name} takes a body of ${request.types.join(' or ')}; say so in Content-Type.`);
  if (isJson(given.type)) {
    const text = isUtf8(given) ? textOf(bytes) : undefined;
    if (text === undefined || !isUnambiguous(text))
      throw unreadable('body', 'The body is not JSON in UTF-8 that can be read in one way only.');
    return { kind: 'json', bytes, text };
  }
  const text = isUtf8(given) ? textOf(bytes) : undefined;
  return text === undefined ? { kind: 'bytes', bytes } : { kind: 'text', bytes, text };
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes);
  } catch {
    return undefined;
  }
}

function isUnambiguous(text: string): boolean {
  try {
    JSON.parse(text);
  } catch {
    return false;
  }
  const open: Set<string>[] = [];
  for (const [mark, string, colon] of text.matchAll(marks)) {
    if (mark === '{' || mark === '[') open.push(new Set());
    else if (mark === '}' || mark === ']') open.pop();
    else if (string !== undefined && !isFresh(string, colon === undefined ? undefined : open.at(-1))) return false;
    if (open.length > mostLevels) return false;
  }
  return true;
}

function isFresh(json: string, keys: Set<string> | undefined): boolean {
  const text: unknown = JSON.parse(json);
  if (typeof text !== 'string' || !text.isWellFormed()) return false;
  if (keys === undefined) return true;
  if (keys.has(text)) return false;
  keys.add(text);
  return true;
}
