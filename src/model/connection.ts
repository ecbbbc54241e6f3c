import type { ConnectionDocument, Limits, Transform } from './documents.ts';

/** A target that agents reach by name. `version` is the hash of its document and classification. */
export type Connection = {
  name: string;
  version: string;
  document: ConnectionDocument;
  /** Relation (or glob) → column → class. What a relation without an entry gets is `document.unclassified`. */
  classification: Classification;
  /** Class → how it is masked. What is not among them is redacted. */
  transforms: ReadonlyMap<string, Transform>;
};

export type Classification = ReadonlyMap<string, ReadonlyMap<string, string>>;

export type { Limits };
