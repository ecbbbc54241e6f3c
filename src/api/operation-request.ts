import { z } from 'zod';
import { limitsSchema } from '../model/documents.ts';

const text = z.string().max(200);

/** The body of a request to run one operation; what it leaves is the target's. */
export const operationRequestSchema = z
  .looseObject({
    reason: z
      .string()
      .max(1000)
      .optional()
      .meta({ description: 'Why, in the words of the agent. An approver and an auditor see it.' }),
    agent: z
      .strictObject({
        'gen_ai.agent.name': text.optional(),
        'gen_ai.agent.version': text.optional(),
        'gen_ai.request.model': text.optional(),
        'gen_ai.conversation.id': text.optional(),
      })
      .optional()
      .meta({ description: 'OpenTelemetry GenAI keys; stored as self-reported.' }),
    limits: limitsSchema
      .pick({ rows: true, bytes: true, seconds: true })
      .optional()
      .meta({ description: 'May only lower what policy allows.' }),
  })
  .meta({
    id: 'OperationRequest',
    description:
      "Beside these fields stand the target's own: SQL targets take `statement` and `parameters`, PostgreSQL also `at_most` (rows that a write may change). A field that neither knows is an error.",
  });
