import { z } from 'zod';
import { problems } from '../model/problem.ts';
import { structureQuerySchema } from '../model/structure.ts';
import { operationRequestSchema } from './operation-request.ts';
import * as schemas from './schemas.ts';
import { serviceSchema, structureSchema } from './structure-schemas.ts';

type Json = { [key: string]: unknown };

/** The named schemas, as they are met. */
const named: Json = {};

const response = (description: string, schema: z.ZodType, type = 'application/json') => ({
  description,
  content: { [type]: { schema: jsonSchema(schema, 'output') } },
});

const problemResponses = Object.fromEntries(
  [...new Set(Object.values(problems).map(([status]) => status))].sort().map((status) => [
    status,
    response(
      Object.entries(problems)
        .filter(([, [of]]) => of === status)
        .map(([code, [, title]]) => `\`${code}\`: ${title}`)
        .join(' '),
      schemas.problemSchema,
      'application/problem+json',
    ),
  ]),
);

const connection = { name: 'connection', in: 'path', required: true, schema: { type: 'string' } };
const id = { name: 'id', in: 'path', required: true, schema: { type: 'string' } };
const header = (name: string, description: string) => ({ name, in: 'header', schema: { type: 'string' }, description });

/** The parameters of a query, from the schema that checks them. */
function queryOf(schema: z.ZodObject) {
  const { properties = {} } = z.toJSONSchema(schema, { io: 'input' });
  return Object.entries(properties).map(([name, of]) => ({ name, in: 'query', schema: of }));
}

/** OpenAPI 3.1, made from the schemas that check the requests. */
export const openApi: Json = {
  openapi: '3.1.0',
  info: {
    title: 'Sallyport',
    version: '1',
    description:
      'An access gateway for AI agents: it masks at the source, records before it acts, and binds approvals to exact bytes.',
  },
  security: [{ token: [] }],
  components: {
    schemas: named,
    securitySchemes: {
      token: {
        type: 'http',
        scheme: 'bearer',
        bearerFormat: 'JWT',
        description: "The agent's workload-identity token (OIDC).",
      },
    },
  },
  paths: {
    '/v1/connections': {
      get: {
        summary: 'The connections this identity can reach',
        responses: {
          200: response('What it may do there.', z.object({ connections: z.array(schemas.connectionSchema) })),
          ...problemResponses,
        },
      },
    },
    '/v1/connections/{connection}': {
      get: {
        summary: 'One of them',
        parameters: [connection],
        responses: { 200: response('What it may do there.', schemas.connectionSchema), ...problemResponses },
      },
    },
    '/v1/connections/{connection}/schema': {
      get: {
        summary: "The target's structure, each column with its class and mask",
        parameters: [connection, ...queryOf(structureQuerySchema)],
        responses: {
          200: response('A page of it.', z.union([structureSchema, serviceSchema])),
          ...problemResponses,
        },
      },
    },
    '/v1/connections/{connection}/tunnel': {
      get: {
        summary: 'SSH, for clients that know nothing of the gateway',
        description:
          'Becomes a WebSocket with the subprotocol `ssh.sallyport`, whose binary messages carry an SSH connection that ends at the gateway. What is asked for in it is decided and recorded as operations are.',
        parameters: [
          connection,
          header('Sallyport-Session', 'Groups operations.'),
          header('Sallyport-Reason', 'Why, in the words of the agent.'),
          header('baggage', 'W3C Baggage with OpenTelemetry GenAI keys.'),
        ],
        responses: { 101: { description: 'The tunnel is open.' }, ...problemResponses },
      },
    },
    '/v1/connections/{connection}/operations': {
      post: {
        summary: 'Run one operation',
        parameters: [
          connection,
          { name: 'dry_run', in: 'query', schema: { type: 'boolean' }, description: 'Understand and decide only.' },
          header(
            'Prefer',
            '`wait=60`: hold the request for an approval, at most so many seconds, and run at once when it comes.',
          ),
          header('Sallyport-Session', 'Groups operations.'),
          header('Sallyport-Reason', 'Why, in the words of the agent.'),
          header('baggage', 'W3C Baggage with OpenTelemetry GenAI keys.'),
          header('traceparent', 'W3C Trace Context.'),
        ],
        requestBody: {
          required: true,
          content: {
            'application/json': {
              schema: jsonSchema(
                z.intersection(
                  operationRequestSchema,
                  z.union([schemas.postgresRequestSchema, schemas.httpOperationSchema, schemas.sshRequestSchema]),
                ),
                'input',
              ),
            },
          },
        },
        responses: {
          200: {
            description:
              'Done. With `Accept: application/x-ndjson`: a line with the columns, a line a row, a line with the summary (or the problem that ended it). Of a program a line for each piece of its output, such as `{"stdout": "…"}`.',
            content: {
              'application/json': {
                schema: jsonSchema(z.union([schemas.doneSchema, schemas.simulatedSchema]), 'output'),
              },
              'application/x-ndjson': { schema: { type: 'string' } },
            },
          },
          202: response('A human must decide. To go on, send the same request again.', schemas.waitingSchema),
          ...problemResponses,
        },
      },
    },
    ...proxied(
      '/k8s/{connection}/{path}',
      'The Kubernetes API, for kubectl and client libraries',
      'Refusals are `Status` objects. While a human must decide it is answered 429 with `Retry-After`, which they wait by; exec, attach and port-forward are WebSockets, whose handshake is held meanwhile.',
    ),
    ...proxied(
      '/http/{connection}/{path}',
      'An HTTP service',
      'As the service answers, masked. While a human must decide it is answered 429 with `Retry-After`.',
    ),
    '/v1/approvals/{id}': {
      get: {
        summary: 'An approval this identity asked for',
        parameters: [id],
        responses: { 200: response('As it stands.', schemas.approvalViewSchema), ...problemResponses },
      },
    },
    '/v1/operations/{id}': {
      get: {
        summary: 'The state of an operation of this identity',
        parameters: [id],
        responses: { 200: response('As it stands.', schemas.operationViewSchema), ...problemResponses },
      },
    },
  },
};

/** A path below which another protocol is spoken, by any method. */
function proxied(path: string, summary: string, description: string): Json {
  const rest = { name: 'path', in: 'path', required: true, schema: { type: 'string' } };
  const answers = { 200: { description: 'What the target answers, masked.' }, ...problemResponses };
  const operation = { summary, description, parameters: [connection, rest], responses: answers };
  const methods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch'];
  return { [path]: Object.fromEntries(methods.map((method) => [method, operation])) };
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): Json {
  const made = z.toJSONSchema(schema, { target: 'draft-2020-12', io, reused: 'inline', unrepresentable: 'any' });
  const { $schema: _, $defs = {}, ...rest } = asComponents(made);
  Object.assign(named, $defs);
  return rest;
}

/** A reference counts from the root of the whole document (RFC 6901), where its named schemas stand together. */
function asComponents(schema: object): Json {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/$defs/', '"#/components/schemas/'));
}
