import type { Documents, StoredPolicyDocument } from '../connections/connections.ts';
import type { DocumentKind } from '../model/documents.ts';
import { asProblem, Problem } from '../model/problem.ts';
import type { Visit } from './visit.ts';

/** Changes of the documents, each in the trail with what was and what shall be before it is made. */
export type PolicyEditing = {
  put(
    visit: Visit,
    change: { kind: DocumentKind; name: string; document: unknown; ifMatch: string | null },
  ): Promise<StoredPolicyDocument>;
  remove(visit: Visit, change: { kind: DocumentKind; name: string; ifMatch: string }): Promise<void>;
};

type Change = {
  kind: DocumentKind;
  name: string;
  change: 'created' | 'changed' | 'removed';
  before: unknown;
  after: unknown;
};

/**
 * The documents are in another database than the trail, so no commit holds both: the intent is recorded first, and a failure
 * after it. What a reader of the trail sees as changed may therefore not have been, never the other way round.
 */
export function createPolicyEditing(documents: Documents): PolicyEditing {
  async function recorded<T>(visit: Visit, change: Change, make: () => Promise<T>): Promise<T> {
    await visit.note('policy_changed', {}, { note: JSON.stringify(change) });
    try {
      return await make();
    } catch (thrown) {
      const problem = asProblem(thrown);
      const { kind, name } = change;
      const note = JSON.stringify({ kind, name, change: 'not made, or not known to be', code: problem.code });
      await visit.note('policy_changed', { problem }, { note });
      throw problem;
    }
  }

  return {
    async put(visit, { kind, name, document, ifMatch }) {
      const before = await documents.get(kind, name);
      refuseStale(before, ifMatch);
      const change = {
        kind,
        name,
        change: before ? 'changed' : 'created',
        before: before?.document ?? null,
        after: document,
      } as const;
      return recorded(visit, change, () => documents.put(kind, name, document, { ifMatch: before?.etag ?? null }));
    },

    async remove(visit, { kind, name, ifMatch }) {
      const before = await documents.get(kind, name);
      if (before === undefined) throw new Problem('not-found');
      refuseStale(before, ifMatch);
      const change = { kind, name, change: 'removed', before: before.document, after: null } as const;
      await recorded(visit, change, () => documents.remove(kind, name, { ifMatch: before.etag }));
    },
  };
}

function refuseStale(before: StoredPolicyDocument | undefined, ifMatch: string | null) {
  const holds =
    ifMatch === null ? before === undefined : before !== undefined && (ifMatch === '*' || ifMatch === before.etag);
  if (!holds) throw new Problem('precondition-failed');
}
