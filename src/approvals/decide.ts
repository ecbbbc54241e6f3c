import type { Approval, ApprovalDecision } from '../model/approval.ts';
import type { Identity } from '../model/identity.ts';
import { personOf } from '../model/person.ts';
import { Problem } from '../model/problem.ts';
import type { Clock } from '../platform/clock.ts';
import type { Store, Write } from '../platform/store.ts';
import { type Objection, objectionTo, unmet } from './segregation.ts';
import { type Signer, signDecision } from './signing.ts';
import { readApproval, replacement } from './stored.ts';

/** What one human says of one approval. */
export type Vote = {
  /** Its id. */
  approval: string;
  identity: Identity;
  /** Of the human, from the token and from the documents; without `group:`. */
  groups: readonly string[];
  decision: 'approve' | 'deny';
  /** Of the bytes the human saw. */
  digest: string;
  reason: string;
};

/** `approved` tells of each human's yes; where more are needed the approval is still pending. */
export type Decided = {
  approval: Approval;
  writes: readonly Write[];
  event: 'approved' | 'approval_denied';
};

/** As `Approvals.decide`. */
export async function decide(deps: { store: Store; clock: Clock; signer: Signer }, vote: Vote): Promise<Decided> {
  const stored = await readApproval(deps.store, vote.approval);
  if (stored === undefined) throw new Problem('not-found');
  const { approval, revision } = stored;
  const now = deps.clock.now();
  refuseUnlessEligible(vote, approval);
  refuseUnlessOpen(vote, approval, now);
  const decision = await signDecision(deps.signer, {
    approval: approval.id,
    digest: approval.digest,
    decision: vote.decision,
    approver: personOf(vote.identity, vote.groups),
    reason: vote.reason,
    decided_at: now.toISOString(),
  });
  return after(approval, decision, (next) => replacement(next, revision));
}

/** Why this human may not decide on this approval; undefined when nothing but its state stands against it. */
export function objectionOf(identity: Identity, groups: readonly string[], approval: Approval) {
  const { requester, owner, requirements, decisions } = approval;
  const voters = decisions.map((decision) => decision.approver);
  const code = objectionTo(
    { person: personOf(identity, groups), kind: identity.kind },
    { requester, owner, requirements, voters },
  );
  return code && { code, detail: words[code] };
}

const words: Record<Objection, string> = {
  'not-human': 'Only a human can decide.',
  requester: 'You asked for this yourself; somebody else must decide.',
  owner: 'You own the agent that asks; somebody else must decide.',
  voted: 'You have already decided.',
  'not-approver': 'You are not among the approvers.',
};

function refuseUnlessEligible({ identity, groups }: Vote, approval: Approval) {
  const objection = objectionOf(identity, groups, approval);
  if (objection !== undefined)
    throw new Problem('denied', {
      detail: objection.detail,
      reason: `segregation: ${objection.code}`,
      approval: approval.id,
    });
}

function refuseUnlessOpen({ digest }: Vote, approval: Approval, now: Date) {
  const over = Date.parse(approval.expires_at) <= now.getTime();
  if (over && (approval.state === 'pending' || approval.state === 'expired'))
    throw new Problem('approval-expired', { approval: approval.id });
  if (approval.state !== 'pending')
    throw new Problem('approval-conflict', { detail: `It is ${approval.state} already.`, approval: approval.id });
  if (digest !== approval.digest)
    throw new Problem('approval-conflict', {
      detail: 'The digest is not that of the bytes to be approved. Look at them again.',
      approval: approval.id,
    });
}

function after(approval: Approval, decision: ApprovalDecision, replace: (next: Approval) => Write[]): Decided {
  const decisions = [...approval.decisions, decision];
  const open = unmet(
    approval.requirements,
    decisions.map((each) => each.approver),
  );
  const denied = decision.decision === 'deny';
  const state = denied ? 'denied' : open.length > 0 ? 'pending' : 'approved';
  const next: Approval = {
    ...approval,
    state,
    decisions,
    ...(state !== 'pending' && { decided_at: decision.decided_at }),
  };
  return { approval: next, writes: replace(next), event: denied ? 'approval_denied' : 'approved' };
}
