import { z } from 'zod';
import { MOST_BODY } from '../../model/http-request.ts';
import { networkSchema } from '../../proxy/proxy.ts';
import { isOwn } from './header-names.ts';
import { operationSchema } from './operation.ts';
import { readPath } from './path.ts';
import { type Routes, routesOf } from './routes.ts';

const headerName = z
  .string()
  .regex(/^[a-z0-9!#$%&'*+.^|~-]{1,100}$/, 'a header in lower case')
  .refine((name) => !isOwn(name), { error: 'a header that no operation may pass on' });

const injected = z
  .string()
  .regex(/^[A-Za-z0-9!#$%&'*+.^|~-]{1,100}$/, 'the name of a header')
  .refine((name) => name.toLowerCase() === 'authorization' || !isOwn(name.toLowerCase()), {
    error: 'a header that cannot hold a credential',
  });

/** How the gateway proves to the service who it is. */
const injectSchema = z.union([
  z.enum(['bearer', 'basic', 'google_access_token', 'mtls']),
  z.strictObject({
    header: injected,
    prefix: z
      .string()
      .max(100)
      .regex(/^[\x20-\x7e]*$/)
      .default(''),
  }),
  z.strictObject({ google_id_token: z.strictObject({ audience: z.url() }) }),
]);
export type Inject = z.output<typeof injectSchema>;

const loopbackHost = /^(127\.\d+\.\d+\.\d+|localhost|\[::1\])$/;

const origin = z
  .string()
  .transform((text, context) => {
    const url = URL.parse(text);
    if (url !== null && /^https?:$/.test(url.protocol) && url.origin === text.replace(/\/$/, '')) return url;
    context.addIssue('an origin: scheme, host and port, such as https://api.example.com');
    return z.NEVER;
  })
  .refine(({ protocol, hostname }) => protocol === 'https:' || loopbackHost.test(hostname), {
    error: 'https, as anybody on the way could read the credential',
  });

const basePath = z
  .string()
  .max(500)
  .transform((text, context) => {
    try {
      const { segments, query } = readPath(text);
      if (query.length === 0 && !segments.includes('')) return segments;
    } catch {
      // Said below, without the text.
    }
    context.addIssue('a plain path that begins with a slash and does not end with one');
    return z.NEVER;
  });

const strictSchema = z.strictObject({
  origin,
  /** Before the path of each operation. */
  base_path: basePath.optional(),
  /** PEM of the authorities that may vouch for the service. */
  ca: z.string().optional(),
  /** The name in its certificate, where that is not the host of the origin. */
  server_name: z.string().min(1).max(255).optional(),
  /** Private ranges (CIDR) that its name may lead to. */
  networks: z.array(networkSchema).default([]),
  inject: injectSchema,
  operations: z.array(operationSchema).default([]),
  /** An OpenAPI 3 document, JSON or YAML: each of its operations is one that policy may grant. */
  openapi: z.string().max(1_000_000).optional(),
  /** Headers that callers may send and services answer with, beside those that are harmless everywhere. */
  request_headers: z.array(headerName).default([]),
  response_headers: z.array(headerName).default([]),
  max_request_bytes: z
    .int()
    .positive()
    .max(MOST_BODY)
    .default(1024 * 1024),
});

/** What settings of an HTTP service can say: for who looks at them before the product does. */
export const settingsFields: readonly string[] = Object.keys(strictSchema.shape);

/** An access token is good for all that its account may do, so nobody but Google may see it. */
const isGoogle = (host: string) => host.endsWith('.googleapis.com') || loopbackHost.test(host);

/** Settings of an HTTP service, with the operations that they come to. */
export type Settings = Omit<z.output<typeof strictSchema>, 'operations' | 'openapi'> & { routes: Routes };

const vettedSchema = strictSchema.refine(
  ({ inject, origin: { hostname } }) => inject !== 'google_access_token' || isGoogle(hostname),
  { error: 'google_access_token is for *.googleapis.com alone; services of your own take google_id_token' },
);

const compiledSchema = vettedSchema.transform(({ operations, openapi, ...settings }, context): Settings => {
  try {
    return { ...settings, routes: routesOf(operations, openapi, settings.max_request_bytes) };
  } catch (error) {
    context.addIssue(error instanceof Error ? error.message : 'its operations cannot be read');
    return z.NEVER;
  }
});

/** What a document came to is kept for as long as the document is, as it is looked at with each call. */
const known = new WeakMap<object, Settings>();

export const settingsSchema: z.ZodType<Settings> = z.unknown().transform((given, context) => {
  const kept = typeof given === 'object' && given !== null ? known.get(given) : undefined;
  if (kept !== undefined) return kept;
  const read = compiledSchema.safeParse(given);
  if (!read.success) {
    for (const { path, message, code } of read.error.issues)
      context.issues.push({
        code: 'custom',
        path: [...path],
        message: code === 'unrecognized_keys' ? 'holds a field that is not known here' : message,
        input: given,
      });
    return z.NEVER;
  }
  if (typeof given === 'object' && given !== null) known.set(given, read.data);
  return read.data;
});
