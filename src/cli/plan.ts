import { canonicalJson } from '../model/canonical.ts';
import type { DocumentKind } from '../model/documents.ts';
import type { AuthoredDocument } from './policy-files.ts';

/** A document in force, with the etag that a change of it must name. */
export type DocumentInForce = AuthoredDocument & { etag: string };

export type Change =
  | { action: 'create'; kind: DocumentKind; name: string; after: Record<string, unknown> }
  | {
      action: 'change';
      kind: DocumentKind;
      name: string;
      etag: string;
      before: Record<string, unknown>;
      after: Record<string, unknown>;
    }
  | { action: 'remove'; kind: DocumentKind; name: string; etag: string; before: Record<string, unknown> };

export type Plan = {
  /** In the order in which they are made. */
  changes: readonly Change[];
  /** In force but in no file; removed only when asked to. */
  strays: readonly DocumentInForce[];
};

/**
 * What would make the documents in force those of the files. In an order that never opens more than either state does:
 * first what masks and refuses, then what grants; when removing, the other way round.
 */
export function planOf(
  authored: readonly AuthoredDocument[],
  inForce: readonly DocumentInForce[],
  { prune }: { prune: boolean },
): Plan {
  const now = new Map(inForce.map((document) => [keyOf(document), document]));
  const wanted = new Set(authored.map(keyOf));
  const strays = inForce.filter((document) => !wanted.has(keyOf(document)));
  const made = authored.flatMap((document) => changeTo(document, now.get(keyOf(document))));
  const removed = prune ? strays.map(removalOf) : [];
  return {
    changes: [
      ...removed.filter(grants),
      ...made.sort(byRank),
      ...removed
        .filter((change) => !grants(change))
        .sort(byRank)
        .reverse(),
    ],
    strays,
  };
}

const keyOf = ({ kind, name }: { kind: DocumentKind; name: string }) => `${kind}/${name}`;

function changeTo({ kind, name, document }: AuthoredDocument, now: DocumentInForce | undefined): Change[] {
  if (now === undefined) return [{ action: 'create', kind, name, after: document }];
  if (canonicalJson(now.document) === canonicalJson(document)) return [];
  return [{ action: 'change', kind, name, etag: now.etag, before: now.document, after: document }];
}

const removalOf = ({ kind, name, document, etag }: DocumentInForce): Change => ({
  action: 'remove',
  kind,
  name,
  etag,
  before: document,
});

const order: readonly DocumentKind[] = ['agents', 'groups', 'classifications', 'connections', 'policies'];

function byRank(a: Change, b: Change) {
  return rankOf(a) - rankOf(b) || (keyOf(a) < keyOf(b) ? -1 : 1);
}

function rankOf(change: Change) {
  return order.indexOf(change.kind) + (grants(change) ? 1 : 0);
}

function grants(change: Change) {
  const document = change.action === 'remove' ? change.before : change.after;
  return change.kind === 'policies' && document['effect'] === 'allow';
}
