import { approvalNoteSchema, type SignedDecision } from '../../model/approval.ts';
import type { AuditEvent } from '../../model/audit-event.ts';
import { canonicalJson } from '../../model/canonical.ts';
import type { Findings } from './findings.ts';
import { jsonOf } from './lines.ts';
import type { Signatures } from './signatures.ts';
import type { Tolerance } from './tolerance.ts';

type Place = { chain: string; seq: number; event_id: string };
type Given = { member: string; digest: string; time: number };
type Use = Place & {
  digest: string;
  time: number;
  requester: string;
  approvers: readonly string[];
  decidedAt: number | undefined;
};

export type ApprovalCheck = {
  take(event: AuditEvent): void;
  /** `earlier`: how many were given before what is looked at. */
  finish(): { spent: number; earlier: number };
};

/**
 * What ran under an approval must have been approved before, by other humans, for exactly that, and each approval serves
 * once. A decision counts where the console's key signed what the event says of it.
 */
export function createApprovalCheck(deps: {
  findings: Findings;
  signatures: Signatures;
  tolerance: Tolerance;
  /** As for `createOperations`. */
  horizon: () => number | undefined;
}): ApprovalCheck {
  const { findings, signatures, tolerance, horizon } = deps;
  const given = new Map<string, Given[]>();
  const uses = new Map<string, Use[]>();

  function take(event: AuditEvent) {
    if (event.approval === null) return;
    if (event.type === 'approved' || event.type === 'approval_denied') takeDecision(event, event.approval);
    else if (event.phase === 'intent') takeUse(event, event.approval);
  }

  function takeDecision(event: AuditEvent, approval: NonNullable<AuditEvent['approval']>) {
    const flaw = flawOf(event, approval);
    if (flaw !== undefined) findings.add({ kind: 'forged-approval', ...placeOf(event), detail: flaw });
    else if (event.type === 'approved')
      add(given, approval.id, {
        member: event.principal?.member ?? '',
        digest: approval.digest,
        time: Date.parse(event.time),
      });
  }

  function flawOf({ type, principal, note }: AuditEvent, approval: NonNullable<AuditEvent['approval']>) {
    if (principal?.kind !== 'human') return 'Whoever decided is no human.';
    const read = approvalNoteSchema.safeParse(jsonOf(note ?? ''));
    if (!read.success) return 'It holds no signed decision.';
    const { signature, key, ...signed } = read.data.decision;
    if (!signatures.isGood(canonicalJson(signed), signature, key))
      return `None of the keys that are trusted signed the decision; it names ${key}.`;
    const meant = {
      approval: approval.id,
      digest: approval.digest,
      decision: type === 'approved' ? 'approve' : 'deny',
      member: principal.member,
    };
    return canonicalJson(saidBy(signed)) === canonicalJson(meant) ? undefined : 'What was signed is another decision.';
  }

  function takeUse(event: AuditEvent, approval: NonNullable<AuditEvent['approval']>) {
    const { id, digest, requester, approvers, decided_at } = approval;
    const decidedAt = decided_at === null ? undefined : Date.parse(decided_at);
    const time = Date.parse(event.time);
    add(uses, id, { ...placeOf(event), digest, time, requester, approvers, decidedAt });
  }

  function finish() {
    let [spent, earlier] = [0, 0];
    for (const [id, all] of uses) {
      const [first, ...others] = all.sort((one, other) => one.time - other.time);
      spent += all.length;
      for (const use of others)
        findings.add({
          kind: 'approval-spent-twice',
          ...placeOf(use),
          detail: `${id} was spent before, in row ${first?.seq} of ${first?.chain}.`,
        });
      for (const use of all) {
        const flaw = unapproved(use, given.get(id) ?? []);
        if (flaw === undefined) continue;
        if (isBefore(use.decidedAt)) earlier++;
        else findings.add({ kind: 'not-approved', ...placeOf(use), detail: `${id}: ${flaw}` });
      }
    }
    return { spent, earlier };
  }

  function unapproved(use: Use, decisions: readonly Given[]): string | undefined {
    const { digest, requester, approvers } = use;
    const inTime = decisions.filter(({ time }) => time <= use.time + tolerance.clocks);
    const valid = inTime.filter((one) => one.digest === digest && one.member !== requester).map(({ member }) => member);
    if (valid.length === 0) return 'nobody approved it, or not this, or not before it ran.';
    const lacking = approvers.filter((member) => !valid.includes(member));
    return lacking.length === 0 ? undefined : `${lacking.join(', ')} did not approve it.`;
  }

  function isBefore(decidedAt: number | undefined) {
    const since = horizon();
    return since !== undefined && decidedAt !== undefined && decidedAt <= since + tolerance.clocks;
  }

  return { take, finish };
}

function add<T>(map: Map<string, T[]>, key: string, value: T) {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

const saidBy = ({ approval, digest, decision, approver }: SignedDecision) => ({
  ...{ approval, digest, decision },
  member: approver.member,
});

const placeOf = ({ chain, seq, event_id }: Place) => ({ chain, seq, event_id });
