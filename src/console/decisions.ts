import type { Approvals } from '../approvals/approvals.ts';
import type { Approval, ApprovalNote } from '../model/approval.ts';
import type { Call } from '../model/call.ts';
import { canonicalJson } from '../model/canonical.ts';
import { Problem } from '../model/problem.ts';
import type { Visit } from './visit.ts';

type Answer = { decision: 'approve' | 'deny'; digest: string; reason: string };

/** What one human sees of an approval. `objection`: why they may not decide. */
export type Sight = { approval: Approval; objection?: string };

/** Approvals as one human may see and decide them. */
export type Decisions = {
  /** Of the first `limit` approvals, those that this human may decide, asked for, or answers for. */
  list(visit: Visit, filter: { state?: Approval['state'] | undefined; limit: number }): Promise<Sight[]>;
  /** Throws `not-found` for one that does not concern this human. */
  get(visit: Visit, id: string): Promise<Sight>;
  /** Records the decision and what it changes in one commit. Throws as `Approvals.decide`. */
  decide(visit: Visit, id: string, answer: Answer): Promise<Sight>;
};

export function createDecisions(approvals: Approvals): Decisions {
  function sightOf({ identity, groups }: Visit, approval: Approval): Sight & { concerned: boolean } {
    const objection = approvals.objection(approval, identity, groups);
    const open = approval.state === 'pending' ? objection?.detail : `It is ${approval.state}.`;
    const concerned = objection === undefined || concerning.has(objection.code);
    return { approval, concerned, ...(open !== undefined && { objection: open }) };
  }

  return {
    async list(visit, { state, limit }) {
      const found = await approvals.list({ ...(state !== undefined && { state }), limit });
      return found.map((approval) => sightOf(visit, approval)).filter(({ concerned }) => concerned);
    },

    async get(visit, id) {
      const approval = await approvals.get(id);
      if (approval === undefined) throw new Problem('not-found', { reason: 'no-such-approval' });
      const sight = sightOf(visit, approval);
      if (!sight.concerned) throw new Problem('not-found', { reason: 'approval-of-others' });
      return sight;
    },

    async decide(visit, id, answer) {
      const { identity, groups } = visit;
      const { approval, writes, event } = await approvals.decide({ approval: id, identity, groups, ...answer });
      const subject = { operationId: approval.operation, approval, call: callAt(approval.connection) };
      await visit.note(event, subject, { with: writes, note: noteOf(approval) });
      return sightOf(visit, approval);
    },
  };
}

/** The decision that was just made, with its signature: the trail alone proves that the console made it. */
function noteOf({ decisions, state }: Approval): string {
  const decision = decisions.at(-1);
  if (decision === undefined) throw new Error('An approval that was decided holds the decision.');
  return canonicalJson({ decision, more: state === 'pending' } satisfies ApprovalNote);
}

/** Whoever asked, owns or voted may look, though they may not decide. */
const concerning = new Set(['requester', 'owner', 'voted']);

/** For the trail, which finds the connection of what is decided here. */
export function callAt(connection: string): Call {
  const signal = new AbortController().signal;
  return { presented: {}, connection, request: undefined, agent: {}, limits: {}, dryRun: false, wait: 0, signal };
}
