import type { ConnectionDocument, Limits } from './documents.ts';

/** A target that agents reach by name. `version` is the hash of its document and classification. */
export type Connection = {
  name: string;
  version: string;
  document: ConnectionDocument;
  /** Relation (or glob) → column → class. What a relation without an entry gets is `document.unclassified`. */
  classification: Classification;
};

export type Classification = ReadonlyMap<string, ReadonlyMap<string, string>>;

export type { Limits };
