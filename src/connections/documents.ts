import { canonicalJson, sha256 } from '../model/canonical.ts';
import { type DocumentKind, documentKinds, documentName } from '../model/documents.ts';
import { Problem } from '../model/problem.ts';
import { type Revision, type Store, type StoredDocument, WriteConflict } from '../platform/store.ts';
import { isBeat } from './heartbeat.ts';
import { readDocument } from './read-document.ts';
import { digestOf, versionOf, versionWith } from './version.ts';

/** A document as it was authored, whether it parses or not. The etag changes with every write. */
export type StoredPolicyDocument = {
  name: string;
  document: Record<string, unknown>;
  etag: string;
  /** Why it does not parse, where it does not. */
  error?: string;
};

/** The documents as policy authors change them: strictly checked, and only by those who saw the last state. */
export type Documents = {
  list(kind: DocumentKind): Promise<StoredPolicyDocument[]>;
  get(kind: DocumentKind, name: string): Promise<StoredPolicyDocument | undefined>;
  /**
   * Writes the whole document. `ifMatch`: an etag, `*` for whatever is there, `null` to create. Throws `bad-request` with
   * the paths that do not fit, `precondition-failed` when somebody else was faster.
   */
  put(
    kind: DocumentKind,
    name: string,
    document: unknown,
    options: { ifMatch: string | null },
  ): Promise<StoredPolicyDocument>;
  /** Throws `bad-request` where `put` would because of the document itself. */
  check(kind: DocumentKind, name: string, document: unknown): Promise<void>;
  /** Throws `not-found`, and `precondition-failed` when somebody else was faster. */
  remove(kind: DocumentKind, name: string, options: { ifMatch: string }): Promise<void>;
  /** The version of all policy as it is now, and as it would be with this document; null: without it. */
  versions(
    kind: DocumentKind,
    name: string,
    document: Record<string, unknown> | null,
  ): Promise<{ before: string; after: string }>;
};

export type DocumentsDeps = {
  /** The policy database. */
  store: Store;
  /** Why a document that fits its schema cannot be in force all the same (a condition that does not compile), or undefined. */
  whyUnusable?: (
    kind: DocumentKind,
    document: Record<string, unknown>,
  ) => string | undefined | Promise<string | undefined>;
};

/** More than a policy author reads at once; also a bound on what one answer holds. */
const most = 10_000;

export function createDocuments({ store, whyUnusable = () => undefined }: DocumentsDeps): Documents {
  async function existing(kind: DocumentKind, name: string): Promise<StoredDocument | undefined> {
    checkName(name);
    return store.get(`${kind}/${name}`);
  }

  return {
    async list(kind) {
      const documents = await store.query({ collection: kind, limit: most });
      return documents.filter((stored) => !isBeat(stored)).map((stored) => toView(kind, stored));
    },

    async get(kind, name) {
      const stored = await existing(kind, name);
      return stored && toView(kind, stored);
    },

    async check(kind, name, document) {
      await checked(kind, name, document, whyUnusable);
    },

    async put(kind, name, document, { ifMatch }) {
      const data = await checked(kind, name, document, whyUnusable);
      const path = `${kind}/${name}`;
      const before = ifMatch === null ? undefined : await existing(kind, name);
      if (ifMatch !== null) matching(before, ifMatch);
      await committed(
        store,
        before ? { op: 'replace', path, data, revision: before.revision } : { op: 'create', path, data },
      );
      const after = await existing(kind, name);
      if (!after) throw new Problem('precondition-failed', { detail: 'It was removed meanwhile.' });
      return toView(kind, after);
    },

    async remove(kind, name, { ifMatch }) {
      const before = await existing(kind, name);
      if (!before) throw new Problem('not-found');
      const { revision } = matching(before, ifMatch);
      await committed(store, { op: 'delete', path: `${kind}/${name}`, revision });
    },

    async versions(kind, name, document) {
      const all = await Promise.all(documentKinds.map((each) => store.query({ collection: each, limit: most })));
      const documents = all.flat().filter((stored) => !isBeat(stored));
      const digests = new Map(documents.map((stored) => [stored.path, digestOf(stored)]));
      const digest = document && sha256(canonicalJson(document));
      return { before: versionOf(digests), after: versionWith(digests, `${kind}/${name}`, digest) };
    },
  };
}

function matching(before: StoredDocument | undefined, ifMatch: string): StoredDocument {
  if (!before || (ifMatch !== '*' && ifMatch !== etagOf(before.revision))) throw new Problem('precondition-failed');
  return before;
}

async function committed(store: Store, write: Parameters<Store['commit']>[0][number]) {
  try {
    await store.commit([write]);
  } catch (error) {
    if (error instanceof WriteConflict) throw new Problem('precondition-failed', { cause: error });
    throw error;
  }
}

async function checked(
  kind: DocumentKind,
  name: string,
  document: unknown,
  whyUnusable: NonNullable<DocumentsDeps['whyUnusable']>,
): Promise<Record<string, unknown>> {
  checkName(name);
  if (!isRecord(document)) throw new Problem('bad-request', { detail: 'A document is an object.' });
  const read = readDocument(kind, name, document);
  const error = read.kind === 'invalid' ? read.invalid.error : await whyUnusable(kind, document);
  if (error !== undefined) throw new Problem('bad-request', { detail: error });
  return document;
}

function checkName(name: string) {
  if (!documentName.safeParse(name).success)
    throw new Problem('bad-request', { detail: 'A name is of lower-case letters, digits, dot, dash and underscore.' });
}

function toView(kind: DocumentKind, { path, data, revision }: StoredDocument): StoredPolicyDocument {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const read = readDocument(kind, name, data);
  return {
    name,
    document: data,
    etag: etagOf(revision),
    ...(read.kind === 'invalid' && { error: read.invalid.error }),
  };
}

/** As an HTTP entity tag (RFC 9110, 8.8.3). */
export const etagOf = (revision: Revision) => `"${revision}"`;

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
