import type { Documents, Ledger, LedgerEntry, StoredPolicyDocument } from '../connections/connections.ts';
import type { Passage } from '../model/call.ts';
import { contentOf } from '../model/document-content.ts';
import type { DocumentKind } from '../model/documents.ts';
import { excessOf, type PolicyChange, type PolicyChangeEnd } from '../model/policy-change.ts';
import { asProblem, Problem } from '../model/problem.ts';
import type { Visit } from './visit.ts';

/** Changes of the documents, each in the trail with what was and what shall be before it is made. */
export type PolicyEditing = {
  put(
    visit: Visit,
    change: { kind: DocumentKind; name: string; document: Record<string, unknown>; ifMatch: string | null },
  ): Promise<StoredPolicyDocument>;
  remove(visit: Visit, change: { kind: DocumentKind; name: string; ifMatch: string }): Promise<void>;
};

export type PolicyEditingDeps = {
  documents: Documents;
  ledger: Ledger;
  ids: (prefix: string) => string;
  now: () => Date;
};

/**
 * The documents are in another database than the trail, so no commit holds both: the intent is recorded first, and how it
 * ended after it where it did not simply succeed. What was told and not made is found and told by a keeper, should the console
 * end in between. A document that an event cannot hold with what it was before is refused (`too-large`): nothing of it is lost.
 */
export function createPolicyEditing({ documents, ledger, ids, now }: PolicyEditingDeps): PolicyEditing {
  type Subject = { kind: DocumentKind; name: string; after: Record<string, unknown> | null };

  async function changeOf({ kind, name, after }: Subject, before?: StoredPolicyDocument): Promise<PolicyChange> {
    const versions = await documents.versions(kind, name, after);
    const content = before && contentOf(before.document, before.etag.slice(1, -1));
    const change: PolicyChange = {
      id: ids('pc'),
      kind,
      name,
      change: after === null ? 'removed' : before ? 'changed' : 'created',
      source: 'console',
      before: before && content?.text !== null ? before.document : null,
      after,
      before_sha256: content?.sha256 ?? null,
      after_sha256: after && contentOf(after, '').sha256,
      omitted: content?.text === null,
      etag_before: before?.etag ?? null,
      written_at: null,
      policy_version_before: versions.before,
      policy_version: versions.after,
      approver: null,
    };
    if (excessOf(change) > 0)
      throw new Problem('too-large', {
        detail: `The document and what it was before do not fit into one event of the audit trail: they are ${excessOf(change)} bytes too large. Split the document.`,
        reason: 'policy-change-too-large-to-record',
      });
    return change;
  }

  async function recorded<T>(visit: Visit, change: PolicyChange, make: () => Promise<T>): Promise<T> {
    const before = await ledger.find(change.kind, change.name);
    await tell(visit, {}, change, [ledger.record(before, change, now())]);
    try {
      return await make();
    } catch (thrown) {
      const problem = asProblem(thrown);
      await end(visit, change, before, problem);
      throw problem;
    }
  }

  /** A problem that the documents' own checks found changed nothing; after any other the change may have been made. */
  async function end(
    visit: Visit,
    { id, kind, name }: PolicyChange,
    before: LedgerEntry | undefined,
    problem: Problem,
  ) {
    const outcome = problem.code === 'internal' ? 'not known' : 'not made';
    const ending: PolicyChangeEnd = { id, kind, name, outcome, code: problem.code };
    const known = await ledger.find(kind, name);
    if (known?.change !== id) return tell(visit, { problem }, ending, []);
    const write = outcome === 'not made' ? ledger.takeBack(known, before, now()) : ledger.mark(known, 'doubted', now());
    await tell(visit, { problem }, ending, [write]);
  }

  return {
    async put(visit, { kind, name, document, ifMatch }) {
      const before = await documents.get(kind, name);
      refuseStale(before, ifMatch);
      const change = await changeOf({ kind, name, after: document }, before);
      return recorded(visit, change, () => documents.put(kind, name, document, { ifMatch: before?.etag ?? null }));
    },

    async remove(visit, { kind, name, ifMatch }) {
      const before = await documents.get(kind, name);
      if (before === undefined) throw new Problem('not-found');
      refuseStale(before, ifMatch);
      const change = await changeOf({ kind, name, after: null }, before);
      await recorded(visit, change, () => documents.remove(kind, name, { ifMatch: before.etag }));
    },
  };
}

type With = NonNullable<NonNullable<Parameters<Visit['note']>[2]>['with']>;

/** Throws `precondition-failed` where another change of the same document was recorded meanwhile. */
async function tell(visit: Visit, subject: Partial<Passage>, note: PolicyChange | PolicyChangeEnd, writes: With) {
  try {
    await visit.note('policy_changed', subject, { note: JSON.stringify(note), with: writes });
  } catch (thrown) {
    const problem = asProblem(thrown);
    throw problem.code === 'approval-conflict' ? new Problem('precondition-failed', { cause: problem }) : problem;
  }
}

function refuseStale(before: StoredPolicyDocument | undefined, ifMatch: string | null) {
  const holds =
    ifMatch === null ? before === undefined : before !== undefined && (ifMatch === '*' || ifMatch === before.etag);
  if (!holds) throw new Problem('precondition-failed');
}
