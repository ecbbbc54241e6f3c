import type { z } from 'zod';
import { check } from '../model/check.ts';
import { Problem } from '../model/problem.ts';

/** Bytes of a request body at most. */
const BODY_LIMIT = 1024 * 1024;
const DEPTH_LIMIT = 64;

/** The JSON body of a request, checked by its schema. Refuses with `bad-request` or `too-large`, and says where, never what. */
export async function readJson<T>(request: Request, schema: z.ZodType<T>): Promise<T> {
  refuseEncoding(request.headers);
  const text = decode(await readBytes(request));
  refuseDepth(text);
  return check(parse(text), schema);
}

function refuseEncoding(headers: Headers) {
  const type = headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json') throw new Problem('bad-request', { detail: 'Send Content-Type: application/json.' });
  if ((headers.get('content-encoding') ?? 'identity') !== 'identity') {
    throw new Problem('bad-request', { detail: 'Compressed request bodies are not accepted.' });
  }
  if (Number(headers.get('content-length') ?? 0) > BODY_LIMIT) throw tooLarge();
}

/** A length that was announced is kept by HTTP itself, and need not be watched chunk by chunk. */
async function readBytes(request: Request): Promise<Uint8Array> {
  if (request.headers.has('content-length')) return new Uint8Array(await request.arrayBuffer());
  if (request.body === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body) {
    size += chunk.byteLength;
    if (size > BODY_LIMIT) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function tooLarge() {
  return new Problem('too-large', { detail: `A request body is at most ${BODY_LIMIT} bytes.` });
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decode(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new Problem('bad-request', { detail: 'The body is not well-formed UTF-8.', cause });
  }
}

/** Counts brackets outside strings before the parser sees them (RFC 8259 lets a parser set its limits). */
function refuseDepth(text: string) {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text.charCodeAt(at);
    if (quoted) {
      if (character === 0x5c) at++;
      else if (character === 0x22) quoted = false;
    } else if (character === 0x22) quoted = true;
    else if (character === 0x5b || character === 0x7b) depth++;
    else if (character === 0x5d || character === 0x7d) depth--;
    if (depth > DEPTH_LIMIT) throw new Problem('bad-request', { detail: `JSON nests at most ${DEPTH_LIMIT} deep.` });
  }
}

function parse(text: string): unknown {
  try {
    return mayHoldPrototype.test(text) ? JSON.parse(text, refusePrototype) : JSON.parse(text);
  } catch (cause) {
    if (cause instanceof Problem) throw cause;
    throw new Problem('bad-request', { detail: 'The body is not JSON.', cause });
  }
}

/** The name as it stands, or with an escape in it, which may be one of its letters. */
const mayHoldPrototype = /__proto__|\\u/;

function refusePrototype(key: string, value: unknown) {
  if (key === '__proto__') throw new Problem('bad-request', { detail: 'The body holds a field that is not allowed.' });
  return value;
}
