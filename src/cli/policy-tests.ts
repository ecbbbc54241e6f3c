import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { describeIssues } from '../model/check.ts';
import type { Decision } from '../model/decision.ts';
import { limitsSchema, type PolicySet, risks, verbs } from '../model/documents.ts';
import type { Identity } from '../model/identity.ts';
import type { Operation } from '../model/operation.ts';
import { asProblem } from '../model/problem.ts';
import { decide, groupsOf } from '../policy/policy.ts';

/** A case that an author writes beside the policies: who does what where, and what must come of it. */
const identitySchema = z.preprocess(
  (given) => (typeof given === 'string' ? { member: given } : given),
  z.strictObject({
    member: z.string().min(1),
    memberships: z.array(z.string()).default([]),
    groups: z.array(z.string()).default([]),
    issuer: z.string().default('offline'),
    subject: z.string().default('offline'),
    email: z.string().exactOptional(),
    claims: z.record(z.string(), z.unknown()).default({}),
  }),
);
const agentSchema = z.strictObject({
  name: z.string().exactOptional(),
  version: z.string().exactOptional(),
  model: z.string().exactOptional(),
  attested: z.boolean().default(false),
});
const operationSchema = z.strictObject({
  verb: z.enum(verbs),
  risks: z.array(z.enum(risks)).default([]),
  resources: z.array(z.string()).default([]),
  classes: z.array(z.string()).default([]),
  statement: z.string().default(''),
  rows_estimate: z.number().exactOptional(),
  bytes_estimate: z.number().exactOptional(),
});
const caseSchema = z.strictObject({
  name: z.string().min(1),
  given: z.strictObject({
    identity: identitySchema,
    agent: agentSchema.default({ attested: false }),
    connection: z.string(),
    operation: operationSchema,
    time: z.iso.datetime().optional(),
  }),
  expect: z.strictObject({
    effect: z.enum(['allow', 'deny']),
    reason: z.string().optional(),
    policies: z.array(z.string()).optional(),
    /** The policies that ask for an approval. */
    approvals: z.array(z.string()).optional(),
    overridden: z.array(z.string()).optional(),
    unmask: z.array(z.string()).optional(),
    limits: limitsSchema.optional(),
  }),
});
const fileSchema = z.strictObject({ cases: z.array(caseSchema).min(1) });

export type Case = z.output<typeof caseSchema>;

/** The cases of one file. Throws in words for the author. */
export function readCases(content: unknown): readonly Case[] {
  const read = fileSchema.safeParse(content);
  if (!read.success) throw new Error(describeIssues(read.error));
  return read.data.cases;
}

/** What is not as expected; nothing when the case holds. Offline: the same decision as the gateway's, on the files alone. */
export function failuresOf({ given, expect }: Case, policySet: PolicySet, now: Date): string[] {
  const document = policySet.connections.get(given.connection);
  if (document === undefined) return [`there is no connection ${given.connection}`];
  const identity = toIdentity(given.identity);
  try {
    const decision = decide({
      identity,
      groups: groupsOf(identity, policySet),
      agent: given.agent,
      connection: {
        name: given.connection,
        version: 'offline',
        document,
        classification: new Map(),
        transforms: new Map(),
      },
      operation: toOperation(given.operation, document.kind),
      policySet,
      now: given.time === undefined ? now : new Date(given.time),
    });
    return differences(expect, decision);
  } catch (thrown) {
    return [`the decision failed: ${asProblem(thrown).code}`];
  }
}

function differences(expect: Case['expect'], decision: Decision): string[] {
  const actual: Record<string, unknown> = { ...decision, approvals: decision.approvals.map(({ policy }) => policy) };
  return Object.entries(expect).flatMap(([field, expected]) =>
    expected === undefined || isDeepStrictEqual(sorted(expected), sorted(actual[field]))
      ? []
      : [
          `${field}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual[field] ?? null)}${why(field, decision)}`,
        ],
  );
}

const why = (field: string, { reason }: Decision) => (field === 'effect' && reason !== undefined ? ` (${reason})` : '');

const sorted = (value: unknown) => (Array.isArray(value) ? value.toSorted() : value);

function toIdentity(given: Case['given']['identity']): Identity {
  return { ...given, kind: 'agent', tokenDigest: '', expiresAt: 0 };
}

function toOperation(given: Case['given']['operation'], kind: Operation['kind']): Operation {
  const { rows_estimate, bytes_estimate, ...operation } = given;
  return {
    ...operation,
    kind,
    parameters: [],
    recorded: { statement: operation.statement, parameters: [] },
    masks: [],
    warnings: [],
    estimates: {
      ...(rows_estimate !== undefined && { rows: rows_estimate }),
      ...(bytes_estimate !== undefined && { bytes: bytes_estimate }),
    },
    plan: undefined,
  };
}
