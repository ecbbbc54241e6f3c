import { z } from 'zod';
import { approvalStates } from '../model/approval.ts';
import { risks, targetKinds, verbs } from '../model/documents.ts';
import { problems } from '../model/problem.ts';

/** The shapes of the HTTP contract: they check what comes in, and `/openapi.json` is made from them. */

export const postgresRequestSchema = z.union([
  z.object({
    statement: z.string(),
    parameters: z.array(z.union([z.string(), z.number(), z.boolean(), z.null()])).optional(),
    at_most: z
      .int()
      .positive()
      .max(1_000_000)
      .optional()
      .meta({ description: 'The most rows that a write may change.' }),
  }),
  z
    .object({
      task: z.literal('classify'),
      sample: z.int().min(0).max(1000).optional(),
      tables: z.array(z.string()).optional(),
    })
    .meta({ description: 'A class for each column, with the reason; nothing of a value. The verb is administer.' }),
  z
    .object({
      task: z.literal('grants'),
      role: z.string(),
      write: z.boolean().optional(),
      create: z.boolean().optional(),
    })
    .meta({ description: 'The least privileges of the login, as SQL. The verb is administer.' }),
]);

/** Of Kubernetes and of HTTP services. */
export const httpOperationSchema = z
  .object({
    method: z.string().meta({ description: 'In capitals.' }),
    path: z
      .string()
      .meta({ description: 'With its query, percent-encoded: `/api/v1/namespaces/team-a/pods?limit=10`.' }),
    headers: z.record(z.string(), z.string()).optional(),
    body: z.json().optional().meta({ description: 'Text as it is to be sent, or JSON.' }),
  })
  .meta({ description: 'A request in the own terms of Kubernetes or of an HTTP service.' });

const decisionSchema = z
  .object({ effect: z.enum(['allow', 'deny']), policies: z.array(z.string()), policy_version: z.string() })
  .meta({ id: 'Decision' });

const columnSchema = z
  .object({
    name: z.string(),
    type: z.string(),
    masked: z.string().optional().meta({ description: 'The class, where it was masked.' }),
  })
  .meta({ id: 'Column' });

/** Of SSH. */
export const sshRequestSchema = z
  .object({
    command: z
      .union([z.string(), z.array(z.string())])
      .meta({ description: 'A script for the login shell, or the words of one program, which reach it as they are.' }),
    stdin: z.string().optional(),
    stdin_base64: z.base64().optional().meta({ description: 'Instead of `stdin`: bytes.' }),
    terminal: z
      .object({ term: z.string().optional(), columns: z.int().optional(), rows: z.int().optional() })
      .optional(),
    environment: z
      .record(z.string(), z.string())
      .optional()
      .meta({ description: 'LANG, LC_*, and what the connection allows.' }),
  })
  .meta({ description: 'A command on a host. Shells and forwarded ports go by the tunnel.' });

const resultSchema = z
  .object({
    columns: z.array(columnSchema),
    rows: z.array(z.array(z.unknown())),
    row_count: z.int(),
    affected: z.int().optional(),
    truncated: z.boolean(),
    sha256: z.string().meta({
      description:
        "SHA-256 of the rows as they stand here: each row's JSON without white space, followed by a newline.",
    }),
  })
  .meta({ id: 'Result' });

const answerSchema = z
  .object({
    status: z.int(),
    headers: z.record(z.string(), z.string()),
    body: z.unknown().optional().meta({ description: 'JSON where it is JSON, else text.' }),
    body_base64: z.string().optional().meta({ description: 'Instead of `body`, where it is neither.' }),
    truncated: z.boolean(),
    sha256: z.string().meta({ description: 'SHA-256 of the bytes of the body, as they were after masking.' }),
  })
  .meta({ id: 'Answer', description: 'What an HTTP service, or Kubernetes, answered.' });

const programResultSchema = z
  .object({
    stdout: z.string().optional(),
    stdout_base64: z.string().optional().meta({ description: 'Instead of `stdout`, where it is no UTF-8.' }),
    stderr: z.string().optional(),
    stderr_base64: z.string().optional(),
    exit_status: z
      .int()
      .optional()
      .meta({ description: 'Any is an answer: it is not for us to say what is a failure.' }),
    signal: z.string().optional().meta({ description: 'Instead of `exit_status`, where a signal ended it: `TERM`.' }),
    truncated: z.boolean().meta({ description: 'It was ended, as it printed more than is allowed.' }),
    sha256: z.string().meta({
      description:
        'SHA-256 of the messages as they left: of each a byte for its channel (1 stdout, 2 stderr, 3 status) and its bytes.',
    }),
  })
  .meta({ id: 'ProgramResult', description: 'What a program printed, masked, and how it ended.' });

export const doneSchema = z
  .object({
    operation: z.string(),
    state: z.literal('done'),
    verb: z.enum(verbs),
    decision: decisionSchema,
    result: z.union([resultSchema, answerSchema, programResultSchema]),
    warnings: z.array(z.string()),
  })
  .meta({ id: 'Done' });

export const waitingSchema = z
  .object({
    operation: z.string(),
    state: z.literal('waiting'),
    approval: z.object({ id: z.string(), expires_at: z.string(), approvers: z.array(z.string()), url: z.string() }),
  })
  .meta({ id: 'Waiting', description: 'A human must decide. To go on, send the same request again.' });

export const simulatedSchema = z
  .object({
    operation: z.string(),
    state: z.literal('simulated'),
    verb: z.enum(verbs),
    risks: z.array(z.enum(risks)),
    resources: z.array(z.string()),
    masks: z.array(z.object({ resource: z.string(), class: z.string(), transform: z.string() })),
    protection: z.enum(['proven', 'rewritten']).optional().meta({
      description:
        'Whether the target itself would refuse the raw value of what is masked, or the rewriting alone hides it.',
    }),
    changes: z.int().optional().meta({ description: 'Rows that it would change now, by cascades too.' }),
    at_most: z
      .int()
      .optional()
      .meta({ description: 'Rows that it may change when it runs; were it more, everything is taken back.' }),
    decision: decisionSchema,
    approvals: z.array(z.object({ policy: z.string(), approvers: z.array(z.string()), count: z.int() })),
    warnings: z.array(z.string()),
  })
  .meta({ id: 'Simulated', description: 'Understood and decided; nothing was run and nobody was asked.' });

export const connectionSchema = z
  .object({
    name: z.string(),
    kind: z.enum(targetKinds),
    labels: z.record(z.string(), z.string()),
    verbs: z.array(z.enum(verbs)),
    unmask: z
      .array(z.string())
      .meta({ description: 'Classes this identity may see in the clear; all others are masked.' }),
    masks: z.array(z.object({ resource: z.string(), class: z.string(), transform: z.string() })),
    limits: z.object({
      rows: z.int().optional(),
      bytes: z.int().optional(),
      seconds: z.int().optional(),
      concurrent: z.int().optional(),
    }),
    approvals: z.array(z.object({ policy: z.string(), approvers: z.array(z.string()), count: z.int() })),
    tunnel: z
      .object({ host_key: z.string().meta({ description: 'To be pinned, as it stands in a `known_hosts` file.' }) })
      .optional()
      .meta({ description: 'Where SSH clients reach it: `GET /v1/connections/{connection}/tunnel`.' }),
  })
  .meta({ id: 'Connection' });

export const approvalViewSchema = z
  .object({
    id: z.string(),
    state: z.enum(approvalStates),
    connection: z.string(),
    operation: z.string(),
    digest: z.string(),
    requested_at: z.string(),
    expires_at: z.string(),
    decided_at: z.string().optional(),
    approvers: z.array(z.string()),
    decisions: z.array(
      z.object({
        decision: z.enum(['approve', 'deny']),
        approver: z.string(),
        reason: z.string(),
        decided_at: z.string(),
      }),
    ),
    url: z.string(),
  })
  .meta({ id: 'Approval' });

export const operationViewSchema = z
  .object({
    operation: z.string(),
    state: z.enum(['waiting', 'running', 'done', 'failed', 'unknown', 'expired', 'denied', 'retried']).meta({
      description: 'Of what waited for a human, once its approval is over: `retried` ran as another operation.',
    }),
    connection: z.string(),
    verb: z.enum(verbs),
    decision: decisionSchema,
    approval: z.string().optional(),
    changed_at: z.string(),
    code: z.string().optional(),
  })
  .meta({ id: 'Operation' });

export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string().optional(),
    code: z.enum(Object.keys(problems) as [keyof typeof problems, ...(keyof typeof problems)[]]),
    operation: z.string().optional(),
    approval: z.string().optional(),
  })
  .meta({ id: 'Problem', description: 'RFC 9457. `detail` says what to do and holds nothing of the data.' });
