import { z } from 'zod';

/** The largest body of a proxied request, in bytes. */
export const MOST_BODY = 10 * 1024 * 1024;

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** Names in lower case; a name that stands there twice in other letters is refused. */
const headers = z
  .record(
    z.string().max(200).regex(token),
    z
      .string()
      .max(16 * 1024)
      .regex(/^[^\0\r\n]*$/, 'holds a character that no header may hold'),
  )
  .transform((given, context) => {
    const named = new Map(Object.entries(given).map(([name, value]) => [name.toLowerCase(), value.trim()]));
    if (named.size < Object.keys(given).length) context.addIssue('names a header twice');
    return named as ReadonlyMap<string, string>;
  });

/**
 * An HTTP request for the target, as it came: the path in origin form with its query, never decoded (RFC 9112, 3.2.1). A body is bytes from
 * a proxied caller, text or JSON from one that calls `…/operations`.
 */
export const httpRequestSchema = z
  .strictObject({
    method: z.string().regex(/^[A-Z]{1,20}$/, 'a method in capitals'),
    path: z
      .string()
      .max(8192)
      .regex(/^\/[\x21-\x7e]*$/, 'a path that begins with a slash, percent-encoded'),
    headers: headers.default(new Map()),
    body: z.union([z.instanceof(Uint8Array), z.json()]).optional(),
    /** The protocol that the connection is to be upgraded to, in lower case, and the subprotocols that the caller offers. */
    upgrade: z.strictObject({ to: z.string(), protocols: z.array(z.string()) }).optional(),
  })
  .transform(({ body, ...rest }): HttpRequest => ({ ...rest, ...bodyOf(body, rest.headers) }));

export type HttpRequest = {
  method: string;
  path: string;
  headers: ReadonlyMap<string, string>;
  body: Uint8Array;
  upgrade?: { to: string; protocols: readonly string[] } | undefined;
};

/** JSON that is no text becomes the bytes that stand for it, and says so. */
function bodyOf(body: unknown, headers: ReadonlyMap<string, string>): Pick<HttpRequest, 'body' | 'headers'> {
  if (body === undefined) return { body: new Uint8Array(), headers };
  if (body instanceof Uint8Array) return { body, headers };
  if (typeof body === 'string') return { body: Buffer.from(body), headers };
  const typed = headers.has('content-type') ? headers : new Map([...headers, ['content-type', 'application/json']]);
  return { body: Buffer.from(JSON.stringify(body)), headers: typed };
}
