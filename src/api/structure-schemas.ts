import { z } from 'zod';
import { risks, verbs } from '../model/documents.ts';

/** What an agent may know of a target's structure: shapes of the HTTP contract, as `schemas.ts` has the others. */

const tableSchema = z
  .object({
    name: z.string().meta({ description: 'As resources are written: `public.users`.' }),
    kind: z.enum(['table', 'view', 'materialized view', 'foreign table']),
    protection: z.enum(['proven', 'rewritten']).optional(),
    comment: z.string().optional(),
    row_estimate: z.number().optional().meta({ description: 'A power of ten, by the statistics of the target.' }),
    columns: z.array(
      z.object({
        name: z.string(),
        type: z.string().meta({ description: 'As PostgreSQL writes it, with modifiers: `numeric(10,2)`.' }),
        nullable: z.boolean(),
        default: z.boolean().meta({ description: 'Whether an INSERT may leave it out though it is not nullable.' }),
        comment: z.string().optional(),
        class: z.string().optional(),
        mask: z.enum(['redact', 'null', 'token', 'partial']).optional(),
      }),
    ),
    primary_key: z.array(z.string()).optional(),
    unique_keys: z.array(z.array(z.string())).optional(),
    foreign_keys: z
      .array(
        z.object({
          columns: z.array(z.string()),
          references: z.object({ table: z.string(), columns: z.array(z.string()) }),
        }),
      )
      .optional(),
    part_of: z.array(z.string()).optional().meta({ description: 'What it is a partition or heir of.' }),
    parts: z.array(z.string()).optional().meta({ description: 'Its partitions or heirs, at most 100.' }),
    parts_complete: z.boolean().optional(),
  })
  .meta({ id: 'Table' });

export const structureSchema = z
  .object({
    connection: z.string(),
    protection: z.enum(['proven', 'rewritten']).optional().meta({ description: 'The weaker of those on the page.' }),
    tables: z.array(tableSchema),
    next_page_token: z.string().optional().meta({ description: 'Absent on the last page.' }),
  })
  .meta({ id: 'Structure' });

const calledSchema = z
  .object({
    name: z.string().meta({ description: 'The resource that policies name.' }),
    method: z.string(),
    path: z
      .string()
      .meta({ description: 'A template: `/v1/orders/{id}`, of which `{path...}` is one segment or more.' }),
    verb: z.enum(verbs),
    summary: z.string().optional(),
    risks: z.array(z.enum(risks)).optional(),
    parameters: z.array(z.object({ name: z.string(), kind: z.enum(['text', 'integer', 'uuid', 'any']) })),
    query: z.union([z.literal('*'), z.array(z.string())]),
    request: z.object({ types: z.array(z.string()), max_bytes: z.int() }).optional(),
    response: z.object({ content: z.enum(['json', 'text', 'bytes']), types: z.array(z.string()), stream: z.boolean() }),
    masks: z.array(
      z.object({
        path: z.string(),
        class: z.string(),
        mask: z.enum(['redact', 'null', 'token', 'partial']),
      }),
    ),
    refused: z.string().optional().meta({ description: 'Why it cannot be asked for as it is classified now.' }),
  })
  .meta({ id: 'ServiceOperation' });

/** Of an HTTP service. */
export const serviceSchema = z
  .object({
    connection: z.string(),
    operations: z.array(calledSchema),
    next_page_token: z.string().optional().meta({ description: 'Absent on the last page.' }),
  })
  .meta({ id: 'Service' });
