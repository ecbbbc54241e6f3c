import type { z } from 'zod';
import type { Approval } from '../model/approval.ts';
import type { OperationFound, Reachable } from './lookups.ts';
import { approvalUrl, approversOf } from './reply.ts';
import type { approvalViewSchema, connectionSchema, operationViewSchema } from './schemas.ts';

/** A connection as an agent sees it: what it may do there, what is masked, what a human must approve. Never where it is. */
export function connectionView(
  { connection, reach }: Reachable,
  tunnelKey: string | undefined,
): z.input<typeof connectionSchema> {
  const { kind, labels } = connection.document;
  const masks = [...connection.classification].flatMap(([relation, columns]) =>
    [...columns].map(([column, className]) => ({
      resource: `${relation}.${column}`,
      class: className,
      transform: connection.transforms.get(className) ?? 'redact',
    })),
  );
  const approvals = reach.approvals.map(({ policy, approvers, count }) => ({
    policy,
    approvers: [...approvers],
    count,
  }));
  return {
    name: connection.name,
    kind,
    labels,
    verbs: [...reach.verbs],
    unmask: [...reach.unmask],
    masks: masks.filter((mask) => !reach.unmask.includes(mask.class)),
    limits: reach.limits,
    approvals,
    ...(kind === 'ssh' && tunnelKey !== undefined && { tunnel: { host_key: tunnelKey } }),
  };
}

/** An approval as the one who asked for it may see it. */
export function approvalView(approval: Approval, consoleUrl: string): z.input<typeof approvalViewSchema> {
  const { id, state, connection, operation, digest, requested_at, expires_at, decided_at, decisions } = approval;
  return {
    id,
    state,
    connection,
    operation,
    digest,
    requested_at,
    expires_at,
    ...(decided_at !== undefined && { decided_at }),
    approvers: approversOf(approval),
    decisions: decisions.map(({ decision, approver, reason, decided_at: at }) => ({
      decision,
      approver: approver.member,
      reason,
      decided_at: at,
    })),
    url: approvalUrl(consoleUrl, id),
  };
}

export function operationView(found: OperationFound): z.input<typeof operationViewSchema> {
  const { operation, state, connection, verb, decision, approval, time, code } = found;
  return {
    operation,
    state,
    connection,
    verb,
    decision,
    ...(approval !== null && { approval }),
    changed_at: time,
    ...(code !== null && { code }),
  };
}
