import type { Bound } from '../model/approval.ts';
import type { Passage } from '../model/call.ts';
import { canonicalJson, sha256 } from '../model/canonical.ts';
import { lowestLimits } from '../model/documents.ts';
import { Problem } from '../model/problem.ts';
import type { Seal } from '../model/seal.ts';

/** A passage that has come as far as the approvals. */
export type DecidedPassage = Passage & Required<Pick<Passage, 'identity' | 'connection' | 'operation' | 'decision'>>;

/** More than this no human reads; it also keeps the document far below the store's ceiling of 1 MiB. */
const readableBytes = 128 * 1024;

/**
 * The bytes that are approved, canonical JSON (RFC 8785), and their SHA-256. The digest stands in the trail, where the statement may
 * be sealed: the salt, the same for the same operation, keeps a reader from trying what was sealed. Refuses what no human could read.
 */
export function bind(passage: DecidedPassage, seal: Seal): { bound: string; digest: string } {
  const unsalted = boundOf(passage);
  const bound = canonicalJson({ ...unsalted, salt: seal('APPROVAL', canonicalJson(unsalted)) } satisfies Bound);
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

function boundOf(passage: DecidedPassage): Omit<Bound, 'salt'> {
  const { call, identity, connection, operation, decision } = passage;
  return {
    ...(operation.atMost !== undefined && { at_most: operation.atMost }),
    connection: { name: connection.name, version: connection.version },
    identity: { issuer: identity.issuer, subject: identity.subject },
    kind: operation.kind,
    limits: lowestLimits(decision.limits, call.limits),
    parameters: [...operation.parameters],
    policy_version: decision.policyVersion,
    requirements: requirementsOf(passage),
    statement: operation.statement,
    unmask: [...decision.unmask].sort(),
    verb: operation.verb,
  };
}
