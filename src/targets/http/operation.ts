import { z } from 'zod';
import { risks, verbs } from '../../model/documents.ts';
import { MOST_BODY } from '../../model/http-request.ts';
import { parameterKinds } from './template.ts';

const methods = ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
export type Method = (typeof methods)[number];

/** A resource that policies name, and a key of the classification. */
export const operationName = z
  .string()
  .max(200)
  .regex(/^[A-Za-z0-9][\w./{}: -]*$/, 'letters, digits, dots, dashes, underscores, slashes')
  .refine((name) => name !== 'transforms', { error: '`transforms` has a meaning of its own in classifications' });

const mediaType = z
  .string()
  .regex(/^[a-z0-9][a-z0-9!#$&^_.+-]*\/(\*|[a-z0-9!#$&^_.+*-]+)$/, 'a media type in lower case');

export const operationSchema = z.strictObject({
  name: operationName,
  method: z.union([z.enum(methods), z.array(z.enum(methods)).min(1)]),
  /** A template: `/v1/orders/{id}`, `/v1/orders/{id}:cancel`, `/files/{path...}`. */
  path: z.string().min(1).max(1000),
  /** By the method where unset. */
  verb: z.enum(verbs).optional(),
  risks: z.array(z.enum(risks)).default([]),
  parameters: z.record(z.string(), z.enum(parameterKinds)).default({}),
  /** Names of the query that may be sent; `name[*]` for those with brackets, `*` alone for any. */
  query: z.union([z.literal('*'), z.array(z.string().min(1).max(200))]).default([]),
  /** A request has no body where unset. */
  request: z
    .strictObject({
      types: z.array(mediaType).min(1).default(['application/json']),
      max_bytes: z.int().positive().max(MOST_BODY).optional(),
    })
    .optional(),
  response: z
    .strictObject({
      content: z.enum(['json', 'text', 'bytes']).default('json'),
      /** The usual ones of `content` where unset; `bytes` has none. */
      types: z.array(mediaType).min(1).optional(),
      /** Events (text/event-stream) and lines of JSON may come, and go on for as long as both sides want. */
      stream: z.boolean().default(false),
      /** What leaves of an answer of 400 and above: its status alone, or its body as well, masked as any. */
      errors: z.enum(['status', 'body']).default('status'),
    })
    .prefault({})
    .refine(({ content, types }) => content !== 'bytes' || types !== undefined, {
      error: 'bytes pass unmasked, so say of which types',
    }),
});
export type OperationSettings = z.output<typeof operationSchema>;

/** An operation as it is declared, with what only an OpenAPI document says of it. */
export type Declared = OperationSettings & { summary?: string | undefined };
