import type { Approval, ApprovalDecision } from '../model/approval.ts';
import type { Passage } from '../model/call.ts';
import type { Estimates } from '../model/operation.ts';
import { type Person, personOf } from '../model/person.ts';
import { Problem } from '../model/problem.ts';
import type { Seal } from '../model/seal.ts';
import type { Clock } from '../platform/clock.ts';
import type { Ids } from '../platform/ids.ts';
import type { Store, Write } from '../platform/store.ts';
import { bind, type DecidedPassage, requirementsOf } from './binding.ts';
import { objectionTo, unmet } from './segregation.ts';
import { isSigned, type Verifier } from './signing.ts';
import { creation, type Pointer, readCurrent, replacement, type StoredApproval } from './stored.ts';

/**
 * Where an approval stands for one passage. `writes` are the change of state; they hold only if the caller commits them
 * together with the event that tells of them.
 */
export type Settlement =
  /** `asked`: this passage is the first to ask; the event is `held`. */
  | { state: 'waiting'; approval: Approval; writes: readonly Write[]; asked: boolean }
  /** `writes` spend it: they belong in the commit of the intent. */
  | { state: 'granted'; approval: Approval; writes: readonly Write[] }
  /** Nobody decided, or nobody came back, in time; said once, then it is asked anew. The event is `expired`. */
  | { state: 'expired'; approval: Approval; writes: readonly Write[] }
  | { state: 'denied'; approval: Approval; writes: readonly Write[] };

export type SettleDeps = {
  store: Store;
  clock: Clock;
  ids: Ids;
  verifier: Verifier;
  /** Keyed: what an approval is for cannot be guessed from its digest. */
  seal: Seal;
};

/** As `Approvals.settle`. */
export async function settle(deps: SettleDeps, passage: Passage): Promise<Settlement> {
  const asked = decided(passage);
  const { bound, digest } = bind(asked, deps.seal);
  const { current, pointer } = await readCurrent(deps.store, digest);
  if (current !== undefined) {
    const standing = await standingOf(deps, asked, current);
    if (standing !== undefined) return standing;
  }
  return ask(deps, asked, { bound, digest }, pointer);
}

/** What the approval that exists means now; undefined when it is used up and another has to be asked for. */
async function standingOf(deps: SettleDeps, passage: DecidedPassage, { approval, revision }: StoredApproval) {
  const now = deps.clock.now();
  const over = Date.parse(approval.expires_at) <= now.getTime();
  if (approval.state === 'pending' || approval.state === 'approved') {
    if (over) {
      const expired: Approval = { ...approval, state: 'expired' };
      return { state: 'expired', approval: expired, writes: replacement(expired, revision) } as const;
    }
    if (approval.state === 'pending') return { state: 'waiting', approval, writes: [], asked: false } as const;
    await checkGrant(deps, passage, approval);
    const spent: Approval = {
      ...approval,
      state: 'spent',
      spent_at: now.toISOString(),
      spent_by: passage.operationId,
    };
    return { state: 'granted', approval: spent, writes: replacement(spent, revision) } as const;
  }
  if (approval.state === 'denied' && !over) return { state: 'denied', approval, writes: [] } as const;
  return undefined;
}

/**
 * Throws `denied` unless every decision is the console's own, of another human each, and together they are enough. Who asked,
 * who owns and what is required come from the passage and never from the document, which the gateway's own account may write.
 */
async function checkGrant(deps: SettleDeps, passage: DecidedPassage, approval: Approval) {
  const requirements = requirementsOf(passage);
  const ballot = { requester: requesterOf(passage), owner: passage.owner, requirements };
  const voters: Person[] = [];
  for (const decision of approval.decisions) {
    const flaw =
      flawOf(decision, approval, deps.clock) ??
      objectionTo({ person: decision.approver, kind: 'human' }, { ...ballot, voters });
    if (flaw !== undefined) throw notGranted(approval, flaw);
    if (!(await signed(deps.verifier, decision))) throw notGranted(approval, 'signature');
    voters.push(decision.approver);
  }
  if (unmet(requirements, voters).length > 0) throw notGranted(approval, 'too few approvers');
}

async function signed(verifier: Verifier, decision: ApprovalDecision) {
  try {
    return await isSigned(verifier, decision);
  } catch (cause) {
    throw new Problem('internal', { reason: 'approval-key-unavailable', cause });
  }
}

function flawOf(decision: ApprovalDecision, approval: Approval, clock: Clock) {
  if (decision.decision !== 'approve') return 'a decision that does not approve';
  if (decision.approval !== approval.id) return 'a decision on another approval';
  if (decision.digest !== approval.digest) return 'a decision on other bytes';
  const at = Date.parse(decision.decided_at);
  if (at > clock.now().getTime() + skew || at >= Date.parse(approval.expires_at)) return 'a decision out of its time';
  return undefined;
}

/** How far the clocks of two machines may be apart. */
const skew = 30_000;

function notGranted(approval: Approval, flaw: string) {
  return new Problem('denied', {
    detail: 'The approval is not valid, so nothing was run.',
    reason: `approval-invalid: ${flaw} (${approval.id})`,
    approval: approval.id,
  });
}

function ask(
  { clock, ids }: SettleDeps,
  passage: DecidedPassage,
  { bound, digest }: { bound: string; digest: string },
  replaced: Pointer | undefined,
): Settlement {
  const { owner, connection, operation, decision, call } = passage;
  const now = clock.now();
  const seconds = Math.min(...decision.approvals.map((requirement) => requirement.expires));
  const approval: Approval = {
    id: ids('apr'),
    state: 'pending',
    digest,
    bound,
    operation: passage.operationId,
    requester: requesterOf(passage),
    ...(owner !== undefined && { owner }),
    connection: connection.name,
    policy_version: decision.policyVersion,
    kind: operation.kind,
    verb: operation.verb,
    risks: [...operation.risks],
    resources: [...operation.resources],
    estimates: estimatesOf(operation.estimates),
    ...(operation.protection !== undefined && { protection: operation.protection }),
    ...(call.reason !== undefined && { reason: call.reason }),
    agent: agentOf(passage),
    requirements: requirementsOf(passage),
    decisions: [],
    requested_at: now.toISOString(),
    expires_at: new Date(now.getTime() + seconds * 1000).toISOString(),
  };
  return { state: 'waiting', approval, writes: creation(approval, replaced), asked: true };
}

/** A plan longer than a human reads would only make the document too large to be kept. */
const readablePlan = 16_384;

function estimatesOf({ plan, ...numbers }: Estimates): Approval['estimates'] {
  return { ...numbers, ...(plan !== undefined && { plan: plan.slice(0, readablePlan).toWellFormed() }) };
}

function requesterOf({ identity, groups }: DecidedPassage): Person {
  return personOf(identity, groups ?? identity.groups);
}

function agentOf({ agent }: DecidedPassage): Approval['agent'] {
  return {
    ...(agent?.name !== undefined && { name: agent.name }),
    ...(agent?.version !== undefined && { version: agent.version }),
    ...(agent?.model !== undefined && { model: agent.model }),
    attested: agent?.attested ?? false,
  };
}

function decided(passage: Passage): DecidedPassage {
  const { identity, connection, operation, decision } = passage;
  if (!identity || !connection || !operation || !decision) throw new Error('Approvals come after the decision.');
  if (decision.effect !== 'allow' || decision.approvals.length === 0)
    throw new Error('Only what policy allows with approval can be settled.');
  return { ...passage, identity, connection, operation, decision };
}
