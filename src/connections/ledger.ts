import { z } from 'zod';
import { canonicalJson, sha256 } from '../model/canonical.ts';
import { type DocumentKind, documentKinds } from '../model/documents.ts';
import type { PolicyChange } from '../model/policy-change.ts';
import type { Revision, Store, StoredDocument, Write } from '../platform/store.ts';

/**
 * `recorded/{document}` in the runtime database: what the trail last said a document is. Written in the same commit as the
 * `policy_changed` event, so that what is in force without an event can be told.
 */
const entrySchema = z.object({
  kind: z.enum(documentKinds),
  name: z.string(),
  /** The change that was recorded last. */
  change: z.string(),
  /** `doubted`: it was told to be made, and it is not known whether it was. */
  state: z.enum(['settled', 'doubted']),
  /** Of the document; null where it was removed. */
  sha256: z.string().nullable(),
  /** Its canonical JSON; null where it was removed, is too large, or is no JSON. */
  text: z.string().nullable(),
  /** Of the document that the change was made to, where the console made it. */
  etag_before: z.string().nullable(),
  at: z.iso.datetime(),
  /** A console has told of it and may yet make it. */
  pending: z.boolean(),
});
type Entry = z.output<typeof entrySchema>;

export type LedgerEntry = Entry & { revision: Revision };

/** What the trail says of each document, and the writes that keep it so. */
export type Ledger = {
  find(kind: DocumentKind, name: string): Promise<LedgerEntry | undefined>;
  /** Calls back with all entries at once and after each change, as `Store.listen`. */
  listen(onChange: (entries: readonly LedgerEntry[]) => void, onError: (error: unknown) => void): () => void;
  /** The document is from now on what the change says. Lost when another change of it was recorded since `known` was read. */
  record(known: LedgerEntry | undefined, change: PolicyChange, at: Date): Write;
  /** The change was not made: what was said before holds again, which may be nothing. */
  takeBack(known: LedgerEntry, before: Pick<Entry, 'text' | 'sha256'> | undefined, at: Date): Write;
  /** Whether the change was made is not known, or is known now. */
  mark(known: LedgerEntry, state: Entry['state'], at: Date): Write;
};

const collection = 'recorded';
const pathOf = (kind: DocumentKind, name: string) => `${collection}/${sha256(`${kind}/${name}`)}`;

/** On the runtime database. */
export function createLedger(store: Pick<Store, 'get' | 'listen'>): Ledger {
  return {
    async find(kind, name) {
      const found = await store.get(pathOf(kind, name));
      return found && toEntry(found);
    },
    listen: (onChange, onError) => store.listen(collection, (documents) => onChange(documents.map(toEntry)), onError),
    record: (known, change, at) =>
      write(known, {
        kind: change.kind,
        name: change.name,
        change: change.id,
        state: 'settled',
        sha256: change.after_sha256,
        text: kept(change.after),
        etag_before: change.etag_before,
        at: at.toISOString(),
        pending: change.source === 'console',
      }),
    takeBack: (known, before, at) =>
      before === undefined
        ? { op: 'delete', path: pathOf(known.kind, known.name), revision: known.revision }
        : write(known, {
            ...entryOf(known),
            state: 'settled',
            sha256: before.sha256,
            text: before.text,
            etag_before: null,
            at: at.toISOString(),
            pending: false,
          }),
    mark: (known, state, at) =>
      write(known, { ...entryOf(known), state, at: at.toISOString(), pending: state === 'doubted' }),
  };
}

/** Characters of a document that are kept, as Firestore holds 1 MiB; of a larger one only the hash is. */
const mostKept = 300_000;

function kept(document: Record<string, unknown> | null): string | null {
  const text = document && canonicalJson(document);
  return text !== null && text.length > mostKept ? null : text;
}

const entryOf = ({ revision: _, ...entry }: LedgerEntry): Entry => entry;

function write(known: LedgerEntry | undefined, data: Entry): Write {
  const path = pathOf(data.kind, data.name);
  return known === undefined ? { op: 'create', path, data } : { op: 'replace', path, data, revision: known.revision };
}

function toEntry({ data, revision }: StoredDocument): LedgerEntry {
  return { ...entrySchema.parse(data), revision };
}
