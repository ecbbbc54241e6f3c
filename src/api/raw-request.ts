import type { IncomingMessage } from 'node:http';
import { MOST_BODY } from '../model/http-request.ts';
import { Problem } from '../model/problem.ts';

/** A request for a target, as it came over the wire. */
export type RawTarget = {
  prefix: string;
  connection: string;
  /** Path and query behind the connection's name, not decoded. */
  path: string;
};

const shape = /^\/(k8s|http|bigquery)\/([a-z0-9][a-z0-9_.-]{0,62})(\/[\x21-\x7e]*)?$/;

/**
 * Where a request is for. Only the origin form is read (RFC 9112, 3.2.1), and nothing is decoded or folded: what the target judges is what
 * came. Undefined where it is for none.
 */
export function readTarget({ url = '' }: IncomingMessage): RawTarget | undefined {
  const [, prefix, connection, path] = shape.exec(url) ?? [];
  if (prefix === undefined || connection === undefined) return undefined;
  return { prefix, connection, path: path ?? '/' };
}

/** Headers that may stand in a request once, as whoever reads the first and whoever reads the last would see different requests. */
const single = new Set([
  'host',
  'authorization',
  'content-length',
  'content-type',
  'content-encoding',
  'transfer-encoding',
  'upgrade',
]);

/** By lower-case name; several lines of one header are one list (RFC 9110, 5.3). Refuses twice what may be there once. */
export function readHeaders({ rawHeaders }: IncomingMessage): Map<string, string> {
  const headers = new Map<string, string>();
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] ?? '').toLowerCase();
    const value = rawHeaders[at + 1] ?? '';
    const known = headers.get(name);
    if (known !== undefined && single.has(name)) {
      throw new Problem('bad-request', { detail: `The header ${name} may be there once.` });
    }
    headers.set(name, known === undefined ? value : `${known}, ${value}`);
  }
  return headers;
}

/** What is meant for the gateway, and never for a target. */
export function withoutOurs(headers: ReadonlyMap<string, string>): Record<string, string> {
  const ours = /^(authorization|baggage|traceparent|tracestate|prefer|sallyport-.*)$/;
  return Object.fromEntries([...headers].filter(([name]) => !ours.test(name)));
}

/** The whole body. Refuses compressed ones and those of more than 10 MiB. */
export async function readBody(incoming: IncomingMessage, headers: ReadonlyMap<string, string>): Promise<Uint8Array> {
  if ((headers.get('content-encoding') ?? 'identity') !== 'identity') {
    throw new Problem('bad-request', { detail: 'Compressed request bodies are not accepted.' });
  }
  if (Number(headers.get('content-length') ?? 0) > MOST_BODY) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of whole(incoming)) {
    size += chunk.byteLength;
    if (size > MOST_BODY) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** A body that ends before it is whole is its caller's doing, and no fault of ours. */
async function* whole(incoming: IncomingMessage): AsyncGenerator<Uint8Array> {
  try {
    yield* incoming as AsyncIterable<Uint8Array>;
  } catch {
    throw new Problem('timeout', { reason: 'client-gone' });
  }
}

/** What asks for another protocol begins that where a body would stand. */
export function refuseBody(headers: ReadonlyMap<string, string>): Uint8Array {
  if (headers.has('transfer-encoding') || Number(headers.get('content-length') ?? 0) !== 0) {
    throw new Problem('bad-request', { detail: 'A request to upgrade has no body.' });
  }
  return new Uint8Array();
}

const tooLarge = () => new Problem('too-large', { detail: `A request body is at most ${MOST_BODY} bytes.` });
