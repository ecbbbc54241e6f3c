import { parse } from 'yaml';
import { z } from 'zod';
import { risks, verbs } from '../../model/documents.ts';
import { type Declared, operationName, operationSchema } from './operation.ts';

/** Characters of a summary that are kept. */
const MOST_SUMMARY = 1000;

const reference = z.object({ $ref: z.string() });
const withReference = <T extends z.ZodType>(schema: T) => z.union([reference, schema]);

const parameterSchema = z.object({
  name: z.string(),
  in: z.enum(['query', 'path', 'header', 'cookie']),
  style: z.string().optional(),
  schema: z.union([z.boolean(), z.object({ type: z.unknown(), format: z.unknown() }).partial()]).optional(),
});
type Parameter = z.output<typeof parameterSchema>;

const contentSchema = z.record(z.string(), z.unknown());
const bodySchema = z.object({ content: contentSchema.default({}) });

const documentedSchema = z.object({
  operationId: z.string().optional(),
  summary: z
    .string()
    .transform((text) => text.slice(0, MOST_SUMMARY))
    .optional(),
  parameters: z.array(withReference(parameterSchema)).default([]),
  requestBody: withReference(bodySchema).optional(),
  responses: z.record(z.string(), withReference(bodySchema)).default({}),
  'x-sallyport-verb': z.enum(verbs).optional(),
  'x-sallyport-risks': z.array(z.enum(risks)).default([]),
  /** `bytes`: what the document says of its types passes unmasked. */
  'x-sallyport-content': z.enum(['json', 'text', 'bytes']).optional(),
  'x-sallyport-errors': z.enum(['status', 'body']).optional(),
});
type Documented = z.output<typeof documentedSchema>;

const pathSchema = z.looseObject({
  parameters: z.array(withReference(parameterSchema)).default([]),
  $ref: z.never().optional(),
});
/** What stands beside a reference to a path is read by some and not by others. */
const pathReference = z.strictObject({
  $ref: z.string(),
  summary: z.string().optional(),
  description: z.string().optional(),
});

const documentSchema = z.looseObject({
  openapi: z.string().regex(/^3\.\d/, 'OpenAPI 3'),
  paths: z
    .record(z.string(), z.unknown())
    .transform((paths) => Object.fromEntries(Object.entries(paths).filter(([path]) => !path.startsWith('x-'))))
    .pipe(z.record(z.string(), z.union([pathReference, pathSchema])))
    .default({}),
});
type Document = z.output<typeof documentSchema>;

const methods = ['get', 'head', 'options', 'post', 'put', 'patch', 'delete'] as const;

/** References that lead on at most. */
const MOST_STEPS = 10;

/**
 * The operations of an OpenAPI 3 document: those with an `operationId` by that name, others as `GET /v1/orders/{id}`. References are
 * followed within the document alone. Throws an `Error` where it is none.
 */
export function operationsIn(text: string): Declared[] {
  const document = readDocument(text);
  return Object.entries(document.paths).flatMap(([path, given]) => {
    const item = resolve(given, pathSchema, document);
    return methods.flatMap((method) => {
      if (item[method] === undefined) return [];
      const documented = documentedSchema.safeParse(item[method]);
      if (!documented.success) throw new Error(`the OpenAPI document is not one at ${method} ${path}`);
      return [declaredBy(documented.data, { path, method, shared: item.parameters, document })];
    });
  });
}

function readDocument(text: string): Document {
  let given: unknown;
  try {
    given = parse(text, { maxAliasCount: 50, uniqueKeys: true, strict: true });
  } catch {
    throw new Error('the OpenAPI document is neither JSON nor YAML');
  }
  const read = documentSchema.safeParse(given);
  if (!read.success) throw new Error('the OpenAPI document is not one of version 3');
  return read.data;
}

type Where = {
  path: string;
  method: (typeof methods)[number];
  shared: readonly z.output<ReturnType<typeof withReference<typeof parameterSchema>>>[];
  document: Document;
};

function declaredBy(documented: Documented, { path, method, shared, document }: Where): Declared {
  const own = documented.parameters.map((given) => resolve(given, parameterSchema, document));
  const inherited = shared.map((given) => resolve(given, parameterSchema, document));
  const parameters = [
    ...own,
    ...inherited.filter((one) => !own.some((other) => other.name === one.name && other.in === one.in)),
  ];
  const name = operationName.safeParse(documented.operationId ?? `${method.toUpperCase()} ${path}`);
  if (!name.success)
    throw new Error(`the OpenAPI document has an operation whose name cannot be used, at ${method} ${path}`);
  const read = operationSchema.safeParse({
    name: name.data,
    method: method.toUpperCase(),
    path,
    ...(documented['x-sallyport-verb'] !== undefined && { verb: documented['x-sallyport-verb'] }),
    risks: documented['x-sallyport-risks'],
    parameters: Object.fromEntries(parameters.filter((one) => one.in === 'path').map((one) => [one.name, kindOf(one)])),
    query: parameters.filter((one) => one.in === 'query').map(queryName),
    ...requestOf(documented, document),
    response: responseOf(documented, document),
  });
  if (!read.success) throw new Error(`the OpenAPI document says of ${name.data} what cannot be served`);
  return { ...read.data, summary: documented.summary };
}

function kindOf({ schema }: Parameter) {
  if (typeof schema !== 'object') return 'text';
  // Since 3.1 a type may be a list; nothing in a path is null.
  const types = [schema.type].flat().filter((type) => type !== 'null');
  if (types.length === 1 && types[0] === 'integer') return 'integer';
  return schema.format === 'uuid' ? 'uuid' : 'text';
}

const queryName = ({ name, style }: Parameter) => (style === 'deepObject' ? `${name}[*]` : name);

function requestOf({ requestBody }: Documented, document: Document) {
  if (requestBody === undefined) return {};
  const types = typesIn(resolve(requestBody, bodySchema, document));
  return types.length === 0 ? {} : { request: { types } };
}

/** Types that nobody can look into pass only where the document says `x-sallyport-content: bytes`. */
function responseOf(documented: Documented, document: Document) {
  const types = Object.entries(documented.responses)
    .filter(([status]) => /^(2|default)/.test(status))
    .flatMap(([, response]) => typesIn(resolve(response, bodySchema, document)));
  const errors = documented['x-sallyport-errors'];
  const isText = types.length > 0 && types.every((type) => type.startsWith('text/') && type !== eventStream);
  const content = documented['x-sallyport-content'] ?? (isText ? 'text' : 'json');
  const streams = types.filter((type) => streamTypes.includes(type));
  return {
    content,
    ...(content === 'bytes' && { types: types.length > 0 ? types : ['application/octet-stream'] }),
    ...(content === 'text' && types.length > 0 && { types }),
    stream: streams.length > 0,
    ...(errors !== undefined && { errors }),
  };
}

const eventStream = 'text/event-stream';
const streamTypes = [eventStream, 'application/x-ndjson', 'application/ndjson', 'application/jsonl'];

const typesIn = ({ content }: z.output<typeof bodySchema>) =>
  Object.keys(content).map((type) => (type.split(';')[0] ?? '').trim().toLowerCase());

/** What a reference leads to within the document (`#/components/parameters/page`). */
function resolve<T extends z.ZodType>(given: unknown, schema: T, document: Document): z.output<T> {
  let found = given;
  for (let step = 0; step < MOST_STEPS; step++) {
    const asked = reference.safeParse(found);
    if (!asked.success) {
      const read = schema.safeParse(found);
      if (read.success) return read.data;
      throw new Error('the OpenAPI document refers to what is not there');
    }
    found = lookUp(asked.data.$ref, document);
  }
  throw new Error('the OpenAPI document has references that go round');
}

/** RFC 6901, as a fragment. */
function lookUp(pointer: string, document: Document): unknown {
  if (!pointer.startsWith('#/')) throw new Error('the OpenAPI document refers to another one; put all into one');
  return pointer
    .slice(2)
    .split('/')
    .map((part) => decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>((value, key) => {
      const isThere = typeof value === 'object' && value !== null && Object.hasOwn(value, key);
      return isThere ? Reflect.get(value, key) : undefined;
    }, document);
}
