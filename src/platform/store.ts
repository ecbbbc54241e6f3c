/**
 * Documents with revisions, in one Firestore database: the few things the product asks of it.
 * Every write that depends on what was read carries a precondition; there are no transactions, as their
 * read locks can outlive a killed instance.
 */
export interface Store {
  get(path: string): Promise<StoredDocument | undefined>;
  query(query: StoreQuery): Promise<StoredDocument[]>;
  /** How many documents there are, without reading them. */
  count(query: Pick<StoreQuery, 'collection' | 'where'>): Promise<number>;
  /** All or nothing. Resolves with the new revision of each written document, in order; undefined for a deletion. Throws `WriteConflict` when a precondition is lost and `WriteUncertain` when it cannot be known whether it happened. */
  commit(writes: readonly Write[]): Promise<readonly (Revision | undefined)[]>;
  /** Calls `onChange` with the whole collection or document at once and after each change. Returns the way to stop. */
  listen(
    path: string,
    onChange: (documents: readonly StoredDocument[]) => void,
    onError: (error: unknown) => void,
  ): () => void;
}

/** Text as its bytes in UTF-8, where it is so long that no string is to be made of it. It is stored, and read again, as the text. */
export class Utf8 {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  get length() {
    return this.bytes.length;
  }

  toString() {
    return Buffer.from(this.bytes.buffer, this.bytes.byteOffset, this.bytes.length).toString();
  }
}

/** Opaque; equal only for the same state of the same document. */
export type Revision = string & { readonly brand: 'revision' };

export type StoredDocument = {
  path: string;
  data: Record<string, unknown>;
  revision: Revision;
  /** When this state of it was written, by the database's clock, as ISO 8601. */
  writtenAt?: string;
};

export type Write =
  | { op: 'create'; path: string; data: Record<string, unknown> }
  | { op: 'set'; path: string; data: Record<string, unknown> }
  /** Replaces the whole document, only if nobody changed it since. */
  | { op: 'replace'; path: string; data: Record<string, unknown>; revision: Revision }
  | { op: 'delete'; path: string; revision?: Revision };

export type StoreQuery = {
  collection: string;
  where?: readonly (readonly [field: string, op: '==' | '<' | '<=' | '>' | '>=' | 'in', value: unknown])[];
  orderBy?: readonly (readonly [field: string, direction: 'asc' | 'desc'])[];
  limit: number;
};

/** A precondition was lost: the document exists already, is gone, or was changed by somebody else. Nothing was written. */
export class WriteConflict extends Error {
  override name = 'WriteConflict';
}

/** The commit failed or timed out in a way that leaves open whether it happened. Read before doing anything else. */
export class WriteUncertain extends Error {
  override name = 'WriteUncertain';
}

/** Whether a commit was made: false where somebody else was first. Throws where it failed otherwise. */
export async function succeeds(writing: Promise<unknown>): Promise<boolean> {
  try {
    await writing;
    return true;
  } catch (error) {
    if (error instanceof WriteConflict) return false;
    throw error;
  }
}
