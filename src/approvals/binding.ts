import { z } from 'zod';
import type { Passage } from '../model/call.ts';
import { canonicalJson, sha256 } from '../model/canonical.ts';
import { type Limits, limitsSchema, targetKinds, verbs } from '../model/documents.ts';
import { Problem } from '../model/problem.ts';

/** A passage that has come as far as the approvals. */
export type DecidedPassage = Passage & Required<Pick<Passage, 'identity' | 'connection' | 'operation' | 'decision'>>;

/**
 * Everything that a human approves. Besides what is done, by whom and where, it holds the obligations of the decision:
 * a retry that policy would treat otherwise (more unmasked, other approvers) is another thing and is asked anew.
 */
export const boundSchema = z.strictObject({
  connection: z.strictObject({ name: z.string(), version: z.string() }),
  identity: z.strictObject({ issuer: z.string(), subject: z.string() }),
  kind: z.enum(targetKinds),
  limits: limitsSchema,
  parameters: z.array(z.unknown()),
  policy_version: z.string(),
  requirements: z.array(z.strictObject({ policy: z.string(), approvers: z.array(z.string()), count: z.int() })),
  statement: z.string(),
  unmask: z.array(z.string()),
  verb: z.enum(verbs),
});
export type Bound = z.output<typeof boundSchema>;

/** More than this no human reads; it also keeps the document far below the store's ceiling of 1 MiB. */
const readableBytes = 128 * 1024;

/** The bytes that are approved, canonical JSON (RFC 8785), and their SHA-256. Refuses what no human could read. */
export function bind(passage: DecidedPassage): { bound: string; digest: string } {
  const bound = canonicalJson(boundOf(passage));
  if (Buffer.byteLength(bound) > readableBytes)
    throw new Problem('too-large', { detail: 'It needs an approval and is longer than a human can be asked to read.' });
  return { bound, digest: sha256(bound) };
}

/** What the decision asks of humans, without the time they have for it. */
export function requirementsOf(passage: DecidedPassage): Bound['requirements'] {
  return passage.decision.approvals.map(({ policy, approvers, count }) => ({
    policy,
    approvers: [...approvers],
    count,
  }));
}

function boundOf(passage: DecidedPassage): Bound {
  const { call, identity, connection, operation, decision } = passage;
  return {
    connection: { name: connection.name, version: connection.version },
    identity: { issuer: identity.issuer, subject: identity.subject },
    kind: operation.kind,
    limits: lowest(decision.limits, call.limits),
    parameters: [...operation.parameters],
    policy_version: decision.policyVersion,
    requirements: requirementsOf(passage),
    statement: operation.statement,
    unmask: [...decision.unmask].sort(),
    verb: operation.verb,
  };
}

function lowest(allowed: Limits, asked: Limits): Limits {
  const limits: Limits = {};
  for (const key of ['rows', 'bytes', 'seconds', 'concurrent'] as const) {
    const values = [allowed[key], asked[key]].filter((value) => value !== undefined);
    if (values.length > 0) limits[key] = Math.min(...values);
  }
  return limits;
}
