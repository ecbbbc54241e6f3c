import type { Approval, ApprovalState } from '../model/approval.ts';
import type { Passage } from '../model/call.ts';
import type { Identity } from '../model/identity.ts';
import { Problem } from '../model/problem.ts';
import type { Seal } from '../model/seal.ts';
import type { Clock } from '../platform/clock.ts';
import type { Ids } from '../platform/ids.ts';
import type { Store, StoredDocument, StoreQuery } from '../platform/store.ts';
import { type Decided, decide, objectionOf, type Vote } from './decide.ts';
import type { Objection } from './segregation.ts';
import { type Settlement, settle } from './settle.ts';
import type { Signer, Verifier } from './signing.ts';
import { approvalPath, approvalsCollection, parseApproval, readApproval, reading } from './stored.ts';

export { createExpiry } from './overdue.ts';
export type { Settlement, Signer };

/**
 * A human's yes for exact bytes, spent once. Nothing is written here: every change of state is returned as writes with
 * preconditions, and the caller commits them together with the event that tells of it. On `WriteConflict` somebody else
 * was faster and nothing was written: `waiting` is settled again; a grant was spent by another (`approval-conflict`).
 */
export type Approvals = {
  /** Finds or asks the approval bound to exactly this passage. Refuses a grant that is not the console's: `denied`. */
  settle(passage: Passage): Promise<Settlement>;
  /** Returns when it is decided, expires, the seconds are over or the signal aborts. Then settle again. */
  wait(approval: Approval, seconds: number, signal: AbortSignal): Promise<void>;
  /** As it stands now: what is past its time is `expired`. */
  get(id: string): Promise<Approval | undefined>;
  /** Open ones by urgency, all others newest first. What cannot be parsed is reported and left out. */
  list(filter: { state?: ApprovalState; limit: number }): Promise<Approval[]>;
  /** Why this identity may not decide on it, also in words for a human; undefined when nothing but its state stands against it. */
  objection(
    approval: Approval,
    identity: Identity,
    groups: readonly string[],
  ): { code: Objection; detail: string } | undefined;
  /** Adds one human's signed decision. Throws `not-found`, `denied`, `approval-expired`, `approval-conflict`. */
  decide(vote: Vote): Promise<Decided>;
};

export type ApprovalsDeps = {
  /** The runtime database. */
  store: Store;
  clock: Clock;
  ids: Ids;
  /** Knows the public half of the console's key. */
  verifier: Verifier;
  seal: Seal;
  /** Only in the console. */
  signer?: Signer;
  /** Told of what is stored and is not what the product wrote, each time it is met. */
  onSuspect: (suspect: Suspect, passage?: Passage) => void;
};

/** `reason` says of what, too. */
export type Suspect = { kind: 'approval-corrupt' | 'approval-forged'; reason: string };

export function createApprovals(deps: ApprovalsDeps): Approvals {
  const { store, clock, signer } = deps;
  const current = (approval: Approval) => asOf(approval, clock.now());
  return {
    settle: (passage) => watched(deps, settle(deps, passage), passage),
    wait: (approval, seconds, signal) => wait(deps, approval, seconds, signal),
    async get(id) {
      const stored = await watched(deps, readApproval(store, id));
      return stored && current(stored.approval);
    },
    async list(filter) {
      const documents = await reading(store.query(listing(filter, clock.now())));
      return documents.flatMap((document) => parsed(document, deps)).map(current);
    },
    objection: (approval, identity, groups) => objectionOf(identity, groups, approval),
    async decide(vote) {
      if (signer === undefined) throw new Problem('denied', { reason: 'only the console can decide' });
      return decide({ store, clock, signer }, vote);
    },
  };
}

function asOf(approval: Approval, now: Date): Approval {
  const open = approval.state === 'pending' || approval.state === 'approved';
  return open && Date.parse(approval.expires_at) <= now.getTime() ? { ...approval, state: 'expired' } : approval;
}

/** Expiry is a fact of the clock, not of the document: what nobody came back for is never written as expired. */
function listing({ state, limit }: { state?: ApprovalState; limit: number }, now: Date): StoreQuery {
  const time = now.toISOString();
  const collection = approvalsCollection;
  if (state === undefined) return { collection, orderBy: [['requested_at', 'desc']], limit };
  if (state === 'expired')
    return {
      collection,
      where: [
        ['state', 'in', ['pending', 'approved', 'expired']],
        ['expires_at', '<=', time],
      ],
      orderBy: [['expires_at', 'desc']],
      limit,
    };
  if (state === 'pending' || state === 'approved')
    return {
      collection,
      where: [
        ['state', '==', state],
        ['expires_at', '>', time],
      ],
      orderBy: [['expires_at', 'asc']],
      limit,
    };
  return { collection, where: [['state', '==', state]], orderBy: [['expires_at', 'desc']], limit };
}

function parsed(document: StoredDocument, { onSuspect }: Pick<ApprovalsDeps, 'onSuspect'>): Approval[] {
  try {
    return [parseApproval(document)];
  } catch (error) {
    const suspect = suspectIn(error);
    if (suspect === undefined) throw error;
    onSuspect(suspect);
    return [];
  }
}

async function watched<T>({ onSuspect }: ApprovalsDeps, work: Promise<T>, passage?: Passage): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const suspect = suspectIn(error);
    if (suspect !== undefined) onSuspect(suspect, passage);
    throw error;
  }
}

function suspectIn(error: unknown): Suspect | undefined {
  const reason = error instanceof Problem ? error.reason : undefined;
  if (reason?.startsWith('approval-corrupt: ')) return { kind: 'approval-corrupt', reason };
  if (reason?.startsWith('approval-invalid: ')) return { kind: 'approval-forged', reason };
  return undefined;
}

async function wait({ store, clock }: ApprovalsDeps, approval: Approval, seconds: number, signal: AbortSignal) {
  const left = Date.parse(approval.expires_at) - clock.now().getTime();
  const milliseconds = Math.min(seconds * 1000, left);
  if (signal.aborted || milliseconds <= 0) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const finish = () => resolve();
  const timer = setTimeout(finish, milliseconds);
  signal.addEventListener('abort', finish, { once: true });
  const stop = store.listen(
    approvalPath(approval.id),
    ([document]) => {
      if (document?.data['state'] !== 'pending') finish();
    },
    finish,
  );
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', finish);
    stop();
  }
}
